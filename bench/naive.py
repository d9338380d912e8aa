"""The yardstick of calls: search, create or update, then tags, then read back. Remembers nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import aiohttp

from bench.calls_per_change_load import Change

_VERSION = "2021-07-28"


class Naive:
    """Carries each change to the other side, as integrations do that keep no links."""

    def __init__(self, http: aiohttp.ClientSession, told: dict[str, Any], calendar: str, user: str) -> None:
        """`told` is what the sandbox says of both sides; appointments go into `calendar`, to `user`."""
        self._http = http
        self._contacts, self._nimbata = told["contacts"], told["nimbata"]
        self._location = told["contacts"]["locations"][0]
        self._project = next(iter(told["nimbata"]["projects"]))
        self._calendar, self._user = calendar, user

    async def carry(self, change: Change) -> None:
        """What its webhook told goes to the other side. Raises RuntimeError where that refuses."""
        if change.where == "nimbata":
            await self._to_contacts(change)
        else:
            await self._to_nimbata(change)

    async def _to_contacts(self, change: Change) -> None:
        values = change.values
        asked = {"locationId": self._location["id"], "number": change.phone}
        found = (await self._crm("GET", "/contacts/search/duplicate", params=asked)).get("contact")
        if change.kind in ("person", "fields"):
            fields = {
                "firstName": values.get("first"), "lastName": values.get("last"), "companyName": values.get("company"),
                "city": values.get("city"),
            }  # fmt: skip
            given = {name: value for name, value in fields.items() if value is not None}
            if found is None:
                whole = {**given, "locationId": self._location["id"], "phone": change.phone}
                found = (await self._crm("POST", "/contacts/", json=whole))["contact"]
            else:
                await self._crm("PUT", f"/contacts/{found['id']}", json=given)
        if found is None:
            raise RuntimeError(f"{change.phone} is not in the CRM")
        path = f"/contacts/{found['id']}"
        if values.get("tags"):
            await self._crm("POST", f"{path}/tags", json={"tags": values["tags"]})
        match change.kind:
            case "task":
                task = {
                    "title": values["text"],
                    "dueDate": f"{values['at']:%Y-%m-%dT%H:%M:%SZ}",
                    "completed": False,
                }
                await self._crm("POST", f"{path}/tasks", json=task)
                await self._crm("GET", f"{path}/tasks")
            case "note":
                await self._crm("POST", f"{path}/notes", json={"body": values["text"]})
                await self._crm("GET", f"{path}/notes")
            case "appointment":
                event = {
                    "calendarId": self._calendar, "locationId": self._location["id"], "contactId": found["id"],
                    "title": values["text"], "startTime": values["at"].isoformat(), "assignedUserId": self._user,
                    "endTime": (values["at"] + timedelta(minutes=30)).isoformat(), "ignoreFreeSlotValidation": True,
                }  # fmt: skip
                await self._crm("POST", "/calendars/events/appointments", json=event)
                await self._crm("GET", f"{path}/appointments")
            case _:
                await self._crm("GET", path)

    async def _to_nimbata(self, change: Change) -> None:
        values = change.values
        rows = (await self._account("GET", "/contacts", params={"phone": change.phone}))["data"]
        found = rows[0] if rows else None
        if change.kind in ("person", "fields"):
            fields = {
                "first_name": values.get("first"), "last_name": values.get("last"), "company": values.get("company"),
                "address": {"city": values["city"]} if "city" in values else None,
            }  # fmt: skip
            given = {name: value for name, value in fields.items() if value is not None}
            if found is None:
                whole = {**given, "project_id": self._project, "phone": change.phone}
                found = (await self._account("POST", "/contacts", json=whole))["data"]
            else:
                await self._account("PUT", f"/contacts/{found['id']}", json=given)
        if found is None:
            raise RuntimeError(f"{change.phone} is not in the account")
        path = f"/contacts/{found['id']}"
        if values.get("tags"):
            await self._account("POST", f"{path}/tags", json={"tags": values["tags"]})
        match change.kind:
            case "note":
                await self._account("POST", f"{path}/notes", json={"body": values["text"]})
                await self._account("GET", f"{path}/notes")
            case "appointment":
                event = {
                    "title": values["text"], "start_time": values["at"].isoformat(),
                    "end_time": (values["at"] + timedelta(minutes=30)).isoformat(),
                }  # fmt: skip
                await self._account("POST", f"{path}/appointments", json=event)
                await self._account("GET", f"{path}/appointments")
            case _:
                await self._account("GET", path)

    async def _crm(self, method: str, path: str, **given: Any) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self._location['token']}", "Version": _VERSION}
        return await self._ask(method, f"{self._contacts['base_url']}{path}", headers, given)

    async def _account(self, method: str, path: str, **given: Any) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self._nimbata['token']}"}
        url = f"{self._nimbata['base_url']}/v1/a/{self._nimbata['account']}{path}"
        return await self._ask(method, url, headers, given)

    async def _ask(
        self, method: str, url: str, headers: dict[str, str], given: dict[str, Any]
    ) -> dict[str, Any]:
        async with self._http.request(method, url, headers=headers, **given) as answer:
            if answer.status >= 300:
                raise RuntimeError(f"{method} {url}: {answer.status} {await answer.text()}")
            told: dict[str, Any] = await answer.json()
            return told
