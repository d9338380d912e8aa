"""The steps that decide a workflow's way. They are settled by the engine itself; here stands what a form asks for."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from tieline.catalogue.builtins.function import Name

_CONDITION = {"left": "{{ steps.person.contact.country }}", "is": "US"}
_Where = Annotated[
    dict[str, Any],
    Meta(
        title="Condition", description="A comparison, or all, any or not of several.", examples=[_CONDITION]
    ),
]
_Length = Annotated[
    str, Meta(title="For", description="A length of time: 90s, 15m, 2h, 3d.", max_length=20, examples=["2h"])
]


class Nothing(msgspec.Struct, frozen=True):
    """It gives nothing to those after it."""


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """Who goes on."""

    where: _Where


class Branch(msgspec.Struct, frozen=True, kw_only=True):
    """Which way is gone."""

    paths: Annotated[
        list[dict[str, Any]],
        Meta(title="Paths", description="Each with a condition (where) and the step that follows (next); the first "
             "that holds is gone.", max_length=50, examples=[[{"where": _CONDITION, "next": "text"}]]),
    ]  # fmt: skip
    otherwise: Annotated[
        Name | UnsetType,
        Meta(title="Otherwise", description="The step that follows where none holds; the run ends where left out.",
             examples=["task"]),
    ] = UNSET  # fmt: skip


class Delay(msgspec.Struct, frozen=True, kw_only=True, rename={"for_": "for"}):
    """How long a run sleeps; one of the three."""

    for_: _Length | UnsetType = UNSET
    until: Annotated[
        datetime | str | UnsetType,
        Meta(title="Until", description="A moment; one that is past is not waited for.",
             examples=["{{ trigger.startTime }}"]),
    ] = UNSET  # fmt: skip
    until_open: Annotated[
        dict[str, Any] | UnsetType,
        Meta(title="Until open", description="Business hours: zone, days, from, to; it goes on at once within them.",
             examples=[{"zone": "America/Chicago", "days": ["mon", "tue", "wed", "thu", "fri"], "from": "09:00",
                        "to": "17:00"}]),
    ] = UNSET  # fmt: skip


class Wait(msgspec.Struct, frozen=True, kw_only=True):
    """What is waited for."""

    on: Annotated[
        Name, Meta(title="Event", description="Trigger of the catalogue, of the run's own person.",
                   examples=["contacts_api:messages.inbound"])
    ]  # fmt: skip
    connection: Annotated[
        Name,
        Meta(title="Connection", description="Alias of the connection that tells of it.", examples=["crm"]),
    ]
    where: _Where | UnsetType = UNSET
    within: Annotated[
        str, Meta(title="At most", description="How long it is waited for: 90s, 15m, 2h, 3d.", max_length=20,
                  examples=["3d"])
    ]  # fmt: skip
    timed_out: Annotated[
        Name | UnsetType,
        Meta(title="When it did not come", description="The step that follows then; the run ends where left out.",
             examples=["task"]),
    ] = UNSET  # fmt: skip


class Waited(msgspec.Struct, frozen=True, kw_only=True):
    """What came."""

    came: Annotated[bool, Meta(title="Came", examples=[True])]
    event: Annotated[dict[str, Any], Meta(title="Event", examples=[{"body": "YES"}])]


class Each(msgspec.Struct, frozen=True, kw_only=True):
    """For each of several, the same steps."""

    items: Annotated[
        str | list[Any],
        Meta(title="Items", description="A list, of at most 1000.", examples=["{{ steps.search.contacts }}"]),
    ]
    body: Annotated[
        Name, Meta(title="First step", description="The step with which each begins.", examples=["tag"])
    ]


class Iteration(msgspec.Struct, frozen=True, kw_only=True):
    """What the steps within can use."""

    item: Annotated[Any, Meta(title="Item", examples=["ocQHyuzHvysMo5N5VsXc"])]
    #: From 0 on.
    index: Annotated[int, Meta(title="Number", examples=[0])]


class SetValues(msgspec.Struct, frozen=True, kw_only=True):
    """Values for later."""

    values: Annotated[
        dict[str, Any],
        Meta(title="Values", description="By name, a value; later steps use it by that name.", max_length=100,
             examples=[{"area": "{{ trigger.caller | slice: 2, 3 }}"}]),
    ]  # fmt: skip


class CallWorkflow(msgspec.Struct, frozen=True, kw_only=True):
    """Another workflow."""

    workflow: Annotated[
        Name, Meta(title="Workflow", description="Name of a published workflow.", examples=["Ring back"])
    ]
    input: Annotated[
        dict[str, Any],
        Meta(
            title="Input",
            description="What it is given, by name.",
            examples=[{"caller": "{{ trigger.caller }}"}],
        ),
    ] = {}
    wait: Annotated[
        bool,
        Meta(title="Wait for its end", description="Whether this run goes on only then.", examples=[True]),
    ] = True


class Called(msgspec.Struct, frozen=True, kw_only=True):
    """What the other workflow left."""

    values: Annotated[dict[str, Any], Meta(title="Values", examples=[{"task": "hxVjTSsKbFkFJPaEK5Hq"}])]


class Stop(msgspec.Struct, frozen=True, kw_only=True):
    """The end of a run."""

    reason: Annotated[
        str, Meta(title="Reason", description="Why, for whoever reads the run.", max_length=500,
                  examples=["not a customer of ours"])
    ] = ""  # fmt: skip
    failed: Annotated[
        bool,
        Meta(
            title="As failed", description="Whether the run stands in the error queue then.", examples=[False]
        ),
    ] = False


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of step."""

    #: "logic." and the step's `kind`.
    id: str
    title: str
    description: str
    input: type[msgspec.Struct]
    output: type[msgspec.Struct] = Nothing


STEPS: tuple[Step, ...] = (
    Step(id="logic.filter", title="Filter", description="Only runs for which the condition holds go on.", input=Filter),
    Step(id="logic.branch", title="Branch", description="Goes the first way whose condition holds.", input=Branch),
    Step(id="logic.delay", title="Delay", description="Sleeps for a while, until a moment, or until business hours.",
         input=Delay),
    Step(id="logic.wait", title="Wait for an event", description="Sleeps until something happens to the run's person, "
         "or until it took too long.", input=Wait, output=Waited),
    Step(id="logic.each", title="For each", description="Goes through a list with the same steps, one after the other.",
         input=Each, output=Iteration),
    Step(id="logic.set", title="Set values", description="Keeps values under names for later steps.", input=SetValues),
    Step(id="logic.call", title="Call a workflow", description="Begins another workflow, and takes what it leaves.",
         input=CallWorkflow, output=Called),
    Step(id="logic.stop", title="Stop", description="Ends the run here.", input=Stop),
)  # fmt: skip
