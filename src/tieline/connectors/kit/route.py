"""From an operation's input to method, address and body: compiled once for a connection, cheap for each call."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from typing import Annotated, Any
from urllib.parse import quote

import msgspec
from msgspec import UNSET
from yarl import URL

from tieline.catalogue.spec import AnyOperation, Method
from tieline.connectors.kit.connection import Connection
from tieline.errors import ConfigurationError, RejectedError

#: How a moment of an input is written: ISO 8601 in whole seconds where nothing is said, since one far side refuses its
#: own milliseconds.
Milliseconds = Annotated[datetime, msgspec.Meta(extra={"written": "ms"})]
Seconds = Annotated[datetime, msgspec.Meta(extra={"written": "s"})]
#: ISO 8601 with the moment's own offset, for a far side that compares texts.
Zoned = Annotated[datetime, msgspec.Meta(extra={"written": "zoned"})]
_PLACE = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")
_encode = msgspec.json.Encoder(decimal_format="number").encode
#: A call as it goes out: address, and body if it has one.
Rendered = tuple[URL, bytes | None]


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """Where a call goes. With `templated`, query and body are templates over the leaves of the input by wire name:
    "{page}" alone is the value itself; what the input leaves out is left out."""

    method: Method
    path: str
    query: dict[str, str] = {}
    body: dict[str, Any] = {}
    templated: bool = False


def compile_route(
    operation: AnyOperation, connection: Connection, route: Route, account_field: str
) -> Callable[[Any], Rendered]:
    """What turns an input of `operation` into address and body.

    It raises RejectedError for a value that cannot stand in a path. Raises ConfigurationError for a base URL that is
    none, or a path that names what the input does not have.
    """
    base = _base(connection)
    if route.templated:
        return _templated(operation, connection, route, account_field, base)
    constants = {account_field: connection.account}
    attributes = dict(
        zip(operation.input.__struct_encode_fields__, operation.input.__struct_fields__, strict=True)
    )
    pieces = _pieces(operation, route.path, attributes.keys() | constants.keys())
    in_path = {name for _, name in pieces if name is not None}
    in_query = [(name, attributes[name]) for name in attributes if name in operation.query]
    in_body = [
        (name, attribute)
        for name, attribute in attributes.items()
        if name not in in_path and name not in operation.query
    ]
    has_body = route.method in ("POST", "PUT") or operation.wants_body
    encode = _as_form if operation.form else _encode
    fixed_query = "&".join(
        f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in route.query.items()
    )

    writers = _writers(operation.input)

    def value_of(given: Any, name: str, attribute: str | None) -> Any:
        value = UNSET if attribute is None else getattr(given, attribute)
        if value is UNSET:
            return constants.get(name, UNSET)
        return writers[name](value) if isinstance(value, datetime) else value

    def render(given: Any) -> Rendered:
        address = base
        for literal, name in pieces:
            address += literal
            if name is not None:
                address += _segment(operation, name, value_of(given, name, attributes.get(name)))
        query = fixed_query
        for name, attribute in in_query:
            value = value_of(given, name, attribute)
            if value is not UNSET and value is not None:
                for text in _texts(value):
                    query += f"{'&' if query else ''}{quote(name, safe='')}={quote(text, safe='')}"
        body: dict[str, Any] = {}
        for name, attribute in in_body:
            value = value_of(given, name, attribute)
            if value is not UNSET:
                body[name] = value
        return URL(f"{address}?{query}" if query else address, encoded=True), (
            encode(body) if has_body or body else None
        )

    return render


def places(operation: AnyOperation, account_field: str) -> frozenset[str]:
    """What a template of this operation's path, query or body may name."""
    return frozenset({account_field, *_names(operation.input)})


def named_places(template: Any) -> Iterator[str]:
    """What a template names: a text, or records and lists of them."""
    match template:
        case str():
            yield from _PLACE.findall(template)
        case dict():
            for item in template.values():
                yield from named_places(item)
        case list() | tuple():
            for item in template:
                yield from named_places(item)


def _templated(
    operation: AnyOperation, connection: Connection, route: Route, account_field: str, base: str
) -> Callable[[Any], Rendered]:
    known = set(places(operation, account_field))
    pieces = _pieces(operation, route.path, known)

    def render(given: Any) -> Rendered:
        values = {account_field: connection.account, **dict(_leaves(msgspec.to_builtins(given)))}
        address = base
        for literal, name in pieces:
            address += literal
            if name is not None:
                address += _segment(operation, name, values.get(name, UNSET))
        query = "&".join(
            f"{quote(name, safe='')}={quote(text, safe='')}"
            for name, template in route.query.items()
            if (value := _fill(template, values)) is not UNSET and value is not None
            for text in _texts(value)
        )
        body = _fill(route.body, values)
        has_body = route.method in ("POST", "PUT") or bool(body)
        return URL(f"{address}?{query}" if query else address, encoded=True), _encode(
            body
        ) if has_body else None

    return render


