"""Bodies of events: each sealed with the key of the day on which it came, and bound to its event."""

from __future__ import annotations

from tieline.store.keyring import Keys


def event_place(event_id: int) -> str:
    """What a body is bound to."""
    return f"event.body:{event_id}"


def open_body(keys: Keys, event_id: int, seal: int, body: bytes) -> bytes:
    """A body as it came; `keys.learn` was told of the seal before. Raises BrokenSeal."""
    return keys.of_day(seal).open(event_place(event_id), body)
