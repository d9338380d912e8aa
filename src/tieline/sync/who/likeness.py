"""Whether two names may be one person's: spelt otherwise, shortened, swapped, or somebody else's. Pure."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from itertools import product
from typing import Literal

import msgspec

from tieline.domain.contact import Contact
from tieline.mapping.name import split
from tieline.sync.who.nicknames import NAMES_OF

#: unknown = one side names nobody, or in letters that the other's cannot be held against.
Verdict = Literal["alike", "different", "unknown"]
Words = tuple[str, ...]

_TITLES = frozenset(
    {"mr", "mrs", "ms", "miss", "dr", "prof", "sir", "madam", "herr", "frau", "sr", "sra", "mme"}
)
_GENERATIONS = frozenset({"jr", "sr", "ii", "iii", "iv", "junior", "senior"})
_AFTER = frozenset({"md", "phd", "esq", "cpa", "dds", "rn"})
#: Letters that no decomposition takes apart.
_LETTERS = str.maketrans({
    "ø": "o", "ł": "l", "đ": "d", "ð": "d", "æ": "ae", "œ": "oe", "þ": "th", "ı": "i", "ħ": "h", "ŋ": "n",
})  # fmt: skip
_MARKS = re.compile("[\u0300-\u036f]")
#: "Mueller" for "Müller", once the dots are gone.
_UMLAUTS = re.compile("([aou])e")
#: What else is written in two ways and sounds the same.
_SOUNDS = (
    (re.compile("ph"), "f"), (re.compile("[cs]ch|sh"), "s"), (re.compile("ch|ck|c(?![eiy])|q"), "k"),
    (re.compile("[cz]"), "s"), (re.compile("(?<=.)h"), ""), (re.compile("y|ie|ee|ei|ai|ay"), "i"),
    (re.compile("j(?=i)"), "g"), (re.compile(r"(.)\1+"), r"\1"),
)  # fmt: skip
#: Endings that make another name of a short one: Paul and Pauline, Max and Maxine are two people.
_OTHERS = frozenset({"la", "na", "ne", "le", "ina", "ine", "ette", "elle", "ia", "ita", "us", "ie"})


class Likeness(msgspec.Struct, frozen=True):
    """How two names compare, part by part."""

    first: Verdict
    last: Verdict

    @property
    def person(self) -> Verdict:
        """Whether it may be one person: a first name decides; a family name alone does where no first name can."""
        if self.first == "unknown":
            return self.last
        return self.first


@lru_cache(maxsize=4096)
def words(text: str) -> Words:
    """Lower-case words without diacritics and punctuation; of letters alone."""
    folded = unicodedata.normalize("NFKD", text).casefold().translate(_LETTERS)
    folded = unicodedata.normalize("NFC", _MARKS.sub("", folded)).replace("'", "").replace("’", "")
    return tuple(filter(None, re.split(r"[^\w]+|[\d_]+", folded)))


def compare(one: Contact, two: Contact) -> Likeness:
    """Hold two records' names against each other; either way round gives the same."""
    (first, last, age), (other_first, other_last, other_age) = _parts(one), _parts(two)
    if age and other_age and age != other_age:
        return Likeness("different", _verdict(last, other_last))
    here, there = Likeness(_verdict(first, other_first), _verdict(last, other_last)), _joined(one)
    if here.first == "alike" and here.last != "different":
        return here
    # Family name first, on either side; and names that one side wrote as one word.
    swapped = Likeness(_verdict(first, other_last), _verdict(last, other_first))
    if swapped.first == swapped.last == "alike":
        return swapped
    if there and {there, _joined(one, turned=True)} & {_joined(two), _joined(two, turned=True)}:
        return Likeness("alike", "alike")
    # Where one side has a single word, it may be any part of the name.
    if (not last or not other_last) and "alike" in (swapped.first, swapped.last):
        return Likeness("unknown", "alike")
    return here


def _parts(record: Contact) -> tuple[Words, Words, str]:
    """First names, family names, generation; as empty as the name is."""
    if not record.last_name:
        first, last = split(record.first_name)
    else:
        whole = f"{record.first_name or ''} {record.last_name}".strip()
        first, last = (record.first_name, record.last_name) if split(whole) != (None, None) else (None, None)
    before = [word for word in words(first or "") if word not in _TITLES | _AFTER]
    after = [word for word in words(last or "") if word not in _AFTER]
    ages = [
        word.replace("junior", "jr").replace("senior", "sr") for word in after[1:] if word in _GENERATIONS
    ]
    after = [word for number, word in enumerate(after) if number == 0 or word not in _GENERATIONS]
    return tuple(before), tuple(after), ages[0] if ages else ""


def _joined(record: Contact, *, turned: bool = False) -> str:
    first, last, _ = _parts(record)
    return "".join(last + first if turned else first + last)


def _verdict(one: Words, two: Words) -> Verdict:
    if not one or not two or _script(one) != _script(two):
        return "unknown"
    if "".join(one) == "".join(two):
        return "alike"
    if not any(_alike(*pair) for pair in product(one, two)):
        return "different"
    # "John Michael" and "John Robert" are father and son; "John M." and "John" may be anybody's.
    both = len(one) > 1 and len(two) > 1 and _alike(one[0], two[0])
    return "different" if both and not _alike(one[1], two[1]) else "alike"


def _script(name: Words) -> str:
    return unicodedata.name(name[0][0], "?").partition(" ")[0]


@lru_cache(maxsize=16_384)
def _alike(one: str, two: str) -> bool:
    if len(one) > len(two):
        one, two = two, one
    if one == two or (len(one) == 1 and two.startswith(one)):
        return True
    if NAMES_OF.get(one, frozenset()) & NAMES_OF.get(two, frozenset()):
        return True
    if _sound(one) == _sound(two) or _UMLAUTS.sub(r"\1", one) == _UMLAUTS.sub(r"\1", two):
        return True
    rest = two[len(one) :]
    if len(one) >= 3 and len(rest) >= 2 and two.startswith(one):
        return rest not in _OTHERS
    return _mistyped(one, two)


@lru_cache(maxsize=16_384)
def _sound(word: str) -> str:
    for pattern, sound in _SOUNDS:
        word = pattern.sub(sound, word)
    return word


def _mistyped(short: str, long: str) -> bool:
    """Two letters swapped, or in a longer word one left out or wrong; not at the end, where Julian turns to Julia."""
    if len(short) < 4 or short[-1] != long[-1] or short[0] != long[0]:
        return False
    at = next((number for number, (a, b) in enumerate(zip(short, long, strict=False)) if a != b), len(short))
    if len(short) == len(long):
        swapped = short[at : at + 2] == long[at : at + 2][::-1] and short[at + 2 :] == long[at + 2 :]
        return swapped or (len(short) >= 6 and short[at + 1 :] == long[at + 1 :])
    return len(long) >= 6 and short[at:] == long[at + 1 :]
