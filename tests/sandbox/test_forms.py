"""Forms and surveys: no event tells of what is sent, only the list and the contact do."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sandbox.crm_door import CrmDoor, crm_door

KINDS = ("form", "survey")


def page(door: CrmDoor, kind: str = "form", **query: Any) -> Any:
    """One page of what was sent."""
    return door.done("GET", f"/{kind}s/submissions", locationId=door.location, **query)


def senders(door: CrmDoor, **query: Any) -> list[str]:
    """First names, in the order of the page."""
    return [one["others"]["firstName"] for one in page(door, **query)["submissions"]]


def send(door: CrmDoor, name: str, **more: Any) -> Any:
    """Somebody sends the form."""
    return door.emit("form.submit", fields={"firstName": name, **more})


@pytest.mark.parametrize("kind", KINDS)
def test_a_submission_makes_a_contact_and_is_listed_with_all_that_was_filled_in(kind: str) -> None:
    """Also with questions that no field of a contact answers."""
    with crm_door() as door:
        forms = door.done("GET", f"/{kind}s/", locationId=door.location)
        form = forms[f"{kind}s"][0]
        assert (forms["total"], form["locationId"]) == (len(forms[f"{kind}s"]), door.location)
        fields = {"firstName": "Zoë", "email": "zoe@example.com", "wie gehört?": "Radio ☂"}
        done = door.emit(f"{kind}.submit", id=form["id"], fields=fields, tags=["Neu"])
        (sent,) = page(door, kind)["submissions"]
        assert (sent["id"], sent[f"{kind}Id"], sent["contactId"]) == (
            done["record"], form["id"], done["contact"],
        )  # fmt: skip
        assert (sent["name"], sent["email"], sent["createdAt"]) == (
            "Zoë", "zoe@example.com", "2026-09-01T22:14:07.900Z",
        )  # fmt: skip
        assert sent["others"] == {**fields, "fieldsOriSequance": list(fields)}
        (contact,) = door.state()["contacts"]
        assert (contact["firstName"], contact["tags"], "wie gehört?" in contact) == ("Zoë", ["neu"], False)


def test_nothing_tells_of_a_submission_but_the_contact_that_it_makes_or_changes() -> None:
    """The second one finds the contact of the first by its phone, and leaves its tags."""
    with crm_door() as door:
        send(door, "Noor", phone="(512) 555-0123")
        assert door.types() == ["ContactCreate"]
        contact = door.state()["contacts"][0]["id"]
        door.emit("tag.add", id=contact, tags=["vip"])
        door.sent.clear()
        again = send(door, "Noor B.", phone="+15125550123")
        assert (again["contact"], door.types()) == (contact, ["ContactUpdate"])
        assert door.state()["contacts"][0]["tags"] == ["vip"]
        assert page(door)["meta"]["total"] == 2


def test_pages_are_newest_first_and_say_what_follows() -> None:
    """`nextPage` and `prevPage` are null at the ends."""
    with crm_door() as door:
        for number in range(5):
            send(door, f"n{number}")
            door.wait(1)
        first, last = page(door, limit=2), page(door, limit=2, page=3)
        names = [one["others"]["firstName"] for one in (*first["submissions"], *last["submissions"])]
        assert names == ["n4", "n3", "n0"]
        assert first["meta"] == {"total": 5, "currentPage": 1, "nextPage": 2, "prevPage": None}
        assert last["meta"] == {"total": 5, "currentPage": 3, "nextPage": None, "prevPage": 2}
        assert page(door, limit=2, page=4)["submissions"] == []


@pytest.mark.parametrize(
    "query",
    [{"limit": "101"}, {"limit": "0"}, {"page": "0"}, {"startAt": "01.09.2026"}, {"endAt": "2026-02-30"},
     {"limit": "many"}, {"skip": "1"}],
)  # fmt: skip
def test_a_query_that_does_not_fit_is_422(query: dict[str, str]) -> None:
    """Limits, dates, unknown names."""
    with crm_door() as door:
        assert door.ask("GET", "/forms/submissions", locationId=door.location, **query)[0] == 422
        assert door.ask("GET", "/forms/submissions")[0] == 422


def test_the_list_of_forms_has_limits_of_its_own() -> None:
    """At most 50, ten where nothing is said."""
    with crm_door() as door:
        (second,) = door.done("GET", "/forms/", locationId=door.location, skip=1, limit=50)["forms"]
        assert second["name"] == "Request a quote"
        assert door.ask("GET", "/forms/", locationId=door.location, limit=51)[0] == 422


def test_filters_leave_what_fits() -> None:
    """By form, and by words in id, name, e-mail and phone of whoever sent it."""
    with crm_door() as door:
        contact_us, quote = (one["id"] for one in door.state()["forms"])
        door.emit("form.submit", id=contact_us, fields={"firstName": "Zoë", "phone": "+15125550123"})
        done = door.emit("form.submit", id=quote, fields={"firstName": "Ada", "email": "Ada@Example.com"})
        assert senders(door, formId=quote) == ["Ada"]
        for words, names in [("ZOË", ["Zoë"]), ("5550123", ["Zoë"]), ("ada@", ["Ada"]), ("nobody", [])]:
            assert senders(door, q=words) == names
        assert senders(door, q=done["contact"]) == ["Ada"]
        with pytest.raises(ValueError, match="has no form"):
            door.emit("form.submit", id=door.location)


def test_days_are_those_of_the_location_also_when_the_clocks_change() -> None:
    """In Chicago the eighth of March 2026 has 23 hours: from six o'clock UTC to five o'clock UTC."""
    with crm_door() as door:
        for name, moment in [
            ("before", datetime(2026, 3, 8, 5, 59, 59, tzinfo=UTC)),
            ("first", datetime(2026, 3, 8, 6, 0, tzinfo=UTC)),
            ("last", datetime(2026, 3, 9, 4, 59, 59, tzinfo=UTC)),
            ("next", datetime(2026, 3, 9, 5, 0, tzinfo=UTC)),
        ]:
            door.now = moment
            send(door, name)
        assert senders(door, startAt="2026-03-08", endAt="2026-03-08") == ["last", "first"]
        assert senders(door, startAt="2026-03-09") == ["next"]
        assert senders(door, endAt="2026-03-07") == ["before"]


@pytest.mark.parametrize(
    ("today", "first_day"),
    [((2026, 3, 31), (2026, 2, 28)), ((2028, 3, 30), (2028, 2, 29)), ((2026, 1, 15), (2025, 12, 15))],
)
def test_without_dates_a_month_is_shown(today: tuple[int, int, int], first_day: tuple[int, int, int]) -> None:
    """From the same day of last month, or its last day, up to today."""
    with crm_door() as door:
        door.now = datetime(*first_day, 12, tzinfo=UTC)
        door.wait(-24 * 3600)
        send(door, "too old")
        door.wait(24 * 3600)
        send(door, "oldest")
        door.now = datetime(*today, 12, tzinfo=UTC)
        send(door, "today")
        assert senders(door) == ["today", "oldest"]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 40), max_size=14), st.integers(1, 6))
def test_a_poll_from_a_day_before_finds_every_submission_once(hours: list[int], limit: int) -> None:
    """However the days lie, and however the pages are cut."""
    with crm_door(countries=("NZ",)) as door:
        sent = []
        for gap in hours:
            door.wait(gap * 3600)
            sent.append(door.emit("form.submit")["record"])
        start = door.now.date().fromordinal(door.now.date().toordinal() - 40).isoformat()
        end = door.now.date().fromordinal(door.now.date().toordinal() + 1).isoformat()
        seen: list[str] = []
        number: int | None = 1
        while number is not None:
            answer = page(door, startAt=start, endAt=end, limit=limit, page=number)
            seen += [one["id"] for one in answer["submissions"]]
            number = answer["meta"]["nextPage"]
        assert seen == sent[::-1]
