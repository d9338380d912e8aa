"""Whoever sends on behalf of a lease sends nothing once it may have run out.

A process can be stopped for a minute between its last look at the lease and its next call; whoever holds the lane by
then looks up what became of that call, finds nothing, and makes it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from tieline.errors import LeaseLost

_good: ContextVar[Callable[[], bool] | None] = ContextVar("good", default=None)


@contextmanager
def while_good(good: Callable[[], bool]) -> Iterator[None]:
    """Whatever is called within this, and by tasks that begin within it, is sent only while `good`."""
    token = _good.set(good)
    try:
        yield
    finally:
        _good.reset(token)


def require() -> None:
    """The last thing before a request leaves. Raises LeaseLost."""
    good = _good.get()
    if good is not None and not good():
        raise LeaseLost("the lease ran out before the call was sent")
