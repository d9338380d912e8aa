"""Who did what: with the deed or not at all, without secrets, and never otherwise afterwards."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from litestar.handlers import HTTPRouteHandler
from psycopg.errors import RestrictViolation

from tests.server.access.desk import PASSWORD, Browser, Desk, desk
from tests.server.access.test_guard import routes
from tieline.errors import ConfigurationError
from tieline.server.access.audit import Wanted, forget_old, keep_days, list_entries, statement
from tieline.server.access.keeping import tidy
from tieline.server.accounts.authorize import NewApp, save_app
from tieline.server.accounts.connections import NewConnection, save_connection
from tieline.server.accounts.rotation import change_secret, change_token
from tieline.server.app import make_api
from tieline.store.audit import HUB, Actor, acting_as, differing, note
from tieline.store.directory import Credential
from tieline.store.pool import Store

ANN = Actor(kind="user", name="ann", address="203.0.113.7")
ITEM = {"connection": "calls", "person": "+12015550177", "kind": "note", "body": "Call Bo back at 555-0188"}

Call = tuple[str, str, Any]


async def _calls(it: Desk) -> dict[str, list[Call]]:
    """Operation → what to ask, in turn, so that each of them changes something."""
    item = (await it.ask("POST", "/api/items", ITEM, **await it.bearer("items:write", name="maker"))).body[
        "id"
    ]
    await it.tokens.add("old", ("items:read",), life=None)
    return {
        "items.add": [("POST", "/api/items", ITEM)],
        "items.change": [("PUT", f"/api/items/{item}", {"body": "Called Bo"})],
        "items.remove": [("DELETE", f"/api/items/{item}", None)],
        "syncs.runs.do": [
            ("POST", "/api/syncs/main/backfill", {"do": "start"}),
            ("POST", "/api/syncs/main/backfill", {"do": "pause"}),
            ("POST", "/api/syncs/main/backfill", {"do": "resume"}),
            ("POST", "/api/syncs/main/backfill", {"do": "cancel"}),
        ],
        "users.add": [("POST", "/api/users", {"name": "bo", "role": "viewer", "password": PASSWORD})],
        "users.change": [
            ("PATCH", "/api/users/bo", {"role": "operator"}), ("PATCH", "/api/users/bo", {"password": "another one"}),
        ],
        "users.remove": [("DELETE", "/api/users/bo", None)],
        "tokens.add": [("POST", "/api/tokens", {"name": "new", "scopes": ["items:read"]})],
        "tokens.revoke": [("DELETE", "/api/tokens/old", None)],
        "alerts.channels.add": [("POST", "/api/alerts/channels", {"name": "ops", "target": {
            "kind": "webhook", "url": "https://hooks.example.com/x", "secret": PASSWORD * 2}})],
        "alerts.channels.test": [("POST", "/api/alerts/channels/ops/test", None)],
        "alerts.channels.remove": [("DELETE", "/api/alerts/channels/ops", None)],
        "outward.allow": [("POST", "/api/outward", {"entry": "10.1.2.0/24", "reason": "our own office"})],
        "outward.deny": [("DELETE", "/api/outward?entry=10.1.2.0/24", None)],
        "audit.keep": [("PUT", "/api/audit/keeping", {"days": 100})],
        "session.open": [("POST", "/api/session", {"name": "viewer", "password": PASSWORD})],
        "session.password": [("PUT", "/api/session/password", {"current": PASSWORD, "new": "another password"})],
        "session.close": [("DELETE", "/api/session", None)],
    }  # fmt: skip


#: Their changes need a person with a history or a question: shown by the tests named.
ELSEWHERE = {
    "people.undo": "tests/server/test_people_api.py",
    "people.erase": "tests/server/test_erase.py",
    "conflicts.settle": "tests/server/test_conflicts.py",
    **dict.fromkeys(
        ("errors.retry", "errors.ignore", "errors.heed", "errors.replay.begin", "errors.replay.control"),
        "tests/server/trouble/test_errors.py",
    ),
    # It looks, and changes nothing.
    "errors.replay.preview": "tests/server/trouble/test_errors.py",
}


async def test_every_route_that_changes_something_is_written_down(store: Store) -> None:
    """With who, from where and what; a new route that is not tried here fails this."""
    async with desk(store) as it:
        handlers: dict[str, HTTPRouteHandler] = {
            str(handler.operation_id): handler
            for method, _, handler in routes(make_api(it.hub))
            if method not in ("GET", "HEAD")
        }
        calls = await _calls(it)
        missing = handlers.keys() - calls.keys() - ELSEWHERE.keys()
        assert missing == set(), "say here how it is asked, and what it leaves in the audit log"
        admin = Browser(it)
        await admin.log_in()
        for operation, wanted in calls.items():
            for method, path, body in wanted:
                if operation == "session.close":
                    await admin.log_in(password="another password")
                before = (await list_entries(store, Wanted(), limit=1)).entries[0].id
                answer = await admin.ask(method, path, body)
                assert answer.status < 300, (operation, answer.body)
                found = (await list_entries(store, Wanted(), limit=10)).entries
                new = [one for one in found if one.id > before]
                assert new, f"{operation} left nothing"
                who = "viewer" if operation == "session.open" else "admin"
                assert {(one.actor_kind, one.actor, one.address) for one in new} == {
                    ("user", who, "127.0.0.1")
                }
                if operation == "session.open":
                    await admin.log_in()
        kept = msgspec.json.encode((await list_entries(store, Wanted(), limit=1000)).entries)
        for secret in (
            PASSWORD,
            "another password",
            "another one",
            "Bo back",
            "Called Bo",
            "5550177",
            "555-0188",
        ):
            assert secret.encode() not in kept


async def test_what_changed_stands_beside_what_was(store: Store) -> None:
    """Of a connection, with every secret left out: its token, its settings' and its webhooks'."""
    async with desk(store) as it:
        secrets = (
            "tok-1-secret",
            "tok-2-secret",
            "hook-1-secret",
            "hook-2-secret",
            "header-secret",
            "client-secret",
        )

        def wanted(token: str, **settings: Any) -> NewConnection:
            return NewConnection(
                name="third", connector="nimbata", base_url="https://api.example", account="acc",
                credential=Credential(token=token, webhook_secrets={"url_key": "hook-1-secret"}),
                settings={"auth": {"extra_headers": {"X-Own": "header-secret"}}, **settings},
            )  # fmt: skip

        with acting_as(ANN):
            await save_connection(store, it.hub.vault, wanted("tok-1-secret", mode="derived"))
            await save_connection(store, it.hub.vault, wanted("tok-2-secret", mode="native"))
            await change_token(store, it.hub.vault, "third", "tok-1-secret")
            await change_secret(store, it.hub.vault, "third", "url_key", "hook-2-secret")
            await save_app(store, it.hub.vault, NewApp(
                name="agency", base_url="https://api.example", install_url="https://m.example/x", client_id="c",
                client_secret="client-secret", webhook_keys=("PEM",),
            ))  # fmt: skip
        page = await list_entries(store, Wanted(actor="ann"))
        told = [(one.action, one.subject) for one in reversed(page.entries)]
        assert told == [
            ("connections.add", "third"), ("connections.change", "third"), ("connections.token", "third"),
            ("connections.secret", "third"), ("apps.add", "agency"),
        ]  # fmt: skip
        change = page.entries[3]
        assert change.before == {"mode": "derived"}
        assert change.after == {"mode": "native", "credential_changed": True}
        kept = msgspec.json.encode(page).decode()
        assert [one for one in secrets if one in kept] == []


async def test_a_deed_that_was_taken_back_leaves_nothing(store: Store) -> None:
    """It is one commit."""

    async def fails() -> None:
        async with store.transaction() as db:
            await note(db, "syncs.add", "x")
            raise ConfigurationError("no")

    with pytest.raises(ConfigurationError):
        await fails()
    assert (await list_entries(store, Wanted())).entries == ()


async def _as_role(store: Store, role: str, statement_: str) -> None:
    async with store.transaction() as db:
        await db.execute(f"SET LOCAL session_replication_role = {role}".encode())
        await db.execute(statement_.encode())


@pytest.mark.parametrize(
    "statement_",
    ["UPDATE audit_entry SET actor = 'somebody else'", "DELETE FROM audit_entry", "TRUNCATE audit_entry"],
)
async def test_the_log_is_only_added_to(store: Store, statement_: str) -> None:
    """The database refuses the rest, also to its owner, and as a replica would write."""
    async with store.transaction() as db:
        await note(db, "syncs.add", "x")
    for role in ("origin", "replica"):
        with pytest.raises(RestrictViolation, match="only added to"):
            await _as_role(store, role, statement_)
    (entry,) = (await list_entries(store, Wanted())).entries
    assert (entry.actor_kind, entry.actor, entry.address) == (HUB.kind, HUB.name, None)


async def test_old_entries_go_when_their_time_is_over(store: Store) -> None:
    """By the setting, which is itself written down; a shorter time than a month is refused."""
    async with store.transaction() as db:
        for days in (10, 50, 800):
            await db.execute(
                "INSERT INTO audit_entry (at, actor_kind, actor, action, subject)"
                " VALUES (now() - make_interval(days => %s), 'hub', 'hub', 'x', %s)",
                (days, str(days)),
            )
    assert await forget_old(store) == 1
    with pytest.raises(ConfigurationError, match="30 to"):
        await keep_days(store, 29)
    await keep_days(store, 40)
    await tidy(store, lambda: datetime.now(UTC))
    entries = (await list_entries(store, Wanted())).entries
    assert [(one.action, one.subject) for one in entries] == [("audit.keep", "audit"), ("x", "10")]
    assert (entries[0].before, entries[0].after) == ({"days": 730}, {"days": 40})


async def test_pages_go_on_where_the_last_one_ended(store: Store) -> None:
    """Whatever is written meanwhile, and for each filter."""
    for number in range(7):
        async with store.transaction() as db:
            with acting_as(ANN if number % 2 else HUB):
                await note(db, "items.add" if number < 5 else "items.remove", f"i{number}")
    seen: list[str] = []
    before = None
    while True:
        page = await list_entries(store, Wanted(before=before), limit=3)
        seen += [one.subject for one in page.entries]
        async with store.transaction() as db:
            await note(db, "items.add", "later")
        if (before := page.before) is None:
            break
    assert seen == [f"i{number}" for number in reversed(range(7))]
    for wanted, found in (
        (Wanted(actor="ann"), ["i5", "i3", "i1"]), (Wanted(action="items.remove"), ["i6", "i5"]),
        (Wanted(actor="ann", action="items.remove"), ["i5"]), (Wanted(subject="i2"), ["i2"]),
        (Wanted(until=datetime(2020, 1, 1, tzinfo=UTC)), []),
    ):  # fmt: skip
        assert [one.subject for one in (await list_entries(store, wanted)).entries] == found
    assert len((await list_entries(store, Wanted(since=datetime(2020, 1, 1, tzinfo=UTC)))).entries) == 10


NOW = datetime(2026, 11, 2, tzinfo=UTC)
HOT: dict[str, dict[str, Any]] = {
    "load_session": {"digest": b"k", "now": NOW, "idle_since": NOW},
    "touch_session": {"digest": b"k", "now": NOW},
    "load_token": {"digest": b"k", "now": NOW},
    "touch_token": {"id": 7, "now": NOW},
    "try_login": {
        "kind": "user", "key": b"k", "now": NOW, "forgotten": NOW, "allowed": 5, "longest_s": 300.0,
    },
    "load_login_wait": {"kind": "user", "key": b"k"},
    "forget_audit": {},
}  # fmt: skip
FILL = """
INSERT INTO account_user (name, role, password, created_at, password_at)
    SELECT 'u' || n, 'viewer', '', now(), now() FROM generate_series(1, 2000) AS n;
