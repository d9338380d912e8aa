"""Phones in E.164, or None: identity stands on this, so what is not surely a number is none."""

from __future__ import annotations

from functools import lru_cache

import phonenumbers

from tieline.mapping.text import squash, visible

#: Longest text that can hold one number with its extension; longer is prose.
_MAX_LENGTH = 64
_CACHED = 16_384

#: What accounts and carriers write instead of a number, compared as letters and digits.
_WITHHELD = frozenset({
    "anonymous", "anonymouscaller", "blocked", "blockedcaller", "callerunknown", "hidden", "none",
    "nocallerid", "notavailable", "null", "private", "privatecaller", "privatenumber", "restricted",
    "unavailable", "undefined", "unknown", "unknowncaller", "unknownnumber", "withheld", "withheldnumber",
    # As keyed on a telephone: ANONYMOUS, BLOCKED, PRIVATE, RESTRICTED, UNAVAILABLE, UNKNOWN.
    "266696687", "2562533", "7748283", "7378742883", "86282452253", "8656696",
})  # fmt: skip


def withheld(raw: str) -> bool:
    """Whether `raw` says that the caller showed no number."""
    text = visible(raw)
    return len(text) <= _MAX_LENGTH and squash(text) in _WITHHELD


def to_e164(raw: str | None, country: str | None) -> str | None:
    """`raw` as E.164 ("+12015550123"), None when it is no valid number.

    `country` (ISO 3166, two letters) reads numbers written without a country code; without it those are None.
    Extensions are dropped, digits of any script are read, short codes and withheld callers are None.
    """
    if not raw or len(raw) > _MAX_LENGTH:
        return None
    return _parse(raw, country)


@lru_cache(maxsize=_CACHED)
def _parse(raw: str, country: str | None) -> str | None:
    text = visible(raw)
    if text[:4].lower() == "sip:":
        text = text[4:].split("@", 1)[0]
    if not any(map(str.isdigit, text)) or squash(text) in _WITHHELD:
        return None
    try:
        number = phonenumbers.parse(text, country.strip().upper() if country else None)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
