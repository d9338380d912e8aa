"""People are told once of what needs them, by every way that they named, and no way keeps another waiting."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from tests.dump import cells, places
from tests.server.alerts.receivers import mail_server, receiver
from tests.server.trouble.test_errors import given_up
from tieline.connectors.kit.outward_guard import OutwardGuard
from tieline.effects.failures import failures_of, write_failures
from tieline.ending import end
from tieline.errors import ConfigurationError
from tieline.server.alerts import alerter as alerter_module
from tieline.server.alerts import ways
from tieline.server.alerts.alerter import Alerter
from tieline.server.alerts.api import list_sent
from tieline.server.alerts.channels import (
    AppriseTarget,
    MailTarget,
    NewChannel,
    Target,
    WebhookTarget,
    add_channel,
    list_channels,
    remove_channel,
    try_channel,
)
from tieline.server.alerts.notice import AT_ONCE, notice
from tieline.server.alerts.ways import signature
from tieline.store.key_table import seal_with
from tieline.store.pool import Store
from tieline.store.queries import query
from tieline.testing.builders import add_connection
from tieline.vault.seal import Vault

SECRET = "planted-signing-secret"
EMAIL = "email must be an email: ada{n}@planted.example"


@dataclass
class Desk:
    """Alerts of one store, with what an admin allows."""

    store: Store
    vault: Vault
    allowed: list[str]

    def alerter(self, *, trouble_for: timedelta = timedelta(minutes=10)) -> Alerter:
        """As each hub has one."""
        return Alerter(self.store, self.vault, OutwardGuard(lambda: self.allowed), trouble_for=trouble_for)

    async def add(self, name: str, target: Target, **more: Any) -> None:
        """A channel."""
        await add_channel(self.store, self.vault, NewChannel(name=name, target=target, **more))

    async def fail(self, first: int, last: int, reason: str) -> None:
        """Events are given up, as turns leave them."""
        batch = [given_up(n, reason.format(n=n)) for n in range(first, last + 1)]
        async with self.store.transaction() as db:
            await write_failures(db, failures_of(batch))

    async def tell(self, alerter: Alerter | None = None) -> int:
        """Notice, and send until nothing is due."""
        one = alerter or self.alerter()
        made = await notice(self.store, now=datetime.now(UTC), trouble_for=one._trouble_for)
        while await one.send_due():
            pass
        return made

    async def run(self, sql: str, *given: Any) -> None:
        """What a clock or a hand in the database would do."""
        async with self.store.transaction() as db:
            await db.execute(sql, given)


@asynccontextmanager
async def desk(store: Store) -> AsyncIterator[Desk]:
    """Nothing is told of yet."""
    vault = Vault(bytes(32))
    await seal_with(store, vault, bytes(32))
    yield Desk(store, vault, [])


def mail(port: int, **more: Any) -> MailTarget:
    """Ann's mailbox."""
    return MailTarget(
        to=("ann@example.com",),
        sender="tieline@example.com",
        host="127.0.0.1",
        port=port,
        security="none",
        **more,
    )


async def test_a_new_cause_is_told_at_once_and_a_thousand_more_of_it_in_one_digest(store: Store) -> None:
    """By mail and by a signed webhook; nobody's data is in either."""
    async with desk(store) as it, mail_server() as box, receiver() as hooks:
        it.allowed.append(f"127.0.0.1:{hooks.port}")
        await it.add("ann", mail(box.port))
        await it.add("ops", WebhookTarget(url=hooks.url, secret=SECRET), digest_every_s=60)
        await it.fail(1, 1, EMAIL)
        assert await it.tell() == 1
        await it.fail(2, 1001, EMAIL)
        assert await it.tell() == 0
        (message,) = box.taken
        assert message["To"] == "ann@example.com"
        assert "contacts.create" in str(message["Subject"])
        ((headers, body),) = hooks.got
        told = json.loads(body)
        assert (told["kind"], told["id"]) == ("cause", headers["X-Tieline-Alert"])
        assert "tieline errors show" in told["next_step"]
        assert (
            headers["X-Tieline-Signature"] == f"v1={signature(SECRET, headers['X-Tieline-Timestamp'], body)}"
        )
        assert (
            signature(SECRET, headers["X-Tieline-Timestamp"], body + b" ")
            not in headers["X-Tieline-Signature"]
        )
        await it.run("UPDATE alert_channel SET digested_at = now() - interval '2 minutes' WHERE name = 'ops'")
        assert await it.tell() == 1
        digest = json.loads(hooks.got[1][1])
        assert (digest["kind"], digest["title"]) == ("digest", "1000 failures of 1 causes")
        assert len(box.taken) == 1
        for text in (str(message), body.decode(), json.dumps(digest)):
            assert "planted" not in text
        await it.run("UPDATE alert_channel SET digested_at = now() - interval '2 minutes'")
        assert await it.tell() == 1, "ann's digest; ops has told of everything"


