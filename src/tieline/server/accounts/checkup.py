"""How the accounts at the far sides stand: token, scopes, clock, location, quota, and the way to us."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import aiohttp
import msgspec

from tieline.connectors.contacts_api.location import LocationFacts
from tieline.connectors.contacts_api.operations import locations
from tieline.connectors.contacts_api.scopes import PROBES, REQUIRED, Probe, missing_scopes
from tieline.connectors.kit.gateway import Gateway
from tieline.connectors.nimbata.operations import LIST_CALLS, list_activity
from tieline.errors import ConfigurationError, ConnectorError, CredentialError, TielineError
from tieline.server.accounts.connections import opened, read_location
from tieline.server.accounts.finding import Finding
from tieline.server.accounts.intakes import account_config
from tieline.server.accounts.rotation import REMIND_AFTER, TOKEN_LIFE
from tieline.store.directory import StoredConnection

#: A clock further off than this turns genuine webhooks away (their HMAC is good for 300 s).
CLOCK_S = 60.0
_ASK_S = 15.0


async def ask_once(gateway: Gateway, stored: StoredConnection) -> str | None:
    """One small question, to see whether the token works; None, or why nothing was asked. Raises ConnectorError."""
    if stored.connector == "contacts_api":
        await gateway.call(opened(stored), locations.GET, locations.LocationId(), "interactive")
        return None
    config = account_config(stored)
    if not config.projects:
        return "its token was not tried: no project is known"
    today = datetime.now(UTC).date()
    given = list_activity("call", config.projects[0], today, today, config.pagination.start, 1)
    await gateway.call(opened(stored), LIST_CALLS, given, "interactive")
    return None


async def check_connection(gateway: Gateway, stored: StoredConnection) -> list[Finding]:
    subject = f"connection {stored.name}"
    try:
        if stored.connector == "nimbata" and not account_config(stored).offers(LIST_CALLS.id):
            text = "its deliveries are taken in; nothing is asked of its API"
            return [Finding(subject=subject, verdict="ok", text=text)]
        async with asyncio.timeout(_ASK_S):
            not_asked = await ask_once(gateway, stored)
        if not_asked is not None:
            step = "connect it again with --project"
            return [Finding(subject=subject, verdict="warning", text=not_asked, next_step=step)]
    except CredentialError as error:
        step = f"make a new token, then: tieline connect … --name {stored.name}"
        return [Finding(subject=subject, verdict="wrong", text=str(error), next_step=step)]
    except TimeoutError:
        step = "is the base URL right, and the network up?"
        return [
            Finding(subject=subject, verdict="wrong", text=f"no answer in {_ASK_S:.0f} s", next_step=step)
        ]
    except ConnectorError as error:
        step = "is the base URL right, and the network up?"
        return [Finding(subject=subject, verdict="wrong", text=str(error), next_step=step)]
    except TielineError as error:
        return [Finding(subject=subject, verdict="wrong", text=str(error), next_step="connect it again")]
    findings = [
        Finding(subject=subject, verdict="ok", text="answers, and takes the token"),
        *_token_age(stored),
        *await _clock(stored),
    ]
    if stored.connector == "contacts_api":
        findings += await _location(gateway, stored)
    return findings


def _token_age(stored: StoredConnection) -> list[Finding]:
    """A private token is to be changed now and then; pairs of OAuth change by themselves."""
    age = datetime.now(UTC) - stored.token_since
    if stored.connector != "contacts_api" or stored.grant_id is not None or age < REMIND_AFTER:
        return []
    return [
        Finding(
            subject=f"token of {stored.name}", verdict="warning",
            text=f"in use for {age.days} days; it is to be changed every {TOKEN_LIFE.days}",
            next_step=f"rotate it at the far side, then: tieline connect token {stored.name} --token-stdin",
        )
    ]  # fmt: skip


async def _location(gateway: Gateway, stored: StoredConnection) -> list[Finding]:
    """What the location says of itself now, which scopes the token has, what is left of the quota."""
    connection = opened(stored)
    try:
        async with asyncio.timeout(_ASK_S):
            facts = await read_location(gateway, connection)
            missing = await missing_scopes(gateway, connection)
    except (ConnectorError, ConfigurationError, TimeoutError) as error:
        step = "try again; is the network up?"
        text = str(error) or f"no answer in {_ASK_S:.0f} s"
        return [Finding(subject=f"location {stored.name}", verdict="warning", text=text, next_step=step)]
    return [_facts(stored, facts), *_scopes(stored, missing), *_quota(gateway, stored)]


def _facts(stored: StoredConnection, facts: LocationFacts) -> Finding:
    known = LocationFacts.from_settings(stored.account, stored.settings)
    rule = "allowed" if facts.allow_duplicates else "forbidden"
    text = f"{facts.name}: country {facts.country}, time zone {facts.timezone}, duplicate contacts {rule}"
    changed = [
        name
        for name in ("country", "timezone", "allow_duplicates", "custom_fields")
        if getattr(known, name) != getattr(facts, name)
    ]
    if not changed:
        return Finding(subject=f"location {stored.name}", verdict="ok", text=text)
    return Finding(
        subject=f"location {stored.name}", verdict="warning",
        text=f"{text}; changed since it was connected: {', '.join(changed)}",
        next_step=f"tieline connect refresh {stored.name}",
    )  # fmt: skip


def _scopes(stored: StoredConnection, missing: list[Probe]) -> list[Finding]:
    subject = f"scopes of {stored.name}"
    found = [
        Finding(
            subject=subject, verdict="wrong" if one.scope in REQUIRED else "warning",
            text=f"{one.scope} is not granted (needed for {one.needed_for})",
            next_step="add it to the token, or to the app and have it allowed again",
        )
        for one in missing
    ]  # fmt: skip
    return found or [Finding(subject=subject, verdict="ok", text=f"all {len(PROBES)} are granted")]


def _quota(gateway: Gateway, stored: StoredConnection) -> list[Finding]:
    daily = gateway.governor(opened(stored)).daily
    if daily is None:
        return []
    left, limit = daily
    low = left < limit * 0.1
    return [
        Finding(
            subject=f"quota of {stored.name}", verdict="warning" if low else "ok",
            text=f"{left:,} of {limit:,} calls are left today",
            next_step="what is left is kept for live traffic; polls and backfills go on tomorrow" if low else "",
        )
    ]  # fmt: skip


async def public_address(url: str) -> Finding:
    """Whether far sides can reach this hub under the address that they are given."""
    subject = "public URL"
    local = urlsplit(url).hostname in ("127.0.0.1", "localhost", "::1")
    step = "set TIELINE_PUBLIC_URL to the address under which this hub is reached, and start: tieline up"
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_ASK_S)) as http,
            http.get(f"{url.rstrip('/')}/health") as answer,
        ):
            ours = answer.status == 200 and _is_health(await answer.content.read(4096))
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        return Finding(
            subject=subject, verdict="warning", text=f"{url} does not answer: {type(error).__name__}",
            next_step=step,
        )  # fmt: skip
    if not ours:
        return Finding(
            subject=subject, verdict="wrong", text=f"{url} is answered by somebody else", next_step=step
        )
    if local:
        return Finding(
            subject=subject, verdict="warning",
            text=f"{url} is this machine's own: no webhook comes in; the polls find everything minutes later",
            next_step=step,
        )  # fmt: skip
    return Finding(subject=subject, verdict="ok", text=f"{url} leads here")


def _is_health(body: bytes) -> bool:
    try:
        told = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return False
    return isinstance(told, dict) and told.get("status") == "ok"


async def _clock(stored: StoredConnection) -> list[Finding]:
    """The far side's clock by its Date header, where it sends one."""
    subject = f"clock against {stored.name}"
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_ASK_S)) as http,
            http.get(stored.base_url, allow_redirects=False) as answer,
        ):
            sent = answer.headers.get("Date")
    except (aiohttp.ClientError, TimeoutError, OSError):
        return []
    try:
        told = parsedate_to_datetime(sent) if sent else None
    except ValueError:
        told = None
    if told is None:
        return []
    off_s = abs((datetime.now(UTC) - told).total_seconds())
    if off_s < CLOCK_S:
        return [Finding(subject=subject, verdict="ok", text=f"{off_s:.0f} s apart")]
    return [
        Finding(
            subject=subject, verdict="wrong", text=f"{off_s:.0f} s apart: genuine webhooks may be turned away",
            next_step="set this machine's clock by NTP",
        )
    ]  # fmt: skip
