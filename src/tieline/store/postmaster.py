"""The running server process: found, started, stopped."""

from __future__ import annotations

import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

import msgspec

from tieline.errors import StoreError
from tieline.store.binaries import Binaries
from tieline.store.place import Place
from tieline.store.refusal import explain

#: Recovery after a kill -9 replays at most max_wal_size of log, well within this.
_START_S = 300
#: A shutdown writes a checkpoint; past this it is told to leave at once, which costs a recovery and loses nothing.
_STOP_S = 30
_LOG_LIMIT = 1_000_000
#: Above every system's largest process number.
_NO_PROCESS = 2**31 - 2

#: Sized for a small machine that runs the hub beside it. Durable: fsync and synchronous_commit stay on.
_SETTINGS = {
    "listen_addresses": "",
    "port": "5432",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "effective_cache_size": "512MB",
    "maintenance_work_mem": "64MB",
    # Nobody replicates from it, and with less in the log each commit writes less.
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "1GB",
    "checkpoint_timeout": "10min",
    "wal_buffers": "16MB",
    # Short statements all: planning for several processes or for compiled code costs more than it gives.
    "max_parallel_workers_per_gather": "0",
    "jit": "off",
    # Queue tables turn over fast.
    "autovacuum_max_workers": "2",
    "autovacuum_naptime": "15s",
    "autovacuum_vacuum_scale_factor": "0.05",
    "autovacuum_vacuum_insert_scale_factor": "0.1",
    "autovacuum_analyze_scale_factor": "0.05",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # Statements and their parameters hold personal data; the log says what failed, not with which values.
    "log_min_messages": "warning",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_parameter_max_length_on_error": "0",
    "log_checkpoints": "off",
    "log_autovacuum_min_duration": "-1",
    "log_lock_waits": "off",
}
#: Starts the server detached from us, so that it outlives this process, and says its pid.
_LAUNCH = 'exec 3>&1 >>server.log 2>&1; "$@" 3>&- & echo $! >&3'


class Running(msgspec.Struct, frozen=True):
    """What a live server says of itself in postmaster.pid."""

    pid: int
    socket_folder: Path
    ready: bool


class Postmaster:
    """The one server process of a place. The caller holds the start lock while it starts or stops it."""

    def __init__(self, place: Place) -> None:
        self._place = place

    def running(self) -> Running | None:
        """The live server of this data directory; a stale file of a killed one counts for nothing."""
        lines = self._pid_lines()
        if lines is None or not self._is_alive(int(lines[0])):
            return None
        status = lines[7].strip() if len(lines) > 7 else ""
        return Running(int(lines[0]), Path(lines[4] if len(lines) > 4 else ""), status == "ready")

    def start(self, binaries: Binaries) -> Running:
        """The server, ready for connections; started unless it runs. Raises StoreError with what it said."""
        deadline = time.monotonic() + _START_S
        running = self.running()
        if running is not None:
            return self._await_ready(running.pid, deadline)
        sockets = self._place.socket_folder()
        while True:
            self._disown_stale_pid(sockets)
            said_before = self._log_size()
            pid = self._launch(binaries, sockets)
            try:
                return self._await_ready(pid, deadline)
            except _Ended as ended:
                words = self._log_since(said_before)
                # After a kill -9 the old server's children need a moment to notice that it is gone.
                if (
                    "pre-existing shared memory block" in words
                    and time.monotonic() < deadline - _START_S + 15
                ):
                    time.sleep(0.1)
                    continue
                raise StoreError(self._explain(words)) from ended

    def stop(self) -> None:
        """Shut it down: transactions still open are rolled back. Nothing happens when it does not run."""
        running = self.running()
        if running is None:
            return
        # "Fast" first; "immediate" is what a power cut would be, so safe, only slower at the next start.
        for sign in (signal.SIGINT, signal.SIGQUIT):
            with suppress(ProcessLookupError):
                os.kill(running.pid, sign)
            deadline = time.monotonic() + _STOP_S
            while time.monotonic() < deadline:
                if not self._is_alive(running.pid):
                    return
                time.sleep(0.01)
        raise StoreError(f"the database server (process {running.pid}) does not stop; see {self._place.log}")

    def _launch(self, binaries: Binaries, sockets: Path) -> int:
        if self._log_size() > _LOG_LIMIT:
            self._place.log.replace(self._place.log.with_suffix(".log.1"))
        # "-c" takes a value as it is, where a file would want it quoted.
        settings = {**_SETTINGS, "unix_socket_directories": str(sockets)}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        launched = self._place.spawn(
            "/bin/sh", "-c", _LAUNCH, "sh", binaries.folder / "postgres", "-D", self._place.data, *options
        )
        said, _ = launched.communicate(timeout=30)
        if not said.strip().isdigit():
            raise StoreError(self._explain(said))
        return int(said)

    def _await_ready(self, pid: int, deadline: float) -> Running:
        """Raises _Ended when the process dies first."""
        while time.monotonic() < deadline:
            running = self.running()
            if running is not None and running.ready:
                return running
            if running is None and not _runs(pid):
                raise _Ended
            time.sleep(0.01)
        raise StoreError(f"the database server was not ready after {_START_S} s; see {self._place.log}")

    def _is_alive(self, pid: int) -> bool:
        """Whether that process is a server of this data directory: a number may have passed to another program."""
        while _runs(pid):
            if sys.platform != "linux":
                return True
            try:
                return Path(f"/proc/{pid}/cwd").readlink() == self._place.data
            except FileNotFoundError:
                # It was killed and is being cleared away, which takes milliseconds.
                time.sleep(0.002)
            except OSError:
                return False
        return False

    def _disown_stale_pid(self, sockets: Path) -> None:
        """Name a process that cannot exist where a dead one's number counts as taken: by another program since, or
        because nobody buried it.

        PostgreSQL would refuse to start. The rest of the file stays, since by it PostgreSQL knows whether children
        of the dead server still write.
        """
        for path in (self._place.data / "postmaster.pid", sockets / ".s.PGSQL.5432.lock"):
            try:
                descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW)
            except FileNotFoundError:
                continue
            with os.fdopen(descriptor, "r+b") as file:
                number, _, rest = file.read().partition(b"\n")
                if number.isdigit() and not self._is_alive(int(number)):
                    file.seek(0)
                    file.write(b"%d\n%b" % (_NO_PROCESS, rest))
                    file.truncate()

    def _pid_lines(self) -> list[str] | None:
        try:
            lines = (self._place.data / "postmaster.pid").read_text("utf-8", "surrogateescape").split("\n")
        except OSError:
            return None
        return lines if lines[0].isdigit() else None

    def _log_size(self) -> int:
        try:
            return self._place.log.lstat().st_size
        except OSError:
            return 0

    def _log_since(self, offset: int) -> str:
        try:
            descriptor = os.open(self._place.log, os.O_RDONLY | os.O_NOFOLLOW)
        except OSError:
            return ""
        with os.fdopen(descriptor, "rb") as file:
            file.seek(offset)
            return file.read(20_000).decode("utf-8", "replace")

    def _explain(self, words: str) -> str:
        tail = words.strip()[-600:]
        if "No space left" in tail or "Read-only file system" in tail or "Permission denied" in tail:
            return explain(tail)
        return (
            f"the embedded database server did not start: {tail or 'it said nothing'} (see {self._place.log})"
        )


class _Ended(Exception):
    """The server process ended before it was ready."""


def _runs(pid: int) -> bool:
    """Whether a process runs under that number; one that only waits to be buried does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    if sys.platform != "linux":
        return True
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] not in ("Z", "X")
