"""`/api/people`: for the console and for programs."""

from __future__ import annotations

from datetime import UTC, datetime

from tests.server.two_way import both_ways
from tieline.server.access.audit import Wanted, list_entries
from tieline.store.pool import Store

ADA = "+12015550123"


async def test_a_person_is_looked_up_explained_and_put_back(store: Store) -> None:
    """As the console does it; a preview is what one gets without asking for more."""
    async with both_ways(store) as both:
        both.emit(kind="contact.create", caller=ADA, caller_name="Ada Lovelace")
        await both.settled()
        moment = datetime.now(UTC).isoformat()
        both.emit(
            kind="contact.update", id=both.account["contacts"][0]["id"], changes={"first_name": "Wrong"}
        )
        await both.settled()
        api, http = f"{both.world.url}/api/people", both.world.http
        async with http.get(api, params={"q": ADA}) as answer:
            (ada,) = await answer.json()
        mine = f"{api}/{ada['id']}"
        assert (ada["name"], ada["linked"][0]["nimbata"]["first_name"]) == ("Wrong Lovelace", "Wrong")
        async with http.get(f"{mine}/timeline", params={"limit": 3}) as answer:
            page = await answer.json()
        assert len(page["entries"]) == 3
        assert {one["entry"] for one in page["entries"]} <= {"event", "change", "call", "decision"}
        async with http.get(f"{mine}/timeline", params={"limit": 1000, "before": page["before"]}) as answer:
            earlier = await answer.json()
        assert earlier["before"] is None
        async with http.get(f"{mine}/why", params={"field": "first_name"}) as answer:
            (why,) = await answer.json()
        assert why["origin"] == "nimbata"
        async with http.get(f"{mine}/at", params={"moment": moment}) as answer:
            (then,) = (await answer.json())["syncs"]
        assert then["contacts_api"]["fields"]["first_name"] == "Ada"
        async with http.post(f"{mine}/undo", json={"to": moment}) as answer:
            assert (answer.status, (await answer.json())["event"]) == (200, None)
        async with http.post(f"{mine}/undo", params={"preview": "false"}, json={"to": moment}) as answer:
            assert (await answer.json())["event"] is not None
        (noted,) = (await list_entries(store, Wanted(action="people.undo"))).entries
        assert (noted.actor_kind, noted.subject) == ("token", f"person:{ada['id']}")
        assert noted.after["fields"] == ["first_name"]
        await both.settled()
        assert both.unequal() == []
        assert both.people()[0][0]["first"] == "Ada"


async def test_what_cannot_be_is_said(store: Store) -> None:
    """With a status that a program understands; nothing is written by a page of another site."""
    async with both_ways(store) as both:
        both.emit(kind="contact.create", caller=ADA, caller_name="Ada Lovelace")
        await both.settled()
        api, http = f"{both.world.url}/api/people", both.world.http
        async with http.get(api, params={"q": ADA}) as answer:
            (ada,) = await answer.json()
        async with http.get(api, params={"q": "nobody@example.com"}) as answer:
            assert (answer.status, await answer.json()) == (200, [])
        mine = f"{api}/{ada['id']}"
        for path, status, words in (
            (f"{api}/999/timeline", 404, "nobody is known"),
            (f"{mine}/why?field=colour", 400, "is no field"),
            (f"{mine}/timeline?before=x", 400, "no place in a time line"),
            (f"{mine}/timeline?sync=other", 400, "no sync named other"),
            (f"{mine}/at?moment=2026-09-03T15:00:00", 400, "names no zone"),
        ):
            async with http.get(path) as answer:
                assert answer.status == status, path
                assert words in (await answer.json())["detail"]
        for body, words in (
            ({}, "say a moment"),
            ({"change": 999}, "has no change 999"),
            ({"to": "2026-09-03T15:00:00"}, "names no zone"),
        ):
            async with http.post(f"{mine}/undo", json=body) as answer:
                assert answer.status == 400
                assert words in (await answer.json())["detail"]
        async with http.post(f"{mine}/undo?preview=false", data='{"change": 1}') as answer:
            assert answer.status == 415
        assert await both.world.rows("SELECT 1 FROM event WHERE kind = 'record.undo'") == []
