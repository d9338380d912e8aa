"""What failures have in common: the message without anybody's values, the field that is at fault, and what helps."""

from __future__ import annotations

import re
from typing import Literal

import msgspec

CauseKind = Literal["event", "effect", "unreadable"]
#: Longest title of a cause, in characters.
LONGEST = 300
#: Stands for a value.
BLANK = "…"

_VALUES = re.compile(
    r"""
      # An e-mail, whose name may hold a quote, or which is quoted.
      (?P<quote>["'`])?[^\s@<>()\[\],;:]+@[^\s@<>()\[\],;:"'`]+(?(quote)(?P=quote)?)
    | "[^"\n]*" | '[^'\n]*' | `[^`\n]*`                        # whatever is quoted
    | \b[a-z][a-z0-9+.-]*://[^\s,;)"'<>]+                      # an address
    | \b(?=[A-Za-z0-9_-]*\d)[A-Za-z0-9][A-Za-z0-9_-]{5,}\b     # an id
    | \+?\(?\d[\d\s().:/+-]*\d                                 # a phone, a time, a number with signs in it
    | \b\d+\b
    """,
    re.VERBOSE,
)
_BLANKS = re.compile(rf"{BLANK}(?:[\s,:;/T+-]*{BLANK})+")
_SPACES = re.compile(r"\s+")
#: "email must be an email", "property foo should not exist", "each value in tags must be a string".
_FIELD = re.compile(
    r"(?:^|(?<=[:;,\[\"'(]) ?|(?<=property )|(?<=value in ))(?P<name>[a-z][A-Za-z0-9_.]{1,60})"
    r" (?:must|should|is (?:not|required|invalid)|cannot|has to|was not|does not)\b"
)
#: "person.phone: no such number": our own mapping begins so.
_PATH = re.compile(r"^(?P<name>[a-z][A-Za-z0-9_]*(?:[.\[][A-Za-z0-9_.\[\]]+)?): ")


class Failed(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one failure."""

    kind: CauseKind
    reason: str
    operation: str | None = None
    #: Of its last try, where there was one.
    outcome: str | None = None
    status: int | None = None


def title_of(reason: str) -> str:
    """The message without its values: two that differ by those alone are the same."""
    text = _SPACES.sub(" ", reason).strip()
    text = _BLANKS.sub(BLANK, _VALUES.sub(BLANK, text))
    return text[:LONGEST] or "no reason was given"


def field_of(reason: str) -> str | None:
    """The field that a message is about, as far as it says so."""
    for pattern in (_FIELD, _PATH):
        for found in pattern.finditer(reason):
            if found["name"] not in _NO_FIELDS:
                return found["name"]
    return None


#: Words with which our own messages begin, and those of the far sides about no field.
_NO_FIELDS = frozenset(
    {"it", "that", "this", "refused", "internal", "reading", "looking", "the", "http", "https"}
)


def suggestion_of(failed: Failed) -> str:
    """What helps, in plain words."""
    text = failed.reason.casefold()
    for words, advice in _BY_WORDS:
        if any(word in text for word in words):
            return advice
    if failed.outcome is not None and failed.status in _BY_STATUS:
        return _BY_STATUS[failed.status]
    return _BY_OUTCOME.get(failed.outcome or failed.kind, _BY_OUTCOME["event"])


_BY_WORDS: tuple[tuple[tuple[str, ...], str], ...] = (
    (
        ("may have been sent",),
        "Look on the far side whether it is there. If it is, ignore this one; if it is not, retry it.",
    ),
    (
        ("internal error",),
        "This is a fault of ours: keep the event, report it with its number, and retry after an update.",
    ),
    (
        ("which calendar", "no calendar"),
        "Name the calendar in the sync's definition under appointments, then retry.",
    ),
    (
        ("slot", "not available"),
        "The time is taken or outside the calendar's hours: choose another time there, then retry.",
    ),
    (
        ("duplicat", "already exists"),
        "The record is there already: see whether two people are one (tieline conflicts list), then retry.",
    ),
    (
        ("phone",),
        "The phone number is not one: edit it (tieline errors edit), or let the mapping leave it out, then retry.",
    ),
    (
        ("email", "e-mail"),
        "The e-mail address is not one: edit it (tieline errors edit), or let the mapping leave it out, then retry.",
    ),
    (
        ("custom field", "customfield"),
        "The custom field is missing or of another type there: make it, or change the mapping, then retry.",
    ),
    (
        ("key of", "is not there (any more)", "cannot be opened"),
        "The key that sealed it is missing: is the right master key in use? See: tieline keys list.",
    ),
)
_BY_STATUS: dict[int, str] = {
    400: "The far side says what it does not like: edit the field that is named, or change the mapping, then retry.",
    401: "The access was refused: reconnect (tieline connect …); what waits goes on by itself.",
    403: "The access lacks a permission: see tieline doctor, reconnect with that scope, then retry.",
    404: "The record is not there any more: was it deleted or merged over there? Ignore it, or retry to link it anew.",
    409: "The record changed meanwhile: retry, and it is decided anew.",
    413: "It is too large for the far side: shorten it, then retry.",
    422: "The far side says what it does not like: edit the field that is named, or change the mapping, then retry.",
}
_BY_OUTCOME: dict[str, str] = {
    "unreadable": "Nobody understands this body: see it with tieline errors show, edit it, then retry, or ignore it.",
    "event": "It could not be carried over: see the field that is named, change the mapping or the event, then retry.",
    "effect": "The write was given up: see its tries with tieline effects show, then retry.",
    "rejected": "The far side will never take it as it is: change the field or the mapping, then retry.",
    "unknown": "Look on the far side whether it is there. If it is, ignore this one; if it is not, retry it.",
    "unavailable": "The far side was away for too long: retry.",
    "rate_limited": "The quota was short for too long: retry.",
    "refused": "The access was refused: reconnect (tieline connect …), then retry.",
    "absent": "It was sent and never found afterwards: look on the far side, then retry or ignore it.",
}
