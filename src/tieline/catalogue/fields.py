"""Typed fields out of structs: what a form asks for, and what a step gives to those after it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from types import UnionType
from typing import Annotated, Any, Literal, Union, cast, get_args, get_origin

import msgspec
from msgspec import UnsetType

from tieline.catalogue.words import Words, book, spoken, words_of

FieldType = Literal[
    "text", "long_text", "number", "boolean", "date", "date_time", "phone", "email", "select", "list", "object", "any",
]  # fmt: skip
#: Wire names that every connection fills in by itself.
ACCOUNT_FIELDS = frozenset({"locationId", "account"})
#: Nesting that is shown; deeper values are objects without named fields.
DEEPEST = 6
_LONG = frozenset({
    "body", "message", "html", "description", "notes", "note", "transcription", "summary", "lastMessageBody",
    "response",
})  # fmt: skip
#: Of a name's end, what a text is.
_KINDS: tuple[tuple[tuple[str, ...], FieldType], ...] = (
    (("phone", "Phone", "phoneNo", "fromNumber", "toNumber", "caller", "tracking_number", "destination"), "phone"),
    (("email", "Email", "emailFrom", "emailTo"), "email"),
    (("_at", "At", "dateAdded", "dateUpdated", "startTime", "endTime", "dueDate", "timestamp", "MessageDate",
      "issueDate", "StartDate"), "date_time"),
    (("dateOfBirth",), "date"),
)  # fmt: skip
_EXAMPLES: Mapping[FieldType, Any] = {
    "text": "text", "long_text": "Called twice, wants a quote.", "number": 1, "boolean": True, "date": "2027-03-15",
    "date_time": "2027-03-15T09:30:00Z", "phone": "+12015550123", "email": "ada@example.com", "any": "text",
}  # fmt: skip
_ID = "ocQHyuzHvysMo5N5VsXc"


class Field(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One field, of a form or of what a step gives."""

    #: As the far side writes it.
    name: str
    label: str
    type: FieldType
    required: bool = False
    help: str = ""
    example: Any = None
    #: Fixed choices of a select.
    choices: tuple[str, ...] = ()
    #: Key of `options.OPTIONS`: choices that the account knows; of what comes out, for conditions.
    options: str = ""
    least: float | None = None
    most: float | None = None
    #: Most characters, or members of a list.
    longest: int | None = None
    #: What a list is of.
    of: FieldType | None = None
    #: What an object, or each of a list, consists of.
    fields: tuple[Field, ...] = ()
    #: The connection fills it in where it is left out.
    account: bool = False
    #: `null` clears what stands there.
    clears: bool = False


class _Read(msgspec.Struct, frozen=True, kw_only=True):
    """A type, taken apart."""

    type: FieldType
    of: FieldType | None = None
    choices: tuple[str, ...] = ()
    #: The struct of an object, or of each of a list.
    struct: Any = None
    meta: tuple[msgspec.Meta, ...] = ()
    clears: bool = False


def input_fields(app: str, entry: str, struct: Any) -> tuple[Field, ...]:
    """What a form asks for, required ones first."""
    found = _fields(app, entry, struct, (), given=True)
    return tuple(sorted(found, key=lambda one: (not one.required, one.account)))


def output_fields(app: str, entry: str, struct: Any) -> tuple[Field, ...]:
    """The tree of what comes of it, with an example a leaf."""
    return _fields(app, entry, struct, (), given=False)


def example_of(fields: tuple[Field, ...], *, all_of_them: bool = False) -> dict[str, Any]:
    """An input, or an output, as the fields' examples make it; of an input what is required."""
    return {one.name: one.example for one in fields if all_of_them or one.required}


def is_struct(kind: Any) -> bool:
    """Whether it has fields of its own, also as a generic type that was given its parts."""
    origin = get_origin(kind) or kind
    return isinstance(origin, type) and issubclass(origin, msgspec.Struct)


def _fields(app: str, entry: str, struct: Any, path: tuple[str, ...], *, given: bool) -> tuple[Field, ...]:
    if not is_struct(struct) or len(path) >= DEEPEST:
        return ()
    hidden = book(app).hidden
    return tuple(
        _field(app, entry, one, (*path, one.encode_name), given=given)
        for one in msgspec.structs.fields(struct)
        if one.encode_name not in hidden
    )


def _field(app: str, entry: str, one: Any, path: tuple[str, ...], *, given: bool) -> Field:
    read = _read(one.type, path[-1])
    words = _said(read, words_of(app, entry, path))
    kind = cast(FieldType, words.type) if words.type else read.type
    of = read.of
    if words.type and read.type == "list":
        # Of a list the words tell what it is of.
        kind, of = "list", cast(FieldType, words.type)
    if given and words.options:
        # A choice that an account knows may still be written as a value.
        kind, of = ("list", "select") if kind == "list" else ("select", None)
    inner = _fields(app, entry, read.struct, path, given=given) if read.struct is not None else ()
    account = given and path[-1] in ACCOUNT_FIELDS and len(path) == 1 and not one.required
    return Field(
        name=path[-1], label=words.label or _label(one), type=kind,
        required=given and one.required, help=words.help or (_id_help(entry, one.name) if given else ""),
        example=_example(words, read, kind, of, inner, path[-1]), choices=read.choices,
        options=words.options,
        least=words.least, most=words.most, longest=words.longest, of=of, fields=inner, account=account,
        clears=given and read.clears,
    )  # fmt: skip


