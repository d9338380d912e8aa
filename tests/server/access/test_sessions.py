"""Logging in and out, and what another site cannot do with somebody's cookies."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from statistics import median

import pytest

from tests.server.access.desk import PASSWORD, Browser, desk
from tieline.server.access.passwords import hash_password, verify_password
from tieline.server.access.sessions import IDLE, LIFE
from tieline.server.access.throttle import LIMITS, Throttled
from tieline.store.pool import Store

MINUTE = timedelta(minutes=1)
WRITE = ("PUT", "/api/audit/keeping", {"days": 100})


async def test_a_session_is_a_cookie_that_no_script_reads_and_no_other_site_sends(store: Store) -> None:
    """Beside it stands what pages of ours send back."""
    async with desk(store) as it:
        answer = await Browser(it).log_in("operator")
        assert (answer.status, answer.body["role"]) == (200, "operator")
        session, csrf = sorted(answer.cookies, reverse=True)
        assert session.startswith("tieline_session=")
        for attribute in ("HttpOnly", "SameSite=lax", "Path=/"):
            assert attribute.lower() in session.lower()
        assert "secure" not in session.lower()
        assert csrf.startswith(f"tieline_csrf={answer.body['csrf']}")
        assert "httponly" not in csrf.lower()
        ((kept,),) = await it.rows("SELECT session::text FROM session")
        assert session.partition("=")[2].partition(";")[0] not in kept


async def test_over_https_no_cookie_goes_over_the_open_wire(store: Store) -> None:
    """And none that another host set is taken."""
    async with desk(store, public_url="https://hub.example.com") as it:
        browser = Browser(it)
        answer = await browser.log_in()
        assert all("; secure" in line.lower() for line in answer.cookies)
        assert "__Host-tieline_session" in browser.jar
        assert (await browser.ask("GET", "/api/status")).status == 200
        assert "max-age" in answer.headers["Strict-Transport-Security"]
        browser.jar["tieline_session"] = browser.jar.pop("__Host-tieline_session")
        assert (await browser.ask("GET", "/api/status")).status == 401


@pytest.mark.parametrize(
    ("name", "password"), [("admin", "wrong password"), ("nobody", PASSWORD), ("Admin", PASSWORD)]
)
async def test_a_wrong_name_and_a_wrong_password_are_one_answer(
    store: Store, name: str, password: str
) -> None:
    """Nobody learns who there is."""
    async with desk(store) as it:
        answer = await Browser(it).log_in(name, password)
        assert (answer.status, answer.cookies) == (401, [])
        assert answer.body["detail"] == "there is no such user with this password"


async def test_a_user_that_there_is_not_takes_as_long() -> None:
    """The same work is done; a shortcut would be a thousand times faster."""
    stored = await hash_password(PASSWORD)
    spent: dict[str, list[float]] = {"known": [], "unknown": []}
    await verify_password(None, "warm up")
    for _ in range(5):
        for who, given in (("known", stored), ("unknown", None)):
            began = time.perf_counter()
            assert not await verify_password(given, "wrong password")
            spent[who].append(time.perf_counter() - began)
    assert median(spent["unknown"]) > median(spent["known"]) / 4


async def test_a_session_that_somebody_planted_is_never_the_one_that_logs_in(store: Store) -> None:
    """The secret is a new one at each login, and the one before ends."""
    async with desk(store) as it:
        browser = Browser(it, jar={"tieline_session": "planted-by-somebody-else"})
        await browser.log_in()
        first = dict(browser.jar)
        assert first["tieline_session"] != "planted-by-somebody-else"
        assert (
            await it.ask("GET", "/api/status", Cookie="tieline_session=planted-by-somebody-else")
        ).status == 401
        await browser.log_in()
        assert browser.jar["tieline_session"] != first["tieline_session"]
        assert (await Browser(it, jar=first).ask("GET", "/api/status")).status == 401
        assert (await browser.ask("GET", "/api/status")).status == 200


async def test_a_session_ends_when_it_is_not_used_and_in_any_case(store: Store) -> None:
    """By the clock."""
    async with desk(store) as it:
        idle, busy = Browser(it), Browser(it)
        for browser in (idle, busy):
            await browser.log_in("viewer")
        began = it.clock.now
        while it.clock.now - began < LIFE - IDLE:
            it.clock.move(IDLE - MINUTE)
            assert (await busy.ask("GET", "/api/status")).status == 200
        assert (await idle.ask("GET", "/api/status")).status == 401
        it.clock.now = began + LIFE
        assert (await busy.ask("GET", "/api/status")).status == 401


async def test_an_unused_session_ends_to_the_hour(store: Store) -> None:
    """Not a moment earlier."""
    async with desk(store) as it:
        browser = Browser(it)
        await browser.log_in("viewer")
        it.clock.move(IDLE - timedelta(seconds=1))
        assert (await browser.ask("GET", "/api/status")).status == 200
        it.clock.move(IDLE)
        assert (await browser.ask("GET", "/api/status")).status == 401


async def test_a_write_by_cookie_needs_what_another_site_cannot_know(store: Store) -> None:
    """Nothing, something made up, and another session's are all refused; a program's token needs none."""
    async with desk(store) as it:
        browser, other = Browser(it), Browser(it)
        await browser.log_in()
        await other.log_in("operator")
        own = browser.csrf
        for forged in (None, "", "0" * 32, other.csrf):
            browser.csrf = forged
            answer = await browser.ask(*WRITE)
            assert (answer.status, answer.body["needs"]) == (403, "X-CSRF-Token")
            assert (await browser.ask("GET", "/api/audit/keeping")).body == {"days": 730}
        browser.csrf = own
        assert (await browser.ask(*WRITE)).status == 200
        assert (await it.ask(*WRITE, **await it.bearer("audit:write"))).status == 200


async def test_a_form_of_another_site_cannot_log_anybody_in(store: Store) -> None:
    """Only JSON is taken, which such a form cannot send."""
    async with desk(store) as it:
        body = {"name": "admin", "password": PASSWORD}
        answer = await it.ask("POST", "/api/session", body, **{"Content-Type": "text/plain"})
        assert (answer.status, answer.cookies) == (415, [])


async def test_whoever_logs_out_is_out(store: Store) -> None:
    """Also for somebody who kept the cookie."""
    async with desk(store) as it:
        browser = Browser(it)
        await browser.log_in()
        kept = dict(browser.jar)
        assert (await browser.ask("DELETE", "/api/session")).status == 200
        assert browser.jar == {}
        assert (await Browser(it, jar=kept).ask("GET", "/api/status")).status == 401


async def test_another_password_role_or_nobody_at_all_ends_every_session(store: Store) -> None:
    """At once."""
    async with desk(store) as it:
        browsers = {name: Browser(it) for name in ("admin", "operator", "viewer")}
        for name, browser in browsers.items():
            assert (await browser.log_in(name)).status == 200
        own = {"current": PASSWORD, "new": "another password"}
        assert (
            await browsers["viewer"].ask("PUT", "/api/session/password", {**own, "current": "no"})
        ).status == 403
        kept = dict(browsers["viewer"].jar)
        assert (await browsers["viewer"].ask("PUT", "/api/session/password", own)).status == 200
        assert (await Browser(it, jar=kept).ask("GET", "/api/status")).status == 401
        assert (await browsers["viewer"].log_in("viewer")).status == 401
        assert (await browsers["viewer"].log_in("viewer", "another password")).status == 200
        assert (await browsers["admin"].ask("PATCH", "/api/users/operator", {"role": "viewer"})).status == 200
        assert (await browsers["operator"].ask("GET", "/api/status")).status == 401
        assert (await browsers["admin"].ask("DELETE", "/api/users/viewer")).status == 200
        assert (await browsers["viewer"].ask("GET", "/api/status")).status == 401
        assert (await browsers["admin"].ask("DELETE", "/api/users/admin")).status == 400


async def test_wrong_tries_make_pauses_that_double_and_end(store: Store) -> None:
    """By user; the right password is no way past a pause, and clears the count after it."""
    async with desk(store) as it:
        for _ in range(LIMITS["user"].allowed):
            assert (await Browser(it).log_in("admin", "wrong password")).status == 401
        pauses = []
        for _ in range(5):
            answer = await Browser(it).log_in()
            assert answer.status == 429
            pauses.append(int(answer.headers["Retry-After"]))
            it.clock.move(timedelta(seconds=pauses[-1]))
            assert (await Browser(it).log_in("admin", "wrong password")).status == 401
        assert pauses == [1, 2, 4, 8, 16]
        it.clock.move(timedelta(seconds=32))
        assert (await Browser(it).log_in()).status == 200
        assert (await Browser(it).log_in("admin", "wrong password")).status == 401
        assert (await Browser(it).log_in()).status == 200


async def test_strangers_cannot_lock_a_user_out_for_good(store: Store) -> None:
    """However many they are, the pause has an end; and whoever is at the machine ends it at once."""
    async with desk(store) as it:
        longest = timedelta(seconds=LIMITS["user"].longest_s)
        pause = 0.0
        for number in range(20):
            try:
                await it.sessions.open("admin", "wrong password", f"203.0.113.{number}")
            except Throttled as error:
                pause = max(pause, error.wait_s)
            it.clock.move(timedelta(seconds=pause))
        assert 0 < pause <= longest.total_seconds()
        it.clock.move(longest)
        assert await it.sessions.open("admin", PASSWORD, "198.51.100.9") is not None


async def test_one_address_cannot_try_many_users(store: Store) -> None:
    """While another address logs in as ever; whoever logs in rightly is not counted."""
    async with desk(store) as it:
        limit = LIMITS["address"]
        for number in range(limit.allowed):
            assert await it.sessions.open(f"user{number}", "wrong password", "203.0.113.7") is None
            assert await it.sessions.open("viewer", PASSWORD, "198.51.100.9") is not None
        with pytest.raises(Throttled):
            await it.sessions.open("viewer", PASSWORD, "203.0.113.7")
        assert await it.sessions.open("viewer", PASSWORD, "198.51.100.9") is not None


async def test_a_whole_network_of_version_6_is_one_address(store: Store) -> None:
    """A person has 2⁶⁴ of them."""
    async with desk(store) as it:
        for number in range(LIMITS["address"].allowed):
            assert await it.sessions.open(f"user{number}", "wrong password", f"2001:db8::{number:x}") is None
        with pytest.raises(Throttled):
            await it.sessions.open("viewer", PASSWORD, "2001:db8::ffff")


async def test_tries_at_once_count_as_many(store: Store) -> None:
    """Each is counted before the password is looked at."""
    async with desk(store) as it:
        tries = LIMITS["user"].allowed + 6
        answers = await asyncio.gather(*(Browser(it).log_in("admin", "wrong password") for _ in range(tries)))
        assert sorted(one.status for one in answers) == [401] * LIMITS["user"].allowed + [429] * 6
