"""People of a `native` account in our own words, back into what can be written, and what events tell of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from msgspec import UNSET

from tieline.connectors.nimbata import envelope
from tieline.connectors.nimbata.config import NimbataConfig
from tieline.connectors.nimbata.envelope import Opened
from tieline.connectors.nimbata.fields import Fields
from tieline.connectors.nimbata.operations.contacts import CreateContact, UpdateContact
from tieline.connectors.nimbata.shapes import ContactRecord
from tieline.connectors.nimbata.whole import read_whole, told
from tieline.domain.change import RecordChanged
from tieline.domain.contact import CUSTOM_PREFIX, NIMBATA_FIELDS, Contact
from tieline.errors import MappingError, UnreadableError
from tieline.mapping import email, name, phone, text
from tieline.mapping.values import plain_number

_KINDS = frozenset({"contact.created", "contact.updated", "contact.deleted"})
#: Ours → the account's, of an address.
_ADDRESS = {
    "address": "street", "city": "city", "state": "state", "postal_code": "postal_code", "country": "country",
}  # fmt: skip
_TEXTS = frozenset({"first_name", "last_name", "email", "phone", "company", "lead_status"})
#: Under what name the account knows the CRM's id of a person.
EXTERNAL_ID = "highlevel"


def contact_of(record: ContactRecord, country: str | None = None) -> Contact:
    """A person; `country` is that by which a phone without a country code is read.

    An account that has whole names alone has them taken apart.
    """
    first, last = record.first_name, record.last_name
    if first is None and last is None:
        first, last = name.split(record.name)
    address = record.address
    return Contact(
        id=record.id,
        first_name=first,
        last_name=last,
        email=(email.normalise(record.email) or record.email.lower()) if record.email else None,
        phone=(phone.to_e164(record.phone, country) or record.phone) if record.phone else None,
        company=record.company,
        **{ours: getattr(address, theirs) for ours, theirs in _ADDRESS.items()},
        lead_status=record.lead_status,
        lead_score=None if record.lead_score is None else str(record.lead_score),
        value=None if record.value is None else plain_number(record.value),
        tags=frozenset(filter(None, map(text.tag, record.tags))),
        custom={key: held for key, value in record.custom_fields.items() if (held := _custom(value))},
        updated_at=record.updated_at,
        version=record.version,
        made_at=record.created_at,
    )


def new_contact(
    fields: Mapping[str, str | None],
    tags: Collection[str],
    *,
    project_id: str | None = None,
    external_id: str | None = None,
) -> CreateContact:
    """A new person; `external_id` is the CRM's id. Raises MappingError for a field that the account has not."""
    return CreateContact(
        project_id=project_id or UNSET, tags=sorted(tags) or UNSET,
        external_ids={EXTERNAL_ID: external_id} if external_id else UNSET, **_written(fields),
    )  # fmt: skip


def changed_contact(
    contact_id: str, fields: Mapping[str, str | None], version: int | None = None
) -> UpdateContact:
    """Only these fields; None clears one. Raises MappingError for a field that the account has not."""
    return UpdateContact(id=contact_id, version=UNSET if version is None else version, **_written(fields))


def _written(fields: Mapping[str, str | None]) -> dict[str, Any]:
    given: dict[str, Any] = {}
    for field, value in fields.items():
        if field.startswith(CUSTOM_PREFIX):
            given.setdefault("custom_fields", {})[field.removeprefix(CUSTOM_PREFIX)] = value
        elif field in _ADDRESS:
            given.setdefault("address", {})[_ADDRESS[field]] = value
        elif field in _TEXTS:
            given[field] = value
        elif field == "lead_score":
            given[field] = None if value is None else _whole(field, value)
        elif field == "value":
            given[field] = None if value is None else _amount(field, value)
        else:
            raise MappingError("a contact of a Nimbata account has no such field", path=field)
    return given


def record_change(
    body: bytes,
    kind: str | None,
    config: NimbataConfig,
    *,
    country: str | None = None,
    custom: Collection[str] = (),
) -> RecordChanged:
    """What one webhook (from `webhooks.split`) tells of a person; `kind` is the event that its address names.

    `custom` are the keys of custom fields that the sync carries: a body with custom fields tells of them all, for one
    that was cleared is not among them. Raises UnreadableError, also for an event about anything else.
    """
    opened = envelope.open_body(envelope.decode(body), kind, config.webhooks, config.only_project)
    if opened.kind not in _KINDS:
        raise UnreadableError(f"{opened.kind} tells of no contact")
    return _changed(opened, body, config, country, custom)


def record_row(
    row: bytes, config: NimbataConfig, *, country: str | None = None, custom: Collection[str] = ()
) -> RecordChanged:
    """The same of a row of the list of contacts. Raises UnreadableError."""
    record = envelope.decode(row)
    opened = Opened(
        kind="contact.updated", event_id=None, project_id=config.only_project, occurred_at=None, changes=(),
        record=record, outbound=False,
    )  # fmt: skip
    return _changed(opened, row, config, country, custom)


def _changed(
    opened: Opened, body: bytes, config: NimbataConfig, country: str | None, custom: Collection[str]
) -> RecordChanged:
    record = read_whole(ContactRecord, body, config, opened)
    removed = opened.kind == "contact.deleted" or record.deleted_at is not None
    at = Fields(opened.record, "contact", config.vocabulary).moment_of(opened.occurred_at)
    contact = contact_of(record, country)
    names = told(ContactRecord, opened, config)
    return RecordChanged(
        side="nimbata",
        record_id=record.id,
        # Some accounts tell of a deletion by its id alone.
        record=contact if not removed or contact.phone or contact.email else None,
        present=None if removed or names is None else _present(names, {*custom, *contact.custom}),
        removed=removed,
        at=at or record.deleted_at or record.updated_at,
    )


def _present(names: frozenset[str], custom: Collection[str]) -> frozenset[str] | None:
    """Our names of what was told; None where that is everything."""
    found = {one for one in NIMBATA_FIELDS if one in names and one not in _ADDRESS}
    if "name" in names and not names & {"first_name", "last_name"}:
        found |= {"first_name", "last_name"}
    if "address" in names:
        found |= _ADDRESS.keys()
    if found.issuperset(NIMBATA_FIELDS) and {"tags", "custom_fields"} <= names:
        return None
    if "custom_fields" in names:
        found |= {f"{CUSTOM_PREFIX}{key}" for key in custom}
    return frozenset(found | (names & {"tags"}))


def _custom(value: Any) -> str | None:
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return value.replace("\x00", "").strip() or None
        case int() | float():
            return plain_number(Decimal(repr(value)))
        case list():
            return ", ".join(filter(None, map(_custom, value))) or None
        case _:
            return None


def _whole(field: str, value: str) -> int:
    try:
        return int(value.strip())
    except ValueError:
        raise MappingError(f"{value!r} is no whole number", path=field) from None


def _amount(field: str, value: str) -> Decimal:
    try:
        amount = Decimal(value.strip())
    except InvalidOperation:
        raise MappingError(f"{value!r} is no amount", path=field) from None
    if not amount.is_finite():
        raise MappingError(f"{value!r} is no amount", path=field)
    return amount
