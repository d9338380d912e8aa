"""Names of people: split with care, and never made out of what a carrier displays when it knows no name."""

from __future__ import annotations

import re
from functools import lru_cache

from tieline.mapping.text import clean, squash

Name = tuple[str | None, str | None]

#: Longer is not a name; the rest is dropped at this length.
_MAX_LENGTH = 200

#: Caller-id displays and form fillers that name nobody, compared as letters and digits.
_NOBODY = frozenset({
    "anonymous", "anonymouscaller", "blocked", "blockedcaller", "callerid", "callerunknown", "cellphone",
    "cellularcall", "cellularcaller", "conferencecall", "incomingcall", "internationalcall",
    "internationalcaller", "likelyspam", "mobilecaller", "mobilephone", "na", "newcaller", "nocallerid",
    "noname", "none", "notavailable", "notprovided", "null", "outofarea", "payphone", "potentialspam",
    "private", "privatecaller", "privatename", "privatenumber", "restricted", "robocall", "robocaller",
    "scamlikely", "spam", "spamcall", "spamlikely", "spamrisk", "suspectedspam", "telemarketer",
    "tollfree", "tollfreecall", "tollfreecaller", "unavailable", "undefined", "unknown", "unknowncaller",
    "unknownname", "unknownnumber", "voipcaller", "wireless", "wirelesscall", "wirelesscaller",
    "withheld",
})  # fmt: skip

#: Words that begin a family name and belong to it; compared in lower case.
_PARTICLES = frozenset({
    "af", "al", "av", "bin", "da", "dal", "das", "de", "degli", "dei", "del", "della", "delle", "dello",
    "den", "der", "des", "di", "do", "dos", "du", "el", "het", "ibn", "la", "las", "le", "los", "van",
    "vom", "von", "zu", "zum", "zur", "'t", "ter", "ten",
})  # fmt: skip
_GENERATIONS = frozenset({"jr", "sr", "ii", "iii", "iv"})
_COMPANY = re.compile(r"\b(?:llc|l\.l\.c|inc|ltd|gmbh|corp|plc|llp)\b\.?$", re.IGNORECASE)
#: "AUSTIN       TX": the city that a carrier displays. State codes that are also family names are left out.
_CITY = re.compile(
    r"[A-Z .'-]+ (?:AK|AR|AZ|CA|CT|DC|FL|GA|IA|IL|KS|KY|MD|MI|MN|MS|MT|NC|ND|NE|NH|NJ|NM|NV|NY|OH|PR|RI"
    r"|SC|SD|TN|TX|UT|VA|VT|WA|WI|WV|WY|ON|QC|BC|AB)"
)
_FAMILY_FIRST = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\uac00-\ud7af]")


def split(raw: str | None) -> Name:
    """(first, last) of a full name in NFC; (None, None) where `raw` names no person.

    One word is a first name. Particles stay with the family name ("Ludwig van Beethoven"), "Doe, Jane" is
    turned round, names in Han and Hangul letters are read family name first. No order is guessed for caller
    ids in capitals.
    """
    return _split(raw) if raw and len(raw) <= 4 * _MAX_LENGTH else (None, None)


@lru_cache(maxsize=4096)
def _split(raw: str) -> Name:
    text = clean(raw)[:_MAX_LENGTH].rstrip()
    if not _names_someone(text):
        return None, None
    before, comma, after = text.partition(",")
    if comma:
        before, after = before.strip(), after.strip()
        if before and after and "," not in after and squash(after) not in _GENERATIONS:
            return after, before
        text = clean(text.replace(",", " "))
    words = text.split(" ")
    if len(words) == 1:
        return words[0], None
    if len(words) == 2 and all(_FAMILY_FIRST.match(word) for word in words):
        return words[1], words[0]
    start = _family_start(words)
    return " ".join(words[:start]), " ".join(words[start:])


def _names_someone(text: str) -> bool:
    letters = sum(map(str.isalpha, text))
    digits = sum(map(str.isdigit, text))
    return (
        letters > 0
        and digits < 4
        and "@" not in text
        and squash(text) not in _NOBODY
        and _CITY.fullmatch(text) is None
        and _COMPANY.search(text) is None
    )


def _family_start(words: list[str]) -> int:
    """Index of the family name's first word; at least one word is left for the first name."""
    start = len(words) - 1
    if start > 1 and squash(words[start]) in _GENERATIONS:
        start -= 1
    if start > 2 and words[start - 1].lower() == "y":
        start -= 2
    while start > 1 and words[start - 1].lower() in _PARTICLES:
        start -= 1
    return start
