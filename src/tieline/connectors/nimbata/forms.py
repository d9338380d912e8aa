"""Web forms: the visitor's own fields, in order, and the name, e-mail and phone among them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tieline.connectors.nimbata import envelope
from tieline.connectors.nimbata.envelope import Opened
from tieline.connectors.nimbata.fields import Fields
from tieline.connectors.nimbata.labels import Vocabulary
from tieline.connectors.nimbata.values import read_text
from tieline.domain.activity import Attribution, Form
from tieline.mapping.text import squash


def read_form(
    record_id: str,
    fields: Fields,
    opened: Opened,
    raw: bytes,
    vocabulary: Vocabulary,
    attribution: Attribution,
) -> Form:
    """A submitted form; `raw` is the body that it stands in, for names that JSON repeats."""
    pairs = _form_pairs(fields, opened, raw, vocabulary)
    by_label: dict[str, str] = {}
    for label, value in pairs:
        if value.strip():
            by_label.setdefault(squash(label), value.strip())
    # Flat bodies name them beside the form's fields.
    picked = {
        name: next(
            (found for (label, *_) in paths if (found := by_label.get(label) or fields.plain(label))), None
        )
        for name, paths in vocabulary.form_fields.paths.items()
    }
    name = picked["name"] or " ".join(filter(None, (picked["first_name"], picked["last_name"]))) or None
    return Form(
        id=record_id,
        project_id=opened.project_id,
        form_id=fields.text("form_id"),
        form_name=fields.text("form_name"),
        submitted_at=fields.moment("submitted_at"),
        page_url=fields.text("page_url"),
        fields=pairs,
        name=name,
        email=picked["email"],
        phone=picked["phone"],
        attribution=attribution,
        tags=fields.tags(),
        value=fields.money("value"),
    )


def _form_pairs(
    fields: Fields, opened: Opened, raw: bytes, vocabulary: Vocabulary
) -> tuple[tuple[str, str], ...]:
    """The form's own fields in order. A flat body without a list of them: all labels that nothing else claims."""
    held = fields.raw("fields")
    if isinstance(held, dict):
        names = {path[-1] for path in vocabulary.tables["form"].paths["fields"]}
        again = _find_pairs(envelope.decode_leniently(raw, pairs=True), names, list(held))
        return tuple(_flattened(again if again is not None else held.items()))
    if isinstance(held, list):
        return tuple(_flattened(_named(item) for item in held))
    claimed = vocabulary.tables["form"].labels | _ENVELOPE_LABELS
    return tuple(_flattened(item for item in opened.record.items() if squash(item[0]) not in claimed))


_ENVELOPE_LABELS = frozenset({"event", "type", "account", "test", "occurredat", "changes"})


def _find_pairs(value: Any, names: set[str], labels: list[str]) -> list[tuple[str, Any]] | None:
    """The record of these `labels` as (name, value) pairs, wherever it stands; repeated names stay repeated."""
    if not isinstance(value, list):
        return None
    for item in value:
        if not (isinstance(item, tuple) and len(item) == 2):
            continue
        label, inner = item
        if not isinstance(inner, list):
            continue
        is_record = all(isinstance(pair, tuple) and len(pair) == 2 for pair in inner)
        if is_record and squash(label) in names and list(dict(inner)) == labels:
            return inner
        if (found := _find_pairs(inner, names, labels)) is not None:
            return found
    return None


def _named(item: Any) -> tuple[str, Any]:
    """A field given as a record: {"name": "E-mail", "value": "…"}."""
    if not isinstance(item, dict):
        return "", item
    label = next((item[key] for key in ("label", "name", "key") if isinstance(item.get(key), str)), "")
    return label, item.get("value")


def _flattened(pairs: Iterable[tuple[str, Any]]) -> Iterable[tuple[str, str]]:
    for label, value in pairs:
        for one in value if isinstance(value, list) else (value,):
            # Form fields are the visitor's own words: nothing of them reads as "no value".
            if isinstance(one, str):
                yield label, one.replace("\x00", "")
            elif isinstance(one, bool):
                yield label, "yes" if one else "no"
            elif (number := read_text(one, ())) is not None:
                yield label, number
