"""Tasks, notes and appointments of a Nimbata account in `native` mode, as a client and a driver meet them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.nimbata_door import Door

HUB = "http://hub.example/hooks"
#: Kind → a request that makes one, and one that changes it.
MADE: dict[str, dict[str, Any]] = {
    "task": {"title": "Call back", "due_at": "2026-09-03T15:00:00Z"},
    "note": {"body": "Prefers mornings"},
    "appointment": {
        "title": "Site visit", "start_time": "2026-09-04T14:00:00Z", "end_time": "2026-09-04T15:00:00Z",
    },
}  # fmt: skip
CHANGED: dict[str, dict[str, Any]] = {
    "task": {"title": "Call back today"},
    "note": {"body": "Prefers evenings"},
    "appointment": {"status": "cancelled"},
}
KINDS = tuple(MADE)


def _contact(door: Door, **more: Any) -> str:
    contact = door.create(phone="+12015550123", name="Jane Doe", **more)
    return str(contact["id"])


def _make(door: Door, kind: str, contact: str, **more: Any) -> dict[str, Any]:
    status, answer = door.ask("POST", f"contacts/{contact}/{kind}s", {**MADE[kind], **more})
    assert status == 201, answer
    item: dict[str, Any] = answer["data"]
    return item


@pytest.mark.parametrize(
    ("kind", "whole"),
    [
        ("task", {"title": "Call back", "body": None, "due_at": "2026-09-03T15:00:00Z", "completed": False,
                  "completed_at": None, "assignee": None}),
        ("note", {"body": "Prefers mornings", "author": None, "call_id": None}),
        ("appointment", {"title": "Site visit", "start_time": "2026-09-04T14:00:00Z",
                         "end_time": "2026-09-04T15:00:00Z", "timezone": "America/Chicago", "status": "confirmed",
                         "location": None, "notes": None, "assignee": None}),
    ],
)  # fmt: skip
def test_a_new_item_comes_back_whole(kind: str, whole: dict[str, Any]) -> None:
    """201 with every key of the contract, the project's time zone where none is named, and it stands in the list."""
    door = Door()
    contact = _contact(door)
    item = _make(door, kind, contact)
    at = "2026-09-01T22:14:07Z"
    made = {"contact_id": contact, "created_at": at, "updated_at": at, "version": 1}
    assert {name: value for name, value in item.items() if name != "id"} == {**whole, **made}
    status, listed = door.ask("GET", f"contacts/{contact}/{kind}s")
    assert (status, listed["data"]) == (200, [item])
    assert listed["meta"] == {"page": 1, "per_page": 50, "total": 1, "last_page": 1}


@pytest.mark.parametrize("kind", KINDS)
def test_each_change_is_told_once_with_its_word(kind: str) -> None:
    """created, updated, deleted; writing what is there is no change; a deleted one carries its id and the time."""
    door = Door()
    contact = _contact(door)
    door.side.set_targets({"url": HUB})
    item = _make(door, kind, contact)
    url = f"contacts/{contact}/{kind}s/{item['id']}"
    door.wait(60)
    status, answer = door.ask("PUT", url, CHANGED[kind])
    assert (status, answer["data"]["version"], answer["data"]["updated_at"]) == (
        200,
        2,
        "2026-09-01T22:15:07Z",
    )
    assert door.ask("PUT", url, CHANGED[kind])[1]["data"]["version"] == 2
    assert door.ask("DELETE", url) == (204, None)
    assert door.ask("DELETE", url)[0] == door.ask("PUT", url, CHANGED[kind])[0] == 404
    created, updated, deleted = door.told(f"{kind}.changed")
    assert created["data"] == {"change": "created", **item}
    assert updated["data"]["change"] == "updated"
    assert updated["changes"] == list(CHANGED[kind])
    assert updated["data"]["contact_id"] == contact
    assert deleted["data"] == {
        "id": item["id"], "contact_id": contact, "change": "deleted", "deleted_at": "2026-09-01T22:15:07Z",
    }  # fmt: skip
    assert {event["project_id"] for event in (created, updated, deleted)} == {door.projects[0]}
    assert door.ask("GET", f"contacts/{contact}/{kind}s")[1]["data"] == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_stale_version_is_refused_with_the_item_as_it_is(kind: str) -> None:
    """409 and the record; who sends no version is not asked for one."""
    door = Door()
    contact = _contact(door)
    item = _make(door, kind, contact)
    url = f"contacts/{contact}/{kind}s/{item['id']}"
    assert door.ask("PUT", url, {**CHANGED[kind], "version": 1})[0] == 200
    status, answer = door.ask("PUT", url, {**MADE[kind], "version": 1})
    assert (status, answer["error"]["code"], answer["data"]["version"]) == (409, "version_conflict", 2)
    other = {"body": "x"} if kind == "note" else {"title": "x"}
    assert door.ask("PUT", url, other)[1]["data"]["version"] == 3
    assert door.ask("PUT", url, {"version": "3"})[0] == 422


