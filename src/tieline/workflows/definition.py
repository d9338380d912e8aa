"""What a workflow is: data. Where the drawing has its steps is kept elsewhere, and means nothing to a run."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta

from tieline.workflows.hours import Hours

#: Of a step, trigger or alias: it stands in templates, after a dot.
Name = Annotated[str, Meta(min_length=1, max_length=62, pattern="^[a-z][a-z0-9_]*$")]
#: JSON whose texts are Liquid; one that is a single {{ … }} keeps its type.
Value = Any
#: "90s", "15m", "2h", "3d".
Length = Annotated[str, Meta(min_length=2, max_length=20)]
#: Most steps, and members of a list that for-each goes through.
MOST_STEPS = 500
MOST_ITEMS = 1000
COMPARISONS = (
    "is_", "is_not", "contains", "not_contains", "starts_with", "ends_with", "like", "greater", "at_least", "less",
    "at_most", "before", "after", "among", "empty",
)  # fmt: skip


class Condition(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True,
    rename={"not_": "not", "is_": "is", "among": "in"},
):  # fmt: skip
    """Several of which all or any hold, one that does not, or a value compared in every way that is given."""

    all: tuple[Condition, ...] | None = None
    any: tuple[Condition, ...] | None = None
    not_: Condition | None = None
    left: Value = UNSET
    is_: Value = UNSET
    is_not: Value = UNSET
    #: A text has this in it, or a list has it as a member; letters of either case.
    contains: Value = UNSET
    not_contains: Value = UNSET
    starts_with: Value = UNSET
    ends_with: Value = UNSET
    #: With * for anything.
    like: Value = UNSET
    greater: Value = UNSET
    at_least: Value = UNSET
    less: Value = UNSET
    at_most: Value = UNSET
    #: Moments.
    before: Value = UNSET
    after: Value = UNSET
    among: Value = UNSET
    #: Whether there is no value, or an empty one.
    empty: bool | None = None


class OnError(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What follows where a step fails for good."""

    #: Times that something which may pass is tried again; None = for about a day, as every write.
    retries: Annotated[int, Meta(ge=0, le=100)] | None = None
    #: stop: the run fails, and stands in the error queue; continue: as if it had been done; route: go elsewhere.
    then: Literal["stop", "continue", "route"] = "stop"
    #: The step that follows then.
    go: Name | None = None


class _Step(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    forbid_unknown_fields=True,
    tag_field="kind",
):
    """What all kinds have."""

    title: str = ""
    #: Passed over.
    disabled: bool = False


class Action(_Step, frozen=True, kw_only=True, tag="action"):
    """An operation of the catalogue is carried out."""

    operation: str
    #: Alias; empty for what needs no account.
    connection: str = ""
    input: dict[str, Value] = {}
    on_error: OnError | None = None
    next: Name | None = None


class Filter(_Step, frozen=True, kw_only=True, tag="filter"):
    """Who goes on."""

    where: Condition
    next: Name | None = None


class Path(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """One way of a branch."""

    where: Condition
    next: Name | None = None
    title: str = ""


class Branch(_Step, frozen=True, kw_only=True, tag="branch"):
    """The first way whose condition holds is gone."""

    paths: Annotated[tuple[Path, ...], Meta(min_length=1, max_length=50)]
    otherwise: Name | None = None


class Delay(_Step, frozen=True, kw_only=True, tag="delay", rename={"for_": "for"}):
    """The run sleeps: one of the three."""

    for_: Length | None = None
    until: Value = UNSET
    until_open: Hours | None = None
    next: Name | None = None


class Wait(_Step, frozen=True, kw_only=True, tag="wait"):
    """The run sleeps until something happens to its person."""

    on: str
    connection: str
    where: Condition | None = None
    within: Length
    timed_out: Name | None = None
    next: Name | None = None


class Each(_Step, frozen=True, kw_only=True, tag="each"):
    """The same steps for each of several, one after the other. An iteration ends where its steps do."""

    items: Value
    body: Name
    next: Name | None = None


class SetValues(_Step, frozen=True, kw_only=True, tag="set"):
    """Values under names, for those after it."""

    values: dict[str, Value]
    next: Name | None = None


class Call(_Step, frozen=True, kw_only=True, tag="call"):
    """Another workflow begins, for the same person."""

    workflow: str
    input: dict[str, Value] = {}
    #: Whether this run goes on only when that one has ended.
    wait: bool = True
    on_error: OnError | None = None
    next: Name | None = None


class Stop(_Step, frozen=True, kw_only=True, tag="stop"):
    """The run ends here."""

    reason: str = ""
    failed: bool = False


Step = Action | Filter | Branch | Delay | Wait | Each | SetValues | Call | Stop


class Trigger(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What begins a run."""

    id: Name
    #: Id in the catalogue.
    on: str
    #: Alias; empty for what comes about here.
    connection: str = ""
    where: Condition | None = None
    #: Of a schedule, an incoming webhook, a form.
    settings: dict[str, Any] = {}


class Enrol(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Who may begin once more."""

    again: Literal["always", "once", "after", "not_while_in"] = "always"
    #: Since the last time.
    after: Length | None = None


class ExpectedAct(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What an example expects to be carried out, and what it then pretends to have been answered."""

    step: Name
    #: Fields of the input that must be so; others may be anything.
    input: dict[str, Any] = {}
    answer: dict[str, Any] = {}
    #: It fails instead, with this reason.
    fails: str | None = None


class Example(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """An example is a test: what happened, and what the workflow does then. Delays pass at once."""

    title: str
    trigger: Name
    payload: dict[str, Any] = {}
    #: By step: the event that a wait gets; without one it times out.
    events: dict[str, dict[str, Any]] = {}
    #: What it is now, ISO 8601; for business hours, and moments.
    now: str = "2027-03-15T15:00:00Z"
    acts: tuple[ExpectedAct, ...] = ()
    ends: Literal["done", "left", "failed", "stopped"] = "done"


class Definition(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """One workflow."""

    #: Of this form of definition.
    version: Annotated[int, Meta(ge=1, le=1)] = 1
    title: str
    description: str = ""
    #: Alias in here → alias of a connection, which each environment has its own for.
    connections: dict[Name, str] = {}
    triggers: tuple[Trigger, ...] = ()
    enrol: Enrol = Enrol()
    #: The first step.
    start: Name | None = None
    steps: dict[Name, Step] = {}
    #: Runs that are at work at a time, of each lane; those that sleep do not count.
    concurrency: Annotated[int, Meta(ge=1, le=1000)] | None = None
    examples: tuple[Example, ...] = ()


def follows(step: Step) -> dict[str, str | None]:
    """Where a step leads: by the field that says so, "paths[0].next"."""
    found: dict[str, str | None] = {}
    if isinstance(step, Branch):
        found = {f"paths[{at}].next": path.next for at, path in enumerate(step.paths)}
        found["otherwise"] = step.otherwise
    elif not isinstance(step, Stop):
        found["next"] = step.next
    if isinstance(step, Wait):
        found["timed_out"] = step.timed_out
    if isinstance(step, Each):
        found["body"] = step.body
    if isinstance(step, Action | Call) and step.on_error is not None and step.on_error.then == "route":
        found["on_error.go"] = step.on_error.go
    return found
