"""The CRM side answers as the vendor's does: statuses, bodies, and every trap that costs real integrations data."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.crm import crm


async def test_a_contact_lives_from_create_to_delete() -> None:
    """201, 200, 200, 200, and then 400, not 404."""
    async with crm() as api:
        made = await api.create(
            firstName="Zoë", lastName="Ångström", phone="(512) 555-0123", email="Zoe@Example.com"
        )
        assert made["phone"] == "+15125550123", "read in the location's country"
        assert made["emailLowerCase"] == "zoe@example.com"
        status, answer = await api.ask("PUT", f"/contacts/{made['id']}", {"city": "Austin"})
        assert (status, answer["succeded"], answer["contact"]["city"]) == (200, True, "Austin")
        assert (await api.get(made))["firstName"] == "Zoë"
        status, answer = await api.ask("DELETE", f"/contacts/{made['id']}")
        assert (status, answer["succeded"]) == (200, True)
        status, answer = await api.ask("GET", f"/contacts/{made['id']}")
        assert (status, answer["message"]) == (400, f"Contact with id {made['id']} not found")
        assert answer["traceId"]


@pytest.mark.parametrize(
    ("headers", "status", "words"),
    [
        ({"Authorization": ""}, 401, "Invalid token"),
        ({"Authorization": "Bearer pit-wrong"}, 401, "Invalid token"),
        ({"Version": ""}, 401, "version header was not found."),
        ({"Version": "1999-01-01"}, 401, "version header is invalid"),
    ],
)
async def test_the_door_refuses_what_the_vendor_refuses(
    headers: dict[str, str], status: int, words: str
) -> None:
    """Both kinds of 401."""
    async with crm() as api:
        got, answer = await api.ask("GET", f"/locations/{api.location}", headers=headers)
        assert got == status
        assert words in answer["message"]


async def test_a_token_reaches_its_own_location_alone() -> None:
    """403 for another; the agency's token reaches all."""
    async with crm() as api:
        other = api.told["locations"][1]["id"]
        assert (await api.ask("GET", f"/locations/{other}"))[0] == 403
        assert (await api.ask("POST", "/contacts/", {"locationId": other, "firstName": "x"}))[0] == 403
        agency = {"Authorization": f"Bearer {api.told['token']}"}
        assert (await api.ask("GET", f"/locations/{other}", headers=agency))[0] == 200


@pytest.mark.parametrize(
    ("method", "path", "body", "messages"),
    [
        ("POST", "/contacts/", {"firstName": "x"}, ["locationId should not be empty"]),
        ("POST", "/contacts/", {"locationId": "{}", "zip": "1", "dnd": "yes"},
         ["property zip should not exist", "dnd must be a boolean value"]),
        ("PUT", "/contacts/{c}", {"locationId": "{}"}, ["property locationId should not exist"]),
        ("PUT", "/contacts/{c}", {"gender": "f"}, ["property gender should not exist"]),
        ("POST", "/contacts/{c}/notes", {}, ["body should not be empty"]),
        ("POST", "/contacts/{c}/notes", {"body": " "}, ["body should not be empty"]),
        ("POST", "/contacts/{c}/tags", {"tags": "hot"}, ["tags must be an array"]),
        ("POST", "/contacts/search", {"locationId": "{}"}, ["pageLimit should not be empty"]),
        ("POST", "/contacts/upsert", {"locationId": "{}", "email": "no"}, ["email must be an email"]),
    ],
)  # fmt: skip
async def test_unknown_missing_and_wrong_properties_are_422_with_every_message(
    method: str, path: str, body: dict[str, Any], messages: list[str]
) -> None:
    """The white list of the vendor: what it does not know, it refuses."""
    async with crm() as api:
        contact = await api.create(firstName="x")
        body = {name: api.location if value == "{}" else value for name, value in body.items()}
        status, answer = await api.ask(method, path.replace("{c}", contact["id"]), body)
        assert status == 422, answer
        assert answer["message"] == messages


async def test_a_second_contact_with_the_same_phone_is_refused_naming_the_first() -> None:
    """`meta.contactId` is the way to it."""
    async with crm() as api:
        first = await api.create(phone="+15125550123")
        status, answer = await api.ask(
            "POST", "/contacts/", {"locationId": api.location, "phone": "+15125550123"}
        )
        assert status == 400
        assert answer["meta"] == {"contactId": first["id"], "contactName": "", "matchingField": "phone"}
    async with crm(allow_duplicates=True) as api:
        await api.create(phone="+15125550123")
        await api.create(phone="+15125550123")
        _, summary = await api.control("GET", "/audit/summary")
        assert [one["kind"] for one in summary["doubled"]] == ["contact"]