@pytest.mark.parametrize("kind", KINDS)
def test_an_item_is_its_contacts_alone(kind: str) -> None:
    """404 under another contact, under one that is not there, and once the contact is deleted."""
    door = Door()
    contact = _contact(door)
    other = str(door.create(email="other@example.com")["id"])
    item = _make(door, kind, contact)
    for owner in (other, "nct_nobody"):
        for method in ("PUT", "DELETE"):
            assert door.ask(method, f"contacts/{owner}/{kind}s/{item['id']}", CHANGED[kind])[0] == 404
    assert door.ask("GET", f"contacts/{other}/{kind}s")[1]["data"] == []
    assert door.ask("DELETE", f"contacts/{contact}")[0] == 204
    for method, path in (("GET", ""), ("POST", ""), ("PUT", f"/{item['id']}")):
        assert door.ask(method, f"contacts/{contact}/{kind}s{path}", MADE[kind])[0] == 404


def test_a_task_is_completed_and_reopened() -> None:
    """`completed_at` follows; the event says "completed" for the one and "updated" for the other."""
    door = Door()
    contact = _contact(door)
    door.side.set_targets({"url": HUB})
    task = _make(door, "task", contact, completed=True)
    assert task["completed_at"] == "2026-09-01T22:14:07Z"
    url = f"contacts/{contact}/tasks/{task['id']}"
    assert door.ask("PUT", url, {"completed": False})[1]["data"]["completed_at"] is None
    door.wait(60)
    assert door.ask("PUT", url, {"completed": True})[1]["data"]["completed_at"] == "2026-09-01T22:15:07Z"
    words = [event["data"]["change"] for event in door.told("task.changed")]
    assert words == ["created", "updated", "completed"]
    assert door.told("task.changed")[2]["changes"] == ["completed", "completed_at"]


@pytest.mark.parametrize(
    ("kind", "body", "fields"),
    [
        ("task", {}, {"title"}),
        ("task", {"title": " ", "completed": "yes", "due_at": "soon"}, {"title", "completed", "due_at"}),
        ("note", {}, {"body"}),
        ("note", {"body": "x", "call_id": "ncl_nobody"}, {"call_id"}),
        ("note", {"body": 5, "author": []}, {"body", "author"}),
        ("appointment", {"title": "x"}, {"start_time", "end_time"}),
        ("appointment", {**MADE["appointment"], "end_time": "2026-09-04T14:00:00Z"}, {"end_time"}),
        (
            "appointment",
            {**MADE["appointment"], "status": "done", "timezone": "Mars"},
            {"status", "timezone"},
        ),
    ],
)
def test_what_cannot_be_stored_is_refused_by_field(kind: str, body: dict[str, Any], fields: set[str]) -> None:
    """422 names each key, and nothing was stored."""
    door = Door()
    contact = _contact(door)
    status, answer = door.ask("POST", f"contacts/{contact}/{kind}s", body)
    assert (status, set(answer["error"]["fields"])) == (422, fields)
    assert door.ask("GET", f"contacts/{contact}/{kind}s")[1]["meta"]["total"] == 0


def test_an_appointment_must_end_after_it_begins_however_it_is_moved() -> None:
    """One end alone may be moved; times of any offset are one moment."""
    door = Door()
    contact = _contact(door)
    item = _make(
        door, "appointment", contact, start_time="2026-09-04T09:00:00-05:00", timezone="Asia/Kolkata"
    )
    assert (item["start_time"], item["timezone"]) == ("2026-09-04T14:00:00Z", "Asia/Kolkata")
    url = f"contacts/{contact}/appointments/{item['id']}"
    assert door.ask("PUT", url, {"start_time": "2026-09-04T15:00:00Z"})[0] == 422
    moved = {"start_time": "2026-10-25T00:30:00Z", "end_time": "2026-10-25T01:30:00Z"}
    assert door.ask("PUT", url, moved)[1]["data"]["end_time"] == "2026-10-25T01:30:00Z"


def test_a_note_may_name_a_call_of_its_project() -> None:
    """One of another project is refused."""
    door = Door()
    contact = _contact(door)
    here, there = (door.side.emit({"kind": "call", "project": one})[0].activity_id for one in door.projects)
    assert _make(door, "note", contact, call_id=here)["call_id"] == here
    assert door.ask("POST", f"contacts/{contact}/notes", {"body": "x", "call_id": there})[0] == 422


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_idempotency_key_makes_one_item(kind: str) -> None:
    """For one contact; the same key for another contact is another request."""
    door = Door()
    contact, other = _contact(door), str(door.create(email="other@example.com")["id"])
    ids = {
        door.ask("POST", f"contacts/{owner}/{kind}s", MADE[kind], key="k-1")[1]["data"]["id"]
        for owner in (contact, contact, other)
    }
    assert len(ids) == 2


