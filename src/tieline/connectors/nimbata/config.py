"""Everything that one Nimbata account may differ in, with defaults; built from a connection's settings.

Nimbata lets each account choose and rename the fields that it sends, and its API is known only in part: what we
assume is therefore a setting. Candidates are compared in lower case, letters and digits only; the first one with a
value wins; "attribution.first.source" is a path.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import Meta

from tieline.connectors.kit.route import named_places
from tieline.connectors.kit.signatures import HmacScheme
from tieline.connectors.nimbata.labels import Table, Vocabulary
from tieline.connectors.nimbata.presets import Preset, with_preset
from tieline.errors import ConfigurationError

AtLeastOne = Annotated[int, Meta(ge=1)]


#: Formats of times that need no pattern.
_ALWAYS_READ = frozenset({"iso", "epoch"})
#: Subjects that an account in `derived` mode does not have.
_NATIVE_ONLY = frozenset({"contact", "task", "note", "appointment", "campaign"})
#: Names that an operation has elsewhere.
_OTHER_NAMES = {"contact.list": "contact.find"}


def operation_id(name: str) -> str:
    """The operation that a setting names: "call.list" and "nimbata.call.list" are one."""
    bare = name.removeprefix("nimbata.")
    return f"nimbata.{_OTHER_NAMES.get(bare, bare)}"


class UrlKey(msgspec.Struct, frozen=True, kw_only=True, tag="url_key", forbid_unknown_fields=True):
    """The secret stands in the address: `?key=…`."""

    parameter: str = "key"


class HeaderSecret(msgspec.Struct, frozen=True, kw_only=True, tag="header", forbid_unknown_fields=True):
    """The secret stands in a header, after `prefix` ("Bearer ", say)."""

    name: str = "Authorization"
    prefix: str = ""


class Basic(msgspec.Struct, frozen=True, kw_only=True, tag="basic", forbid_unknown_fields=True):
    """HTTP Basic; the secret is "user:password"."""


class Signed(HmacScheme, frozen=True, kw_only=True, tag="hmac", forbid_unknown_fields=True):
    """An HMAC over the body."""


class Unproved(msgspec.Struct, frozen=True, kw_only=True, tag="none", forbid_unknown_fields=True):
    """No proof at all: whoever knows the address can deliver."""


AuthMethod = UrlKey | HeaderSecret | Basic | Signed | Unproved


class Webhooks(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How this account delivers."""

    #: All of them must hold. None = one for each secret that the connection holds, as they stand by default.
    auth: tuple[AuthMethod, ...] | None = None
    #: Forms of body that are taken: in an envelope that names its event, or flat.
    profile: tuple[Literal["flat", "envelope"], ...] = ("flat", "envelope")
    #: Keys that may name the event in a body.
    event_key: tuple[str, ...] = ("event", "type")
    #: The account's names of events, in addresses and bodies → ours ("call.completed").
    events: dict[str, str] = {}
    #: Labels of which a call that has ended carries one, where nothing else tells its event; empty = each has ended.
    ended_by: tuple[str, ...] = ()
    #: An update may carry the changed fields alone: absent never means empty.
    sparse: bool = True


