"""Tasks, notes and appointments by the command line, as a person and a script meet it."""

from __future__ import annotations

import json
from typing import Any

from tests.cli.conftest import Line

PHONE = "+12015550123"


async def connect(line: Line) -> None:
    """Both sides, joined."""
    await line.connect_calls("--webhook-secret", "hook-secret-for-tests")
    code, _, err = await line.connect_crm()
    assert code == 0, err
    await line.json("sync", "add", "--name", "one", "--from", "calls", "--to", "crm")


def of(kind: str, *more: str, person: str = PHONE) -> tuple[str, ...]:
    """The arguments that make an item."""
    return ("items", "add", "--connection", "calls", "--person", person, "--kind", kind, *more)


async def events(line: Line) -> list[Any]:
    """What was told by hand, the oldest first, with its body."""
    listed = await line.json("events", "list")
    found = [await line.json("events", "show", str(one["id"])) for one in listed if one["source"] == "manual"]
    return sorted(found, key=lambda one: int(one["id"]))


async def test_a_task_from_its_first_day_to_its_last(line: Line) -> None:
    """Added, changed, completed, reopened and removed; each step is an event for the sync."""
    await connect(line)
    made = await line.json(
        *of("task", "--title", "Call back", "--due", "2026-09-03T10:00", "--timezone", "America/Chicago"),
    )
    assert (made["due_at"], made["completed"], made["version"]) == ("2026-09-03T15:00:00Z", False, 1)
    item = made["id"]
    changed = await line.json(
        "items", "change", item, "--body", "a quote", "--clear", "due", "--version", "1"
    )
    assert (changed["body"], changed["due_at"]) == ("a quote", None)
    # Beside the id, connection and person are a check; a local number reads as at the location.
    theirs = ("--connection", "calls", "--person", "(201) 555-0123")
    assert (await line.json("items", "complete", item, *theirs))["completed"]
    assert not (await line.json("items", "reopen", item))["completed"]
    assert await line.json("items", "show", item, *theirs) == (await line.json("items", "show", item))
    listed = await line.json("items", "list", "--connection", "calls", "--person", PHONE)
    assert [one["id"] for one in listed] == [item]
    assert (await line.json("items", "remove", item))["deleted_at"]
    assert await line.json("items", "list", "--connection", "calls", "--person", PHONE) == []
    told = await events(line)
    assert [one["body"]["data"]["change"] for one in told] == [
        "created",
        "updated",
        "completed",
        "updated",
        "deleted",
    ]
    assert {(one["kind"], one["sync"], one["state"]) for one in told} == {("task.changed", "one", "ready")}


async def test_notes_and_appointments(line: Line) -> None:
    """With the fields of their kind; a script's repetition makes no second one."""
    await connect(line)
    visit = await line.json(
        *of("appointment", "--title", "Visit", "--starts", "2026-09-04T09:00", "--ends", "2026-09-04T10:00",
            "--timezone", "America/Chicago", "--status", "confirmed", "--location", "1 Main St"),
    )  # fmt: skip
    assert (visit["starts_at"], visit["status"]) == ("2026-09-04T14:00:00Z", "confirmed")
    moved = await line.json("items", "change", visit["id"], "--starts", "2026-09-04T09:30")
    assert moved["starts_at"] == "2026-09-04T14:30:00Z"
    wanted = of("note", "--body", "Prefers mornings", "--reference", "job 7", person="Jane@Example.com")
    first, again = await line.json(*wanted), await line.json(*wanted)
    assert first == again
    assert first["person"].endswith(":jane@example.com")
    assert [one["kind"] for one in await events(line)] == [
        "appointment.changed",
        "appointment.changed",
        "note.changed",
    ]
    code, out, _ = await line.run(
        "items", "list", "--connection", "calls", "--person", PHONE, "--kind", "appointment"
    )
    assert code == 0
    assert "Visit" in out
    assert "confirmed" in out
    code, out, _ = await line.run("items", "show", first["id"])
    assert code == 0
    assert "Prefers mornings" in out
    code, out, _ = await line.run("items", "remove", first["id"])
    assert (code, "Removed" in out) == (0, True)


BAD: list[tuple[tuple[str, ...], int, str]] = [
    (of("task"), 3, "a task needs title"),
    (of("task", "--title", "x", "--due", "2026-09-03T15:00"), 3, "names no zone"),
    (of("task", "--title", "x", "--due", "soon", "--timezone", "UTC"), 3, "is no time"),
    (of("note", "--body", "x", "--title", "y"), 3, "a note has no title"),
    (of("note", "--body", "x", person="12"), 3, "country code"),
    (of("meeting", "--title", "x"), 2, "appointment"),
    (("items", "list", "--connection", "crm", "--person", PHONE), 3, "call-tracking connection"),
    (("items", "list", "--connection", "nobody", "--person", PHONE), 3, "tieline connect list"),
    (("items", "show", "otk_none"), 5, "tieline items list"),
    (("items", "complete", "otk_none"), 5, "tieline items list"),
    (("items", "remove", "otk_none"), 5, "tieline items list"),
]


async def test_what_cannot_be_is_said_with_the_next_step(line: Line) -> None:
    """By exit code and one sentence, as JSON where it is asked for; nobody is told of anything."""
    await connect(line)
    for arguments, code, words in BAD:
        got, out, err = await line.run(*arguments)
        assert (got, out) == (code, ""), err
        assert words in " ".join(err.split()), err
    _, _, err = await line.run(*of("task"), "--json")
    assert "title" in json.loads(err)["error"]["message"]
    assert await events(line) == []


async def test_a_change_is_refused_where_it_does_not_fit(line: Line) -> None:
    """A note is not completed; another person's item and a version that is past are left alone."""
    await connect(line)
    note = await line.json(*of("note", "--body", "x"))
    for arguments, code, words in (
        (("items", "complete", note["id"]), 3, "a note has no completed"),
        (("items", "change", note["id"], "--clear", "colour"), 3, "no field"),
        (("items", "change", note["id"], "--clear", "body"), 3, "a note needs body"),
        (("items", "change", note["id"], "--body", "y", "--clear", "body"), 3, "exclude each other"),
        (("items", "remove", note["id"], "--version", "2"), 1, "read it again"),
        (("items", "remove", note["id"], "--person", "+12015550124"), 5, "another person's"),
        (("items", "remove", note["id"], "--connection", "crm"), 5, "not of crm"),
    ):
        got, _, err = await line.run(*arguments)
        assert got == code, err
        assert words in " ".join(err.split()), err
    assert await line.json("items", "show", note["id"]) == note
    assert len(await events(line)) == 1


async def test_every_verb_explains_itself(line: Line) -> None:
    """And offers JSON."""
    for verb in ("list", "show", "add", "change", "complete", "reopen", "remove"):
        code, out, _ = await line.run("items", verb, "--help")
        assert code == 0
        assert "--json" in out
