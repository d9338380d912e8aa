"""What a driver asks to happen, and the record of what then did."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from tieline.sandbox.nimbata.records import Direction, Outcome

Kind = Literal[
    "call", "call.start", "call.end", "call.update", "form", "sms",
    "contact.create", "contact.update", "contact.delete",
    "task.create", "task.update", "task.complete", "task.delete",
    "note.create", "note.update", "note.delete",
    "appointment.create", "appointment.update", "appointment.delete",
]  # fmt: skip
MAX_COUNT = 5_000
_Share = Annotated[float, msgspec.Meta(ge=0, le=1)]


class Emission(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One request to the control API. What is left out is drawn from the sandbox's seed."""

    kind: Kind
    #: Any project where none is named.
    project: str | None = None
    #: The other party's number, as written or "anonymous"; null = a form or contact without a phone.
    caller: str | UnsetType | None = UNSET
    caller_name: str | UnsetType | None = UNSET
    #: Of forms and contacts; null = none.
    email: str | UnsetType | None = UNSET
    outcome: Outcome | None = None
    #: Ring to end.
    duration_s: Annotated[int, msgspec.Meta(ge=0, le=86_400)] | None = None
    direction: Direction = "inbound"
    tags: tuple[str, ...] | None = None
    value: float | UnsetType | None = UNSET
    #: Attribution keys of a call ("source", "medium", "campaign", ...); replaces the drawn ones as a whole.
    source: dict[str, str | None] | None = None
    #: The form's own fields; replaces the drawn ones as a whole.
    fields: dict[str, str] | None = None
    #: Words of a text message.
    body: str | None = None
    #: When it began (a call) or came in; aware. Now, where it is left out; a call then ends now.
    at: Annotated[datetime, msgspec.Meta(tz=True)] | None = None
    #: Which call, contact, task, note or appointment changes or goes; any of the project's where it is left out.
    id: str | None = None
    #: Whose task, note or appointment; any contact of the project where it is left out.
    contact: str | None = None
    #: Keys of the changed record; of a created one, keys beside those above.
    changes: dict[str, Any] = {}
    #: How many times to do all this.
    count: Annotated[int, msgspec.Meta(ge=1, le=MAX_COUNT)] = 1
    #: Probability that the person was met before, and that no number is shown (in a form: told).
    known_share: _Share = 0.0
    anonymous_share: _Share = 0.0
    #: The account's Test button: a webhook with sample data about a call, form or text that is stored nowhere.
    test: bool = False
    #: False = no webhook is sent: only polling can find it.
    deliver: bool = True


class Emitted(msgspec.Struct, frozen=True, kw_only=True):
    """What happened, for whoever wants to compute what should have come of it."""

    #: Place in the log, from 1.
    number: int
    event_id: str
    #: "call.completed".
    event: str
    project: str
    #: Id of the call, form, text, contact, task, note or appointment.
    activity_id: str
    #: The other party's phone in E.164; None where it is withheld, absent or no valid number.
    caller: str | None
    email: str | None
    outcome: str | None
    #: The person had been met in the project before.
    known: bool
    test: bool
    delivered: bool
    occurred_at: datetime
