"""What a far side is made of: routes with handlers, a door, and a state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import msgspec


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One request, parsed."""

    method: str
    path: str
    #: Values of the path template's names.
    params: dict[str, str]
    query: dict[str, str]
    #: The query in order, with what is given several times.
    pairs: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str]
    #: The parsed body, JSON or a form; None where there is none.
    body: Any
    #: What the door found out.
    caller: Any = None

    def every(self, name: str) -> list[str]:
        """All values of a query parameter, also of `name[]`."""
        return [value for key, value in self.pairs if key in (name, f"{name}[]")]


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """What the far side answers."""

    status: int
    #: JSON; `content` goes out in its place, as it stands.
    body: Any = None
    content: bytes | None = None
    content_type: str = "application/json"
    headers: dict[str, str] = {}
    #: It changed something.
    effect: bool = False
    result_id: str | None = None
    #: Something that the audit counts by itself.
    remark: str | None = None
    #: Whether the far side writes the id of the exchange into the body.
    traced: bool = True


Handler = Callable[[Call], Reply]


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """One operation of a side."""

    operation: str
    method: str
    #: "/contacts/{contactId}"
    path: str
    handler: Handler
    #: What the door demands, in the side's own terms.
    scopes: tuple[str, ...] = ()
    #: It changes nothing though it is POSTed: a search, a list by filters.
    reads: bool = False

    @property
    def writes(self) -> bool:
        """Whether it is there to change something."""
        return self.method != "GET" and not self.reads


class Admitted(msgspec.Struct, frozen=True, kw_only=True):
    """Who calls: a label for the audit, the key of its quota, and the place it concerns."""

    label: str
    quota_key: str
    place: str
    caller: Any = None


class Side(Protocol):
    """One far side."""

    #: "contacts" or "nimbata".
    name: str
    routes: list[Route]

    def admit(self, route: Route, call: Call) -> Admitted | Reply:
        """Let the call in, or answer it at the door."""
        ...

    def refuse(self, status: int, reason: str, headers: Mapping[str, str]) -> Reply:
        """An error in this side's own shape: "404", "429", "500", a bad body. `headers` are the call's."""
        ...

    def state(self) -> Any:
        """Everything that this side really holds, as JSON."""
        ...

    def reset(self) -> None:
        """Forget everything that was not there at the start."""
        ...

    def emit(self, wanted: dict[str, Any]) -> Any:
        """Let something happen there; gives what happened. Raises ValueError with the reason."""
        ...

    @property
    def quirks(self) -> Any:
        """Its oddities, and how they are switched."""
        ...

    def set_quirks(self, wanted: dict[str, Any]) -> Any:
        """Switch some otherwise; gives them all. Raises ValueError with the reason."""
        ...

    def set_targets(self, wanted: dict[str, Any]) -> Any:
        """Register a webhook target; gives it. Raises ValueError with the reason."""
        ...
