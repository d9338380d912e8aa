"""One thing that a user can pick, with all that is known of it."""

from __future__ import annotations

from typing import Literal

import msgspec

from tieline.catalogue.builtins.function import AnyFunction
from tieline.catalogue.fields import Field
from tieline.catalogue.spec import AnyOperation, AnyTrigger

Kind = Literal["action", "trigger", "logic"]
#: Who carries it out: a far side through the gateway, a function of ours, the engine itself; or it is told of by a
#: connection's far side, or comes about here.
Call = Literal["operation", "function", "engine", "told", "own"]
#: Our own app, beside those of the connectors.
OWN = "tieline"


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One operation, trigger or step."""

    id: str
    kind: Kind
    app: str
    title: str
    description: str
    call: Call
    #: Of the 126 that are promised.
    mission: bool = False
    #: It changes something at a far side.
    writes: bool = False
    #: Of triggers: it is told at once; None = it is none.
    instant: bool | None = None
    #: Of triggers: how often it is looked for, told or not, unless a connection says otherwise.
    checked_every_s: float | None = None
    scopes: tuple[str, ...] = ()
    quota_cost: int = 0
    idempotent: bool = True
    #: How an unknown outcome is found out; empty where sending again is harmless.
    look_up: str = ""
    #: "documented" or "assumption"; empty for what is ours.
    status: str = ""
    source: str = ""
    fields: tuple[Field, ...] = ()
    output_fields: tuple[Field, ...] = ()
    #: The conformance suite carried it out as it stands here.
    proved: bool = False
    operation: AnyOperation | None = None
    trigger: AnyTrigger | None = None
    function: AnyFunction | None = None
