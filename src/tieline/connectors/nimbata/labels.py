"""The words of one account: which labels hold which of our fields, and what its values mean."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import tzinfo
from functools import lru_cache
from typing import Any

from tieline.connectors.nimbata.labels_more import MORE
from tieline.domain.activity import Outcome
from tieline.errors import ConfigurationError
from tieline.mapping.text import squash

Candidates = tuple[str, ...]

_ATTRIBUTION: dict[str, Candidates] = {
    "source_type": ("source_type", "Configured Tracking Source", "tracking_source"),
    "source": ("source", "UTM Source"),
    "medium": ("medium", "UTM Medium"),
    "campaign": ("campaign", "UTM Campaign"),
    "keyword": ("keyword", "UTM Term", "keywords"),
    "gclid": ("gclid", "Google Ads Click ID", "Google Click ID"),
    "fbclid": ("fbclid", "Facebook Click ID"),
    "msclkid": ("msclkid", "Microsoft Click ID"),
    "landing_page": ("landing_page", "Landing Page", "landing_page_url"),
}
_COMMON: dict[str, Candidates] = {
    "project_id": ("project_id",),
    "contact_id": ("contact_id",),
    "updated_at": ("updated_at", "Last Updated"),
    "created_at": ("created_at",),
    "version": ("version",),
    "tags": ("tags", "tag_list"),
    "value": ("value",),
}
_TRACKING: dict[str, Candidates] = {
    "tracking_name": ("tracking_name", "Tracking Number Friendly Name", "tracking_label", "source_name"),
    "direction": ("direction", "Call Direction"),
}

#: Kind → our name → labels of webhooks, rows and exports, and of peers whose bodies look alike.
DEFAULTS: dict[str, dict[str, Candidates]] = {
    "call": {
        "id": ("id", "Unique Call ID", "call_id", "uuid"),
        "caller_phone": (
            "Caller ID (international)", "caller", "Caller ID", "caller_number", "customer_phone_number",
        ),
        "caller_name": ("caller_name", "Caller Name", "customer_name"),
        "outcome": ("outcome", "Call Outcome", "call_status", "dial_status"),
        "answered": ("answered",),
        "voicemail": ("voicemail",),
        "started_at": ("start_time", "Start Time (UTC)", "started_at", "called_at", "Call Date", "date"),
        "duration": ("call_duration", "Call Duration", "duration"),
        "talk_duration": ("talk_duration", "Talk Duration", "talk_time"),
        "tracking_number": (
            "Tracking Number (international)", "tracking_number", "Tracking Num (formatted)",
            "tracking_phone_number",
        ),
        "destination": (
            "Destination Number (international)", "destination", "Destination Number",
            "Destination (formatted)", "business_phone_number",
        ),
        "recording_url": ("recording_url", "Rec Link", "recording", "audio"),
        "summary": ("summary", "Call Summary", "AI Summary"),
        **_COMMON, **_TRACKING, **_ATTRIBUTION,
    },
    "form": {
        "id": ("id", "Unique Form ID", "submission_id", "Submission ID", "uuid"),
        "form_id": ("form_id",),
        "form_name": ("form_name", "Form Name"),
        "submitted_at": ("submitted_at", "Submission Time", "created_at", "date"),
        "page_url": ("page_url", "Action Page", "form_url"),
        "fields": ("fields", "form_data", "data"),
        **_COMMON, **_ATTRIBUTION,
    },
    "text": {
        "id": ("id", "Unique SMS ID", "message_id", "sms_id", "uuid"),
        "from": ("from", "from_number", "Sender", "customer_phone_number"),
        "to": ("to", "to_number", "Recipient", "tracking_number", "Tracking Number"),
        "body": ("body", "message", "content", "text"),
        "received_at": ("received_at", "sent_at", "created_at", "date"),
        **_COMMON, **_TRACKING, **_ATTRIBUTION,
    },
    "contact": {
        "id": ("id", "contact_id"),
        "name": ("name", "full_name"),
        "first_name": ("first_name", "firstname"),
        "last_name": ("last_name", "lastname"),
        "email": ("email", "e-mail"),
        "phone": ("phone", "caller"),
        "company": ("company", "company_name"),
        "deleted_at": ("deleted_at",),
        **{name: (f"attribution.first.{name}", *labels) for name, labels in _ATTRIBUTION.items()},
        **_COMMON,
    },
    #: Events that are kept, but about things that have no record here yet.
    "other": {
        "id": ("id", "activity_id"),
        "change": ("change",),
        "milestone": ("milestone",),
        "at": ("at",),
        **_COMMON,
    },
}  # fmt: skip

FORM_FIELDS: dict[str, Candidates] = {
    "name": ("your name", "name", "full name", "fullname", "contact name"),
    "first_name": ("first name", "firstname", "your first name", "given name"),
    "last_name": ("last name", "lastname", "surname", "your last name", "family name"),
    "email": ("e-mail", "email", "email_address", "your email", "e-mail address", "contact email"),
    "phone": (
        "phone", "phone_number", "mobile", "your phone", "telephone", "tel", "cell", "cell phone", "mobile phone",
        "mobile number", "contact number", "contact phone",
    ),
}  # fmt: skip

#: Exact words, never "contains": NOT_ANSWERED holds ANSWERED.
OUTCOMES: dict[str, Candidates] = {
    "answered": ("ANSWERED", "COMPLETED", "ANSWER"),
    "missed": (
        "NOT_ANSWERED", "NO_ANSWER", "UNANSWERED", "MISSED", "BUSY", "FAILED", "ABANDONED", "CANCELED", "CANCELLED",
    ),
    "blocked": ("BLOCKED",),
    "voicemail": ("VOICEMAIL",),
}  # fmt: skip

#: Kinds whose names an account may have otherwise, and all names of each.
KNOWN: dict[str, dict[str, Candidates]] = {
    kind: {**MORE.get(kind, {}), **DEFAULTS.get(kind, {})}
    for kind in ("call", "form", "text", "contact", "task", "note", "appointment")
}

_DOTTED = re.compile(r"[\w-]+(\.[\w-]+)+")


class Table:
    """Our names and the paths at which their values may stand; `given` replaces the default candidates."""

    def __init__(
        self, given: Mapping[str, Sequence[str]], defaults: Mapping[str, Sequence[str]] = FORM_FIELDS
    ) -> None:
        unknown = sorted(set(given) - set(defaults))
        if unknown:
            raise ConfigurationError(
                f"settings of the Nimbata connection: fields: unknown {', '.join(unknown)};"
                f" there are: {', '.join(sorted(defaults))}"
            )
        self.paths: dict[str, tuple[tuple[str, ...], ...]] = {
            name: tuple(dict.fromkeys(map(_path, (given.get(name) or labels))))
            for name, labels in defaults.items()
        }
        #: Squashed labels that any name may stand under.
        self.labels = frozenset(path[0] for paths in self.paths.values() for path in paths)


class Vocabulary:
    """All tables of one account."""

    def __init__(
        self,
        *,
        fields: Mapping[str, Mapping[str, Sequence[str]]],
        form_fields: Table,
        outcomes: Mapping[str, Sequence[str]],
        empty_values: Sequence[str],
        time_formats: Sequence[str],
        zone: tzinfo,
        sparse: bool = True,
    ) -> None:
        self.tables = {
            kind: Table(fields.get(kind, {}), {**MORE.get(kind, {}), **DEFAULTS.get(kind, {})})
            for kind in (*DEFAULTS, *(kind for kind in MORE if kind not in DEFAULTS))
        }
        self.form_fields = form_fields
        self.outcomes = _outcomes(outcomes)
        self.empty_values = frozenset(value.strip().casefold() for value in empty_values) | {""}
        self.time_formats = tuple(time_formats)
        self.zone = zone
        #: What a body does not carry was not told; else it has been said to be nothing.
        self.sparse = sparse

    def outcome(self, word: str) -> Outcome:
        """Our word for the account's; "other" for a word that nobody told us."""
        return self.outcomes.get(outcome_key(word), "other")


