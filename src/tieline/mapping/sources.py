"""What a rule may read: the names behind `from:` and `{...}`, one table for each kind of activity."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Literal, get_args

from tieline.domain.activity import Activity, Attribution, Call, Form, NimbataContact, Text
from tieline.mapping import email, name, phone
from tieline.mapping.text import clean, squash
from tieline.mapping.values import Value

Kind = Literal["call", "form", "text", "contact"]
KINDS: tuple[Kind, ...] = get_args(Kind)
#: `fields.<label>` reads a form's field by its label, compared in lower case, letters and digits only.
FORM_FIELD_PREFIX = "fields."


class Subject:
    """One activity with what most rules ask for, worked out once: phone in E.164, e-mail, split name."""

    __slots__ = ("activity", "email", "first_name", "kind", "last_name", "phone")

    def __init__(self, activity: Activity, country: str | None) -> None:
        self.activity = activity
        first = last = None
        match activity:
            case Call():
                self.kind: Kind = "call"
                raw_phone, raw_email, full = activity.caller, None, activity.caller_name
            case Form():
                self.kind = "form"
                raw_phone, raw_email, full = activity.phone, activity.email, activity.name
            case Text():
                self.kind = "text"
                raw_phone, raw_email, full = activity.phone, None, None
            case NimbataContact():
                self.kind = "contact"
                raw_phone, raw_email, full = activity.phone, activity.email, activity.name
                first = clean(activity.first_name or "") or None
                last = clean(activity.last_name or "") or None
        self.phone = phone.to_e164(raw_phone, country)
        self.email = email.normalise(raw_email)
        if not first and not last:
            first, last = name.split(full)
        self.first_name, self.last_name = first, last


Read = Callable[[Subject], Value]


def _of(attribute: str) -> Read:
    return lambda subject: getattr(subject.activity, attribute)


def _attribution(attribute: str) -> Read:
    return lambda subject: getattr(_attribution_of(subject), attribute)


_NO_ATTRIBUTION = Attribution()


def _attribution_of(subject: Subject) -> Attribution:
    return getattr(subject.activity, "attribution", _NO_ATTRIBUTION)


def _source_medium(subject: Subject) -> Value:
    attribution = _attribution_of(subject)
    return " / ".join(filter(None, (attribution.source, attribution.medium))) or None


def _full_name(subject: Subject) -> Value:
    return " ".join(filter(None, (subject.first_name, subject.last_name))) or None


def _occurred_at(subject: Subject) -> datetime | None:
    match subject.activity:
        case Call(started_at=moment) | Form(submitted_at=moment) | Text(received_at=moment):
            return moment
        case NimbataContact(updated_at=moment):
            return moment


def _form_fields(subject: Subject) -> Value:
    fields = subject.activity.fields if isinstance(subject.activity, Form) else ()
    return "\n".join(f"{label}: {value}" for label, value in fields if value.strip()) or None


def _form_field(label: str) -> Read:
    wanted = squash(label)

    def read(subject: Subject) -> Value:
        fields = subject.activity.fields if isinstance(subject.activity, Form) else ()
        found = tuple(value for name_, value in fields if squash(name_) == wanted and value.strip())
        return found[0] if len(found) == 1 else found or None

    return read


_COMMON: dict[str, Read] = {
    "kind": lambda subject: subject.kind,
    "id": _of("id"),
    "project_id": _of("project_id"),
    "phone": lambda subject: subject.phone,
    "email": lambda subject: subject.email,
    "name": _full_name,
    "first_name": lambda subject: subject.first_name,
    "last_name": lambda subject: subject.last_name,
    "occurred_at": _occurred_at,
    "attribution.source_medium": _source_medium,
    **{f"attribution.{one}": _attribution(one) for one in Attribution.__struct_fields__},
}

#: Names by kind. Beside these, a form has `fields.<label>`.
SOURCES: dict[Kind, dict[str, Read]] = {
    "call": _COMMON
    | {one: _of(one) for one in (
        "caller", "caller_name", "direction", "outcome", "started_at", "duration_s", "talk_duration_s",
        "tracking_number", "tracking_name", "destination", "tags", "value", "recording_url", "summary",
    )},
    "form": _COMMON
    | {one: _of(one) for one in ("form_id", "form_name", "submitted_at", "page_url", "tags", "value")}
    | {"fields": _form_fields},
    "text": _COMMON
    | {one: _of(one) for one in ("direction", "tracking_number", "tracking_name", "body", "received_at")},
    "contact": _COMMON | {one: _of(one) for one in ("company", "tags", "value", "updated_at")},
}  # fmt: skip


def reader(kind: Kind, name_: str) -> Read | None:
    """How this name is read from an activity of `kind`; None when that kind does not have it."""
    if kind == "form" and name_.startswith(FORM_FIELD_PREFIX) and squash(name_[len(FORM_FIELD_PREFIX) :]):
        return _form_field(name_[len(FORM_FIELD_PREFIX) :])
    return SOURCES[kind].get(name_)


def names(kinds: tuple[Kind, ...] = KINDS) -> tuple[str, ...]:
    """Every name that any of `kinds` has, sorted."""
    return tuple(sorted({one for kind in kinds for one in SOURCES[kind]}))
