"""What may be done, as scopes; which role may do what. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal, get_args

from tieline.errors import ConfigurationError

Role = Literal["admin", "operator", "viewer"]
ROLES: tuple[Role, ...] = get_args(Role)

#: Subject → what can be done with it; whoever may write may read.
SUBJECTS: Mapping[str, tuple[str, ...]] = {
    "status": ("read",),
    "connections": ("read", "write"),
    "syncs": ("read", "write"),
    "people": ("read", "write"),
    "items": ("read", "write"),
    "conflicts": ("read", "write"),
    "errors": ("read", "write"),
    "alerts": ("read", "write"),
    "outward": ("read", "write"),
    "erasure": ("read", "write"),
    "keys": ("read", "write"),
    "users": ("read", "write"),
    "tokens": ("read", "write"),
    "audit": ("read", "write"),
}
SCOPES: tuple[str, ...] = tuple(f"{subject}:{deed}" for subject, deeds in SUBJECTS.items() for deed in deeds)
#: Every subject there is.
ANY = "*"
ALL = f"{ANY}:write"

#: The table of docs/access.md.
MAY: Mapping[Role, tuple[str, ...]] = {
    "viewer": (
        "status:read", "connections:read", "syncs:read", "people:read", "items:read", "conflicts:read",
        "errors:read", "alerts:read",
    ),
    "operator": (
        "status:read", "connections:read", "syncs:write", "people:write", "items:write", "conflicts:write",
        "errors:write", "alerts:read",
    ),
    "admin": (ALL,),
}  # fmt: skip

#: A route that anybody may ask.
OPEN = "open"
#: A route for everybody whom we know, whatever their role or scopes.
KNOWN = "known"
_OPT = "needs"


def needs(scope: str) -> dict[str, Any]:
    """What a route declares: `@get(…, opt=needs("items:read"))`; one that declares nothing is for admins alone."""
    if scope not in (*SCOPES, OPEN, KNOWN):
        raise ValueError(f"{scope!r} is no scope")
    return {_OPT: scope}


def declared(opt: Mapping[str, Any]) -> str | None:
    """What a route needs; None where it does not say."""
    found = opt.get(_OPT)
    return found if isinstance(found, str) else None


def require_scopes(wanted: Iterable[str]) -> tuple[str, ...]:
    """Scopes as they are stored. Raises ConfigurationError for one that there is not, and for none at all."""
    found = tuple(dict.fromkeys(wanted))
    if not found:
        raise ConfigurationError(f"a scope is needed; there are: {_named()}")
    for one in found:
        if one not in SCOPES and one not in (ALL, f"{ANY}:read"):
            raise ConfigurationError(f"{one!r} is no scope; there are: {_named()}")
    return found


def require_role(role: str) -> Role:
    """A role by its name. Raises ConfigurationError."""
    for one in ROLES:
        if one == role:
            return one
    raise ConfigurationError(f"{role!r} is no role; there are: {', '.join(ROLES)}")


def grants(held: Iterable[str], needed: str) -> bool:
    """Whether one of the scopes that somebody holds covers what is needed."""
    subject, _, deed = needed.partition(":")
    for one in held:
        theirs, _, may = one.partition(":")
        if theirs in (subject, ANY) and (may in (deed, "write")):
            return True
    return False


def beyond(held: Iterable[str], wanted: Iterable[str]) -> tuple[str, ...]:
    """What of `wanted` goes beyond what somebody holds: nobody gives away more than they have."""
    own = tuple(held)
    return tuple(one for one in wanted if not grants(own, one))


def _named() -> str:
    return ", ".join((*SCOPES, f"{ANY}:read", ALL))
