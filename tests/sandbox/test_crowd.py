"""People by the thousand who take no room are found, listed and written to like any others."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from tieline.sandbox.app import Options, Sandbox

PEOPLE = 1000


class Talk:
    """Calls to both sides."""

    def __init__(self, told: dict[str, Any], http: aiohttp.ClientSession) -> None:
        contacts, nimbata = told["contacts"], told["nimbata"]
        self._location = contacts["locations"][0]["id"]
        self._sides = {
            "crm": (contacts["base_url"], contacts["locations"][0]["token"], {"Version": "2021-07-28"}),
            "account": (f"{nimbata['base_url']}/v1/a/{nimbata['account']}", nimbata["token"], {}),
        }
        self._http = http

    async def call(self, side: str, method: str, path: str, body: Any = None, **query: str) -> Any:
        """An answer."""
        base, token, more = self._sides[side]
        if side == "crm" and method == "POST":
            body = {"locationId": self._location, **body}
        if side == "crm" and query:
            query["locationId"] = self._location
        headers = {"Authorization": f"Bearer {token}", **more}
        url = f"{base}{path}"
        async with self._http.request(method, url, json=body, params=query, headers=headers) as answer:
            assert answer.status < 300, await answer.text()
            return await answer.json()

    async def searched(self) -> list[dict[str, Any]]:
        """All rows of the CRM's search, page by page."""
        rows: list[dict[str, Any]] = []
        body: dict[str, Any] = {"pageLimit": 300, "sort": [{"field": "dateAdded", "direction": "asc"}]}
        while page := (await self.call("crm", "POST", "/contacts/search", body))["contacts"]:
            rows += page
            body["searchAfter"] = page[-1]["searchAfter"]
        return rows


@asynccontextmanager
async def talk() -> AsyncIterator[Talk]:
    """Both sides with a crowd."""
    options = Options(locations=1, limits="off", virtual=PEOPLE)
    async with Sandbox.start(options) as sandbox, aiohttp.ClientSession() as http:
        sandbox.contacts.side.set_quirks({"search_lag_s": 0})
        yield Talk(sandbox.describe(), http)


async def test_each_side_knows_nine_of_ten() -> None:
    """Every row once, by search and by list; eight of ten are the same person on both."""
    async with talk() as both:
        rows = await both.searched()
        assert len(rows) == len({row["id"] for row in rows}) == PEOPLE * 9 // 10
        listed: list[dict[str, Any]] = []
        for page in range(1, 11):
            listed += (await both.call("account", "GET", "/contacts", page=str(page), per_page="100"))["data"]
        assert len(listed) == len({one["id"] for one in listed}) == PEOPLE * 9 // 10
        assert len({row["phone"] for row in rows} & {one["phone"] for one in listed}) == PEOPLE * 8 // 10


async def test_one_that_is_written_to_becomes_a_contact_like_any_other() -> None:
    """It is found by what it holds now, and stands in every list once."""
    async with talk() as both:
        one = (await both.searched())[7]
        await both.call("crm", "PUT", f"/contacts/{one['id']}", {"phone": "+12015559999", "city": "Austin"})
        found = await both.call("crm", "GET", "/contacts/search/duplicate", number="+12015559999")
        assert (found["contact"]["id"], found["contact"]["city"]) == (one["id"], "Austin")
        assert (await both.call("crm", "GET", "/contacts/search/duplicate", number=one["phone"]))[
            "contact"
        ] is None
        rows = await both.searched()
        assert sum(row["id"] == one["id"] for row in rows) == 1
        await both.call("crm", "DELETE", f"/contacts/{one['id']}")
        assert len(await both.searched()) == PEOPLE * 9 // 10 - 1


async def test_a_person_of_the_account_who_changes_moves_to_the_end_of_the_list() -> None:
    """As any contact does, and a new one comes behind them all."""
    async with talk() as both:
        (first,) = (await both.call("account", "GET", "/contacts", per_page="1"))["data"]
        await both.call("account", "PUT", f"/contacts/{first['id']}", {"company": "Acme"})
        await both.call("account", "POST", "/contacts", {"phone": "+12015550123", "first_name": "Ada"})
        rows = []
        for page in ("9", "10"):
            rows += (await both.call("account", "GET", "/contacts", page=page, per_page="100"))["data"]
        assert [one["phone"] for one in rows[-2:]] == [first["phone"], "+12015550123"]
        found = await both.call("account", "GET", "/contacts", phone=first["phone"])
        assert found["data"][0]["company"] == "Acme"
        with pytest.raises(AssertionError, match=rows[0]["id"]):
            await both.call("account", "POST", "/contacts", {"phone": rows[0]["phone"]})