async def test_upsert_drops_the_identifier_of_somebody_else_without_a_word() -> None:
    """E-mail is looked at first; the phone belongs to another contact."""
    async with crm() as api:
        by_mail = await api.create(email="a@example.com")
        await api.create(phone="+15125550123")
        status, answer = await api.ask(
            "POST", "/contacts/upsert",
            {"locationId": api.location, "email": "a@example.com", "phone": "+15125550123"},
        )  # fmt: skip
        assert (status, answer["new"], answer["contact"]["id"]) == (200, False, by_mail["id"])
        assert "phone" not in answer["contact"]


async def test_tags_in_an_update_replace_the_list_and_the_tag_calls_do_not() -> None:
    """Lower case, trimmed, without repeats; `dateUpdated` does not move for tags and notes."""
    async with crm() as api:
        made = await api.create(tags=[" VIP ", "vip", "Old"])
        assert made["tags"] == ["vip", "old"]
        status, answer = await api.ask("POST", f"/contacts/{made['id']}/tags", {"tags": ["New"]})
        assert (status, answer["tags"]) == (201, ["vip", "old", "new"])
        status, answer = await api.ask("DELETE", f"/contacts/{made['id']}/tags", {"tags": ["OLD", "never"]})
        assert (status, answer["tags"]) == (200, ["vip", "new"])
        await api.ask("POST", f"/contacts/{made['id']}/notes", {"body": "hi"})
        assert (await api.get(made))["dateUpdated"] == made["dateUpdated"]
        await api.ask("PUT", f"/contacts/{made['id']}", {"tags": ["only"]})
        assert (await api.get(made))["tags"] == ["only"]


async def test_custom_fields_go_in_by_id_or_key_and_vanish_when_misnamed() -> None:
    """No error for an unknown id, or for a value under another name than field_value."""
    async with crm() as api:
        at = f"/locations/{api.location}/customFields"
        _, answer = await api.ask("POST", at, {"name": "Nimbata source", "dataType": "TEXT"})
        field = answer["customField"]
        assert field["fieldKey"] == "contact.nimbata_source"
        made = await api.create(
            customFields=[
                {"id": field["id"], "field_value": "google"},
                {"id": "nope", "field_value": "lost"},
                {"id": field["id"], "fieldValue": "other"},
            ]
        )
        assert made["customFields"] == [{"id": field["id"], "value": "google"}]
        await api.ask(
            "PUT",
            f"/contacts/{made['id']}",
            {"customFields": [{"key": "nimbata_source", "field_value": "x"}]},
        )
        assert (await api.get(made))["customFields"] == [{"id": field["id"], "value": "x"}]
        assert (await api.ask("POST", at, {"name": "Nimbata source", "dataType": "TEXT"}))[0] == 400


async def test_notes_are_listed_newest_first_and_each_can_be_changed_and_removed() -> None:
    """The same words twice are two notes."""
    async with crm() as api:
        made = await api.create(firstName="x")
        at = f"/contacts/{made['id']}/notes"
        ids = [(await api.ask("POST", at, {"body": text}))[1]["note"]["id"] for text in ("one", "two", "two")]
        _, listed = await api.ask("GET", at)
        assert [note["id"] for note in listed["notes"]] == ids[::-1]
        assert (await api.ask("PUT", f"{at}/{ids[0]}", {"body": "changed"}))[1]["note"]["body"] == "changed"
        assert (await api.ask("DELETE", f"{at}/{ids[0]}"))[0] == 200
        assert (await api.ask("GET", f"{at}/{ids[0]}"))[0] == 404
        status, _ = await api.ask("POST", at, {"body": "x", "userId": api.location})
        assert status == 400, "the location's id is no user"


async def test_the_search_lags_five_seconds_behind_and_the_duplicate_search_does_not() -> None:
    """Also an old state is shown until then, and a deleted contact is still there."""
    async with crm() as api:
        made = await api.create(firstName="Ada", phone="+15125550123")
        assert (await api.search())["total"] == 0
        _, found = await api.ask(
            "GET", "/contacts/search/duplicate", locationId=api.location, number="+15125550123"
        )
        assert found["contact"]["id"] == made["id"]
        await api.control("POST", "/clock", {"advance_s": 5.1})
        assert (await api.search())["total"] == 1
        await api.ask("PUT", f"/contacts/{made['id']}", {"firstName": "Augusta"})
        assert (await api.search())["contacts"][0]["firstName"] == "Ada"
        await api.control("POST", "/clock", {"advance_s": 5.1})
        assert (await api.search())["contacts"][0]["firstName"] == "Augusta"
        await api.ask("DELETE", f"/contacts/{made['id']}")
        assert (await api.search())["total"] == 1
        await api.control("POST", "/clock", {"advance_s": 5.1})
        assert (await api.search())["total"] == 0