class Times(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How times are written beside ISO 8601 and epoch numbers ("iso" and "epoch": always understood)."""

    formats: tuple[str, ...] = ("%Y-%m-%d %H:%M:%S",)
    #: Zone of times that name none (exports of real accounts are UTC without a mark).
    naive_zone: str = "UTC"


class Call(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One call that the account offers, as a template."""

    #: None = as the operation has it.
    method: Literal["GET", "POST", "PUT", "DELETE"] | None = None
    path: str
    query: dict[str, str] = {}
    body: dict[str, Any] = {}


class Response(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where rows, records and messages stand in an answer; the first path that exists counts."""

    items: tuple[str, ...] = ("data", "calls", "items", "results")
    item: tuple[str, ...] = ("data", "contact", ".")
    error: tuple[str, ...] = ("error.message", "message", "reason")


class Pagination(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How lists are paged."""

    style: Literal["page", "cursor", "next_url", "none"] = "page"
    start: Annotated[int, Meta(ge=0)] = 1
    size: AtLeastOne = 100
    max_size: AtLeastOne = 500
    last_page: tuple[str, ...] = ("meta.last_page", "total_pages")
    next_url: tuple[str, ...] = ("links.next", "next_page_url", "next_page")
    cursor: tuple[str, ...] = ("meta.next_cursor",)


class Polling(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How often to look, and how far back: tags, summaries and values come late."""

    every_s: Annotated[float, Meta(gt=0)] = 300.0
    overlap_s: Annotated[float, Meta(ge=0)] = 300.0
    lookback_days: Annotated[int, Meta(ge=0)] = 3


class Rate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The account's quota, as far as anyone knows it."""

    per_minute: AtLeastOne = 60
    concurrency: AtLeastOne = 4
    max_retry_after_s: Annotated[float, Meta(ge=0)] = 120.0


class Auth(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How our own calls prove themselves."""

    header: str = "Authorization"
    format: str = "Bearer {token}"
    extra_headers: dict[str, str] = {}
    query: dict[str, str] = {}


class NimbataConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, dict=True):
    """The settings of one connection. Source: nimbata.md, part B8."""

    #: Whose account it is; the rest of these settings goes before what is known of that product.
    preset: Preset = "nimbata"
    #: Ids of the projects to read; empty = all that come.
    projects: tuple[str, ...] = ()
    mode: Literal["native", "derived"] = "derived"
    auth: Auth = Auth()
    #: Operation id, also without "nimbata." → what replaces its call; null = this account lacks it.
    paths: dict[str, Call | None] = {}
    response: Response = Response()
    pagination: Pagination = Pagination()
    time: Times = Times()
    empty_values: tuple[str, ...] = ("", "-", "(none)", "(not set)", "(direct)")
    #: Kind → our name → candidates; replaces the default candidates of that name.
    fields: dict[
        Literal["call", "form", "text", "contact", "task", "note", "appointment"], dict[str, tuple[str, ...]]
    ] = {}
    #: Our outcome → the account's words for it; replaces the default words.
    outcomes: dict[Literal["answered", "missed", "voicemail", "blocked"], tuple[str, ...]] = {}
    form_fields: dict[Literal["name", "first_name", "last_name", "email", "phone"], tuple[str, ...]] = {}
    polling: Polling = Polling()
    rate: Rate = Rate()
    webhooks: Webhooks = Webhooks()
    #: Operation id, also without "nimbata." → whether this account has it; of what is not named, its mode decides.
    capabilities: dict[str, bool] = {}

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """The account's words, ready for parsing; built once. Raises ConfigurationError."""
        return Vocabulary(
            fields={kind: dict(table) for kind, table in self.fields.items()},
            form_fields=Table({str(name): labels for name, labels in self.form_fields.items()}),
            outcomes={str(outcome): words for outcome, words in self.outcomes.items()},
            empty_values=self.empty_values,
            time_formats=tuple(one for one in self.time.formats if one not in _ALWAYS_READ),
            zone=_zone(self.time.naive_zone),
            sparse=self.webhooks.sparse,
        )

    @cached_property
    def routes(self) -> dict[str, Call | None]:
        """Calls that replace their operation's own, by its id."""
        return {operation_id(name): call for name, call in self.paths.items()}

    def offers(self, operation: str) -> bool:
        """Whether this account has an operation: as its settings say, else as its mode and product have it."""
        told = {operation_id(name): has for name, has in self.capabilities.items()}
        if operation in self.routes and self.routes[operation] is None:
            return False
        if operation in told or operation in self.routes:
            return told.get(operation, True)
        if self.preset != "nimbata":
            return False
        return self.mode == "native" or operation.split(".")[1] not in _NATIVE_ONLY

    def comes_whole(self, operation: str) -> bool:
        """Whether a list has no second page: its own call has no place for a page or cursor."""
        call = self.routes.get(operation)
        if call is None:
            return False
        return not {"page", "cursor"} & set(named_places([call.path, call.query, call.body]))

    @property
    def only_project(self) -> str | None:
        """The project of events that name none: known where the connection reads exactly one."""
        return self.projects[0] if len(self.projects) == 1 else None


def build(settings: Mapping[str, Any]) -> NimbataConfig:
    """The configuration in a connection's settings. Raises ConfigurationError, which names the setting."""
    from tieline.connectors.nimbata.checks import problems

    try:
        config = msgspec.convert(with_preset(settings), NimbataConfig)
    except (msgspec.ValidationError, ValueError) as error:
        raise ConfigurationError(f"settings of the Nimbata connection: {error}") from error
    for path, message in problems(config):
        raise ConfigurationError(f"settings of the Nimbata connection: {path}: {message}")
    # Built here so that a mistake in it is told now, not by the first webhook.
    assert config.vocabulary is not None
    return config


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ConfigurationError(
            f"settings of the Nimbata connection: time.naive_zone {name!r} is no time zone"
        ) from error