def _said(read: _Read, words: Words) -> Words:
    """The words, over which goes what the struct says itself."""
    told: dict[str, Any] = {}
    for meta in read.meta:
        given = {
            "label": meta.title, "help": meta.description, "example": meta.examples[0] if meta.examples else None,
            "least": meta.ge if meta.ge is not None else meta.gt, "most": meta.le if meta.le is not None else meta.lt,
            "longest": meta.max_length, **{name: value for name, value in (meta.extra or {}).items() if name in _OWN},
        }  # fmt: skip
        told |= {name: value for name, value in given.items() if value is not None}
    return msgspec.structs.replace(words, **told)


#: What a struct may say of its field in `Meta(extra=…)`.
_OWN = ("type", "options")


def _read(kind: Any, name: str) -> _Read:
    meta: list[msgspec.Meta] = []
    parts = _parts(kind, meta)
    clears = type(None) in parts
    rest = [part for part in parts if part not in (UnsetType, type(None))]
    if not rest or Any in rest:
        return _Read(type="any", meta=tuple(meta), clears=clears)
    structs = [part for part in rest if is_struct(part)]
    lists = [
        part for part in rest if get_origin(part) in (list, tuple, frozenset, set) or part in (list, tuple)
    ]
    if structs:
        # Where an answer has two shapes, the one with fields is what can be picked from.
        return _Read(type="object", struct=structs[0], meta=tuple(meta), clears=clears)
    if lists:
        inner = [part for part in get_args(lists[0]) if part is not Ellipsis]
        # A tuple of a fixed length, as of pairs, has no one kind of member.
        item = _read(inner[0], _single(name)) if len(set(inner)) == 1 else _Read(type="any")
        own = (*meta, *item.meta) if not meta else tuple(meta)
        return _Read(
            type="list", of=item.type, choices=item.choices, struct=item.struct, meta=own, clears=clears
        )
    choices = tuple(str(value) for part in rest if get_origin(part) is Literal for value in get_args(part))
    if choices:
        return _Read(type="select", choices=choices, meta=tuple(meta), clears=clears)
    return _Read(type=_plain(rest, name), meta=tuple(meta), clears=clears)


def _parts(kind: Any, meta: list[msgspec.Meta]) -> list[Any]:
    """The members of a union, with all that is said of them put into `meta`."""
    origin = get_origin(kind)
    if origin is Annotated:
        inner, *said = get_args(kind)
        meta += [one for one in said if isinstance(one, msgspec.Meta)]
        return _parts(inner, meta)
    if origin in (Union, UnionType):
        return [part for one in get_args(kind) for part in _parts(one, meta)]
    return [kind]


def _plain(kinds: list[Any], name: str) -> FieldType:
    if str not in kinds:
        for kind, found in _TYPES.items():
            if kind in kinds:
                return found
        return "object" if any((get_origin(kind) or kind) is dict for kind in kinds) else "text"
    if name in _LONG:
        return "long_text"
    return next((found for ends, found in _KINDS if name.endswith(ends)), "text")


_TYPES: Mapping[Any, FieldType] = {
    datetime: "date_time", date: "date", int: "number", float: "number", Decimal: "number", bool: "boolean",
}  # fmt: skip


def _single(name: str) -> str:
    return name.removesuffix("s")


def _label(one: Any) -> str:
    """By what the wire calls it; an `id` that we know to be somebody else's says whose."""
    somebody = one.encode_name == "id" and one.name.endswith("_id")
    return spoken(one.name[:-3] if somebody else one.encode_name)


def _id_help(entry: str, name: str) -> str:
    """Ids are called alike everywhere: of what, the name or the entry tells."""
    if name == "id":
        subject = entry.split(".")[-2]
        return f"Which {_SUBJECTS.get(subject, _single(subject).replace('_', ' '))}: its id."
    return f"Which {spoken(name[:-3]).lower()}: its id." if name.endswith("_id") else ""


_SUBJECTS = {"opportunities": "opportunity", "businesses": "business", "tags": "contact"}


def _example(
    words: Words, read: _Read, kind: FieldType, of: FieldType | None, inner: tuple[Field, ...], name: str
) -> Any:
    if words.example is not None:
        return words.example
    if kind == "object":
        return example_of(inner, all_of_them=True)
    if kind == "list":
        return [example_of(inner, all_of_them=True) if inner else _leaf(read, of or "any", _single(name))]
    return _leaf(read, kind, name)


def _leaf(read: _Read, kind: FieldType, name: str) -> Any:
    if read.choices:
        return read.choices[0]
    if kind == "text" and (name == "id" or name.endswith(("Id", "_id"))):
        return _ID
    return {} if kind in ("object", "list") else _EXAMPLES.get(kind, "text")
