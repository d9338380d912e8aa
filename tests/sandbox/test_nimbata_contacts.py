"""The contacts of a Nimbata account in `native` mode, as a client meets them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.nimbata_door import Door


def test_a_new_contact_comes_back_whole() -> None:
    """201 with every key of the contract; phone and e-mail as the account stores them."""
    door = Door()
    contact = door.create(
        name="Jane van der Berg", phone="(201) 555-0123", email=" Jane@Example.COM ", tags=["A", "a", "B"],
        address={"city": "Austin", "country": "US"}, custom_fields={"service": "repair"},
        external_ids={"highlevel": "ocQHyuzHvysMo5N5VsXc"}, value=350, dnd=False, lead_score=72,
        attribution={"first": {"source": "google", "medium": "(none)"}},
    )  # fmt: skip
    assert contact.pop("id").startswith("nct_")
    at = "2026-09-01T22:14:07Z"
    assert contact == {
        "project_id": door.projects[0], "name": "Jane van der Berg", "first_name": "Jane",
        "last_name": "van der Berg", "email": "jane@example.com", "phone": "+12015550123",
        "additional_phones": [], "company": None,
        "address": {"street": None, "city": "Austin", "state": None, "postal_code": None, "country": "US"},
        "tags": ["A", "B"], "lead_status": None, "lead_score": 72, "value": 350.0, "dnd": False,
        "attribution": {"first": {"source": "google"}}, "milestones": [{"name": "lead_created", "at": at}],
        "custom_fields": {"service": "repair"}, "external_ids": {"highlevel": "ocQHyuzHvysMo5N5VsXc"},
        "times_called": 0, "last_activity_at": None, "created_at": at, "updated_at": at, "deleted_at": None,
        "version": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    "name", ["Zoë Ångström", "王 伟", "Олександр", "فاطمة حسين", "O'Neill-Smith 🙂", "X Æ A-12", "a" * 5_000]
)
def test_names_of_any_script_come_back_as_they_were(name: str) -> None:
    """Byte for byte, whatever the script or the length."""
    door = Door()
    contact = door.create(name=name, email="a@example.com")
    assert contact["name"] == name
    assert " ".join(filter(None, (contact["first_name"], contact["last_name"]))) == name


def test_the_whole_name_follows_its_parts() -> None:
    """Parts given make the name; all three given stay as they are."""
    door = Door()
    contact = door.create(first_name="Ana María", last_name="Peña", email="a@example.com")
    assert contact["name"] == "Ana María Peña"
    changed = door.ask("PUT", f"contacts/{contact['id']}", {"last_name": None})[1]["data"]
    assert (changed["name"], changed["first_name"], changed["last_name"]) == ("Ana María", "Ana María", None)
    whole = door.create(name="J. Doe", first_name="Jane", last_name="Doe", email="b@example.com")
    assert (whole["name"], whole["first_name"]) == ("J. Doe", "Jane")


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, {"phone", "email"}),
        ({"phone": "", "email": "(none)"}, {"phone", "email"}),
        ({"phone": "anonymous"}, {"phone"}),
        ({"phone": 12015550123}, {"phone"}),
        ({"email": "no address"}, {"email"}),
        ({"email": "a@example.com", "tags": "x", "value": "350", "dnd": 1, "lead_score": 1.5},
         {"tags", "value", "dnd", "lead_score"}),
        ({"email": "a@example.com", "address": {"town": "x"}}, {"address"}),
        ({"email": "a@example.com", "attribution": {"middle": {}}}, {"attribution"}),
        ({"email": "a@example.com", "custom_fields": {"a": []}, "external_ids": []}, {"custom_fields", "external_ids"}),
        ({"email": "a@example.com", "project_id": "1"}, {"project_id"}),
    ],
)  # fmt: skip
def test_what_cannot_be_stored_is_refused_by_field(body: dict[str, Any], fields: set[str]) -> None:
    """422 names each key, and nothing was stored."""
    door = Door()
    status, answer = door.ask("POST", "contacts", {"project_id": door.projects[0], **body})
    assert (status, set(answer["error"]["fields"])) == (422, fields)
    assert door.ask("GET", "contacts")[1]["meta"]["total"] == 0


def test_with_several_projects_one_must_be_named() -> None:
    """With one project it need not be."""
    assert Door().ask("POST", "contacts", {"email": "a@example.com"})[0] == 422
    door = Door(countries=["NZ"])
    status, answer = door.ask("POST", "contacts", {"phone": "021 123 4567"})
    assert (status, answer["data"]["phone"]) == (201, "+64211234567")


def test_a_second_contact_with_the_phone_or_email_is_refused_and_the_first_named() -> None:
    """However they are written; another project may have its own; a deleted contact is in nobody's way."""
    door = Door()
    first = door.create(phone="+12015550123", email="jane@example.com", additional_phones=["+12015550124"])
    project, other = door.projects
    for again, field in (
        ({"phone": "201 555 0123"}, "phone"),
        ({"email": "JANE@example.com", "phone": "+12015550199"}, "email"),
        ({"phone": "+12015550124"}, "phone"),
    ):
        status, answer = door.ask("POST", "contacts", {"project_id": project, **again})
        assert (status, answer["existing_id"]) == (409, first["id"])
        assert answer["error"]["code"] == "duplicate"
        assert list(answer["error"]["fields"]) == [field]
    assert door.create(project_id=other, phone="+12015550123")["id"] != first["id"]
    second = door.create(phone="+12015550200")
    status, answer = door.ask("PUT", f"contacts/{second['id']}", {"phone": "+12015550123"})
    assert (status, answer["existing_id"]) == (409, first["id"])
    assert door.ask("GET", f"contacts/{second['id']}")[1]["data"] == second
    assert door.ask("DELETE", f"contacts/{first['id']}") == (204, None)
    changed = door.ask("PUT", f"contacts/{second['id']}", {"phone": "+12015550123"})[1]["data"]
    assert changed["phone"] == "+12015550123"


