"""Who is it? Nothing is written before it is clear, and an answer is kept."""

from __future__ import annotations

from tests.server.two_way import DEFINITION, TwoWayWorld, both_ways
from tieline.server.people.conflicts import list_conflicts, settle
from tieline.store.pool import Store
from tieline.sync.who.conflicts import Choose, Keep, Merge

ADA = "+12015550123"
MAIL = "ada@example.com"


async def split(both: TwoWayWorld) -> tuple[str, str]:
    """A contact with the phone and one with the e-mail, known to nobody here; then somebody with both."""
    with both.unheard("contacts_api"):
        by_phone = both.work(kind="contact.create", fields={"firstName": "Ada", "phone": ADA})["contact"]
        by_email = both.work(kind="contact.create", fields={"firstName": "Ada", "email": MAIL})["contact"]
    both.emit(kind="contact.create", caller=ADA, caller_name="Ada Lovelace", email=MAIL, tags=["VIP"])
    await both.settled()
    return by_phone, by_email


async def test_a_phone_here_and_an_e_mail_there_is_asked_and_nothing_is_written(store: Store) -> None:
    """Both records are shown side by side."""
    async with both_ways(store) as both:
        by_phone, by_email = await split(both)
        (asked,) = await list_conflicts(store)
        assert asked.reason == "two_records"
        shown = both.crm["contacts"]
        assert {one["id"]: one["tags"] for one in shown} == {by_phone: [], by_email: []}


async def test_merge_links_the_one_that_is_kept_and_marks_the_other(store: Store) -> None:
    """And what waited is carried over at once."""
    async with both_ways(store) as both:
        by_phone, by_email = await split(both)
        (asked,) = await list_conflicts(store)
        await settle(store, asked.id, Merge(record=by_phone), "tester")
        await both.settled()
        shown = {one["id"]: one for one in both.crm["contacts"]}
        assert shown[by_phone]["tags"] == ["vip"]
        assert shown[by_phone]["lastName"] == "Lovelace"
        assert shown[by_email]["tags"] == ["duplicate"]
        assert await list_conflicts(store) == []


async def test_an_answer_is_remembered(store: Store) -> None:
    """The next change of the person asks nothing, and goes to the record that was chosen."""
    async with both_ways(store) as both:
        by_phone, by_email = await split(both)
        (asked,) = await list_conflicts(store)
        await settle(store, asked.id, Choose(value=by_email), "tester")
        await both.settled()
        both.emit(kind="contact.update", changes={"company": "Acme"})
        await both.settled()
        shown = {one["id"]: one.get("companyName") for one in both.crm["contacts"]}
        assert shown == {by_phone: None, by_email: "Acme"}
        assert await list_conflicts(store) == []


async def test_keep_joins_nobody(store: Store) -> None:
    """The location refuses a third record with the same phone: the two stay as they are."""
    async with both_ways(store) as both:
        await split(both)
        (asked,) = await list_conflicts(store)
        await settle(store, asked.id, Keep(), "tester")
        await both.settled()
        assert [one["tags"] for one in both.crm["contacts"]] == [[], []]
        assert await list_conflicts(store) == []


async def test_a_field_whose_rule_is_ask_waits_for_an_answer(store: Store) -> None:
    """Both values are kept until a person chooses; then both sides have that one."""
    definition = DEFINITION.replace("contacts_api: company}", "contacts_api: company, rule: ask}")
    async with both_ways(store, definition=definition) as both:
        both.emit(kind="contact.create", caller=ADA, caller_name="Ada Lovelace")
        await both.settled()
        with both.unheard("contacts_api"):
            both.work(kind="contact.update", fields={"companyName": "Theirs"})
        both.emit(kind="contact.update", changes={"company": "Ours"})
        both.work(kind="contact.update", fields={"city": "Austin"})
        await both.settled()
        asked = await list_conflicts(store)
        assert [one.kind for one in asked] == ["field"]
        await settle(store, asked[0].id, Choose(value="nimbata"), "tester")
        await both.settled()
        assert both.unequal() == []
        assert both.crm["contacts"][0]["companyName"] == "Ours"
