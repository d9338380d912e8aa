"""Disks that are full or closed: an error with the next step, and nothing half-done."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import psycopg
import pytest

from tieline.errors import ConfigurationError, StoreError
from tieline.store.embedded import EmbeddedServer

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a disk of a chosen size")


@contextmanager
def _disk(options: str) -> Iterator[Path]:
    """A small disk in memory, mounted on a folder of its own."""
    folder = Path(tempfile.mkdtemp(prefix="tieline-disk-", dir="/var/tmp"))
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], capture_output=True, text=True
    )
    if done.returncode != 0:
        folder.rmdir()
        pytest.skip(f"this machine lets nobody mount a disk: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
        folder.rmdir()


def _fill(disk: Path) -> Path:
    """Leave no room on the disk; the file to remove for some."""
    ballast = disk / "ballast"
    with suppress(OSError), ballast.open("wb", buffering=0) as file:
        while True:
            file.write(b"\0" * 65536)
    return ballast


@pytest.fixture
def disk() -> Iterator[Callable[[str], Path]]:
    """Mounts disks with the given options, for the time of the test."""
    with ExitStack() as stack:
        yield lambda options: stack.enter_context(_disk(options))


@as_root
def test_full_disk_while_the_database_is_made(tmp_path: Path, disk: Callable[[str], Path]) -> None:
    """initdb runs out of space: the error says so, nothing is left, and with space it works."""
    small = disk("size=60m,mode=711")
    server = EmbeddedServer(tmp_path / "home", base=small)
    with pytest.raises(StoreError, match=r"disk .*full.* Free some space"):
        server.attach()
    assert list(server.place.folder.glob("data*")) == []
    subprocess.run(["mount", "-o", "remount,size=400m", str(small)], check=True)
    with psycopg.connect(server.attach()) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    server.detach()


@as_root
def test_full_disk_under_a_database_that_exists(tmp_path: Path, disk: Callable[[str], Path]) -> None:
    """A later start on a full disk says so; what was acknowledged is there once there is space."""
    small = disk("size=200m,mode=711")
    server = EmbeddedServer(tmp_path / "home", base=small)
    with psycopg.connect(server.attach()) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 'here' AS text")
    server.detach()
    ballast = _fill(small)
    try:
        with pytest.raises(StoreError, match=r"disk .*full.* Free some space"):
            server.attach()
    finally:
        server.detach()
        ballast.unlink()
    with psycopg.connect(server.attach()) as connection:
        assert connection.execute("SELECT text FROM kept").fetchone() == ("here",)
    server.detach()


@as_root
def test_home_on_a_disk_that_is_mounted_read_only(base: Path, disk: Callable[[str], Path]) -> None:
    """Even root cannot write there: the error names the folder and the way out."""
    closed = disk("size=1m,ro")
    with pytest.raises(ConfigurationError, match=r"home cannot be written .*Set TIELINE_HOME"):
        EmbeddedServer(closed / "home", base=base).attach()


@as_root
def test_home_on_a_disk_without_room_for_a_password(base: Path, disk: Callable[[str], Path]) -> None:
    """The home's own few bytes find no room: the same plain error."""
    small = disk("size=4k,mode=700")
    (small / "ballast").write_bytes(b"\0" * 4096)
    server = EmbeddedServer(small, base=base)
    with pytest.raises(StoreError, match=r"disk is full"):
        server.attach()
    assert not server.place.data.exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_home_that_this_user_may_not_write(tmp_path: Path, base: Path) -> None:
    """A closed folder: the error names it and the way out."""
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o500)
    with pytest.raises(ConfigurationError, match=r"cannot be written .*Set TIELINE_HOME"):
        EmbeddedServer(closed / "home", base=base).attach()
