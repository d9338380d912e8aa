"""Where the embedded server keeps its files, and who it runs as."""

from __future__ import annotations

import hashlib
import os
import pwd
import re
import stat
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import msgspec

from tieline.errors import StoreError
from tieline.store.home import Home
from tieline.store.refusal import cannot_write

#: Where servers that root starts live: PostgreSQL refuses to run as root, and root's folders are closed to others.
SYSTEM_BASE = Path("/var/lib/tieline")
#: Longest path of a socket, bytes: sun_path holds 104 on the narrowest system, with its final zero.
_LONGEST_SOCKET = 103
#: Short by nature; what we put there is made private, and refused when somebody else made it.
_SHARED_TMP = Path("/tmp")  # noqa: S108
_SOCKET = ".s.PGSQL.5432"
#: In a list of socket folders and in libpq's host, some characters mean something else.
_PLAIN_PATH = re.compile(r"/[\w./ +~=-]*", re.ASCII)


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """The server's own folder; `uid` owns it and nobody else may enter."""

    folder: Path
    uid: int
    gid: int
    #: None = the server runs as we do.
    base: Path | None = None

    @classmethod
    def of(cls, home: Home, *, base: Path = SYSTEM_BASE) -> Place:
        """In the home; for root under `base`, owned by nobody. Raises StoreError."""
        if os.geteuid() != 0:
            return cls(folder=home.path / "database", uid=os.geteuid(), gid=os.getegid())
        try:
            # An id without an account will not do: initdb looks up its user's name.
            nobody = pwd.getpwnam("nobody")
        except KeyError:
            raise StoreError(
                "PostgreSQL does not run as root, and this machine has no user 'nobody' to run it."
                " Start Tieline as an ordinary user, or set TIELINE_DATABASE_URL to a server"
            ) from None
        return cls(folder=base / short_hash(home.path), uid=nobody.pw_uid, gid=nobody.pw_gid, base=base)

    @property
    def data(self) -> Path:
        """PostgreSQL's data directory; there only when complete."""
        return self.folder / "data"

    @property
    def log(self) -> Path:
        """What the server says."""
        return self.folder / "server.log"

    def prepare(self) -> None:
        """Make what is missing. No permission of an existing folder changes. Raises StoreError."""
        try:
            if self.base is not None:
                # Others may pass through to what is theirs, and read nothing.
                if not self.base.exists():
                    self.base.mkdir(parents=True)
                    self.base.chmod(0o711)
                _require_ours(self.base, uid=0, forbidden=0o022)
            if not self.folder.exists():
                self.folder.mkdir(mode=0o700)
                os.chown(self.folder, self.uid, self.gid, follow_symlinks=False)
            _require_ours(self.folder, uid=self.uid, forbidden=0o077)
        except OSError as error:
            raise cannot_write(self.folder, error) from error

    def socket_folder(self) -> Path:
        """A folder for the socket that only the server's user and root may enter; made when missing.

        In the place, unless its path is too long for a socket: then in a private folder of $XDG_RUNTIME_DIR or
        /tmp. Raises StoreError when somebody else was there first.
        """
        inside = self.folder / "run"
        longest = len(os.fsencode(inside / _SOCKET))
        if longest <= _LONGEST_SOCKET and _PLAIN_PATH.fullmatch(str(inside)):
            chosen = inside
        else:
            chosen = _runtime_folder() / f"tieline-{self.uid}-{short_hash(self.folder)}"
        try:
            chosen.mkdir(mode=0o700)
            os.chown(chosen, self.uid, self.gid, follow_symlinks=False)
        except FileExistsError:
            _require_ours(chosen, uid=self.uid, forbidden=0o077)
        except OSError as error:
            raise cannot_write(chosen, error) from error
        return chosen

    def spawn(
        self, *command: str | Path, stdout: int | IO[Any] | None = subprocess.PIPE
    ) -> subprocess.Popen[str]:
        """Start a program as the server's user, in its folder, with an environment of its own and no terminal."""
        other = self.uid != os.geteuid()
        return subprocess.Popen(  # noqa: S603 - a list of words, programs of PostgreSQL alone
            command,
            cwd=self.folder,
            env=_environment(self.folder),
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            umask=0o077,
            start_new_session=True,
            user=self.uid if other else None,
            group=self.gid if other else None,
            extra_groups=[] if other else None,
        )


def short_hash(path: Path) -> str:
    """Sixteen characters that stand for a path."""
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:16]


def _environment(folder: Path) -> Mapping[str, str]:
    """Nothing of ours but the search paths: a stray PGDATA or PGPORT would point the programs elsewhere."""
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
    if os.geteuid() == 0:
        kept = {"PATH": "/usr/bin:/bin"}
    return {"PATH": "/usr/bin:/bin", **kept, "HOME": str(folder), "LC_ALL": "C", "TZ": "UTC"}


def _runtime_folder() -> Path:
    named = os.environ.get("XDG_RUNTIME_DIR", "")
    folder = Path(named)
    # A socket's name of 45 characters must still fit behind it.
    if folder.is_absolute() and _PLAIN_PATH.fullmatch(named) and len(named) <= 40:
        try:
            _require_ours(folder, uid=os.geteuid(), forbidden=0o077)
        except (OSError, StoreError):
            return _SHARED_TMP
        return folder
    return _SHARED_TMP


def _require_ours(folder: Path, *, uid: int, forbidden: int) -> None:
    """Refuse a folder that another user planted or may enter."""
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != uid or found.st_mode & forbidden:
        raise StoreError(
            f"{folder} is not a folder that user {uid} alone controls, so the database is not started there."
            " Remove it if it is not needed, or set TIELINE_HOME to a folder with a shorter path"
        )
