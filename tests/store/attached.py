"""Processes that use a home's server, and the process of the server itself."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tieline.store.embedded import EmbeddedServer
from tieline.store.postmaster import Postmaster

_ATTACH = """
import sys
from pathlib import Path
from tieline.store.embedded import EmbeddedServer
server = EmbeddedServer(Path(sys.argv[1]), base=Path(sys.argv[2]))
print(server.attach(), flush=True)
sys.stdin.read()
server.detach()
"""


class Command:
    """A process that attached to a home's server and stays until it is told to end."""

    def __init__(self, home: Path, base: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _ATTACH, str(home), str(base)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().strip()

    def end(self) -> None:
        """Let it leave in good order."""
        self._process.communicate(timeout=30)

    def kill(self) -> None:
        """kill -9: it leaves nothing in order."""
        self._process.kill()
        self._process.communicate(timeout=30)


def pid_of(server: EmbeddedServer) -> int | None:
    """The process of the home's server, None = it does not run."""
    running = Postmaster(server.place).running()
    return running.pid if running else None
