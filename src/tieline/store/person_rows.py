"""Rows that are sealed with a person's key: what each value is bound to, and how it is opened.

Every query that reads one gives its `seal` and the person's wrapped key beside it (`LEFT JOIN person ON person.id =
seal`). The key is that of the person who was written to, which is not always the row's own: an effect or a question
keeps its person when another one takes it up.
"""

from __future__ import annotations

import base64
from typing import Any

import msgspec
from psycopg.types.json import Jsonb

from tieline.store.keyring import Keys


def link_places(consumer: int, person: int) -> tuple[str, str, str]:
    """Of `contact`, `nimbata` and `merge`."""
    row = f"{consumer}:{person}"
    return f"link.contact:{row}", f"link.nimbata:{row}", f"link.merge:{row}"


def item_places(item: int) -> tuple[str, str, str]:
    """Of `nimbata`, `contacts_api` and `merge`."""
    return f"item.nimbata:{item}", f"item.contacts_api:{item}", f"item.merge:{item}"


def effect_place(idempotency_key: str) -> str:
    """Of `input`: an effect that is taken up again keeps its number, and its key in any case."""
    return f"effect.input:{idempotency_key}"


def history_place(line: int) -> str:
    """Of `fields`."""
    return f"history.fields:{line}"


def conflict_place(consumer: int, key: bytes) -> str:
    """Of `details`: the question's number is not known before it is asked."""
    return f"conflict.details:{consumer}:{key.hex()}"


def open_link(
    keys: Keys, consumer: int, person: int, values: tuple[Any, Any, Any], seal: int, wrapped: bytes | None
) -> tuple[bytes, bytes | None, bytes | None]:
    """Both records and the merge of a link, `values` being as they are stored. Raises BrokenSeal."""
    key, places = keys.of_person(seal, wrapped), link_places(consumer, person)
    contact, nimbata, merge = values
    return (
        key.open(places[0], contact),
        None if nimbata is None else key.open(places[1], nimbata),
        None if merge is None else key.open(places[2], merge),
    )


def open_item(
    keys: Keys, item: int, values: tuple[Any, Any, Any], seal: int, wrapped: bytes | None
) -> tuple[bytes | None, ...]:
    """Both sides and the merge of an item. Raises BrokenSeal."""
    key = keys.of_person(seal, wrapped)
    return tuple(
        None if value is None else key.open(place, value)
        for value, place in zip(values, item_places(item), strict=True)
    )


def open_value(keys: Keys, place: str, value: bytes, seal: int, wrapped: bytes | None) -> bytes:
    """The one sealed value of a row. Raises BrokenSeal."""
    return keys.of_person(seal, wrapped).open(place, value)


def open_details(
    keys: Keys, consumer: int, question: bytes, details: bytes, seal: int, wrapped: bytes | None
) -> bytes:
    """What a question is about; `question` is its key in `conflict`. Raises BrokenSeal."""
    return open_value(keys, conflict_place(consumer, question), details, seal, wrapped)


def seal_choice(
    keys: Keys, consumer: int, question: bytes, choice: bytes, seal: int, wrapped: bytes | None
) -> Jsonb:
    """An answer (JSON), sealed as its question is: it may hold a value of the person's."""
    if seal == 0:
        return Jsonb(msgspec.json.decode(choice))
    sealed = keys.of_person(seal, wrapped).seal(_choice_place(consumer, question), choice)
    return Jsonb({"sealed": base64.b64encode(sealed).decode(), "seal": seal})


def open_choice(
    keys: Keys, consumer: int, question: bytes, choice: Any, seal: int, wrapped: bytes | None
) -> Any:
    """The answer as it was given; None = there is none yet. Raises BrokenSeal."""
    if choice is None:
        return None
    if "sealed" not in choice:
        # It was given before there were keys.
        return choice
    sealed = base64.b64decode(choice["sealed"])
    key = keys.of_person(choice["seal"], wrapped if choice["seal"] == seal else None)
    return msgspec.json.decode(key.open(_choice_place(consumer, question), sealed))


def _choice_place(consumer: int, question: bytes) -> str:
    return f"conflict.choice:{consumer}:{question.hex()}"
