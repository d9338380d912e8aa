"""Nimbata's webhooks: is it genuine, what is in it, where does it belong. Reading it whole is `activity`'s part."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

import msgspec

from tieline.connectors.kit.signatures import (
    Refused,
    Verdict,
    Verified,
    verify_basic,
    verify_hmac,
    verify_secret,
)
from tieline.connectors.nimbata import envelope
from tieline.connectors.nimbata.config import (
    AuthMethod,
    Basic,
    HeaderSecret,
    NimbataConfig,
    Signed,
    Unproved,
    UrlKey,
)
from tieline.connectors.nimbata.envelope import split
from tieline.errors import ConfigurationError

#: Headers (names in lower case), query, body, now → verdict.
Check = Callable[[Mapping[str, str], Mapping[str, str], bytes, datetime], Verdict]

_DEFAULTS: dict[str, AuthMethod] = {
    "url_key": UrlKey(),
    "header": HeaderSecret(),
    "basic": Basic(),
    "hmac": Signed(),
}


class Peek(msgspec.Struct, frozen=True, kw_only=True):
    """What routing needs to know of one happening."""

    kind: str
    #: The sender's id of this telling; None in flat bodies, which are told apart by their content.
    delivery_id: str | None
    project_id: str | None
    #: Sample data of a "Test" button: kept, not synced.
    test: bool


def checks(config: NimbataConfig, secrets: Mapping[str, str]) -> tuple[Check, ...]:
    """The proofs that this connection demands, made ready once.

    `secrets` holds one secret for each kind of proof (url_key, header, basic, hmac); several lines are several
    secrets, any of which fits (while one replaces another). Raises ConfigurationError where one is missing.
    """
    methods = config.webhooks.auth
    if methods is None:
        methods = tuple(method for kind, method in _DEFAULTS.items() if secrets.get(kind, "").strip())
    if not methods:
        raise ConfigurationError("the connection has no webhook secret; give it a url_key, say")
    return tuple(_check(method, secrets) for method in methods)


def _check(method: AuthMethod, secrets: Mapping[str, str]) -> Check:
    if isinstance(method, Unproved):
        return lambda headers, query, body, now: Verified()
    kind = str(type(method).__struct_config__.tag)
    held = tuple(filter(None, map(str.strip, secrets.get(kind, "").splitlines())))
    if not held:
        raise ConfigurationError(f"webhooks.auth asks for {kind}, and the connection holds no secret for it")
    match method:
        case UrlKey(parameter=parameter):
            return lambda headers, query, body, now: verify_secret(query.get(parameter), held)
        case HeaderSecret():
            return lambda headers, query, body, now: verify_secret(_after_prefix(method, headers), held)
        case Basic():
            return lambda headers, query, body, now: verify_basic(headers.get("authorization"), held)
        case Signed():
            return lambda headers, query, body, now: verify_hmac(method, headers, body, held, now)


def _after_prefix(method: HeaderSecret, headers: Mapping[str, str]) -> str | None:
    given = headers.get(method.name.lower())
    if given is None or not given.startswith(method.prefix):
        return None
    return given[len(method.prefix) :]


def verify(
    demanded: Sequence[Check],
    headers: Mapping[str, str],
    query: Mapping[str, str],
    body: bytes,
    now: datetime,
) -> Verdict:
    """Whether every proof holds; the first that does not is named. `now` is aware; nothing demanded is refused."""
    if not demanded:
        return Refused("missing")
    for check in demanded:
        verdict = check(headers, query, body, now)
        if isinstance(verdict, Refused):
            return verdict
    return Verified()


def peek(item: bytes, event_hint: str | None, config: NimbataConfig) -> Peek:
    """What one happening (from `split`) is, without reading it whole. Raises UnreadableError."""
    body = envelope.decode(item)
    opened = envelope.open_body(body, event_hint, config.webhooks, config.only_project)
    return Peek(
        kind=opened.kind,
        delivery_id=opened.event_id,
        project_id=opened.project_id,
        test=envelope.is_test(body, opened.record),
    )


__all__ = ["Check", "Peek", "checks", "peek", "split", "verify"]
