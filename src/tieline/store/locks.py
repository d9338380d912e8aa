"""Locks between processes that the system gives back when their holder dies."""

from __future__ import annotations

import errno
import fcntl
import os
import time
from pathlib import Path
from types import TracebackType

from tieline.errors import ConfigurationError, StoreError
from tieline.store.home import Home
from tieline.store.refusal import cannot_write


class FileLock:
    """An flock on a file that is made when missing and never removed: a removed one would be two locks."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None

    @property
    def held(self) -> bool:
        """Whether this object holds it."""
        return self._descriptor is not None

    def take(self, *, shared: bool = False, wait_s: float = 0) -> bool:
        """Whether the lock could be had within `wait_s`. Raises StoreError when the file cannot be made."""
        assert self._descriptor is None
        try:
            # O_CLOEXEC comes with os.open: the server that we start must not inherit the lock.
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise cannot_write(self.path, error) from error
        mode = (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB
        deadline = time.monotonic() + wait_s
        while True:
            try:
                fcntl.flock(descriptor, mode)
            except OSError as error:
                if error.errno not in (errno.EAGAIN, errno.EACCES):
                    os.close(descriptor)
                    raise StoreError(
                        f"{self.path} cannot be locked ({error.strerror}). Set TIELINE_HOME to a folder on a local disk"
                    ) from error
                if time.monotonic() >= deadline:
                    os.close(descriptor)
                    return False
                time.sleep(0.02)
            else:
                self._descriptor = descriptor
                return True

    def release(self) -> None:
        """Give it back; nothing happens when it is not held."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def note(self, text: str) -> None:
        """Write into the held file who holds it, for people."""
        assert self._descriptor is not None
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, text.encode(), 0)


class UpLock:
    """Only one `up` on a home. A context manager; taking it raises ConfigurationError naming the other's pid."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._lock = FileLock(home.up_lock)

    def __enter__(self) -> UpLock:
        self._home.prepare()
        if not self._lock.take():
            pid = self._lock.path.read_text("utf-8").strip() or "unknown"
            raise ConfigurationError(
                f"this home is already up (process {pid}): {self._lock.path.parent}."
                " Stop that one, or set TIELINE_HOME to another folder for a second hub"
            )
        self._lock.note(f"{os.getpid()}\n")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lock.release()
