"""Golden previews: what is foreseen is what a backfill then sends, byte for byte, and foreseeing sends nothing."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from tests.server.backfilling import SYNC, mark, ran, writes
from tests.server.two_way import DEFINITION, TwoWayWorld, both_ways
from tieline.server.preview.report import ShownWrite, list_previewed
from tieline.store.pool import Store

ADA, BOB, CAL, DEE = "+12015550123", "+12015550144", "+12015550155", "+12015550166"
_NEW = re.compile(r"new-\d+")


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """One state of both sides before anything is joined."""

    name: str
    given: Callable[[TwoWayWorld], None]
    definition: str = DEFINITION
    sandbox: dict[str, Any] = {}
    source_settings: dict[str, Any] = {}
    #: Writes that a backfill makes, at least.
    least: int = 1
    #: Backfilled first, so that the hub knows them.
    before: Callable[[TwoWayWorld], None] | None = None


def person(both: TwoWayWorld, phone: str | None, name: str, **more: Any) -> str:
    """Somebody at the account."""
    made = both.emit(kind="contact.create", caller=phone, caller_name=name, deliver=False, **more)
    return str(made["activity_id"])


def contact(both: TwoWayWorld, **fields: Any) -> str:
    """Somebody in the CRM."""
    tags = fields.pop("tags", [])
    return str(both.work(kind="contact.create", fields=fields, tags=tags)["contact"])


def new_at_the_account(both: TwoWayWorld) -> None:
    person(both, ADA, "Ada Lovelace", tags=["VIP"])
    person(both, BOB, "Bob Hope", email="bob@example.com")


def new_in_the_crm(both: TwoWayWorld) -> None:
    contact(both, firstName="Ada", phone=ADA, email="Ada@Example.com", tags=["hot"])
    contact(both, firstName="Bob", phone=BOB, city="Austin")


def new_on_both(both: TwoWayWorld) -> None:
    new_at_the_account(both)
    contact(both, firstName="Cal", phone=CAL)


def equal(both: TwoWayWorld) -> None:
    person(both, ADA, "Ada Lovelace", email=None, tags=[], changes={"company": None})
    contact(both, firstName="Ada", lastName="Lovelace", phone=ADA)


def the_later_counts(both: TwoWayWorld) -> None:
    person(both, ADA, "Augusta Lovelace", email=None, tags=[])
    both.world.sandbox.nimbata.clock.advance(5)
    contact(both, firstName="Ada", lastName="King", phone=ADA, companyName="Acme")
    both.world.sandbox.nimbata.clock.advance(5)
    person(both, BOB, "Bob Hope", email=None, tags=[])


def the_crm_counts(both: TwoWayWorld) -> None:
    contact(both, firstName="Ada", lastName="King", phone=ADA)
    both.world.sandbox.nimbata.clock.advance(5)
    person(both, ADA, "Augusta Lovelace", email=None, tags=[])


def tags_both_ways(both: TwoWayWorld) -> None:
    person(both, ADA, "Ada Lovelace", email=None, tags=["VIP", "Köln-Süd"])
    contact(both, firstName="Ada", lastName="Lovelace", phone=ADA, tags=["hot", "vip"])


def items_of_the_account(both: TwoWayWorld) -> None:
    ada = person(both, ADA, "Ada Lovelace")
    both.emit(kind="task.create", contact=ada, changes={"title": "Ring", "assignee": None}, deliver=False)
    both.emit(kind="note.create", contact=ada, changes={"body": "Prefers mornings"}, deliver=False)
    both.emit(kind="appointment.create", contact=ada, changes={"title": "Visit"}, deliver=False)


def items_of_the_crm(both: TwoWayWorld) -> None:
    bob = contact(both, firstName="Bob", phone=BOB)
    for kind in ("task", "note", "appointment"):
        both.work(kind=f"{kind}.create", id=bob)


def items_of_both(both: TwoWayWorld) -> None:
    ada = person(both, ADA, "Ada Lovelace", email=None, tags=[])
    both.emit(kind="note.create", contact=ada, changes={"body": "One"}, deliver=False)
    there = contact(both, firstName="Ada", lastName="Lovelace", phone=ADA)
    both.work(kind="note.create", id=there, body="Two")
    both.work(kind="task.create", id=there)


def duplicates(both: TwoWayWorld) -> None:
    contact(both, firstName="Ada", phone=ADA)
    contact(both, firstName="Ada again", phone=ADA, tags=["twice"])
    person(both, BOB, "Bob Hope", tags=["VIP"])


def split(both: TwoWayWorld) -> None:
    """The phone is one contact's, the e-mail another's."""
    contact(both, firstName="Phone", phone=ADA)
    contact(both, firstName="Mail", email="ada@example.com")
    person(both, ADA, "Ada Lovelace", email="ada@example.com", tags=[])


def normalised(both: TwoWayWorld) -> None:
    person(both, "(201) 555-0123", "Ada Lovelace", email=" ADA@Example.COM ", tags=["  VIP  Client "])
    contact(both, firstName="Bob", phone="(201) 555-0144", email="BOB@EXAMPLE.com", tags=["Hot"])


def unicode(both: TwoWayWorld) -> None:
    person(both, ADA, "Zoë Şahin", email=None, tags=["VIP ⭐"], changes={"company": "株式会社サンプル"})
    contact(
        both, firstName="Renée", lastName="O’Brien", phone=BOB, companyName="Müller & Söhne", tags=["größer"]
    )


def filtered(both: TwoWayWorld) -> None:
    person(both, ADA, "Ada Lovelace", tags=["VIP"])
    person(both, BOB, "Bob Hope", tags=[])
    contact(both, firstName="Cal", phone=CAL, tags=["vip"])
    contact(both, firstName="Dee", phone=DEE)


def nobody_to_reach(both: TwoWayWorld) -> None:
    contact(both, firstName="Nobody")
    person(both, ADA, "Ada Lovelace")


def by_email(both: TwoWayWorld) -> None:
    person(both, None, "Ada Lovelace", email="ada@example.com", tags=[])
    contact(both, firstName="Ada", email="ADA@example.com", phone=ADA)


def calls(both: TwoWayWorld) -> None:
    both.emit(kind="call", caller=ADA, caller_name="Ada Lovelace", outcome="ANSWERED", deliver=False)
    both.emit(kind="call", caller=ADA, caller_name="Ada Lovelace", outcome="NOT_ANSWERED", deliver=False)
    both.emit(kind="sms", caller=BOB, body="Is tomorrow ok?", deliver=False)
    contact(both, firstName="Cal", phone=CAL)
    both.emit(kind="call", caller=CAL, caller_name="Cal Ripken", outcome="ANSWERED", deliver=False)


def items_of_callers(both: TwoWayWorld) -> None:
    calls(both)
    cal = both.crm["contacts"][0]["id"]
    both.work(kind="task.create", id=cal)
    both.work(kind="note.create", id=cal, body="Wants two offers.")


def many(both: TwoWayWorld) -> None:
    for number in range(130):
        person(both, f"+1201555{1000 + number}", f"Person {number}", email=None, tags=[])
    for number in range(115, 245):
        contact(both, firstName="Person", lastName=str(number), phone=f"+1201555{1000 + number}")


def half_known(both: TwoWayWorld) -> None:
    """Ada and Bob are linked already; her note, and Dee, are not."""
    ada = next(one["id"] for one in both.account["contacts"] if one["phone"] == ADA)
    both.emit(kind="note.create", contact=ada, changes={"body": "New since then"}, deliver=False)
    person(both, DEE, "Dee Dee")


ONE_WAY = DEFINITION.replace("person:\n  direction: both", "person:\n  direction: to_contacts_api").replace(
    "tags: {direction: both", "tags: {direction: to_contacts_api"
)
CRM_RULES = DEFINITION.replace(
    "{nimbata: last_name, contacts_api: last_name}",
    "{nimbata: last_name, contacts_api: last_name, rule: contacts_api}",
)
ONLY_VIP = DEFINITION.replace(
    "person:\n  direction: both", "person:\n  direction: both\n  where:\n    - {field: tags, has: [vip]}"
)
CASES = (
    Case(name="new at the account", given=new_at_the_account, least=2),
    Case(name="new in the CRM", given=new_in_the_crm, least=2),
    Case(name="new on both", given=new_on_both, least=3),
    Case(name="equal already", given=equal, least=0),
    Case(name="the later counts", given=the_later_counts, least=2),
    Case(name="the CRM counts", given=the_crm_counts, definition=CRM_RULES),
    Case(name="tags both ways", given=tags_both_ways, least=2),
    Case(name="items of the account", given=items_of_the_account, least=4),
    Case(name="items of the CRM", given=items_of_the_crm, least=4),
    Case(name="items of both", given=items_of_both, least=3),
    Case(name="duplicates allowed", given=duplicates, sandbox={"allow_duplicates": True}, least=2),
    Case(name="duplicates allowed, new", given=new_on_both, sandbox={"allow_duplicates": True}, least=3),
    Case(name="phone and e-mail of two", given=split, least=0),
    Case(name="normalised values", given=normalised, least=2),
    Case(name="unicode", given=unicode, least=2),
    Case(name="filtered", given=filtered, definition=ONLY_VIP, least=2),
    Case(name="one way", given=new_on_both, definition=ONE_WAY, least=2),
    Case(name="nobody to reach", given=nobody_to_reach),
    Case(name="by e-mail", given=by_email, least=0),
    Case(
        name="derived", given=calls, sandbox={"nimbata_mode": "derived"}, source_settings={"mode": "derived"},
        least=4,
    ),
    Case(
        name="derived, items", given=items_of_callers, sandbox={"nimbata_mode": "derived"},
        source_settings={"mode": "derived"}, least=5,
    ),
    Case(name="more than a page", given=many, least=220),
    Case(name="half known", given=half_known, before=new_at_the_account, least=2),
)  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_what_is_foreseen_is_what_is_sent(store: Store, case: Case) -> None:
    """Method, address and body of every write; ids that only the far side can give are aligned."""
    settings = {"source_settings": case.source_settings} if case.source_settings else {}
    options = {"echoes": False, "definition": case.definition, "sandbox": case.sandbox, **settings}
    async with both_ways(store, **options) as both:
        both.world.sandbox.contacts.side.set_quirks({"search_lag_s": 0})
        both.world.sandbox.nimbata.side.targets.clear()
        if case.before is not None:
            case.before(both)
            await ran(both, "backfill")
            await both.settled()
        case.given(both)
        start = mark(both)
        run = await ran(both, "preview")
        assert run.state == "done", run.reason
        assert writes(both, start) == [], "a preview writes nothing"
        foreseen = await list_previewed(store, SYNC, limit=10_000)
        report = run.report
        assert report["writes"] + report["refused"] == len(foreseen) >= case.least
        assert report["refused"] == sum(one.refused for one in foreseen)
        assert report["calls"] > report["writes"], "reading costs calls as well"
        start = mark(both)
        assert (await ran(both, "backfill")).state == "done"
        await both.settled()
        sent = [(one.method, one.path, _bytes(one.body), one.result_id) for one in writes(both, start)]
        left, unforeseen = aligned(foreseen, sent)
        assert (left, unforeseen) == ([], [])


def aligned(
    foreseen: list[ShownWrite], sent: list[tuple[str, str, str, str | None]]
) -> tuple[list[str], list[str]]:
    """What was foreseen and not sent, and what was sent and not foreseen, once new ids are those that were given."""
    names: dict[str, str] = {}
    left, rest = list(foreseen), list(sent)
    moved = True
    while moved:
        moved = False
        for one in list(left):
            told = tuple(
                _NEW.sub(lambda found: names.get(found[0], found[0]), text) for text in (one.path, one.body)
            )
            match = next((other for other in rest if other[:3] == (one.method, *told)), None)
            if match is not None:
                left.remove(one)
                rest.remove(match)
                moved = True
                if one.record_id and _NEW.fullmatch(one.record_id) and match[3]:
                    names[one.record_id] = match[3]
    return [f"{one.method} {one.path} {one.body}" for one in left], [" ".join(map(str, one)) for one in rest]


def _bytes(body: Any) -> str:
    return "" if body is None else msgspec.json.encode(body).decode()
