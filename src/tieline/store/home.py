"""The folder that holds what one hub keeps on this machine."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

import msgspec

from tieline.errors import ConfigurationError
from tieline.store.refusal import cannot_write


class Home(msgspec.Struct, frozen=True):
    """$TIELINE_HOME: locks, the database's password, and (unless root runs it) the database."""

    path: Path

    @classmethod
    def find(cls, path: Path | None = None) -> Home:
        """`path`, else $TIELINE_HOME, else the XDG data folder; links resolved, so that a home has one name."""
        if path is None:
            named = os.environ.get("TIELINE_HOME")
            path = Path(named) if named else _data_folder() / "tieline"
        return cls(path.expanduser().resolve())

    @property
    def start_lock(self) -> Path:
        """Held while the server is started or stopped."""
        return self.path / "start.lock"

    @property
    def attach_lock(self) -> Path:
        """Shared by the commands that use the server."""
        return self.path / "attach.lock"

    @property
    def up_lock(self) -> Path:
        """Held by the one `up`."""
        return self.path / "up.lock"

    @property
    def location(self) -> Path:
        """Names the folder of the database, so that a moved or copied home never begins an empty one unasked."""
        return self.path / "database.location"

    @property
    def password(self) -> Path:
        """The password of the embedded server, for its owner alone."""
        return self.path / "database.password"

    @property
    def _address(self) -> Path:
        return self.path / "database.url"

    def moved_to(self) -> str | None:
        """The address of the database, with its password, where it was moved to another server. Raises
        ConfigurationError where others may read it."""
        try:
            if self._address.stat().st_mode & 0o077:
                raise ConfigurationError(
                    f"{self._address} can be read or changed by others; take that away: chmod 600 {self._address}"
                )
            return self._address.read_text("utf-8").strip() or None
        except FileNotFoundError:
            return None

    def move_to(self, url: str) -> None:
        """From now on the database is there: written for its owner alone, and safe on the disk."""
        draft = self.path / f".database.url.{os.getpid()}"
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(url + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, self._address)
        folder = os.open(self.path, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def prepare(self) -> None:
        """Make the folder (0700) unless it is there; one that is there keeps its permissions.

        Raises ConfigurationError when nothing can be written in it.
        """
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            probe = self.path / f".probe-{secrets.token_hex(4)}"
            probe.touch(mode=0o600)
            probe.unlink()
        except OSError as error:
            raise cannot_write(self.path, error) from error


def write_private(path: Path, text: str) -> None:
    """Replace a file as a whole, on disk when this returns, readable by its owner alone. Raises StoreError."""
    beside = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    try:
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        with suppress(OSError):
            beside.unlink()
        raise cannot_write(path, error) from error


def _data_folder() -> Path:
    """$XDG_DATA_HOME where it is absolute, as its specification asks, else ~/.local/share."""
    named = Path(os.environ.get("XDG_DATA_HOME", ""))
    if named.is_absolute():
        return named
    try:
        return Path.home() / ".local" / "share"
    except RuntimeError as error:
        raise ConfigurationError(
            "this user has no home folder. Set TIELINE_HOME to a folder of its own"
        ) from error