def test_the_same_idempotency_key_makes_one_contact() -> None:
    """The second answer is the first one's contact, and only one event went out."""
    door = Door()
    door.side.set_targets({"url": "http://hub.example/hooks"})
    body = {"project_id": door.projects[0], "phone": "+12015550123"}
    answers = [door.ask("POST", "contacts", body, key="k-1") for _ in range(3)]
    assert {(status, answer["data"]["id"]) for status, answer in answers} == {
        (201, answers[0][1]["data"]["id"])
    }
    assert [event["event"] for event in door.events()] == ["contact.created"]
    assert door.ask("POST", "contacts", body, key="k-2")[0] == 409


def test_an_update_changes_what_it_names_and_null_clears() -> None:
    """Absent keys stay; records are merged key by key; version and time move with each change."""
    door = Door()
    contact = door.create(
        phone="+12015550123", company="Acme", custom_fields={"a": 1, "b": "x"}, address={"city": "Austin"},
        external_ids={"highlevel": "hl1"},
    )  # fmt: skip
    door.side.set_targets({"url": "http://hub.example/hooks"})
    door.wait(61)
    url = f"contacts/{contact['id']}"
    status, answer = door.ask("PUT", url, {
        "company": None, "custom_fields": {"b": None, "c": True}, "address": {"state": "TX"}, "colour": "red",
        "times_called": 9,
    })  # fmt: skip
    assert status == 200
    changed = answer["data"]
    assert changed["company"] is None
    assert changed["custom_fields"] == {"a": 1, "c": True}
    assert (changed["address"]["city"], changed["address"]["state"]) == ("Austin", "TX")
    assert changed["external_ids"] == {"highlevel": "hl1"}
    assert (changed["phone"], changed["version"]) == ("+12015550123", 2)
    assert changed["updated_at"] == "2026-09-01T22:15:08Z"
    assert answer["warnings"] == [
        "colour: unknown key, ignored",
        "times_called: is set by the account, ignored",
    ]
    (event,) = door.events()
    assert (event["event"], event["changes"]) == ("contact.updated", ["company", "address", "custom_fields"])