def _as_form(body: dict[str, Any]) -> bytes:
    return "&".join(
        f"{quote(name, safe='')}={quote(text, safe='')}"
        for name, value in body.items()
        for text in _texts(value)
    ).encode()


def _writers(struct: type[Any]) -> dict[str, Callable[[datetime], Any]]:
    """By wire name, how the moments of an input are written."""
    found: dict[str, Callable[[datetime], Any]] = {}
    for field in msgspec.inspect.type_info(struct).fields:  # type: ignore[attr-defined]
        written = next(filter(None, map(_written, _alternatives(field.type))), "iso")
        found[field.encode_name] = _WRITERS[written]
    return found


def _alternatives(kind: Any) -> tuple[Any, ...]:
    return kind.types if isinstance(kind, msgspec.inspect.UnionType) else (kind,)


def _written(kind: Any) -> str | None:
    extra = kind.extra if isinstance(kind, msgspec.inspect.Metadata) else None
    return None if extra is None else extra.get("written")


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _zoned(moment: datetime) -> str:
    if moment.tzinfo is None:
        raise RejectedError(f"{moment} has no offset: it could be any time")
    return moment.isoformat(timespec="seconds")


_WRITERS: dict[str, Callable[[datetime], Any]] = {
    "iso": _iso,
    "zoned": _zoned,
    "ms": lambda moment: int(moment.timestamp() * 1000),
    "s": lambda moment: int(moment.timestamp()),
}


def _base(connection: Connection) -> str:
    base = connection.base_url.strip().rstrip("/")
    try:
        url = URL(base)
        good = (
            url.scheme in ("http", "https") and bool(url.host) and not url.query_string and not url.fragment
        )
    except ValueError:
        good = False
    if not good or url.user is not None or url.password is not None:
        raise ConfigurationError(
            f"connection {connection.name}: the base URL must be http(s)://host[:port][/path], "
            "without user, query and fragment"
        )
    return base


def _pieces(operation: AnyOperation, path: str, known: set[str]) -> list[tuple[str, str | None]]:
    """The path as (literal, name of what follows) in order."""
    pieces: list[tuple[str, str | None]] = []
    at = 0
    for match in _PLACE.finditer(path):
        if match[1] not in known:
            raise ConfigurationError(
                f"the path of {operation.id} names {match[0]}, which its input does not have"
            )
        pieces.append((path[at : match.start()], match[1]))
        at = match.end()
    return [*pieces, (path[at:], None)]


def _segment(operation: AnyOperation, name: str, value: Any) -> str:
    """One value as a path segment. Empty or dotted ones would address another resource: never sent."""
    text = value if isinstance(value, str) else next(iter(_texts(value)), "") if value is not UNSET else ""
    if text.isascii() and text.isalnum():
        return text
    if text.strip() in ("", ".", ".."):
        raise RejectedError(f"{operation.id}: {name} is {text!r}, which names no record")
    return quote(text, safe="")


def _texts(value: Any) -> Iterator[str]:
    """How a value is written in an address; each item of a list on its own."""
    match value:
        case None:
            return
        case str():
            yield value
        case bool():
            yield "true" if value else "false"
        case datetime():
            yield value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        case date():
            yield value.isoformat()
        case list() | tuple() | set() | frozenset():
            for item in value:
                yield from _texts(item)
        case _:
            yield str(value)


def _names(struct: type[Any]) -> Iterator[str]:
    """Wire names of the leaves of an input, also of nested ones."""
    for field in msgspec.structs.fields(struct):
        nested = [one for one in getattr(field.type, "__args__", (field.type,)) if _is_struct(one)]
        if nested:
            for one in nested:
                yield from _names(one)
        else:
            yield field.encode_name


def _is_struct(one: Any) -> bool:
    return isinstance(one, type) and issubclass(one, msgspec.Struct)


def _leaves(value: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, item in value.items():
        if isinstance(item, dict):
            yield from _leaves(item)
        else:
            yield name, item


def _fill(template: Any, values: dict[str, Any]) -> Any:
    """`template` with its places filled; UNSET where a place has no value."""
    match template:
        case str():
            if (whole := _PLACE.fullmatch(template)) is not None:
                return values.get(whole[1], UNSET)
            missing = [name for name in _PLACE.findall(template) if name not in values]
            return UNSET if missing else _PLACE.sub(lambda match: _text(values[match[1]]), template)
        case dict():
            filled = {name: _fill(item, values) for name, item in template.items()}
            return {name: item for name, item in filled.items() if item is not UNSET}
        case list():
            return [item for each in template if (item := _fill(each, values)) is not UNSET]
        case _:
            return template


def _text(value: Any) -> str:
    return ",".join(_texts(value))
