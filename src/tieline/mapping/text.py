"""Cleaning of text that people and machines typed: one spelling for what looks the same."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

#: Marks that copying leaves behind (zero width, byte order, direction): no part of a number or address.
INVISIBLE = "\u200b\u200c\u200d\u200e\u200f\u2060\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"
_DROP_INVISIBLE = dict.fromkeys(map(ord, INVISIBLE))
#: Joiners carry meaning inside words of several scripts and inside emoji: they stay in names and tags.
_DROP_CONTROLS = {
    code: None for code in [*range(32), *range(127, 160), 0x200B, 0x2060, 0xFEFF] if code not in (9, 10, 13)
}


def clean(raw: str) -> str:
    """One line of text in NFC: control characters gone, every run of white space one space, trimmed."""
    if raw.isascii() and raw.isprintable():
        return " ".join(raw.split())
    return " ".join(unicodedata.normalize("NFC", raw.translate(_DROP_CONTROLS)).split())


def visible(raw: str) -> str:
    """`raw` without invisible marks and outer white space."""
    return (raw if raw.isascii() else raw.translate(_DROP_INVISIBLE)).strip()


def tag(raw: str) -> str:
    """A tag as the CRM compares and returns it: cleaned and lower-case; empty when nothing is left."""
    # Twice normalised, since lower-casing can decompose a letter.
    return clean(clean(raw).lower())


@lru_cache(maxsize=4096)
def squash(label: str) -> str:
    """A label for comparison: lower-case, letters and digits only ("Caller ID (int.)" → "calleridint")."""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", label).lower()))
