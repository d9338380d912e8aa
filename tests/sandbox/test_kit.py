"""Limits, faults, webhooks, audit and control: what both sides of the sandbox share."""

from __future__ import annotations

import asyncio
import base64
import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from hypothesis import given
from hypothesis import strategies as st

from tests.sandbox.crm import Crm, crm
from tieline.sandbox.faults import FaultError, Faults, Params, Rule, load_rules, read_rules
from tieline.sandbox.limits import Limit, Limiter


@given(
    gaps=st.lists(st.floats(0, 4), max_size=120),
    calls=st.integers(1, 9),
    window_s=st.sampled_from([1.0, 10.0]),
)
def test_no_window_ever_holds_more_than_the_limit(gaps: list[float], calls: int, window_s: float) -> None:
    """Sliding, not fixed: also across its borders; refused calls do not count."""
    now = 0.0
    limiter = Limiter(Limit(calls=calls, window_s=window_s), lambda: now)
    taken: list[float] = []
    for gap in gaps:
        now += gap
        verdict = limiter.take("token")
        inside = [at for at in taken if at > now - window_s]
        assert verdict.allowed == (len(inside) < calls)
        if verdict.allowed:
            taken.append(now)


async def test_the_headers_count_down_and_the_rest_is_429() -> None:
    """A sandbox account has 25 in ten seconds, each location its own."""
    async with crm(limits="sandbox") as api:
        seen = []
        for _ in range(27):
            status, _ = await api.ask("GET", f"/locations/{api.location}")
            seen.append(status)
        assert seen == [200] * 25 + [429] * 2
        url = f"{api.told['base_url']}/locations/{api.told['locations'][1]['id']}"
        headers = {"Authorization": f"Bearer {api.told['token']}", "Version": "2021-07-28"}
        async with api.http.get(url, headers=headers) as answer:
            assert answer.headers["X-RateLimit-Max"] == "25"
            assert answer.headers["X-RateLimit-Remaining"] == "24"
            assert answer.headers["X-RateLimit-Interval-Milliseconds"] == "10000"
            assert answer.headers["X-RateLimit-Limit-Daily"] == "10000"
            assert answer.headers["X-RateLimit-Daily-Remaining"] == "9999"
        await api.control("POST", "/clock", {"advance_s": 10.1})
        assert (await api.ask("GET", f"/locations/{api.location}"))[0] == 200
        _, summary = await api.control("GET", "/audit/summary")
        assert sum(summary["limited_by_token"].values()) == 2


async def creates(api: Crm, kind: str, **params: Any) -> tuple[Any, int, dict[str, Any]]:
    """What one create under that fault answers, how many contacts there are then, and the audit's last call."""
    rule = {"kind": kind, "operation": "contacts.create", "count": 1, "params": params}
    assert (await api.control("POST", "/faults", rule))[0] == 200
    try:
        answer: Any = await api.ask("POST", "/contacts/", {"locationId": api.location, "firstName": "Ada"})
    except aiohttp.ClientError as error:
        answer = error
    _, state = await api.control("GET", "/state")
    _, calls = await api.control("GET", "/audit")
    return answer, len(state["locations"][api.location]["contacts"]), calls[-1]


@pytest.mark.parametrize(("kind", "status"), [("500", 500), ("502", 502), ("503", 503), ("429_bare", 429)])
async def test_a_failing_status_took_no_effect(kind: str, status: int) -> None:
    """And once its count is used up, all is well again."""
    async with crm() as api:
        (got, _), contacts, call = await creates(api, kind)
        assert (got, contacts, call["fault"], call["status"]) == (status, 0, kind, status)
        await api.create(firstName="Ada")


async def test_a_429_says_when_to_come_again() -> None:
    """In Retry-After, as long as the rule says."""
    async with crm() as api:
        rule = {"kind": "429", "operation": "locations.get", "params": {"retry_after_s": 3}}
        await api.control("POST", "/faults", rule)
        url = f"{api.told['base_url']}/locations/{api.location}"
        headers = {"Authorization": f"Bearer {api.told['token']}", "Version": "2021-07-28"}
        async with api.http.get(url, headers=headers) as answer:
            assert (answer.status, answer.headers["Retry-After"]) == (429, "3")


async def test_a_connection_cut_before_took_no_effect_and_one_cut_after_did() -> None:
    """The client sees the same either way."""
    async with crm() as api:
        error, contacts, call = await creates(api, "cut_before")
        assert isinstance(error, aiohttp.ClientError)
        assert (contacts, call.get("effect", False)) == (0, False)
        error, contacts, call = await creates(api, "cut_after")
        assert isinstance(error, aiohttp.ClientError)
        assert (contacts, call["effect"], call["fault"]) == (1, True, "cut_after")


