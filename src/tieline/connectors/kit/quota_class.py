"""The quota class below which all calls of some work stay: history must not compete with what happens now."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from tieline.connectors.kit.budget import RANK, Priority

_highest: ContextVar[Priority] = ContextVar("highest", default="interactive")


@contextmanager
def at_most(priority: Priority) -> Iterator[None]:
    """Whatever is called within this, and by tasks that begin within it, is of that class, or of a lower one."""
    token = _highest.set(lowered(priority))
    try:
        yield
    finally:
        _highest.reset(token)


def lowered(priority: Priority) -> Priority:
    """The class that a call of this one takes here."""
    return max(priority, _highest.get(), key=RANK.__getitem__)
