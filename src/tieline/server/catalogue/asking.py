"""Asking the lane of a connection for a call that a person waits for: an errand that is sealed both ways, and that
nobody carries out any more once nobody waits."""

from __future__ import annotations

import time
from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import Any

import msgspec

from tieline.domain.ids import LaneId
from tieline.errors import TielineError
from tieline.store.audit import note
from tieline.store.directory import StoredConnection
from tieline.store.errands import NewErrand, leave, wait_for
from tieline.store.key_table import open_credential, seal_credential
from tieline.store.pool import Store
from tieline.vault.seal import Vault

TRY, OPTIONS = "catalogue.try", "catalogue.options"
KINDS = (TRY, OPTIONS)
#: A person looks at it meanwhile.
WAIT_S = 30.0
#: Answers that nobody fetched, since whoever asked was killed: they hold what people wrote, and are not kept.
_FORGET = "DELETE FROM errand WHERE kind = ANY(%s) AND ended_at < now() - interval '10 minutes'"


class NobodyAnswered(TielineError):
    """No worker took it, or the far side took too long: what is not under way by now is not carried out any more."""


class NotCarriedOut(TielineError):
    """It was given up, with the reason."""


async def ask(
    store: Store,
    vault: Vault,
    stored: StoredConnection,
    kind: str,
    given: Mapping[str, Any],
    *,
    noted: tuple[str, Mapping[str, Any]] | None = None,
    within_s: float = WAIT_S,
) -> Any:
    """What the worker found, as JSON has it. `noted`: subject and facts for the audit log, written with the asking.

    Raises NobodyAnswered and NotCarriedOut.
    """
    wanted = {**given, "connection": stored.id, "until": time.time() + within_s}
    async with store.transaction() as db:
        await db.execute(_FORGET, (list(KINDS),))
        (errand,) = await leave(
            db, vault, [NewErrand(lane_id=LaneId(stored.lane_id), kind=kind, input=wanted)]
        )
        if noted is not None:
            await note(db, kind, noted[0], after={**noted[1], "connection": stored.name})
    try:
        ended = await wait_for(store, errand, within_s=within_s)
    finally:
        # Also of one that nobody took: it holds what somebody wrote. A call that is under way goes on, unheard.
        async with store.transaction() as db:
            await db.execute("DELETE FROM errand WHERE id = %s", (errand,))
    if ended.state == "ready":
        why = f": {ended.reason}" if ended.reason else "; is the hub up? See: tieline up"
        way = "; a call that is under way may still take effect" if kind == TRY else ""
        raise NobodyAnswered(f"nothing came of it within {within_s:.0f} s{why}{way}")
    if ended.state != "done" or ended.output is None:
        raise NotCarriedOut(ended.reason or "it was given up")
    async with store.transaction() as db:
        opened = await open_credential(db, vault, b64decode(ended.output["sealed"]), context=_context(kind))
    return msgspec.json.decode(opened)


async def sealed(store: Store, vault: Vault, kind: str, found: Any) -> dict[str, Any]:
    """What a worker found, as the errand keeps it: it holds what people wrote."""
    async with store.transaction() as db:
        closed = await seal_credential(db, vault, msgspec.json.encode(found), context=_context(kind))
    return {"sealed": b64encode(closed).decode()}


def _context(kind: str) -> str:
    return f"errand {kind} answer"
