"""`tieline people`: a person sees what happened, asks why, and puts it back."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.cli.conftest import Line
from tests.server.two_way import DEFINITION, TwoWayWorld, both_ways
from tieline.store.pool import Store

ADA = "+12015550123"


@pytest.fixture
async def both(line: Line) -> AsyncIterator[TwoWayWorld]:
    """A hub at work on the database of the command line, with Ada on both sides."""
    line.home.mkdir(parents=True, exist_ok=True)
    key = line.home / "master.key"
    key.touch(mode=0o600)
    key.write_text("A" * 43 + "=\n")
    async with Store.open(line.database_url) as store, both_ways(store, definition=DEFINITION) as both:
        both.emit(kind="contact.create", caller=ADA, caller_name="Ada [Lovelace]", tags=["VIP"])
        await both.settled()
        yield both


def flat(text: str) -> str:
    """Without the folding of a narrow terminal."""
    return " ".join(text.split())


async def test_a_wrong_name_is_seen_explained_and_put_back(line: Line, both: TwoWayWorld) -> None:
    """From the time line to the way back; a preview writes nothing."""
    moment = datetime.now(UTC).isoformat()
    both.emit(kind="contact.update", id=both.account["contacts"][0]["id"], changes={"first_name": "Wrong"})
    await both.settled()
    code, out, err = await line.run("people", "show", ADA, COLUMNS="220")
    assert code == 0, err
    for shown in ("[Lovelace]", "contact.updated by webhook of calls", "first_name = Wrong (change", "carried out",
                  "contacts.update: 200 in", "the CRM"):  # fmt: skip
        assert shown in out, out
    zone = both.world.sandbox.describe()["contacts"]["locations"][0]["timezone"]
    assert zone in out
    page = await line.json("people", "show", ADA, "--limit", "4")
    assert (len(page["entries"]), page["person"]["zone"]) == (4, zone)
    before = await line.json("people", "show", ADA, "--before", page["before"])
    assert before["before"] is None
    code, out, err = await line.run("people", "why", ADA, "first_name", COLUMNS="220")
    assert code == 0, err
    for shown in (
        "the call-tracking account showed it (event",
        "contact.updated by webhook",
        "the later change wins",
    ):
        assert shown in out
    code, out, err = await line.run("people", "at", ADA, moment, COLUMNS="220")
    assert code == 0, err
    assert "Ada" in out
    assert "Wrong [Lovelace] (person:" in out
    code, out, err = await line.run("people", "undo", ADA, "--to", moment, COLUMNS="220")
    assert code == 0, err
    assert "add --yes" in out
    assert both.people()[0][0]["first"] == "Wrong"
    done = await line.json("people", "undo", ADA, "--to", moment, "--yes")
    assert done["event"] is not None
    await both.settled()
    assert both.unequal() == []
    assert both.people()[0][0]["first"] == "Ada"
    (changed,) = [
        one["change"] for one in (await _why(line, "first_name"))["sides"] if one["side"] == "nimbata"
    ]
    code, out, err = await line.run("people", "undo", ADA, "--change", str(changed), "--yes")
    assert code == 0, err
    assert "In hand, as event" in flat(out)
    await both.settled()
    assert both.people()[0][0]["first"] == "Wrong"
    code, out, _ = await line.run("people", "undo", ADA, "--to", datetime.now(UTC).isoformat())
    assert (code, "nothing is to be put back" in out) == (0, True)
    noted = (await line.json("audit", "list", "--action", "people.undo"))["entries"]
    assert [one["actor_kind"] for one in noted] == ["command_line", "command_line"]


async def test_a_person_is_erased_only_when_it_is_said_twice(line: Line, both: TwoWayWorld) -> None:
    """First it is shown; the audit log tells of it, and not of whom."""
    code, out, err = await line.run("erase", ADA)
    assert (code, "add --yes" in out) == (0, True), err
    assert (await line.json("people", "show", ADA))["entries"]
    code, out, err = await line.run("erase", ADA, "--yes")
    assert (code, "erased" in out) == (0, True), err
    assert (await line.run("people", "show", ADA))[0] == 5
    (noted,) = (await line.json("audit", "list", "--action", "people.erase"))["entries"]
    assert noted["actor_kind"] == "command_line"
    assert not {ADA, "Ada"} & set(json.dumps(noted).replace('"', " ").split())


async def test_what_cannot_be_is_said_with_the_next_step(line: Line, both: TwoWayWorld) -> None:
    """By exit code and one sentence."""
    for arguments, code, words in (
        (("show", "+12015550199"), 5, "nobody is known"),
        (("show", "person:x"), 3, "is no number of a person"),
        (("show", ADA, "--sync", "other"), 3, "no sync named other"),
        (("why", ADA, "colour"), 3, "is no field"),
        (("at", ADA, "soon"), 3, "is no time"),
        (("undo", ADA), 3, "say a moment"),
        (("undo", ADA, "--change", "999999"), 3, "has no change 999999"),
    ):
        got, out, err = await line.run("people", *arguments, "--json")
        assert got == code, err
        assert words in json.loads(err)["error"]["message"]
        assert "Traceback" not in out + err


async def _why(line: Line, field: str) -> dict[str, Any]:
    (found,) = await line.json("people", "why", ADA, field)
    answer: dict[str, Any] = found
    return answer
