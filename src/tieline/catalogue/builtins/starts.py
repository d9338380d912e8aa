"""What begins a workflow without any account telling of it: a clock, an address of our own, a person."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from tieline.catalogue.builtins.function import Name
from tieline.catalogue.builtins.logic import Nothing


class Schedule(msgspec.Struct, frozen=True, kw_only=True):
    """When."""

    cron: Annotated[
        str,
        Meta(title="Cron", description="Minute, hour, day of the month, month, day of the week.", max_length=100,
             examples=["0 7 * * mon"]),
    ]  # fmt: skip
    zone: Annotated[
        Name, Meta(title="Time zone", description="By whose clock; a time that is left out or comes twice, as the "
                   "clock is changed, is taken once.", examples=["America/Chicago"])
    ] = "UTC"  # fmt: skip


class CameDue(msgspec.Struct, frozen=True, kw_only=True):
    """A moment of a schedule."""

    #: As the schedule has it, however late it was noticed.
    due_at: Annotated[datetime, Meta(title="Due", examples=["2027-03-15T12:00:00Z"])]
    local: Annotated[datetime, Meta(title="Due, in the zone", examples=["2027-03-15T07:00:00-05:00"])]


class Incoming(msgspec.Struct, frozen=True, kw_only=True):
    """An address of our own."""

    name: Annotated[
        Name,
        Meta(
            title="Name",
            description="Part of the address, which holds a secret as well.",
            examples=["orders"],
        ),
    ]
    secret: Annotated[
        str,
        Meta(title="Signing secret", description="Bodies must carry their HMAC-SHA256 with it, where it is given.",
             max_length=200, examples=["a-long-random-text"]),
    ] | UnsetType = UNSET  # fmt: skip


class Received(msgspec.Struct, frozen=True, kw_only=True):
    """What came in."""

    body: Annotated[Any, Meta(title="Body", examples=[{"order": 4711, "email": "ada@example.com"}])]
    query: Annotated[dict[str, str], Meta(title="Query", examples=[{"source": "shop"}])]
    headers: Annotated[dict[str, str], Meta(title="Headers", examples=[{"content-type": "application/json"}])]
    received_at: Annotated[datetime, Meta(title="Received", examples=["2027-03-15T12:00:00Z"])]


class OwnForm(msgspec.Struct, frozen=True, kw_only=True):
    """A form that is sent to us."""

    form: Annotated[
        Name,
        Meta(
            title="Form", description="Name of the form, which is part of its address.", examples=["contact"]
        ),
    ]


class Submitted(msgspec.Struct, frozen=True, kw_only=True):
    """A form as it was sent: repeated and unknown fields are kept."""

    form: Annotated[str, Meta(title="Form", examples=["contact"])]
    fields: Annotated[
        dict[str, Any],
        Meta(title="Fields", examples=[{"Your name": "Ada Lovelace", "Services": ["roof", "gutter"]}]),
    ]
    name: Annotated[str, Meta(title="Name", examples=["Ada Lovelace"])] = ""
    phone: Annotated[str, Meta(title="Phone", examples=["+12015550123"], extra={"type": "phone"})] = ""
    email: Annotated[str, Meta(title="E-mail", examples=["ada@example.com"], extra={"type": "email"})] = ""
    page_url: Annotated[str, Meta(title="Page", examples=["https://www.example.com/contact"])] = ""
    submitted_at: Annotated[datetime, Meta(title="Submitted", examples=["2027-03-15T12:00:00Z"])]


class Started(msgspec.Struct, frozen=True, kw_only=True):
    """What a person gave along."""

    by: Annotated[str, Meta(title="By", examples=["ann@example.com"])]
    input: Annotated[dict[str, Any], Meta(title="Input", examples=[{"contactId": "ocQHyuzHvysMo5N5VsXc"}])]


class Start(msgspec.Struct, frozen=True, kw_only=True):
    """One way to begin."""

    id: str
    title: str
    description: str
    input: type[msgspec.Struct]
    output: type[msgspec.Struct]


STARTS: tuple[Start, ...] = (
    Start(id="schedule.due", title="Schedule", description="Begins at the moments of a schedule, by a zone's clock.",
          input=Schedule, output=CameDue),
    Start(id="webhook.received", title="Incoming webhook",
          description="Begins when somebody sends to an address of ours.", input=Incoming, output=Received),
    Start(id="form.submitted", title="Form of our own submitted",
          description="Begins when somebody sends a form to the hub itself, as HTML or JSON.", input=OwnForm,
          output=Submitted),
    Start(id="manual.started", title="Started by hand",
          description="Begins when a person says so, for one record or many.", input=Nothing, output=Started),
)  # fmt: skip
