"""Bodies that look other than the account's contract says: keys renamed, left out, truth as text. Source: B6."""

from __future__ import annotations

from typing import Any

import msgspec

from tieline.sandbox.nimbata.quirks import Quirks

#: Below these keys people chose the names.
_PEOPLES_OWN = frozenset({"fields", "custom_fields", "external_ids"})


def dressed(body: Any, quirks: Quirks, *, update: bool = False) -> Any:
    """`body` as the account shows it with these switches on; in an `update`, null is what a key changed to."""
    if not quirks.dressed:
        return body
    return _dress(msgspec.to_builtins(body), quirks, quirks.sparse_bodies and not update, own=False)


def _dress(value: Any, quirks: Quirks, no_nulls: bool, *, own: bool) -> Any:
    match value:
        case dict():
            return {
                key if own else quirks.renamed_fields.get(key, key): _dress(
                    item, quirks, no_nulls, own=own or key in _PEOPLES_OWN
                )
                for key, item in value.items()
                if not (no_nulls and item is None)
            }
        case list() | tuple():
            return [_dress(item, quirks, no_nulls, own=own) for item in value]
        case bool() if quirks.string_booleans:
            return "true" if value else "false"
        case _:
            return value
