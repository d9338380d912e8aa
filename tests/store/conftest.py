"""Homes of embedded servers, and commands in processes of their own that use them."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.store.attached import Command, pid_of
from tieline.store.embedded import EmbeddedServer


@pytest.fixture(scope="session")
def base() -> Iterator[Path]:
    """Stands for /var/lib/tieline, which root's servers live in."""
    folder = Path(tempfile.mkdtemp(prefix="tieline-", dir="/var/tmp"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def server(tmp_path: Path, base: Path) -> Iterator[Callable[..., EmbeddedServer]]:
    """Makes parts in the server of a home (default: one home for the test), and clears up after the test."""
    made: list[EmbeddedServer] = []

    def make(home: Path = tmp_path / "home") -> EmbeddedServer:
        made.append(EmbeddedServer(home, base=base))
        return made[-1]

    yield make
    for one in made:
        one.detach()
    for one in made:
        if pid := pid_of(one):
            os.kill(pid, signal.SIGQUIT)
        shutil.rmtree(one.place.folder, ignore_errors=True)


@pytest.fixture
def command(base: Path) -> Iterator[Callable[[Path], Command]]:
    """Starts commands that use a home; those still there are killed after the test."""
    made: list[Command] = []

    def start(home: Path) -> Command:
        made.append(Command(home, base))
        return made[-1]

    yield start
    for one in made:
        with suppress(ValueError):
            one.kill()
