"""Locks between processes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tieline.errors import ConfigurationError, StoreError
from tieline.store.home import Home
from tieline.store.locks import FileLock, UpLock


def test_one_holds_it_alone_many_share_it(tmp_path: Path) -> None:
    """Shared holders keep an exclusive one out, and the other way round."""
    first, second, alone = (FileLock(tmp_path / "lock") for _ in range(3))
    assert first.take(shared=True)
    assert second.take(shared=True)
    assert not alone.take()
    first.release()
    assert not alone.take()
    second.release()
    assert alone.take()
    assert not first.take(shared=True, wait_s=0.05)


def test_system_frees_the_lock_of_a_killed_process(tmp_path: Path) -> None:
    """kill -9 leaves no lock behind."""
    code = (
        "import sys\nfrom pathlib import Path\nfrom tieline.store.locks import FileLock\n"
        "lock = FileLock(Path(sys.argv[1]))\nassert lock.take(wait_s=5)\nprint('held', flush=True)\nsys.stdin.read()"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "lock")], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert other.stdout is not None
    assert other.stdout.readline() == b"held\n"
    assert not FileLock(tmp_path / "lock").take()
    other.kill()
    other.communicate(timeout=10)
    assert FileLock(tmp_path / "lock").take(wait_s=5)


def test_second_up_is_refused_with_the_first_ones_pid(tmp_path: Path) -> None:
    """The message names the process that is up and what to do; once that one left, up works again."""
    with (
        UpLock(Home(tmp_path)),
        pytest.raises(ConfigurationError, match=rf"process {os.getpid()}.*TIELINE_HOME"),
    ):
        UpLock(Home(tmp_path)).__enter__()
    with UpLock(Home(tmp_path)):
        pass


def test_folder_that_is_not_there_is_an_error_for_people(tmp_path: Path) -> None:
    """A lock that cannot be made says which file and what to do."""
    with pytest.raises(StoreError, match=r"lock cannot be written .*Set TIELINE_HOME"):
        FileLock(tmp_path / "missing" / "lock").take()
