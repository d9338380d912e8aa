"""What an operation is: the one description that the gateway sends by, forms are drawn from and docs are made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Generic, Literal, TypeVar

import msgspec

from tieline.catalogue.paging import AnyPaging

In = TypeVar("In")
Out = TypeVar("Out")
#: Of a look-up: what is asked, what is answered, and the records in the answer.
Asked = TypeVar("Asked")
Shown = TypeVar("Shown")
Row = TypeVar("Row")

Method = Literal["GET", "POST", "PUT", "DELETE"]
#: How to find out whether a call with an unknown outcome took effect.
#: repeat: the far side itself refuses a second one and names the first, so sending again is the look-up;
#: by_id: read the record; list: a strongly consistent list; index: a list that lags; none: it cannot be found out.
LookUpKind = Literal["repeat", "by_id", "list", "index", "none"]


class LookUp(msgspec.Struct, Generic[In, Asked, Shown, Row], frozen=True, kw_only=True):
    """The look-up of one operation. Two absences at least `settle_s` apart prove that nothing happened."""

    kind: LookUpKind
    #: Id of the operation that looks; empty for `repeat` and `none`.
    operation: str = ""
    #: Seconds after which a call that was cut off has either taken effect or never will.
    settle_s: float = 0.0
    #: What to ask that operation for, out of what was written; None = of such an input nobody can tell.
    ask: Callable[[In], Asked | None] | None = None
    #: The records in one answer.
    rows: Callable[[Shown], Sequence[Row]] | None = None
    #: Whether a record says what was written: (record, input, IANA name of the place's time zone).
    same: Callable[[Row, In, str], bool] | None = None
    #: Attribute of a text, in input and record alike, that carries our reference line; with it, it alone decides.
    mark: str = ""
    #: When a record was made, None = it does not say: what was made before our first try is somebody else's.
    made_at: Callable[[Row], datetime | None] | None = None
    #: An answer names one record at most: somebody else's may hide ours, and then nobody can tell.
    single: bool = False

    @property
    def executable(self) -> bool:
        """Whether it can be carried out; `repeat` and `none` have nothing to carry out."""
        compares = bool(self.mark) or self.same is not None
        return bool(self.operation) and self.ask is not None and self.rows is not None and compares


AnyLookUp = LookUp[Any, Any, Any, Any]


class Operation(msgspec.Struct, Generic[In, Out], frozen=True, kw_only=True):
    """One call that a connector offers.

    `input` is a struct whose fields carry the wire names (via `rename` or `msgspec.field(name=)`): those named in
    `path` go into it, those in `query` into the query string, the rest into the JSON body. A field left UNSET is
    not sent.
    """

    id: str
    app: str
    title: str
    description: str
    method: Method
    #: Template with the wire names of the input: "/contacts/{contactId}".
    path: str
    input: type[In]
    output: type[Out]
    #: Wire names of the input fields that travel in the query string.
    query: frozenset[str] = frozenset()
    #: The body goes as a form, not as JSON.
    form: bool = False
    #: A body is sent where nothing is left for one, too: `{}`.
    wants_body: bool = False
    #: It proves itself by what is in its body: no bearer token is sent.
    bare: bool = False
    #: The dated API version that this operation is pinned to; empty where the product has none.
    version: str = ""
    scopes: tuple[str, ...] = ()
    #: Requests that one call takes from the quota.
    quota_cost: int = 1
    #: Sending the same input twice leaves what sending it once leaves.
    idempotent: bool = False
    look_up: AnyLookUp | None = None
    #: How a list goes on; None = it is no list, or comes whole.
    paging: AnyPaging | None = None
    #: "documented" or "assumption": whether the far side's own docs (or running code) show it.
    status: Literal["documented", "assumption"] = "documented"
    source: str = ""


AnyOperation = Operation[Any, Any]


class Trigger(msgspec.Struct, Generic[Out], frozen=True, kw_only=True):
    """Something that a far side tells of, or that is found out by looking."""

    id: str
    app: str
    title: str
    description: str
    #: What the event is called in the far side's settings and docs; empty where none exists.
    event: str = ""
    #: What the body's `type` may say: not always the event's name.
    types: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    #: What is known of the event, tolerant of everything else.
    output: type[Out]
    #: Id of the operation that is polled; empty = the far side tells by itself, at once.
    poll: str = ""
    #: Which poll of a connection finds it too, told or not; empty = none does.
    stream: str = ""
    status: Literal["documented", "assumption"] = "documented"
    source: str = ""

    @property
    def instant(self) -> bool:
        """Whether it is told rather than looked for."""
        return not self.poll


AnyTrigger = Trigger[Any]
