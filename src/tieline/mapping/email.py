"""E-mail addresses in the one form that the CRM compares: trimmed and lower-case."""

from __future__ import annotations

import re
import unicodedata

from tieline.mapping.text import visible

#: RFC 5321: an address has at most 254 characters, its local part 64.
_MAX_ADDRESS, _MAX_LOCAL = 254, 64
_FORBIDDEN = re.compile(r'[\s\x00-\x1f\x7f-\x9f,;:<>()\[\]\\"|]')


def normalise(raw: str | None) -> str | None:
    """The address in `raw` in lower case, None when there is none or more than one.

    Reads "mailto:" and "Jane <jane@example.com>" too. Lower-case rather than case-folded: folding would turn
    "straße" into "strasse", another mailbox. Dots and "+tags" stay: only the provider knows what they mean.
    """
    if not raw or "@" not in raw:
        return None
    text = visible(raw)
    if text.endswith(">") and "<" in text:
        text = text[text.rindex("<") + 1 : -1].strip()
    if text[:7].lower() == "mailto:":
        text = text[7:].strip()
    # Bounded before the costly part; lower-casing can only lengthen what is already long.
    if len(text) > _MAX_ADDRESS:
        return None
    text = _lower(text)
    local, at, domain = text.partition("@")
    if not at or not _is_local(local) or not _is_domain(domain) or len(text) > _MAX_ADDRESS:
        return None
    return text


def _lower(text: str) -> str:
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).lower())


def _is_local(local: str) -> bool:
    return (
        0 < len(local) <= _MAX_LOCAL
        and not local.startswith(".")
        and not local.endswith(".")
        and _FORBIDDEN.search(local) is None
    )


def _is_domain(domain: str) -> bool:
    labels = domain.split(".")
    if len(labels) < 2 or labels[-1].isdigit() or _FORBIDDEN.search(domain):
        return False
    return all(_is_label(label) for label in labels)


def _is_label(label: str) -> bool:
    return (
        0 < len(label) <= 63
        and label[0] != "-"
        and label[-1] != "-"
        and "@" not in label
        and "_" not in label
    )