def test_writing_what_is_there_changes_nothing() -> None:
    """No version, no time, no event: an echo of our own write ends here."""
    door = Door()
    contact = door.create(phone="+12015550123", tags=["A"], name="Jane Doe")
    door.side.set_targets({"url": "http://hub.example/hooks"})
    door.wait(60)
    same = {"phone": "(201) 555-0123", "tags": ["A"], "name": "Jane Doe", "company": ""}
    status, answer = door.ask("PUT", f"contacts/{contact['id']}", same)
    assert (status, answer["data"]) == (200, contact)
    assert door.sent == []


def test_a_stale_version_is_refused_with_the_contact_as_it_is() -> None:
    """Who sends no version is not asked for one."""
    door = Door()
    contact = door.create(phone="+12015550123")
    url = f"contacts/{contact['id']}"
    assert door.ask("PUT", url, {"version": 1, "company": "A"})[1]["data"]["version"] == 2
    status, answer = door.ask("PUT", url, {"version": 1, "company": "B"})
    assert (status, answer["error"]["code"]) == (409, "version_conflict")
    assert (answer["data"]["company"], answer["data"]["version"]) == ("A", 2)
    assert door.ask("PUT", url, {"company": "C"})[0] == 200
    assert door.ask("PUT", url, {"version": "3", "company": "D"})[0] == 422


def test_a_contact_keeps_a_phone_or_an_email() -> None:
    """Clearing the last of the two is refused."""
    door = Door()
    contact = door.create(phone="+12015550123", email="a@example.com")
    url = f"contacts/{contact['id']}"
    assert door.ask("PUT", url, {"phone": None})[0] == 200
    assert door.ask("PUT", url, {"email": None})[0] == 422
    assert door.ask("PUT", url, {"project_id": door.projects[1]})[0] == 422


def test_tags_are_added_and_removed_whatever_their_case() -> None:
    """The first spelling stays; what is not there is not missed."""
    door = Door()
    contact = door.create(phone="+12015550123", tags=["Qualified Lead"])
    door.side.set_targets({"url": "http://hub.example/hooks"})
    url = f"contacts/{contact['id']}/tags"
    added = door.ask("POST", url, {"tags": ["qualified LEAD", "Appt. Booked", "ÄRGER"]})[1]["data"]
    assert added["tags"] == ["Qualified Lead", "Appt. Booked", "ÄRGER"]
    removed = door.ask("DELETE", url, {"tags": ["QUALIFIED LEAD", "ärger", "never there"]})[1]["data"]
    assert (removed["tags"], removed["version"]) == (["Appt. Booked"], 3)
    assert door.ask("DELETE", url, {"tags": ["never there"]})[1]["data"]["version"] == 3
    assert [event["changes"] for event in door.events()] == [["tags"], ["tags"]]


def test_a_deleted_contact_is_shown_only_to_those_who_ask() -> None:
    """404 by its id, absent from lists, there with `deleted_at` under include_deleted; deleted once."""
    door = Door()
    gone = door.create(phone="+12015550123")
    stays = door.create(phone="+12015550124")
    door.side.set_targets({"url": "http://hub.example/hooks"})
    door.wait(60)
    url = f"contacts/{gone['id']}"
    assert door.ask("DELETE", url) == (204, None)
    for method, body in (("GET", None), ("PUT", {"company": "x"}), ("DELETE", None)):
        assert door.ask(method, url, body)[0] == 404
    listed = door.ask("GET", "contacts")[1]
    assert [one["id"] for one in listed["data"]] == [stays["id"]]
    assert listed["meta"]["total"] == 1
    everyone = door.ask("GET", "contacts", include_deleted="true")[1]["data"]
    assert [(one["id"], one["deleted_at"]) for one in everyone] == [
        (stays["id"], None), (gone["id"], "2026-09-01T22:15:07Z"),
    ]  # fmt: skip
    assert door.ask("GET", "contacts", phone="+12015550123")[1]["data"] == []
    assert len(door.ask("GET", "contacts", phone="+12015550123", include_deleted="1")[1]["data"]) == 1
    (event,) = door.events()
    assert event["event"] == "contact.deleted"
    assert event["data"] == {"id": gone["id"], "deleted_at": "2026-09-01T22:15:07Z"}


