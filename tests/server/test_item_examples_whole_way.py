"""What examples of a sync file say of notes is what a hub does between both sandboxes."""

from __future__ import annotations

import pytest

from tests.server.two_way import DEFINITION, TwoWayWorld, both_ways
from tieline.domain.items import Note
from tieline.domain.side import SIDES, Side, other
from tieline.mapping.two_way import ItemRules
from tieline.store.pool import Store
from tieline.sync.files.definition import parse_definition
from tieline.sync.files.item_example import ItemExample, ItemStep, Write
from tieline.sync.files.run_item_examples import what_comes_of

ADA = "+12015550123"


def _notes(both: TwoWayWorld, side: Side) -> dict[str, str]:
    """Words of each note that stands on a side, without our mark: its id."""
    rows = both.account["notes"] if side == "nimbata" else both.crm["notes"]
    there = (one for one in rows if not (one.get("deleted_at") or one.get("deleted")))
    return {str(one["body"]).partition("\n")[0]: one["id"] for one in there}


def _said(rules: ItemRules, records: dict[Side, Note], *then: ItemStep) -> dict[Side, Write]:
    came = what_comes_of(rules, ItemExample(kind="note", records={**records}, then=then))
    return {side: one.write for side, one in came.to.items()}


def _do(both: TwoWayWorld, side: Side, deed: str, item_id: str, body: str = "") -> None:
    if side == "nimbata":
        changes = {"body": body} if body else {}
        both.emit(kind=f"note.{deed}", changes=changes, **{"contact" if deed == "create" else "id": item_id})
    else:
        both.work(kind=f"note.{deed}", id=item_id, body=body)


@pytest.mark.parametrize(
    ("direction", "deletes"),
    [("both", "delete"), ("both", "unlink"), ("to_contacts_api", "delete"), ("to_nimbata", "delete")],
)
async def test_notes_are_made_changed_and_deleted_as_examples_say(
    store: Store, direction: str, deletes: str
) -> None:
    """On either side, and of the copy as well as of the original."""
    definition = DEFINITION.replace(
        "notes: {direction: both, deletes: delete}", f"notes: {{direction: {direction}, deletes: {deletes}}}"
    )
    rules = parse_definition(definition).two_way.items["note"]
    assert (rules.direction, rules.deletes) == (direction, deletes)
    async with both_ways(store, definition=definition) as both:
        both.emit(kind="contact.create", caller=ADA, caller_name="Ada Lovelace")
        await both.settled()
        owners: dict[Side, str] = {
            "nimbata": both.account["contacts"][0]["id"], "contacts_api": both.crm["contacts"][0]["id"],
        }  # fmt: skip
        for side in SIDES:
            there, words = other(side), f"made in {side}"
            _do(both, side, "create", owners[side], words)
            await both.settled()
            copied = words in _notes(both, there)
            assert copied is (_said(rules, {side: Note(id="", body=words)})[there] == "create")
            if not copied:
                continue
            for changing in (side, there):
                before, words = words, f"{words}, changed in {changing}"
                two: dict[Side, Note] = {one: Note(id="", body=before) for one in SIDES}
                written = _said(rules, two, ItemStep(side=changing, fields={"body": words}))
                _do(both, changing, "update", _notes(both, changing)[before], words)
                await both.settled()
                assert (words in _notes(both, other(changing))) is (written[other(changing)] == "update")
            alone = _notes(both, there)
            written = _said(rules, two, ItemStep(side=side, deleted=True))
            _do(
                both,
                side,
                "delete",
                next(i for w, i in _notes(both, side).items() if w.startswith(f"made in {side}")),
            )
            await both.settled()
            assert len(alone) - len(_notes(both, there)) == (written[there] == "delete")
