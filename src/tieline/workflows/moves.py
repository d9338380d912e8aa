"""What a run does next, and how it stands: all of it goes through JSON and comes back the same."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import msgspec

from tieline.workflows.definition import Condition, OnError


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """A for-each that is under way."""

    step: str
    items: tuple[Any, ...]
    index: int = 0


class RunState(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a run stands between two moves."""

    #: The step that comes next, or whose move is under way; None = the way here ended.
    at: str | None
    frames: tuple[Frame, ...] = ()
    #: trigger, steps, vars, run: what templates read.
    values: dict[str, Any] = {}
    #: Steps passed so far.
    passed: int = 0
    #: Why it has failed; nothing follows.
    failed: str | None = None

    @property
    def iteration(self) -> str:
        """Where in the for-eachs it is: "" outside, "3", "3.1"."""
        return ".".join(str(frame.index) for frame in self.frames)


class Act(msgspec.Struct, frozen=True, kw_only=True, tag="act"):
    """Carry an operation out."""

    step: str
    iteration: str = ""
    operation: str
    #: Alias.
    connection: str
    #: As it is sent: no template is left.
    input: dict[str, Any]
    on_error: OnError | None = None


class Sleep(msgspec.Struct, frozen=True, kw_only=True, tag="sleep"):
    """Go on then."""

    step: str
    iteration: str = ""
    until: datetime


class Await(msgspec.Struct, frozen=True, kw_only=True, tag="await"):
    """Go on when it happens, or then."""

    step: str
    iteration: str = ""
    on: str
    connection: str
    where: Condition | None = None
    until: datetime | None = None


class Begin(msgspec.Struct, frozen=True, kw_only=True, tag="begin"):
    """Begin another workflow, and wait for its end or not."""

    step: str
    iteration: str = ""
    workflow: str
    input: dict[str, Any]
    wait: bool = True


class End(msgspec.Struct, frozen=True, kw_only=True, tag="end"):
    """Nothing follows. left: a filter let it go."""

    state: Literal["done", "left", "failed", "stopped"]
    reason: str | None = None


Move = Act | Sleep | Await | Begin | End


class Passed(msgspec.Struct, frozen=True, kw_only=True):
    """A step that was settled on the way."""

    step: str
    iteration: str = ""
    state: Literal["done", "skipped", "failed", "waited"] = "done"
    input: Any = None
    output: Any = None
    reason: str | None = None


class Advance(msgspec.Struct, frozen=True, kw_only=True):
    """What was settled on the way, what comes next, and how the run stands while that is under way."""

    passed: tuple[Passed, ...]
    move: Move
    state: RunState


class Succeeded(msgspec.Struct, frozen=True, kw_only=True, tag="succeeded"):
    """An act was carried out, or a time came."""

    output: dict[str, Any]


class Failed(msgspec.Struct, frozen=True, kw_only=True, tag="failed"):
    """It never will be."""

    reason: str
    #: Name of the class of the error.
    error: str
    #: What was at fault, as far as that is known.
    field: str | None = None


class TimedOut(msgspec.Struct, frozen=True, kw_only=True, tag="timed_out"):
    """It did not happen in time."""


class Happened(msgspec.Struct, frozen=True, kw_only=True, tag="happened"):
    """What was waited for."""

    payload: dict[str, Any]


class Ended(msgspec.Struct, frozen=True, kw_only=True, tag="ended"):
    """The workflow that was begun has ended; what it set."""

    output: dict[str, Any]


Outcome = Succeeded | Failed | TimedOut | Happened | Ended