async def test_a_422_may_hide_a_contact_that_was_made() -> None:
    """The vendor's issue 64."""
    async with crm() as api:
        (status, _), contacts, _ = await creates(api, "created_422")
        assert (status, contacts) == (422, 1)


def test_shares_and_counts_of_a_rule_are_kept() -> None:
    """A share is drawn, a count is an upper bound, webhook faults never befall calls."""
    faults = Faults(Random(1))
    faults.add(
        [Rule(kind="500", share=0.2), Rule(kind="503", operation="notes.*", count=3), Rule(kind="drop")]
    )
    picked = Counter(
        rule.kind if (rule := faults.pick("contacts", "notes.create")) else None for _ in range(2000)
    )
    assert 300 < picked["500"] < 500
    assert picked["503"] == 3
    assert picked["drop"] == 0
    assert faults.fired["500"] == picked["500"]
    again = faults.pick("contacts", "NoteCreate", webhook=True)
    assert again is not None
    assert again.kind == "drop"


@pytest.mark.parametrize(
    "given_",
    [{"kind": "501"}, {"kind": "500", "share": 2}, {"king": "500"}, 3, [{"kind": "500", "params": {"x": 1}}]],
)
def test_a_rule_that_cannot_be_understood_is_told(given_: Any, tmp_path: Path) -> None:
    """Whether it comes by the API or from a file."""
    with pytest.raises(FaultError):
        read_rules(given_)
    file = tmp_path / "faults.yaml"
    file.write_text(json.dumps(given_))
    with pytest.raises(FaultError):
        load_rules(file)


