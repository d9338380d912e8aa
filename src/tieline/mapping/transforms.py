"""Named transforms of rules and templates: `e164`, `truncate: 40`, `map: {google: Google Ads}`."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal, InvalidOperation
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

from tieline.mapping import email, name, phone
from tieline.mapping.suggest import suggest
from tieline.mapping.text import clean
from tieline.mapping.values import Value, plain_number, to_text

#: A compiled transform: a value and the location's country in, a value out. Only `default` makes one of None.
Apply = Callable[[Value, str | None], Value]
ArgumentKind = Literal["none", "text", "text?", "count", "table"]
Argument = str | int | tuple[tuple[str, str], ...] | None


class Transform(msgspec.Struct, frozen=True):
    """One use of a transform, as a definition writes it."""

    name: str
    argument: Argument = None


class TransformSpec(msgspec.Struct, frozen=True, kw_only=True):
    """What a transform takes and does, for forms and docs."""

    title: str
    #: "text?" may be left out.
    argument: ArgumentKind = "none"
    #: What is wrong with an argument of the right kind, in plain words.
    refuse: Callable[[Argument], str | None] = lambda argument: None
    #: Whether it only tidies: the other side may take its result, and give it back, without loss.
    tidies: bool = False
    build: Callable[[Argument], Apply]


def _on_text(change: Callable[[str], str | None]) -> Callable[[Argument], Apply]:
    """A transform of text; of several texts it changes each."""

    def apply(value: Value, country: str | None) -> Value:
        if isinstance(value, tuple):
            return tuple(text for item in value if (text := change(item)))
        text = to_text(value)
        return None if text is None else change(text)

    return lambda argument: apply


def _e164(argument: Argument) -> Apply:
    return lambda value, country: phone.to_e164(to_text(value), country)


def _title(text: str) -> str:
    # str.title also capitalises after an apostrophe ("Don'T").
    return " ".join(word[:1].upper() + word[1:].lower() for word in text.split(" "))


def _date(argument: Argument) -> Apply:
    pattern, zone = _pattern_and_zone(argument)

    def apply(value: Value, country: str | None) -> Value:
        moment: date | None = value if isinstance(value, datetime) else None
        if isinstance(value, str):
            moment = _moment(value.strip())
        if isinstance(moment, datetime) and (moment.tzinfo is not None or zone is not UTC):
            # Times without a zone are UTC.
            moment = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(zone)
        return None if moment is None else moment.strftime(pattern)

    return apply


def _moment(text: str) -> date | None:
    """A time, or a day alone: that one no time zone moves."""
    for read in (date.fromisoformat, datetime.fromisoformat):
        try:
            return read(text)
        except ValueError:
            continue
    return None


def _pattern_and_zone(argument: Argument) -> tuple[str, tzinfo]:
    """`%H:%M @ America/Chicago` → pattern and zone. Raises ValueError for a zone that there is not."""
    text = argument if isinstance(argument, str) else ""
    pattern, at, zone = text.rpartition("@")
    if not at or "%" in zone:
        return text or "%Y-%m-%d", UTC
    try:
        return pattern.strip() or "%Y-%m-%d", ZoneInfo(zone.strip())
    except (KeyError, ValueError, OSError):
        raise ValueError(
            f"knows no time zone {zone.strip()!r}; write it as in `%H:%M @ America/Chicago`"
        ) from None


def _refuse_date(argument: Argument) -> str | None:
    try:
        _pattern_and_zone(argument)
    except ValueError as error:
        return str(error)
    return None


_NUMBER = re.compile(r"[+-]?\d[\d, \u00a0\u202f]*(?:\.\d+)?|[+-]?\.\d+")


def _number(value: Value, country: str | None) -> Value:
    if isinstance(value, Decimal):
        return plain_number(value)
    text = to_text(value)
    found = _NUMBER.search(unicodedata.normalize("NFKC", text)[:64]) if text else None
    if found is None:
        return None
    try:
        return plain_number(Decimal(re.sub(r"[, ]", "", found[0])))
    except InvalidOperation:
        return None


def _join(argument: Argument) -> Apply:
    between = argument if isinstance(argument, str) else ", "

    def apply(value: Value, country: str | None) -> Value:
        return between.join(value) or None if isinstance(value, tuple) else value

    return apply


def _split(argument: Argument) -> Apply:
    between = argument if isinstance(argument, str) and argument else ","

    def apply(value: Value, country: str | None) -> Value:
        text = None if isinstance(value, tuple) else to_text(value)
        if text is None:
            return value
        return tuple(item for piece in text.split(between) if (item := piece.strip()))

    return apply


def _item(argument: Argument) -> Apply:
    assert isinstance(argument, int)
    place = argument - 1

    def apply(value: Value, country: str | None) -> Value:
        if isinstance(value, tuple):
            return value[place] if place < len(value) else None
        return value if place == 0 else None

    return apply


def _default(argument: Argument) -> Apply:
    fallback = str(argument)

    def apply(value: Value, country: str | None) -> Value:
        return fallback if to_text(value) is None else value

    return apply


def _map(argument: Argument) -> Apply:
    assert isinstance(argument, tuple)
    table = {clean(key).casefold(): to for key, to in argument}

    def change(text: str) -> str | None:
        return table.get(clean(text).casefold(), text)

    return _on_text(change)(None)


def _truncate(argument: Argument) -> Apply:
    assert isinstance(argument, int)
    limit = argument
    return _on_text(lambda text: text if len(text) <= limit else text[: limit - 1].rstrip() + "…")(None)


def _duration(value: Value, country: str | None) -> Value:
    if not isinstance(value, int):
        return value
    hours, rest = divmod(max(value, 0), 3600)
    minutes, seconds = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


#: Every transform by its name.
TRANSFORMS: dict[str, TransformSpec] = {
    "lower": TransformSpec(title="Lower case", tidies=True, build=_on_text(str.lower)),
    "upper": TransformSpec(title="Upper case", tidies=True, build=_on_text(str.upper)),
    "title": TransformSpec(title="Capital first letters", tidies=True, build=_on_text(_title)),
    "trim": TransformSpec(title="Trim and tidy white space", tidies=True, build=_on_text(clean)),
    "e164": TransformSpec(title="Phone in international form", tidies=True, build=_e164),
    "email": TransformSpec(title="E-mail in lower case", tidies=True, build=_on_text(email.normalise)),
    "first_name": TransformSpec(
        title="First name of a full name", build=_on_text(lambda text: name.split(text)[0])
    ),
    "last_name": TransformSpec(
        title="Last name of a full name", build=_on_text(lambda text: name.split(text)[1])
    ),
    "date": TransformSpec(
        title="Date (strftime pattern; UTC, or the zone behind @)", argument="text?", refuse=_refuse_date,
        build=_date,
    ),
    "number": TransformSpec(title="Plain number", tidies=True, build=lambda argument: _number),
    "duration": TransformSpec(title="Seconds as m:ss", build=lambda argument: _duration),
    "split": TransformSpec(title="Split a text into several values", argument="text?", build=_split),
    "item": TransformSpec(title="One of several values, counted from 1", argument="count", build=_item),
    "join": TransformSpec(title="Join several values", argument="text?", build=_join),
    "default": TransformSpec(title="Value when there is none", argument="text", build=_default),
    "map": TransformSpec(title="Replace by a table", argument="table", build=_map),
    "truncate": TransformSpec(title="At most this many characters", argument="count", build=_truncate),
}  # fmt: skip


def check(transform: Transform) -> str | None:
    """What is wrong with this use, in plain words; None when nothing is."""
    spec = TRANSFORMS.get(transform.name)
    if spec is None:
        return f"unknown transform {transform.name!r}; {suggest(transform.name, TRANSFORMS)}"
    argument = transform.argument
    match spec.argument:
        case "none":
            fits = argument is None
            wanted = "takes no value"
        case "text":
            fits, wanted = isinstance(argument, str), "needs a text"
        case "text?":
            fits, wanted = argument is None or isinstance(argument, str), "takes a text"
        case "count":
            fits = isinstance(argument, int) and not isinstance(argument, bool) and argument >= 1
            wanted = "needs a whole number from 1"
        case "table":
            fits, wanted = isinstance(argument, tuple), "needs a table of texts"
    problem = spec.refuse(argument) if fits else wanted
    return None if problem is None else f"transform {transform.name!r} {problem}"


def build(transforms: tuple[Transform, ...]) -> tuple[Apply, ...]:
    """The compiled chain of checked transforms."""
    return tuple(TRANSFORMS[one.name].build(one.argument) for one in transforms)
