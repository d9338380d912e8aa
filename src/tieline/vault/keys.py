"""Where the master key is kept: in HashiCorp Vault where that is set, else in TIELINE_MASTER_KEY, else in a file of its
own in the home, made at the first start."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from tieline.errors import ConfigurationError
from tieline.vault.master import MasterKeys, decode_key, encode_key, new_key
from tieline.vault.seal import KEY_BYTES

__all__ = ["KEY_BYTES", "EnvironmentKeys", "FileKeys", "find_master_keys", "load_master_key"]

_VARIABLE = "TIELINE_MASTER_KEY"
_NEXT_VARIABLE = "TIELINE_MASTER_KEY_NEXT"
_FILE = "master.key"
#: Whoever else may read or write it.
_OTHERS = 0o077


def find_master_keys(home: Path) -> MasterKeys:
    """The place that this process was told of. Raises ConfigurationError where it was told of two."""
    vault = os.environ.get("TIELINE_VAULT_ADDR")
    if vault and _VARIABLE in os.environ:
        raise ConfigurationError(
            f"both {_VARIABLE} and TIELINE_VAULT_ADDR are set; the master key can come from one place only"
        )
    if vault:
        # Its client takes a while to import, and few need it.
        from tieline.vault.hashicorp import HashicorpKeys

        return HashicorpKeys.from_environment(vault)
    return EnvironmentKeys() if _VARIABLE in os.environ else FileKeys(home)


def load_master_key(home: Path) -> bytes:
    """The 32 bytes that everything else is under. Blocking; made once, mode 0600, when there is none.

    Several hubs on one database must share it.
    """
    keys = find_master_keys(home)
    found = keys.read()
    return found[0] if found else keys.make()


class EnvironmentKeys:
    """Variables of the process: for hubs that share a database, and for whatever hands out secrets so."""

    where = f"the variable {_VARIABLE}"

    def read(self) -> list[bytes]:
        """The one in use, and the next where that is set."""
        found = [decode_key(os.environ.get(_VARIABLE, ""), self.where)]
        if (following := os.environ.get(_NEXT_VARIABLE)) is not None:
            found.append(decode_key(following, f"the variable {_NEXT_VARIABLE}"))
        return found

    def make(self) -> bytes:
        """It is there, or this place had not been chosen."""
        return self.read()[0]

    def prepare(self) -> bytes:
        """What the operator set. Raises ConfigurationError where that is still to be done."""
        found = self.read()
        if len(found) < 2 or found[0] == found[1]:
            raise ConfigurationError(
                f"the master key is in {self.where}, which only you can change: make a new one with `openssl rand"
                f" -base64 32`, set it as {_NEXT_VARIABLE} for every hub beside the old one, restart them, then run"
                " this again"
            )
        return found[1]

    def promote(self, key: bytes) -> None:
        """Nothing that this process could do: `tieline keys rotate` says what is left."""


class FileKeys:
    """A file that its owner alone can read."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._path = home / _FILE
        self._next = home / f"{_FILE}.next"
        self.where = str(self._path)

    def read(self) -> list[bytes]:
        """Raises ConfigurationError where others may read it."""
        # A rotation may rename one to the other between the two looks; then the second try finds it.
        for _ in range(3):
            found = [key for path in (self._path, self._next) if (key := _read(path)) is not None]
            if found:
                break
        return found

    def make(self) -> bytes:
        """Never replaces a key that another process has just made."""
        self._home.mkdir(parents=True, exist_ok=True, mode=0o700)
        return self._made(self._path)

    def keep(self, key: bytes) -> None:
        """One that a backup brought along, where there is none yet. Raises ConfigurationError where there is."""
        self._home.mkdir(parents=True, exist_ok=True, mode=0o700)
        if self._made(self._path, key) != key:
            raise ConfigurationError(f"{self._path} holds another key, which is not replaced")

    def prepare(self) -> bytes:
        """Written and safe on the disk before anything is wrapped by it."""
        return self._made(self._next)

    def promote(self, key: bytes) -> None:
        """The one before stays beside it as `master.key.old`: older backups need it."""
        if _read(self._next) != key:
            return
        with suppress(FileNotFoundError):
            self._old.unlink()
        with suppress(FileNotFoundError):
            os.link(self._path, self._old)
        os.replace(self._next, self._path)
        self._sync()

    @property
    def _old(self) -> Path:
        return self._home / f"{_FILE}.old"

    def _made(self, path: Path, key: bytes | None = None) -> bytes:
        draft = self._home / f".{path.name}.{os.getpid()}"
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "w") as file:
                file.write(encode_key(key or new_key()) + "\n")
                file.flush()
                os.fsync(file.fileno())
            with suppress(FileExistsError):
                os.link(draft, path)
        finally:
            draft.unlink()
        self._sync()
        return decode_key(path.read_text("ascii"), str(path))

    def _sync(self) -> None:
        """So that the name survives a power cut as well as what it names."""
        folder = os.open(self._home, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _read(path: Path) -> bytes | None:
    try:
        mode = path.stat().st_mode
        if mode & _OTHERS:
            raise ConfigurationError(
                f"{path} can be read or changed by others (mode {mode & 0o777:04o}); take that away: chmod 600 {path}"
            )
        return decode_key(path.read_text("ascii"), str(path))
    except FileNotFoundError:
        return None
    except PermissionError:
        raise ConfigurationError(
            f"{path} cannot be read by this user; start as its owner, or hand it over: chown {os.getuid()} {path}"
        ) from None
    except UnicodeDecodeError:
        raise ConfigurationError(f"{path} must hold {KEY_BYTES} bytes as base64 text; it does not") from None
