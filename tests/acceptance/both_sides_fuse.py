"""Where the hub's process dies: at its n-th commit or call. From then on it commits and calls nothing any more."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import pytest

from tests.acceptance.both_sides_stories import Crash
from tieline.connectors.kit.gateway import Gateway
from tieline.effects.writes import Ledger


class Died(Exception):
    """The process is not there any more."""


class Fuse:
    """Stands at every commit of a turn and at every call, and counts the calls that are no sweeps."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.blown = asyncio.Event()
        #: Calls by "sweep" and "own".
        self.calls: Counter[str] = Counter()
        self._crash: Crash | None = None
        self._left = 0
        self._patch(patch, Ledger, "commit", "commit")
        self._patch(patch, Gateway, "call", "call")

    def lay(self, crash: Crash | None) -> None:
        """Let the next process die there; None = let it live."""
        self.blown.clear()
        self._crash, self._left = crash, crash.nth if crash is not None else 0

    def _patch(self, patch: pytest.MonkeyPatch, owner: type, name: str, point: str) -> None:
        real = getattr(owner, name)

        async def guarded(itself: Any, *given: Any, **named: Any) -> Any:
            sweep = "sweep" in given or named.get("priority") == "sweep"
            self._pass(f"before {point}", sweep)
            if point == "call":
                self.calls["sweep" if sweep else "own"] += 1
            done = await real(itself, *given, **named)
            self._pass(f"after {point}", sweep)
            return done

        patch.setattr(owner, name, guarded)

    def _pass(self, point: str, sweep: bool) -> None:
        if self.blown.is_set():
            raise Died
        if self._crash is not None and self._crash.point == point and not sweep:
            self._left -= 1
            if self._left <= 0:
                self.blown.set()
                raise Died
