"""What may be wrong with a hub, looked for one by one, each with the next step."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

from tieline.connectors.kit.connection import ACCEPT_UNVERIFIED
from tieline.connectors.kit.gateway import Gateway
from tieline.server.accounts.checkup import CLOCK_S, check_connection, public_address
from tieline.server.accounts.finding import Finding
from tieline.server.handlers import HubHandlers
from tieline.server.sweeps.report import sweep_findings
from tieline.server.targets.limits import limits
from tieline.store.directory import Directory, StoredConnection
from tieline.store.pool import Store

#: Connections looked at side by side.
AT_ONCE = 20


async def examine(
    store: Store, directory: Directory, gateway: Gateway, *, public_url: str | None = None
) -> list[Finding]:
    """Everything, in a few seconds; the far sides are asked small questions that change nothing."""
    findings = [*await _stored(store), *await sweep_findings(store, directory)]
    if public_url is not None:
        findings.append(await public_address(public_url))
    slots = asyncio.Semaphore(AT_ONCE)

    async def ask(stored: StoredConnection) -> list[Finding]:
        async with slots:
            return await check_connection(gateway, stored)

    asked = await asyncio.gather(*map(ask, directory.connections.values()))
    findings += [finding for found in asked for finding in found]
    findings += _limits(store, directory, gateway)
    findings += [
        Finding(
            subject=f"deliveries to {stored.name}", verdict="warning",
            text="whoever knows the address can deliver what they like: nothing is asked for a proof",
            next_step=f"tieline connect nimbata --name {stored.name} --webhook-auth url_key, and the rest as it is",
        )
        for stored in directory.connections.values()
        if stored.settings.get(ACCEPT_UNVERIFIED) is True
    ]  # fmt: skip
    if not directory.connections:
        findings.append(
            Finding(
                subject="connections", verdict="warning", text="there are none",
                next_step="tieline connect contacts-api, then tieline connect nimbata",
            )
        )  # fmt: skip
    elif not directory.syncs:
        findings.append(
            Finding(
                subject="syncs", verdict="warning", text="there are none: events are kept and go nowhere",
                next_step="tieline sync add",
            )
        )  # fmt: skip
    return findings


def _limits(store: Store, directory: Directory, gateway: Gateway) -> list[Finding]:
    """What each sync asks for and its accounts cannot do."""
    handlers = HubHandlers(store, directory, gateway)
    consumers = {sync.name: handlers.consumer(sync.id) for sync in directory.syncs.values()}
    return [
        Finding(
            subject=f"sync {name}", text=f"not carried over: {'; '.join(reasons)}",
            # Of an account without people of its own nothing else is expected.
            verdict="ok" if consumer.derived else "warning",
            next_step="" if consumer.derived else "leave it out of the definition, or give the account the capability",
        )
        for name, consumer in consumers.items()
        if (reasons := limits(consumer))
    ]  # fmt: skip


async def _stored(store: Store) -> list[Finding]:
    async with store.transaction() as db:
        version = await _row(db, "SELECT current_setting('server_version'), version_num FROM alembic_version")
        clock = await _row(db, "SELECT clock_timestamp()")
        held = await (
            await db.execute(
                "SELECT name, NULLIF(held_until, 'infinity'), held_why FROM lane WHERE held_until > now() ORDER BY name"
            )
        ).fetchall()
        dead = await _row(db, "SELECT count(*) FROM assignment WHERE state = 'dead'")
        unread = await _row(db, "SELECT count(*) FROM event WHERE state = 'unreadable'")
        old = await _row(
            db,
            "SELECT count(*) FROM assignment WHERE state = 'waiting' AND due_at < now() - interval '5 minutes'",
        )
        refused = await (
            await db.execute(
                "SELECT COALESCE(name, 'unknown connections'), reason, sum(count) FROM refusal"
                " LEFT JOIN connection ON connection.id = connection_id"
                " WHERE minute > now() - interval '1 hour' GROUP BY 1, 2 ORDER BY 1, 2"
            )
        ).fetchall()
        polls = await (
            await db.execute(
                "SELECT name, stream, project, failures, reason FROM poll JOIN connection ON connection.id ="
                " connection_id WHERE failures > 0 ORDER BY name, stream"
            )
        ).fetchall()
    off_s = abs((datetime.now(UTC) - clock[0]).total_seconds())
    findings = [
        Finding(subject="database", verdict="ok", text=f"PostgreSQL {version[0]}, schema {version[1]}"),
        Finding(subject="database clock", verdict="ok", text=f"{off_s:.1f} s from ours")
        if off_s < CLOCK_S
        else Finding(
            subject="database clock", verdict="wrong", text=f"{off_s:.0f} s from ours",
            next_step="set both machines' clocks by NTP",
        ),
    ]  # fmt: skip
    for name, until, why in held:
        until_text = f"until {until:%H:%M:%S} UTC" if until else "until somebody reconnects it"
        findings.append(
            Finding(
                subject=f"lane {name}", verdict="wrong", text=f"rests {until_text}: {why}",
                next_step=f"tieline connect … --name {name} with a token that works",
            )
        )  # fmt: skip
    if dead[0]:
        findings.append(
            Finding(
                subject="dead letters", verdict="wrong", text=f"{dead[0]} events were given up",
                next_step="tieline events list --state dead, then tieline events replay ID",
            )
        )  # fmt: skip
    if unread[0]:
        findings.append(
            Finding(
                subject="unreadable events", verdict="warning", text=f"{unread[0]} bodies could not be read",
                next_step="tieline events list --state unreadable",
            )
        )  # fmt: skip
    if old[0]:
        findings.append(
            Finding(
                subject="work", verdict="wrong", text=f"{old[0]} events have been due for over 5 minutes",
                next_step="is a hub up? start one: tieline up",
            )
        )  # fmt: skip
    for name, reason, count in refused:
        findings.append(
            Finding(
                subject=f"deliveries to {name}", verdict="warning",
                text=f"{count} turned away in the last hour: {reason}", next_step=_refusal_step(reason),
            )
        )  # fmt: skip
    for name, stream, project, failures, reason in polls:
        findings.append(
            Finding(
                subject=f"poll {name} {stream} {project}".rstrip(), verdict="wrong",
                text=f"failed {failures} times in a row: {reason}",
                next_step="mend what the reason says; it is tried again by itself",
            )
        )  # fmt: skip
    return findings


def _refusal_step(reason: str) -> str:
    if reason in ("stale", "future"):
        return "compare this machine's clock with the far side's; set it by NTP"
    if reason == "too large":
        return "raise --body-limit of tieline up"
    return "compare the webhook's address and secret with tieline connect show"


async def _row(db: Any, sql: str) -> tuple[Any, ...]:
    row: tuple[Any, ...] | None = await (await db.execute(sql)).fetchone()
    assert row is not None
    return row