INSERT INTO session SELECT int8send(n), n % 2000 + 1, NULL, now(), now(), now() FROM generate_series(1, 20000) AS n;
INSERT INTO api_token (name, digest, prefix, scopes, created_by, created_at)
    SELECT 't' || n, int8send(n), 'tl_', '{}', 'u', now() FROM generate_series(1, 20000) AS n;
INSERT INTO login_attempt SELECT 'user', int8send(n), 1, now(), now() FROM generate_series(1, 20000) AS n;
INSERT INTO audit_entry (at, actor_kind, actor, action, subject)
    SELECT now() - make_interval(mins => 40000 - n), 'user', 'u' || n % 500, 'a' || n % 50, 's' || n
    FROM generate_series(1, 40000) AS n
"""


async def test_no_hot_query_reads_a_large_table_through(store: Store) -> None:
    """Each request asks for a session or token; each page of the log has its filter's index."""
    from tieline.store.queries import query

    async with store.transaction() as db:
        for part in FILL.split(";\n"):
            await db.execute(part.encode())
    async with store.connection() as db:
        await db.set_autocommit(True)
        await db.execute("VACUUM ANALYZE")
        await db.set_autocommit(False)
    filters = (
        Wanted(), Wanted(actor="u3"), Wanted(action="a3"), Wanted(subject="s3"), Wanted(since=datetime.now(UTC)),
        Wanted(actor="u3", before=30_000), Wanted(subject="s3", action="a3"),
    )  # fmt: skip
    asked = [(query(name), given) for name, given in HOT.items()]
    asked += [(statement(one).encode(), {**msgspec.structs.asdict(one), "limit": 101}) for one in filters]
    async with store.transaction() as db:
        for sql, given in asked:
            rows = await db.execute(b"EXPLAIN " + sql, given)
            plan = "\n".join(row[0] for row in await rows.fetchall())
            for table in ("session", "api_token", "login_attempt", "audit_entry", "account_user"):
                assert f"Seq Scan on {table}" not in plan, f"{sql!r}\n{plan}"


def test_only_what_differs_is_kept_and_no_secret_however_deep() -> None:
    """But which kind of proof a webhook has is no secret."""
    before = {"a": 1, "b": {"token": "s"}, "auth": [{"type": "none"}, {"key": "s"}], "same": [1]}
    after = {"a": 2, "c": "Bearer abcdefgh", "b": {"token": "t"}, "auth": [{"type": "hmac"}], "same": [1]}
    was, is_ = differing(before, after)
    hidden = "[redacted]"
    assert was == {"a": 1, "b": {"token": hidden}, "auth": [{"type": "none"}, {"key": hidden}]}
    assert is_ == {"a": 2, "c": f"Bearer {hidden}", "b": {"token": hidden}, "auth": [{"type": "hmac"}]}
