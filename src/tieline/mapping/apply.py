"""From an activity to what its contact should hold, and from there to what has to be written. Pure."""

from __future__ import annotations

from datetime import datetime

import msgspec

from tieline.domain.activity import Activity, Call, NimbataContact
from tieline.domain.contact import CUSTOM_PREFIX, Contact
from tieline.errors import MappingError
from tieline.mapping import email, text
from tieline.mapping.compiled import CompiledDefinition
from tieline.mapping.fields import When
from tieline.mapping.phone import to_e164
from tieline.mapping.sources import Subject
from tieline.mapping.values import to_text


class Wish(msgspec.Struct, frozen=True):
    """One field's value and when it may be written."""

    to: str
    value: str
    when: When = "always"
    optional: bool = False


class Desired(msgspec.Struct, frozen=True, kw_only=True):
    """What one activity asks of its contact."""

    #: What the person is found by: E.164, and lower-case.
    phone: str | None = None
    email: str | None = None
    fields: tuple[Wish, ...] = ()
    #: Lower-case, trimmed; only ever added.
    tags: frozenset[str] = frozenset()
    note: str | None = None
    #: Whether the mapping lets an unknown person become a contact.
    create: bool = True
    #: Why this activity is left alone, in plain words; then nothing else is asked. None when it is not.
    skip: str | None = None
    #: When the activity took place, by the account's clock; None where it did not say.
    at: datetime | None = None


def desired(definition: CompiledDefinition, activity: Activity, *, country: str | None) -> Desired:
    """What `activity` asks of its contact; `country` reads phones without a country code."""
    subject = Subject(activity, country)
    if skip := _skip(definition, subject):
        return Desired(phone=subject.phone, email=subject.email, create=definition.create, skip=skip)
    rules = definition.kinds[subject.kind]
    wishes = []
    for rule in rules.fields:
        value = to_text(rule.value(subject, country))
        if value is not None:
            wishes.append(Wish(rule.to, value, rule.when, rule.optional))
    tags = frozenset(
        tag
        for bound in rules.tags
        for written in bound.render_each(subject, country)
        if (tag := text.tag(written))
    )
    return Desired(
        phone=subject.phone,
        email=subject.email,
        fields=tuple(wishes),
        tags=tags,
        note=rules.note.render(subject, country) if rules.note else None,
        create=definition.create,
    )


def _skip(definition: CompiledDefinition, subject: Subject) -> str | None:
    match subject.activity:
        case Call(outcome=outcome) if outcome in definition.skip_outcomes:
            return f"calls with the outcome {outcome!r} are left alone"
        case NimbataContact(deleted_at=deleted_at) if deleted_at is not None:
            return "deleted at its source; deletions are not carried over"
    if subject.phone is None and subject.email is None:
        return "neither a phone nor an e-mail that we could use"
    return None


def changes(
    wanted: Desired,
    contact: Contact | None,
    available_custom: frozenset[str] | None,
    *,
    new: bool = False,
) -> dict[str, str]:
    """Only what has to be written: field name (or `custom.<key>`) → value; never an absence.

    `contact` is what stands there, or the draft of one not yet created (`new`); None = an empty draft.
    `available_custom` holds the keys of the location's custom fields, None while they are not known: optional
    rules then write nothing. Raises MappingError where any other rule names a field that the location lacks.
    """
    if contact is None:
        contact, new = Contact(id=""), True
    different: dict[str, str] = {}
    for wish in wanted.fields:
        if wish.when == "create" and not new:
            continue
        if wish.to.startswith(CUSTOM_PREFIX):
            key = wish.to[len(CUSTOM_PREFIX) :]
            if not _has_custom(key, wish, available_custom):
                continue
            current = contact.custom.get(key)
        else:
            current = getattr(contact, wish.to)
        blank = current is None or not current.strip()
        if blank or (wish.when == "always" and not same(wish.to, current or "", wish.value)):
            different[wish.to] = wish.value
    return different


def _has_custom(key: str, wish: Wish, available: frozenset[str] | None) -> bool:
    if available is None:
        return not wish.optional
    if key not in available and not wish.optional:
        raise MappingError(
            "the location has no such custom field; create it there, or mark the rule `optional: true`",
            path=wish.to,
        )
    return key in available


def missing_tags(wanted: Desired, contact: Contact | None) -> frozenset[str]:
    """The tags to add; nothing is ever removed."""
    if contact is None or not wanted.tags:
        return wanted.tags
    return wanted.tags - frozenset(map(text.tag, contact.tags))


def same(to: str, current: str, value: str) -> bool:
    """Whether two values of a field mean the same to a far side."""
    if current == value:
        return True
    match to:
        case "phone":
            return (to_e164(current, None) or current) == (to_e164(value, None) or value)
        case "email":
            return (email.normalise(current) or current) == (email.normalise(value) or value)
        case _:
            # A far side trims and tidies white space: that alone is no difference.
            return text.clean(current) == text.clean(value)
