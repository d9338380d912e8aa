"""What a poll or a sweep found, put into the inbox for whoever wants events of its connection."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b

from tieline.inbox.receive import DELIVERY_ID_TTL, Delivery, EventState, Inbox, delivery_key
from tieline.store.directory import Directory, StoredConnection

#: Stored at a time.
_CHUNK = 200


class Teller:
    """Makes deliveries of rows and stores them."""

    def __init__(self, directory: Directory, inbox: Inbox) -> None:
        self._directory = directory
        self._inbox = inbox

    def delivery(
        self,
        stored: StoredConnection,
        kind: str,
        row: bytes,
        *,
        project: str | None = None,
        name: str | None = None,
        unreadable: str | None = None,
    ) -> Delivery:
        """One telling. `name` says which it is, where the row does not: a record may come back to an earlier state."""
        syncs = self._directory.consumers(stored.id, project)
        state: EventState = "unreadable" if unreadable else "routed" if syncs else "unrouted"
        # The same row in the same state is one telling, however often it is read.
        told = name or blake2b(row, digest_size=16).hexdigest()
        key, _ = delivery_key("poll", kind, f"{kind}:{told}", row)
        return Delivery(
            connection_id=stored.id, key=key, ttl=DELIVERY_ID_TTL, source="poll", kind=kind, project=project,
            state=state, reason=unreadable or (None if syncs else "no sync wants events of this project"), body=row,
            routes=tuple((sync.id, sync.lane_id) for sync in syncs) if state == "routed" else (),
        )  # fmt: skip

    async def tell(self, deliveries: Sequence[Delivery]) -> None:
        """Store them; returns after their commit."""
        for start in range(0, len(deliveries), _CHUNK):
            await self._inbox.receive(deliveries[start : start + _CHUNK])
