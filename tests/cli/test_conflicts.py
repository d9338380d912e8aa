"""`tieline conflicts`: a person sees both records, answers, and is told what follows."""

from __future__ import annotations

import json

import pytest

from tests.cli.conftest import Line
from tieline.domain.contact import Contact
from tieline.store.migrate import migrate
from tieline.store.pool import Store
from tieline.testing.conflict_rows import add_conflict, two_records
from tieline.vault.seal import Vault


@pytest.fixture
async def number(line: Line) -> int:
    """A question that a worker left."""
    await migrate(line.database_url)
    asked = two_records(
        Contact(
            id="n1", first_name="Ada", last_name="[Lovelace]", phone="+12015550123", email="ada@example.com"
        ),
        Contact(id="c1", first_name="Ada", phone="+12015550123", tags=frozenset({"vip"})),
        Contact(id="c2", email="ada@example.com", custom={"size": "L"}),
    )
    async with Store.open(line.database_url) as store:
        async with store.transaction() as db:
            await db.execute("INSERT INTO consumer (kind, lane_id) SELECT 'sync', id FROM lane LIMIT 1")
        return await add_conflict(store, Vault(bytes(32)), asked, sync=1, person=7)


async def test_a_question_is_read_answered_and_remembered(line: Line, number: int) -> None:
    """As tables for people, as JSON for programs."""
    code, out, err = await line.run("conflicts", "list")
    assert code == 0, err
    assert "Ada" in out
    code, out, err = await line.run("conflicts", "show", str(number))
    assert code == 0, err
    for shown in ("[Lovelace]", "c1", "c2", "vip", "size: L", "--merge c1", "--keep"):
        assert shown in out
    settled = await line.json("conflicts", "settle", str(number), "--merge", "c1", "--by", "ann")
    assert settled["answer"] == {"choice": {"type": "merge", "record": "c1"}, "by": "ann"}
    assert "tagged 'duplicate': c2" in settled["meaning"]
    assert await line.json("conflicts", "list") == []
    (listed,) = await line.json("conflicts", "list", "--state", "settled")
    assert listed["id"] == number
    shown_again = await line.json("conflicts", "show", str(number))
    assert shown_again["answer"]["by"] == "ann"
    code, out, _ = await line.run("conflicts", "show", str(number))
    assert "merge c1, by ann" in out
    code, _, err = await line.run("conflicts", "settle", str(number), "--keep")
    assert (code, "settled by ann" in err.replace("\n", " ")) == (3, True)
    code, out, err = await line.run("conflicts", "settle", str(number), "--keep", "--change")
    assert code == 0, err
    assert "never joined" in out.replace("\n", " ")
    noted = (await line.json("audit", "list", "--action", "conflicts.settle"))["entries"]
    assert [(one["actor_kind"], one["after"]["choice"]) for one in noted] == [
        ("command_line", "keep"), ("command_line", "merge"),
    ]  # fmt: skip


async def test_what_a_choice_needs_is_said_plainly(line: Line, number: int) -> None:
    """With the documented exit codes; nothing is settled by a mistake."""
    asked = str(number)
    for arguments, code, words in (
        (("settle", asked), 3, "say one of --merge RECORD, --keep"),
        (("settle", asked, "--keep", "--merge", "c1"), 3, "say one of"),
        (("settle", asked, "--merge", "c9"), 3, "one of: c1, c2"),
        (("settle", asked, "--choose", "nimbata"), 3, "one of: c1, c2"),
        (("settle", "999", "--keep"), 5, "no conflict 999"),
        (("show", "999"), 5, "no conflict 999"),
        (("list", "--state", "nonsense"), 3, "--state can be"),
    ):
        got, out, err = await line.run("conflicts", *arguments, "--json")
        assert got == code, err
        assert words in json.loads(err)["error"]["message"]
        assert "Traceback" not in out + err
    assert [one["state"] for one in await line.json("conflicts", "list")] == ["open"]
