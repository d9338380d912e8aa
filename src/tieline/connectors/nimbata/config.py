"""Everything that one Nimbata account may differ in, with defaults; built from a connection's settings.

Nimbata lets each account choose and rename the fields that it sends, and its API is known only in part: what we
assume is therefore a setting. Candidates are compared in lower case, letters and digits only; the first one with a
value wins; "attribution.first.source" is a path.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from tieline.connectors.kit.signatures import HmacScheme
from tieline.connectors.nimbata.labels import Table, Vocabulary
from tieline.errors import ConfigurationError


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
    #: Keys that may name the event in a body.
    event_key: tuple[str, ...] = ("event", "type")
    #: An update may carry the changed fields alone: absent never means empty.
    sparse: bool = True


class Times(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How times are written beside ISO 8601 and epoch numbers."""

    formats: tuple[str, ...] = ("%Y-%m-%d %H:%M:%S",)
    #: Zone of times that name none (exports of real accounts are UTC without a mark).
    naive_zone: str = "UTC"


class Call(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One call that the account offers, as a template."""

    method: Literal["GET", "POST", "PUT", "DELETE"]
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
    start: int = 1
    size: int = 100
    max_size: int = 500
    last_page: tuple[str, ...] = ("meta.last_page", "total_pages")
    next_url: tuple[str, ...] = ("links.next", "next_page_url", "next_page")
    cursor: tuple[str, ...] = ("meta.next_cursor",)


class Polling(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How often to look, and how far back: tags, summaries and values come late."""

    every_s: float = 300.0
    overlap_s: float = 300.0
    lookback_days: int = 3


class Rate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The account's quota, as far as anyone knows it."""

    per_minute: int = 60
    concurrency: int = 4
    max_retry_after_s: float = 120.0


class Auth(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How our own calls prove themselves."""

    header: str = "Authorization"
    format: str = "Bearer {token}"
    extra_headers: dict[str, str] = {}
    query: dict[str, str] = {}


class NimbataConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, dict=True):
    """The settings of one connection. Source: nimbata.md, part B8."""

    #: Ids of the projects to read; empty = all that come.
    projects: tuple[str, ...] = ()
    mode: Literal["native", "derived"] = "derived"
    auth: Auth = Auth()
    #: Replaces the call of that id; null = this account lacks it.
    paths: dict[str, Call | None] = {}
    response: Response = Response()
    pagination: Pagination = Pagination()
    time: Times = Times()
    empty_values: tuple[str, ...] = ("", "-", "(none)", "(not set)", "(direct)")
    #: Kind → our name → candidates; replaces the default candidates of that name.
    fields: dict[Literal["call", "form", "text", "contact"], dict[str, tuple[str, ...]]] = {}
    #: Our outcome → the account's words for it; replaces the default words.
    outcomes: dict[Literal["answered", "missed", "voicemail", "blocked"], tuple[str, ...]] = {}
    form_fields: dict[Literal["name", "first_name", "last_name", "email", "phone"], tuple[str, ...]] = {}
    polling: Polling = Polling()
    rate: Rate = Rate()
    webhooks: Webhooks = Webhooks()
    #: Operation id → whether this account has it; what is not named here is as its operation says.
    capabilities: dict[str, bool] = {}

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """The account's words, ready for parsing; built once. Raises ConfigurationError."""
        return Vocabulary(
            fields={kind: dict(table) for kind, table in self.fields.items()},
            form_fields=Table({str(name): labels for name, labels in self.form_fields.items()}),
            outcomes={str(outcome): words for outcome, words in self.outcomes.items()},
            empty_values=self.empty_values,
            time_formats=self.time.formats,
            zone=_zone(self.time.naive_zone),
        )

    @property
    def only_project(self) -> str | None:
        """The project of events that name none: known where the connection reads exactly one."""
        return self.projects[0] if len(self.projects) == 1 else None


def build(settings: Mapping[str, Any]) -> NimbataConfig:
    """The configuration in a connection's settings. Raises ConfigurationError, which names the setting."""
    try:
        config = msgspec.convert(dict(settings), NimbataConfig)
    except (msgspec.ValidationError, ValueError) as error:
        raise ConfigurationError(f"settings of the Nimbata connection: {error}") from error
    for problem in _problems(config):
        raise ConfigurationError(f"settings of the Nimbata connection: {problem}")
    # Built here so that a mistake in it is told now, not by the first webhook.
    assert config.vocabulary is not None
    return config


def _problems(config: NimbataConfig) -> list[str]:
    problems = []
    auth = config.webhooks.auth
    if auth is not None and not auth:
        problems.append(
            'webhooks.auth is empty; to take unproved deliveries, ask for it by name: [{"type": "none"}]'
        )
    if auth and len(auth) > 1 and any(isinstance(one, Unproved) for one in auth):
        problems.append('webhooks.auth: "none" cannot stand beside another proof')
    paging = config.pagination
    if not 1 <= paging.size <= paging.max_size:
        problems.append("pagination.size must be between 1 and pagination.max_size")
    polling = config.polling
    if polling.every_s <= 0 or polling.overlap_s < 0 or polling.lookback_days < 0:
        problems.append("polling: every_s must be above 0, overlap_s and lookback_days not below")
    if config.rate.per_minute < 1 or config.rate.concurrency < 1:
        problems.append("rate: per_minute and concurrency must be at least 1")
    if any(not project.strip() for project in config.projects):
        problems.append("projects: an id is empty")
    if "{token}" not in config.auth.format:
        problems.append("auth.format must hold {token}")
    return problems


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ConfigurationError(
            f"settings of the Nimbata connection: time.naive_zone {name!r} is no time zone"
        ) from error
