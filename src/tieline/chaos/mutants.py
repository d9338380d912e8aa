"""One guard of the hub taken away at a time: a run that stays green without it proves nothing.

Done from outside, in processes of a run alone; nothing of the hub knows of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tieline.connectors.kit import fence
from tieline.effects import writes
from tieline.effects.perform import Performer
from tieline.engine import item_turn, lane, person_turn
from tieline.errors import ConfigurationError

#: Names the mutant that processes of a run are to be; read by `tieline.chaos.process` alone.
VARIABLE = "TIELINE_CHAOS_MUTANT"

#: Statements that ask whose a lane is, without asking.
_UNFENCED = {
    "fence_lanes": "SELECT unnest(%(ids)s::bigint[]) WHERE %(epochs)s::bigint[] IS NOT NULL",
    "renew_lanes": "SELECT unnest(%(ids)s::bigint[]) WHERE %(epochs)s::bigint[] IS NOT NULL AND %(lease)s IS NOT NULL",
    "lock_lane": "SELECT FROM lane WHERE id = %(lane)s AND %(epoch)s > 0 FOR UPDATE",
}


def _no_fencing() -> None:
    """Whoever once held a lane goes on sending and writing for it."""
    _swap(writes, _UNFENCED)
    _swap(lane, _UNFENCED)
    _set(fence, "require", lambda: None)


def _no_look_up() -> None:
    """After an unclear answer the command is simply sent again."""

    async def repeat(
        self: Performer[Any], effect: Any, command: Any, contact_id: str | None, cause: Any
    ) -> Any:
        return await self.perform(effect, command, contact_id)

    _set(Performer, "_look_up", repeat)


def _no_echo_ledger() -> None:
    """Whatever is told is news, however old it is and whoever wrote it."""

    def news(told: Any, known: Any, **_: Any) -> str:
        return "newer"

    _set(person_turn, "judge", news)
    _set(item_turn, "judge_item", news)


def _no_release_check() -> None:
    """A lane is put to rest without a look at what it still has to do."""
    _swap(lane, {"next_due": "SELECT NULL::timestamptz, false WHERE %(lane)s > 0"})


def _swap(module: Any, others: dict[str, str]) -> None:
    kept = module.query

    def swapped(name: str) -> Any:
        return others[name].encode() if name in others else kept(name)

    _set(module, "query", swapped)


def _set(owner: Any, name: str, other: Any) -> None:
    """Raises AttributeError for a name that is not there any more: a mutant that changes nothing proves nothing."""
    getattr(owner, name)
    setattr(owner, name, other)


MUTANTS: dict[str, Callable[[], None]] = {
    "fencing": _no_fencing,
    "look-up": _no_look_up,
    "echo-ledger": _no_echo_ledger,
    "release-check": _no_release_check,
}


def require(name: str | None) -> str | None:
    """The name of a guard, or None. Raises ConfigurationError for another one."""
    if name is not None and name not in MUTANTS:
        raise ConfigurationError(f"there is no guard {name!r} to take away; there are: {', '.join(MUTANTS)}")
    return name


def become(name: str | None) -> None:
    """Take that guard away; None = take none. Raises ConfigurationError."""
    if require(name) is not None:
        MUTANTS[str(name)]()


__all__ = ["MUTANTS", "VARIABLE", "become", "require"]