@asynccontextmanager
async def receiver(*answers: int) -> AsyncIterator[tuple[str, list[tuple[dict[str, str], bytes]]]]:
    """Somewhere webhooks go; answers with these statuses in turn, then 200."""
    seen: list[tuple[dict[str, str], bytes]] = []
    statuses = list(answers)

    async def take(request: web.BaseRequest) -> web.Response:
        seen.append((dict(request.headers), await request.read()))
        return web.Response(status=statuses.pop(0) if statuses else 200)

    runner = web.ServerRunner(web.Server(take, access_log=None), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/hook", seen
    finally:
        await runner.cleanup()


async def until(seen: list[Any], count: int) -> None:
    """Wait for that many."""
    async with asyncio.timeout(8):
        while len(seen) < count:  # noqa: ASYNC110 - the receiver tells nobody
            await asyncio.sleep(0.01)


async def test_a_change_is_told_with_the_whole_record_and_signed() -> None:
    """Ed25519 over the raw body; fields at the top level; ids in header and body."""
    async with crm() as api, receiver() as (url, seen):
        await api.control("POST", "/webhooks", {"url": url})
        made = await api.create(firstName="Ada", phone="+15125550123", tags=["vip"])
        await api.ask("POST", f"/contacts/{made['id']}/notes", {"body": "hello", "title": "secret"})
        await until(seen, 2)
        events = {json.loads(body)["type"]: (headers, body) for headers, body in seen}
        key = load_pem_public_key(api.told["webhook_public_key"].encode())
        assert isinstance(key, Ed25519PublicKey)
        for headers, body in events.values():
            key.verify(base64.b64decode(headers["X-GHL-Signature"]), body)
        told = json.loads(events["ContactCreate"][1])
        assert (told["id"], told["locationId"], told["tags"]) == (made["id"], api.location, ["vip"])
        assert told["webhookId"] == events["ContactCreate"][0]["deliveryId"]
        note = json.loads(events["NoteCreate"][1])
        assert (note["body"], note["contactId"], "title" in note) == ("hello", made["id"], False)


@pytest.mark.parametrize(("rule", "status", "deliveries"), [
    ("only_429", 429, 3), ("only_429", 503, 1), ("any_non_2xx", 503, 3), ("never", 429, 1),
])  # fmt: skip
async def test_a_delivery_is_repeated_by_the_vendors_rule(rule: str, status: int, deliveries: int) -> None:
    """Under the same delivery id each time."""
    options = {"webhook_retry": rule, "webhook_retry_delays_s": (0.02, 0.02)}
    async with crm(**options) as api, receiver(status, status, status) as (url, seen):
        await api.control("POST", "/webhooks", {"url": url, "events": ["ContactCreate"]})
        await api.create(firstName="Ada")
        await until(seen, deliveries)
        await asyncio.sleep(0.2)
        assert len(seen) == deliveries
        assert len({headers["deliveryId"] for headers, _ in seen}) == 1


async def test_webhooks_double_lag_swap_and_vanish_by_rule() -> None:
    """Each told in the audit."""
    async with crm() as api, receiver() as (url, seen):
        await api.control("POST", "/webhooks", {"url": url, "events": ["ContactCreate"]})
        for rule in (
            {"kind": "drop", "count": 1},
            {"kind": "duplicate", "count": 1, "params": {"copies": 3}},
            {"kind": "late", "count": 1, "params": {"delay_s": 0.3}},
            {"kind": "reorder", "count": 1, "params": {"delay_s": 2}},
        ):
            await api.control("POST", "/faults", rule)
            await api.create(firstName=str(rule["kind"]))
        await api.create(firstName="plain")
        await until(seen, 3 + 1 + 1 + 1)
        names = [json.loads(body)["firstName"] for _, body in seen]
        assert Counter(names) == {"duplicate": 3, "late": 1, "reorder": 1, "plain": 1}
        assert names.index("plain") < names.index("reorder")
        assert names[-1] == "late"
        _, deliveries = await api.control("GET", "/deliveries")
        assert [one.get("faults", []) for one in deliveries] == [
            ["drop"],
            ["duplicate"],
            ["late"],
            ["reorder"],
            [],
        ]


async def test_control_lists_what_it_offers_and_refuses_what_it_does_not_know() -> None:
    """Bad input is 400 with a reason, an unknown call 404 with a hint."""
    async with crm() as api:
        _, offers = await api.control("GET", "")
        assert {"reset", "clock", "faults", "webhooks", "emit", "audit"} <= {
            one["path"].split("/")[2] for one in offers if one["path"].count("/") > 1
        }
        assert (await api.control("GET", "/nope"))[0] == 404
        for path, body in (
            ("/emit", {"kind": "nonsense"}),
            ("/emit", {"kind": "contact.update", "id": "nobody"}),
            ("/webhooks", {"url": "ftp://x"}),
            ("/webhooks", {"url": "http://x", "location": "nowhere"}),
            ("/faults", {"kind": "x"}),
        ):
            status, answer = await api.control("POST", path, body)
            assert (status, bool(answer["error"])) == (400, True), path


async def test_a_search_is_no_write_though_it_is_posted() -> None:
    """The audit tells apart what was there to change something."""
    async with crm() as far:
        await far.create(phone="+12015550123")
        await far.search()
        written = (await far.control("GET", "/audit?writes=1"))[1]
        assert [one["operation"] for one in written] == ["contacts.create"]
        assert len((await far.control("GET", "/audit"))[1]) == 2


async def test_a_reset_brings_the_beginning_back() -> None:
    """The same tokens and locations, no records; the same people come again."""
    async with crm() as api:
        before = api.sandbox.describe()
        await api.create(firstName="Ada")
        await api.control("POST", "/reset")
        assert api.sandbox.describe() == before
        _, state = await api.control("GET", "/state")
        assert state["locations"][api.location]["contacts"] == []
        _, summary = await api.control("GET", "/audit/summary")
        assert summary["requests"] == 0


async def test_somebody_who_works_in_the_crm_is_told_like_any_change() -> None:
    """Update, tags, note, delete; a merge is announced by nobody."""
    async with crm() as api, receiver() as (url, seen):
        one, other = await api.create(firstName="Ada"), await api.create(firstName="Grace")
        await api.control("POST", "/webhooks", {"url": url})
        for wanted in (
            {"kind": "contact.update", "id": one["id"], "fields": {"city": "London"}},
            {"kind": "tag.add", "id": one["id"], "tags": ["vip"]},
            {"kind": "note.create", "id": one["id"], "body": "hi"},
            {"kind": "contact.merge", "id": one["id"], "other": other["id"]},
            {"kind": "contact.delete", "id": one["id"]},
        ):
            assert (await api.control("POST", "/emit", wanted))[0] == 200, wanted
        await until(seen, 4)
        kinds = [json.loads(body)["type"] for _, body in seen]
        assert Counter(kinds) == Counter(["ContactUpdate", "ContactTagUpdate", "NoteCreate", "ContactDelete"])
        assert (await api.ask("GET", f"/contacts/{other['id']}"))[0] == 400


def test_params_have_defaults_that_do_something() -> None:
    """A rule without parameters is a fault all the same."""
    assert Params().copies > 1
    assert Params().delay_s > 0