async def test_many_causes_at_once_are_not_many_mails(store: Store) -> None:
    """Ten are told of one by one, the rest in one more."""
    async with desk(store) as it, mail_server() as box:
        await it.add("ann", mail(box.port), kinds=("cause",))
        for number in range(AT_ONCE + 30):
            await it.fail(
                number + 1, number + 1, "thing " + "abcdefghij"[number % 10] * (1 + number // 10) + " is odd"
            )
        await it.tell()
        assert len(box.taken) == AT_ONCE + 1
        assert "30 more things" in str(box.taken[-1]["Subject"])
        assert await it.tell() == 0


async def test_an_ignored_cause_is_not_told_of(store: Store) -> None:
    """Nor counted in a digest."""
    async with desk(store) as it, mail_server() as box:
        await it.add("ann", mail(box.port))
        await it.fail(1, 5, EMAIL)
        await it.run("UPDATE cause SET ignored_at = now()")
        await it.run("UPDATE alert_channel SET digested_at = now() - interval '2 hours'")
        assert await it.tell() == 0
        assert box.taken == []


async def test_a_hub_that_ends_after_sending_sends_no_second_mail(store: Store) -> None:
    """The intent was written before; whoever finds it says that it may have been sent. A webhook goes out once more,
    under the same number."""
    async with desk(store) as it, mail_server() as box, receiver() as hooks:
        it.allowed.append(f"127.0.0.1:{hooks.port}")
        await it.add("ann", mail(box.port))
        await it.add("ops", WebhookTarget(url=hooks.url, secret=SECRET))
        await it.fail(1, 1, EMAIL)
        await notice(store, now=datetime.now(UTC))
        lease = {"limit": 10, "of_one": 2, "lease": timedelta(seconds=40)}
        async with store.transaction() as db:
            begun = await (await db.execute(query("claim_alerts"), lease)).fetchall()
        assert len(begun) == 2
        assert await it.tell() == 0
        assert (box.taken, hooks.got) == ([], []), "whoever began has it still"
        await it.run("UPDATE alert_sending SET due_at = now() - interval '1 second'")
        await it.tell()
        assert box.taken == []
        ((headers, _),) = hooks.got
        assert headers["X-Tieline-Alert"] == f"alert-{begun[0][0]}"
        (alert,) = await list_sent(store)
        assert {one.channel: one.state for one in alert.sendings} == {"ann": "unknown", "ops": "sent"}


async def test_a_mail_that_may_have_been_taken_is_not_sent_again(store: Store) -> None:
    """The server took it, and the line went before it said so. One that it refused is tried again."""
    async with desk(store) as it, mail_server() as box:
        await it.add("ann", mail(box.port))
        box.cut = True
        await it.fail(1, 1, EMAIL)
        await it.tell()
        box.cut = False
        await it.run("UPDATE alert_channel SET next_try_at = now()")
        await it.tell()
        assert len(box.taken) == 1
        box.answer = "451 later"
        await it.fail(2, 2, "the second thing")
        await it.tell()
        (shown,) = await list_channels(store)
        assert (shown.waiting, "451" in (shown.last_error or "")) == (1, True)
        assert shown.failing_since is not None
        box.answer = "250 OK"
        assert await it.tell() == 0
        assert len(box.taken) == 1, "it is not tried before its time"
        await it.run("UPDATE alert_channel SET next_try_at = now()")
        await it.tell()
        assert len(box.taken) == 2
        (shown,) = await list_channels(store)
        assert (shown.waiting, shown.failing_since, shown.last_error) == (0, None, None)


async def test_a_way_that_hangs_or_fails_keeps_no_other_waiting(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It backs off, longer each time, is shown, and no alert is made of that."""
    monkeypatch.setattr(ways, "TIMEOUT_S", 1.0)
    async with desk(store) as it, mail_server() as box, receiver() as broken, receiver() as hung:
        it.allowed += [f"127.0.0.1:{broken.port}", f"127.0.0.1:{hung.port}"]
        await it.add("ann", mail(box.port))
        await it.add("broken", WebhookTarget(url=broken.url, secret=SECRET))
        await it.add("hung", WebhookTarget(url=hung.url, secret=SECRET))
        await it.add("inside", WebhookTarget(url="http://127.0.0.1:8080/", secret=SECRET))
        broken.status, hung.hangs = 500, True
        await it.fail(1, 1, EMAIL)
        pauses = []
        for _ in range(3):
            await it.tell()
            shown = {one.name: one for one in await list_channels(store)}
            assert shown["broken"].next_try_at is not None
            pauses.append((shown["broken"].next_try_at - datetime.now(UTC)).total_seconds())
            await it.run("UPDATE alert_channel SET next_try_at = now()")
        assert len(box.taken) == 1
        assert pauses == sorted(pauses)
        assert pauses[0] <= 5 < pauses[1] <= 10 < pauses[2] <= 20
        assert {name for name, one in shown.items() if one.failing_since is not None} == {
            "broken",
            "hung",
            "inside",
        }
        assert "answered 500" in str(shown["broken"].last_error)
        assert "tieline outward allow 127.0.0.1:8080" in str(shown["inside"].last_error)
        assert len(await list_sent(store)) == 1
        broken.status = 204
        await it.tell()
        assert {headers["X-Tieline-Alert"] for headers, _ in broken.got} == {
            f"alert-{(await list_sent(store))[0].id}"
        }


async def test_what_nobody_takes_for_a_day_is_given_up(store: Store) -> None:
    """So that no queue grows for ever."""
    async with desk(store) as it, receiver() as hooks:
        it.allowed.append(f"127.0.0.1:{hooks.port}")
        await it.add("ops", WebhookTarget(url=hooks.url, secret=SECRET))
        hooks.status = 503
        await it.fail(1, 1, EMAIL)
        await it.tell()
        await it.run("UPDATE alert SET created_at = now() - interval '25 hours'")
        await it.run("UPDATE alert_channel SET next_try_at = now()")
        await it.tell()
        assert [one.sendings[0].state for one in await list_sent(store)] == ["given_up"]


async def test_trouble_is_told_when_it_lasts_and_so_is_its_end(store: Store) -> None:
    """A connection whose token is refused; each once, however many hubs look."""
    async with desk(store) as it, mail_server() as box:
        from tieline.store.directory import Credential

        await add_connection(
            store, it.vault, name="crm", connector="contacts_api", base_url="http://c", account="LOC",
            credential=Credential(token="t"),
        )  # fmt: skip
        await it.add("ann", mail(box.port))
        await it.run(
            "UPDATE lane SET held_until = 'infinity', held_state = 'revoked', held_why = 'the token was refused',"
            " held_since = now() - interval '5 minutes' WHERE id = (SELECT lane_id FROM connection)"
        )
        assert await it.tell() == 0, "it may pass by itself"
        await it.run(
            "UPDATE lane SET held_since = now() - interval '11 minutes' WHERE held_state IS NOT NULL"
        )
        await asyncio.gather(*(it.tell() for _ in range(3)))
        assert [str(one["Subject"]) for one in box.taken] == ["[Tieline] crm does not work: revoked"]
        await it.run("UPDATE lane SET held_until = now() - interval '1 second', held_state = NULL")
        await asyncio.gather(*(it.tell() for _ in range(3)))
        assert str(box.taken[1]["Subject"]) == "[Tieline] crm works again"
        assert len(box.taken) == 2


async def test_apprise_reaches_what_it_has_an_address_for_and_no_private_host_by_itself(store: Store) -> None:
    """Its json:// goes to a host of one's own, and is judged like any other."""
    async with desk(store) as it, receiver() as hooks:
        await it.add("chat", AppriseTarget(url=f"json://ann:planted-password@127.0.0.1:{hooks.port}/x"))
        await it.fail(1, 1, EMAIL)
        await it.tell()
        (shown,) = await list_channels(store)
        assert "is not allowed" in str(shown.last_error)
        assert hooks.got == []
        it.allowed.append(f"127.0.0.1:{hooks.port}")
        await it.run("UPDATE alert_channel SET next_try_at = now()")
        await it.tell()
        ((_, body),) = hooks.got
        assert "contacts.create" in json.loads(body)["title"]
        assert "planted" not in (await list_channels(store))[0].to


async def test_no_secret_of_a_channel_is_kept_in_plain(store: Store) -> None:
    """Nor shown; a replaced one is gone."""
    async with desk(store) as it:
        await it.add(
            "ops", WebhookTarget(url="https://hooks.example.com/planted-path?key=planted-key", secret=SECRET)
        )
        await it.add(
            "ann",
            MailTarget(
                to=("a@example.com",),
                sender="t@example.com",
                host="smtp",
                user="u",
                password="planted-password",
            ),
        )
        await it.add("chat", AppriseTarget(url="tgram://123456789:planted_token_abcdefghijklmnopq/12315544/"))
        assert places(await cells(store), ("planted",)) == {}
        assert "planted" not in str(await list_channels(store))
        assert await remove_channel(store, "ops")
        assert not await remove_channel(store, "ops")


@pytest.mark.parametrize(
    "target",
    [
        MailTarget(to=("nobody",), sender="t@example.com", host="smtp"),
        MailTarget(to=("a@example.com\r\nBcc: b@example.com",), sender="t@example.com", host="smtp"),
        MailTarget(to=("a@example.com",), sender="t@example.com", host="smtp:587"),
        MailTarget(to=("a@example.com",), sender="t@example.com", host="smtp", user="u"),
        MailTarget(
            to=("a@example.com",), sender="t@example.com", host="s", security="none", user="u", password="p"
        ),
        WebhookTarget(url="ftp://example.com/", secret=SECRET),
        AppriseTarget(url="nothing://at-all"),
    ],
)
async def test_a_target_that_cannot_be_reached_is_refused(store: Store, target: Target) -> None:
    """Before it is kept."""
    async with desk(store) as it:
        with pytest.raises(ConfigurationError):
            await it.add("one", target)
        assert await list_channels(store) == []


async def test_a_test_says_whether_it_arrived(store: Store) -> None:
    """At once, whatever failed before, and once alone."""
    async with desk(store) as it, mail_server() as box:
        assert await try_channel(store, "ann") is None
        await it.add("ann", mail(box.port))
        box.answer = "550 no"
        await try_channel(store, "ann")
        await it.tell()
        box.answer = "250 OK"
        await try_channel(store, "ann")
        await it.tell()
        assert [one.sendings[0].state for one in await list_sent(store)] == ["sent", "given_up"]
        assert [str(one["Subject"]) for one in box.taken] == ["[Tieline] Test of alerts"]


async def test_the_alerter_stops_when_it_is_told_to_and_goes_on_without_the_store(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A database that is away for a moment is no reason to end."""
    monkeypatch.setattr(alerter_module, "EVERY_S", 0.01)
    async with desk(store) as it, mail_server() as box:
        await it.add("ann", mail(box.port))
        looked = 0

        async def away(*given: Any, **named: Any) -> int:
            nonlocal looked
            looked += 1
            if looked < 3:
                raise OSError("away")
            return await notice(*given, **named)

        monkeypatch.setattr(alerter_module, "notice", away)
        task = asyncio.create_task(it.alerter().run())
        await it.fail(1, 1, EMAIL)
        async with asyncio.timeout(10):
            await box.arrived.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert looked >= 3


async def test_a_database_that_goes_while_an_alert_is_sent_ends_nothing(
    store: Store, database_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What came of that one cannot be written down; others are told of when the database is back."""
    monkeypatch.setattr(alerter_module, "EVERY_S", 0.01)
    database = conninfo_to_dict(store.url)["dbname"]
    name = sql.Identifier(str(database))
    async with (
        Store.open(store.url, acquire_timeout_s=0.2) as hasty,
        desk(hasty) as it,
        receiver() as hooks,
        await psycopg.AsyncConnection.connect(database_server, autocommit=True) as admin,
    ):

        async def away() -> None:
            hooks.before_answering = None
            await admin.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(name))
            await admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (database,)
            )
            asyncio.get_running_loop().call_later(1, back.set)

        back = asyncio.Event()
        hooks.before_answering = away
        it.allowed.append(f"127.0.0.1:{hooks.port}")
        await it.add("ops", WebhookTarget(url=hooks.url, secret=SECRET))
        await it.fail(1, 1, EMAIL)
        task = asyncio.create_task(it.alerter().run())
        try:
            async with asyncio.timeout(20):
                await back.wait()
                await admin.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true").format(name))
                assert not task.done()
                await replace(it, store=store).fail(2, 2, "the second thing")
                while len(hooks.got) < 2:
                    assert not task.done()
                    await asyncio.sleep(0.02)
        finally:
            await end([task])