def test_lists_come_by_time_of_change_and_in_pages() -> None:
    """Oldest change first; since a moment, itself included; a changed one moves to the end."""
    door = Door()
    contact = _contact(door)
    ids = []
    for number in range(5):
        ids.append(_make(door, "note", contact, body=f"note {number} 🙂")["id"])
        door.wait(10)
    door.ask("PUT", f"contacts/{contact}/notes/{ids[0]}", {"body": "changed"})
    pages = [
        door.ask("GET", f"contacts/{contact}/notes", page=str(page), per_page="2")[1]["data"]
        for page in (1, 2, 3, 4)
    ]
    assert [[one["id"] for one in page] for page in pages] == [
        [ids[1], ids[2]],
        [ids[3], ids[4]],
        [ids[0]],
        [],
    ]
    since = door.ask("GET", f"contacts/{contact}/notes", updated_since="2026-09-01T22:14:47Z")[1]["data"]
    assert [one["id"] for one in since] == [ids[4], ids[0]]
    for wrong in ({"updated_since": "soon"}, {"sort": "title"}, {"per_page": "0"}):
        assert door.ask("GET", f"contacts/{contact}/notes", **wrong)[0] == 422


def test_what_stands_twice_on_a_contact_is_named() -> None:
    """Equal tasks, notes and appointments; on another contact, or with another word, they are not the same."""
    door = Door()
    contact, other = _contact(door), str(door.create(email="other@example.com")["id"])
    ids = {kind: [_make(door, kind, contact)["id"] for _ in range(2)] for kind in KINDS}
    for kind in KINDS:
        _make(door, kind, other)
        _make(door, kind, contact, **({"body": "x"} if kind == "note" else {"title": "x"}))
    assert door.side.doubled() == [{"kind": kind, "contact_id": contact, "ids": ids[kind]} for kind in KINDS]


@pytest.mark.parametrize("kind", KINDS)
def test_unknown_keys_and_those_that_the_account_sets_are_warned_of(kind: str) -> None:
    """Sent back to it whole, a record is taken."""
    door = Door()
    contact = _contact(door)
    item = _make(door, kind, contact)
    status, answer = door.ask("PUT", f"contacts/{contact}/{kind}s/{item['id']}", {**item, "colour": "red"})
    assert status == 200
    assert answer["data"] == item
    assert "colour: unknown key, ignored" in answer["warnings"]
    assert "id: is set by the account, ignored" in answer["warnings"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_driver_makes_changes_and_removes_items(kind: str) -> None:
    """By chance or as asked; the log names whom it concerns, and each is told."""
    door = Door(countries=("US",))
    contact = _contact(door)
    door.side.set_targets({"url": HUB})
    (made,) = door.side.emit({"kind": f"{kind}.create"})
    (named,) = door.side.emit({"kind": f"{kind}.create", "contact": contact, "changes": MADE[kind]})
    (changed,) = door.side.emit({"kind": f"{kind}.update", "id": named.activity_id, "changes": CHANGED[kind]})
    (chance,) = door.side.emit({"kind": f"{kind}.update"})
    (gone,) = door.side.emit({"kind": f"{kind}.delete", "id": made.activity_id})
    assert {one.event for one in (made, named, changed, chance, gone)} == {f"{kind}.changed"}
    assert {one.caller for one in (made, named, changed, chance, gone)} == {"+12015550123"}
    words = [event["data"]["change"] for event in door.told(f"{kind}.changed")]
    assert words == ["created", "created", "updated", "updated", "deleted"]
    (left,) = door.side.state()[f"{kind}s"]
    assert left.id == named.activity_id
    for wrong in (
        {"kind": f"{kind}.update", "id": "x"},
        {"kind": f"{kind}.create", "contact": "nct_nobody"},
        {"kind": f"{kind}.create", "changes": {"colour": 1}},
    ):
        with pytest.raises(ValueError, match=r"not found|colour"):
            door.side.emit(wrong)


def test_a_driver_completes_tasks_until_none_is_open() -> None:
    """Each open one once."""
    door = Door(countries=("US",))
    _contact(door)
    door.side.emit({"kind": "task.create", "count": 3})
    door.side.emit({"kind": "task.complete", "count": 3})
    assert all(task.completed for task in door.side.state()["tasks"])
    with pytest.raises(ValueError, match="task not found"):
        door.side.emit({"kind": "task.complete"})


def test_flat_bodies_have_labels_for_items_too() -> None:
    """Texts only, naive UTC times, and the word of the change."""
    door = Door()
    contact = _contact(door)
    door.side.set_targets({"url": f"{HUB}/calls", "profile": "flat", "auth": "none"})
    for kind in KINDS:
        _make(door, kind, contact)
    bodies = door.events()
    task, note, appointment = (body for body in bodies if "Milestone" not in body)
    assert all(isinstance(value, str) for body in bodies for value in body.values())
    assert (task["Title"], task["Due At"], task["Change"]) == ("Call back", "2026-09-03 15:00:00", "created")
    assert (note["Body"], note["Contact ID"]) == ("Prefers mornings", contact)
    assert (appointment["Start Time"], appointment["Status"]) == ("2026-09-04 14:00:00", "confirmed")
    assert {one.url.rsplit("/", 1)[1] for one in door.sent} == {
        "task.changed", "note.changed", "appointment.changed", "contact.milestone_reached",
    }  # fmt: skip
