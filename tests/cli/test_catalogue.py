"""`tieline catalogue`: what can be picked is listed, shown and tried."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Line


async def test_the_list_is_the_126_and_what_comes_on_top(line: Line) -> None:
    """Without a hub, a database or an account."""
    listed = await line.json("catalogue", "list")
    assert set(listed[0]) == {
        "id", "kind", "app", "title", "mission", "instant", "checked_every_s", "scopes", "quota_cost", "idempotent",
        "proved",
    }  # fmt: skip
    promised = [one for one in listed if one["mission"]]
    assert len(promised) == len([one for one in promised if one["proved"]]) == 126
    assert await line.json("catalogue", "list", "--mission") == promised
    some = await line.json(
        "catalogue", "list", "--app", "nimbata", "--kind", "trigger", "--search", "milestone first TOUCH"
    )
    assert [one["id"] for one in some] == ["nimbata.contact.milestone_reached"]
    code, out, err = await line.run("catalogue", "list", "--search", "reopened")
    assert code == 0, err
    assert "tasks.reopened" in out
    assert not line.home.exists()


async def test_an_entry_is_shown_and_one_that_there_is_not_is_suggested(line: Line) -> None:
    """As a table for people."""
    code, out, err = await line.run("catalogue", "show", "appointments.create", COLUMNS="160")
    assert code == 0, err
    for shown in ("calendarId", "calendars/events.write", "look-up: list", "confirmed"):
        assert shown in out
    code, _, err = await line.run("catalogue", "show", "task.create")
    assert (code, "tasks.create" in err) == (5, True)


async def test_an_operation_is_tried_through_the_hub(line: Line) -> None:
    """The call is made in the lane, told redacted, and in the audit log; a refusal is the verb's own failure."""
    code, _, err = await line.connect_crm()
    assert code == 0, err
    given = ("--connection", "crm", "--input", json.dumps({"firstName": "Ada", "phone": "+12015550123"}))
    code, _, err = await line.run("catalogue", "try", "contacts.create", *given, "--wait-s", "1")
    assert (code, "tieline up" in err.replace("\n", " ")) == (1, True)
    async with line.up():
        done = await line.json("catalogue", "try", "contacts.create", *given)
        assert (done["outcome"], done["status"], done["exchange"]["method"]) == ("done", 201, "POST")
        found = await line.json(
            "catalogue", "try", "contacts.get", "--connection", "crm", "--input",
            json.dumps({"contactId": done["value"]["contact"]["id"]}),
        )  # fmt: skip
        assert found["value"]["contact"]["phone"] == "+12015550123"
        code, out, err = await line.run("catalogue", "try", "contacts.create", *given)
        assert (code, "refused" in out, "POST /contacts/" in out) == (1, True, True), err
        token = line.told["contacts"]["locations"][0]["token"]
        assert token not in out
    noted = (await line.json("audit", "list", "--action", "catalogue.try"))["entries"]
    assert [one["subject"] for one in noted] == [
        "contacts.create", "contacts.get", "contacts.create", "contacts.create",
    ]  # fmt: skip


async def test_a_function_is_tried_without_a_connection(line: Line) -> None:
    """And a wrong input is said by its field."""
    done = await line.json(
        "catalogue", "try", "format.phone", "--input", '{"phone": "(201) 555-0123", "country": "US"}'
    )
    assert done["value"]["phone"] == "+12015550123"
    code, _, err = await line.run("catalogue", "try", "format.phone", "--input", '{"phon": "1"}')
    assert (code, "phone" in err) == (3, True)
    code, _, err = await line.run("catalogue", "try", "format.phone", "--input", "[1]")
    assert (code, "JSON object" in err.replace("\n", " ")) == (3, True)


async def test_pages_are_made_and_checked(line: Line, tmp_path: Path) -> None:
    """One that is stale, missing or left over is named."""
    folder = tmp_path / "pages"
    made = await line.json("catalogue", "docs", "--to", str(folder))
    assert made["changed"] == made["pages"] == sorted(one.name for one in folder.iterdir())
    code, _, err = await line.run("catalogue", "docs", "--check", "--to", str(folder))
    assert code == 0, err
    (folder / "README.md").write_text("other")
    (folder / "old.md").write_text("other")
    code, _, err = await line.run("catalogue", "docs", "--check", "--to", str(folder))
    assert (code, "README.md" in err, "old.md" in err) == (1, True, True)
    again = await line.json("catalogue", "docs", "--to", str(folder))
    assert again["changed"] == ["README.md", "old.md"]
    assert not (folder / "old.md").exists()