def index_of(record: Mapping[str, Any]) -> dict[str, Any]:
    """`record` by squashed label; of labels that squash alike the first with a value counts."""
    found: dict[str, Any] = {}
    for label, value in record.items():
        key = squash(label)
        if key not in found or found[key] in (None, ""):
            found[key] = value
    return found


def at_path(index: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    """The value at `path` in nested records, None where it leads nowhere."""
    value = index.get(path[0])
    for step in path[1:]:
        if not isinstance(value, dict):
            return None
        value = index_of(value).get(step)
    return value


@lru_cache(maxsize=1024)
def outcome_key(word: str) -> str:
    """Upper-case letters, digits and single underscores: "Not answered" → NOT_ANSWERED."""
    return re.sub(r"[\W_]+", "_", word.upper()).strip("_")


def _outcomes(given: Mapping[str, Sequence[str]]) -> dict[str, Outcome]:
    table: dict[str, Outcome] = {}
    for outcome, words in {**OUTCOMES, **given}.items():
        for word in words:
            key = outcome_key(word)
            if table.setdefault(key, outcome) != outcome:  # type: ignore[arg-type]
                raise ConfigurationError(
                    f"settings of the Nimbata connection: outcomes: {word!r} stands for {table[key]} and {outcome}"
                )
    return table


def _path(candidate: str) -> tuple[str, ...]:
    if _DOTTED.fullmatch(candidate):
        return tuple(map(squash, candidate.split(".")))
    return (squash(candidate),)