async def test_pages_filters_and_order_of_the_search() -> None:
    """By page and by searchAfter, never both; unknown fields are 400; a row says `address`."""
    async with crm() as api:
        for number in range(7):
            await api.create(
                firstName=f"n{number}", address1="1 Main St", city="Austin" if number % 2 else "Köln"
            )
            await api.control("POST", "/clock", {"advance_s": 1})
        await api.control("POST", "/clock", {"advance_s": 6})
        sort = [{"field": "dateUpdated", "direction": "asc"}]
        seen, after = [], None
        while True:
            more: dict[str, Any] = {"searchAfter": after} if after else {}
            rows = (await api.search(pageLimit=3, sort=sort, **more))["contacts"]
            if not rows:
                break
            seen += [row["firstName"] for row in rows]
            after = rows[-1]["searchAfter"]
        assert seen == [f"n{number}" for number in range(7)]
        paged = (await api.search(pageLimit=3, page=2, sort=sort))["contacts"]
        assert [row["firstName"] for row in paged] == ["n3", "n4", "n5"]
        assert paged[0]["address"] == "1 Main St"
        assert "address1" not in paged[0]
        found = await api.search(filters=[{"field": "city", "operator": "eq", "value": "köln"}])
        assert found["total"] == 4
        for body in (
            {"page": 1, "searchAfter": [1, "x"]},
            {"page": 101},
            {"filters": [{"field": "contact_name", "operator": "eq", "value": "x"}]},
            {"filters": [{"field": "city", "operator": "like", "value": "x"}]},
            {"sort": [{"field": "city", "direction": "asc"}]},
        ):
            status, _ = await api.ask(
                "POST", "/contacts/search", {"locationId": api.location, "pageLimit": 100, **body}
            )
            assert status == 400, body


async def test_the_list_goes_on_by_the_last_of_the_page() -> None:
    """The deprecated way, which old integrations use; without its location the next page is refused."""
    async with crm() as api:
        for number in range(5):
            await api.create(firstName=f"n{number}")
            await api.control("POST", "/clock", {"advance_s": 1})
        seen: list[str] = []
        more: dict[str, str] = {}
        for _ in range(4):
            query = {"locationId": api.location, "limit": "2", **more}
            _, page = await api.ask("GET", "/contacts/", None, headers=None, **query)
            seen += [one["firstName"] for one in page["contacts"]]
            if not page["contacts"]:
                break
            more = {
                "startAfterId": page["meta"]["startAfterId"],
                "startAfter": str(page["meta"]["startAfter"]),
            }
        assert seen == ["n4", "n3", "n2", "n1", "n0"]
        assert (await api.ask("GET", "/contacts/", limit="2"))[0] == 422
        assert (await api.ask("GET", "/contacts/", locationId=api.location, limit="101"))[0] == 422


async def test_an_unknown_path_is_told_as_the_vendor_tells_it() -> None:
    """404 `Cannot GET /path`; malformed JSON is 400."""
    async with crm() as api:
        assert (await api.ask("GET", "/nope"))[1]["message"] == "Cannot GET /nope"
        headers = {"Authorization": f"Bearer {api.told['token']}", "Version": "2021-07-28"}
        async with api.http.post(f"{api.told['base_url']}/contacts/", data=b"{", headers=headers) as answer:
            assert answer.status == 400


async def test_a_merge_takes_everything_along_that_hangs_on_the_lost_contact() -> None:
    """Notes, tasks, tags, e-mail, appointments, opportunities, messages; and no event tells of it."""
    async with crm() as api:
        kept, lost = (
            await api.create(phone="+15125550123"),
            await api.create(email="old@example.com", tags=["vip"]),
        )
        side = api.sandbox.contacts.side
        for kind in (
            "note.create", "task.create", "appointment.create", "opportunity.create", "message.inbound",
        ):  # fmt: skip
            side.emit({"kind": kind, "location": api.location, "id": lost["id"]})
        side.emit({"kind": "contact.merge", "location": api.location, "id": kept["id"], "other": lost["id"]})
        held = side.state()["locations"][api.location]
        assert [one["id"] for one in held["contacts"]] == [kept["id"]]
        assert held["contacts"][0]["additionalEmails"] == [{"email": "old@example.com"}]
        for shelf in ("notes", "tasks", "appointments", "opportunities", "conversations"):
            assert {one["contactId"] for one in held[shelf]} == {kept["id"]}, shelf