def test_the_list_comes_by_time_of_change_and_since_a_moment() -> None:
    """Oldest change first, the moment itself included; a changed contact moves to the end."""
    door = Door()
    ids = []
    for number in range(3):
        ids.append(door.create(phone=f"+1201555010{number}")["id"])
        door.wait(10)

    def listed(**query: str) -> list[str]:
        status, answer = door.ask("GET", "contacts", **query)
        assert status == 200, answer
        assert answer["meta"]["total"] == len(answer["data"])
        return [one["id"] for one in answer["data"]]

    assert listed() == ids
    assert listed(updated_since="2026-09-01T22:14:17Z") == ids[1:]
    assert listed(updated_since="2026-09-01T22:14:17.5Z") == ids[2:]
    assert listed(updated_since="2026-09-02T00:14:17+02:00") == ids[1:]
    assert listed(updated_since="2026-09-02T00:14:17 02:00") == ids[1:]
    assert listed(updated_since="2026-09-01 22:14:17") == ids[1:]
    door.ask("PUT", f"contacts/{ids[0]}", {"company": "Acme"})
    assert listed() == [ids[1], ids[2], ids[0]]
    assert listed(updated_since="2026-09-01T22:14:37Z") == [ids[0]]
    assert listed(updated_since="2027-01-01") == []
    for wrong in ({"updated_since": "yesterday"}, {"per_page": "0"}, {"page": "-1"}, {"sort": "name"},
                  {"include_deleted": "perhaps"}):  # fmt: skip
        assert door.ask("GET", "contacts", **wrong)[0] == 422


def test_pages_of_contacts_hold_each_once() -> None:
    """7 contacts of one second in pages of 3, in the order of their creation."""
    door = Door()
    ids = [door.create(phone=f"+1201555010{number}")["id"] for number in range(7)]
    found: list[str] = []
    for number in (1, 2, 3, 4):
        answer = door.ask("GET", "contacts", page=str(number), per_page="3")[1]
        assert (answer["meta"]["total"], answer["meta"]["last_page"]) == (7, 3)
        found += [one["id"] for one in answer["data"]]
    assert found == ids


def test_a_contact_is_found_by_phone_email_and_external_id() -> None:
    """In whatever form the value is written; all that is asked for must hold together."""
    door = Door()
    jane = door.create(
        phone="+12015550123", email="jane@example.com", external_ids={"highlevel": "hl1"},
        additional_phones=["+12015550124"],
    )["id"]  # fmt: skip
    john = door.create(phone="+12015550125")["id"]
    twin = door.create(project_id=door.projects[1], phone="+12015550123")["id"]

    def found(**query: str) -> list[str]:
        return [one["id"] for one in door.ask("GET", "contacts", **query)[1]["data"]]

    assert found(phone="+12015550123") == [jane, twin]
    assert found(phone=" 12015550124") == [jane]
    assert found(email="JANE@example.com") == [jane]
    assert found(external_id="hl1") == [jane]
    assert found(phone="+12015550123", email="jane@example.com") == [jane]
    assert found(phone="+12015550125", email="jane@example.com") == []
    assert found(phone="+12015550125", updated_since="2026-01-01") == [john]
    assert found(phone="+12015550125", updated_since="2027-01-01") == []
    assert found(phone="no number") == found(external_id="hl2") == found(email="?") == []
    door.ask("PUT", f"contacts/{jane}", {"external_ids": {"highlevel": None}, "phone": "+12015550199"})
    assert found(external_id="hl1") == []
    assert found(phone="+12015550123") == [twin]


def test_misspelt_questions_are_named() -> None:
    """An unknown key in the address is a warning, as one in a body is."""
    answer = Door().ask("GET", "contacts", update_since="2026-01-01")[1]
    assert answer["warnings"] == ["update_since: unknown key, ignored"]
