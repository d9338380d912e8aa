"""Finding opportunities: two searches that lag, three ways to go on, and days that belong to the location."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sandbox.crm_door import DATED, V3, CrmDoor, crm_door


def found(door: CrmDoor, **query: Any) -> list[str]:
    """Names that the search by query shows."""
    answer = door.done("GET", "/opportunities/search", **{"location_id": door.location, **query})
    return [one["name"] for one in answer["opportunities"]]


def posted(door: CrmDoor, **body: Any) -> Any:
    """The answer of the search by body."""
    return door.done("POST", "/opportunities/search", {"locationId": door.location, **body})


def make(door: CrmDoor, name: str, contact: str | None = None, **fields: Any) -> str:
    """Id of a new opportunity of a contact, which is new unless it is named."""
    made: str = door.emit(
        "opportunity.create", id=contact or door.contact(), fields={"name": name, **fields}
    )["record"]  # fmt: skip
    return made


def test_both_searches_see_a_change_five_seconds_later_and_get_at_once() -> None:
    """Also the old state and the deleted one are shown until then."""
    with crm_door() as door:
        made = make(door, "Roof")
        assert (found(door), posted(door)["total"]) == ([], 0)
        assert door.done("GET", f"/opportunities/{made}")["opportunity"]["name"] == "Roof"
        door.wait(5)
        assert (found(door), posted(door)["total"]) == (["Roof"], 1)
        door.done("PUT", f"/opportunities/{made}", {"name": "Dach"})
        assert found(door) == ["Roof"]
        door.wait(5)
        door.done("DELETE", f"/opportunities/{made}")
        assert found(door) == ["Dach"]
        door.wait(5)
        assert (found(door), posted(door)["total"]) == ([], 0)
        door.side.set_quirks({"search_lag_s": 0})
        make(door, "At once")
        assert found(door) == ["At once"]


def test_every_filter_leaves_what_fits_and_all_of_them_must() -> None:
    """The status "all" is every one; words are looked for in name and contact, whatever their case."""
    with crm_door() as door:
        door.side.set_quirks({"search_lag_s": 0})
        sales, service = door.state()["pipelines"]
        ana = door.state()["users"][0]["id"]
        campaign = door.done("GET", "/campaigns/", locationId=door.location)["campaigns"][0]["id"]
        zoe = door.contact(firstName="Zoë", email="Zoe@Example.com", phone="+15125550123", country="DE")
        ada = door.contact(firstName="Ada")
        door.done("POST", f"/contacts/{zoe}/campaigns/{campaign}", {})
        roof = make(door, "ÄRGER mit Dach", zoe, assignedTo=ana)
        make(door, "Service", ada, pipelineId=service["id"])
        door.emit("opportunity.won", id=roof)
        both = sorted(["ÄRGER mit Dach", "Service"])
        assert sorted(found(door)) == sorted(found(door, status="all")) == both
        for query, names in [
            ({"status": "won"}, ["ÄRGER mit Dach"]),
            ({"status": "open"}, ["Service"]),
            ({"status": "lost"}, []),
            ({"pipeline_id": sales["id"]}, ["ÄRGER mit Dach"]),
            ({"pipeline_stage_id": service["stages"][0]["id"]}, ["Service"]),
            ({"contact_id": ada}, ["Service"]),
            ({"assigned_to": ana}, ["ÄRGER mit Dach"]),
            ({"campaignId": campaign}, ["ÄRGER mit Dach"]),
            ({"id": roof}, ["ÄRGER mit Dach"]),
            ({"country": "DE"}, ["ÄRGER mit Dach"]),
            ({"q": "ärger"}, ["ÄRGER mit Dach"]),
            ({"q": "zoe@"}, ["ÄRGER mit Dach"]),
            ({"q": "5550123"}, ["ÄRGER mit Dach"]),
            ({"q": "ada"}, ["Service"]),
            ({"q": "ärger", "status": "open"}, []),
        ]:
            assert found(door, **query) == names, query
            if set(query) == {"q"}:
                assert [one["name"] for one in posted(door, query=query["q"])["opportunities"]] == names
        door.done("DELETE", f"/contacts/{zoe}")
        assert found(door, q="zoe@") == []
        assert "contact" not in posted(door, query="ÄRGER")["opportunities"][0]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"limit": "0"}, "limit must not be greater than 100"),
        ({"limit": "101"}, "limit must not be greater than 100"),
        ({"limit": "ten"}, "limit must be a number conforming to the specified constraints"),
        ({"page": "0"}, "page must not be less than 1"),
        ({"status": "WON"}, "status must be one of the following values: open, won, lost, abandoned, all"),
        ({"order": "value_desc"}, "order must be one of the following values: "),
        ({"date": "2026-11-01"}, "date must be a date in the format mm-dd-yyyy"),
        ({"endDate": "13-01-2026"}, "endDate must be a date in the format mm-dd-yyyy"),
        ({"getNotes": "yes"}, "getNotes must be a boolean value"),
        ({"pipelineId": "x"}, "property pipelineId should not exist"),
    ],
)  # fmt: skip
def test_a_query_that_does_not_fit_is_refused(query: dict[str, str], words: str) -> None:
    """With 422, naming it."""
    with crm_door() as door:
        status, messages = door.refused(
            "GET", "/opportunities/search", **{"location_id": door.location, **query}
        )
        assert status == 422
        assert messages[0].startswith(words)


def test_each_version_has_a_spelling_of_its_own_and_refuses_the_other() -> None:
    """location_id under dated versions, locationId under v3; the filters alike."""
    with crm_door() as door:
        door.side.set_quirks({"search_lag_s": 0})
        contact = door.contact()
        make(door, "Roof", contact)
        make(door, "Other")
        dated = {"location_id": door.location, "contact_id": contact}
        v3 = {"locationId": door.location, "contactId": contact}
        for version, right, wrong in ((DATED, dated, v3), (V3, v3, dated)):
            answer = door.done("GET", "/opportunities/search", version=version, **right)
            assert [one["name"] for one in answer["opportunities"]] == ["Roof"]
            assert door.ask("GET", "/opportunities/search", version=version, **wrong)[0] == 422


def test_days_are_those_of_the_location_also_when_the_clocks_change() -> None:
    """In Chicago the first of November 2026 has 25 hours: from five o'clock UTC to six o'clock UTC."""
    with crm_door() as door:
        door.side.set_quirks({"search_lag_s": 0})
        for name, moment in [
            ("last second before", datetime(2026, 11, 1, 4, 59, 59, tzinfo=UTC)),
            ("first", datetime(2026, 11, 1, 5, 0, tzinfo=UTC)),
            ("last", datetime(2026, 11, 2, 5, 59, 59, tzinfo=UTC)),
            ("next", datetime(2026, 11, 2, 6, 0, tzinfo=UTC)),
        ]:
            door.now = moment
            make(door, name)
        oldest_first = {"order": "added_asc"}
        assert found(door, date="11-01-2026", endDate="11-01-2026", **oldest_first) == ["first", "last"]
        assert found(door, date="11-02-2026", **oldest_first) == ["next"]
        assert found(door, endDate="10-31-2026", **oldest_first) == ["last second before"]


def test_rows_come_newest_first_unless_another_order_is_asked_for() -> None:
    """By name without regard to case."""
    with crm_door() as door:
        door.side.set_quirks({"search_lag_s": 0})
        for name in ("b", "A", "c"):
            make(door, name)
            door.wait(1)
        assert found(door) == ["c", "A", "b"]
        assert found(door, order="added_asc") == ["b", "A", "c"]
        assert found(door, order="name_asc") == ["A", "b", "c"]
        assert found(door, order="name_desc") == ["c", "b", "A"]


def test_pages_say_where_they_stand_and_where_the_next_one_is() -> None:
    """Its address can be called as it is; the last page has none."""
    with crm_door() as door:
        door.side.set_quirks({"search_lag_s": 0})
        for number in range(5):
            make(door, f"n{number}")
            door.wait(1)
        answer = door.done("GET", "/opportunities/search", location_id=door.location, limit=2, status="open")
        meta = answer["meta"]
        assert (meta["total"], meta["currentPage"], meta["nextPage"]) == (5, 1, 2)
        assert "prevPage" not in meta
        seen = [one["name"] for one in answer["opportunities"]]
        address = urlsplit(meta["nextPageUrl"])
        assert (address.netloc, dict(parse_qsl(address.query))["status"]) == ("crm.example", "open")
        while "nextPageUrl" in meta:
            address = urlsplit(meta["nextPageUrl"])
            answer = door.done("GET", address.path, **dict(parse_qsl(address.query)))
            meta = answer["meta"]
            seen += [one["name"] for one in answer["opportunities"]]
        assert seen == ["n4", "n3", "n2", "n1", "n0"]
        second = door.done("GET", "/opportunities/search", location_id=door.location, limit=2, page=2)
        assert (second["meta"]["prevPage"], second["meta"]["nextPage"]) == (1, 3)
        assert [one["name"] for one in second["opportunities"]] == ["n2", "n1"]
        beyond = door.done("GET", "/opportunities/search", location_id=door.location, limit=2, page=9)
        assert beyond["opportunities"] == []
        assert "startAfterId" not in beyond["meta"]


def test_a_list_goes_on_where_it_was_when_its_last_row_is_deleted_meanwhile() -> None:
    """By the row's moment; without it, or in another order, nobody can know, and that is said."""
    with crm_door() as door:
        door.side.set_quirks({"search_lag_s": 0})
        ids = []
        for number in range(4):
            ids.append(make(door, f"n{number}"))
            door.wait(1)
        meta = door.done("GET", "/opportunities/search", location_id=door.location, limit=2)["meta"]
        assert meta["startAfterId"] == ids[2]
        door.done("DELETE", f"/opportunities/{ids[2]}")
        behind = {"startAfterId": ids[2], "startAfter": meta["startAfter"]}
        assert found(door, **behind) == ["n1", "n0"]
        assert found(door, order="added_asc", **behind) == ["n3"]
        for query in ({"startAfterId": ids[2]}, {**behind, "order": "name_asc"}):
            assert door.refused("GET", "/opportunities/search", location_id=door.location, **query) == (
                400, f"Opportunity with id {ids[2]} not found",
            )  # fmt: skip


def test_notes_and_tasks_of_the_contact_come_where_they_are_asked_for() -> None:
    """And are not there otherwise."""
    with crm_door() as door:
        door.side.set_quirks({"search_lag_s": 0})
        contact = door.contact()
        make(door, "Roof", contact)
        door.emit("note.create", id=contact, body="Wants two quotes")
        door.emit("task.create", id=contact)
        (row,) = posted(door, additionalDetails={"notes": True, "tasks": True})["opportunities"]
        assert [one["body"] for one in row["notes"]] == ["Wants two quotes"]
        assert [one["title"] for one in row["tasks"]] == ["Call back"]
        (plain,) = posted(door)["opportunities"]
        assert not {"notes", "tasks"} & plain.keys()
        query = {"location_id": door.location, "getNotes": "true"}
        (row,) = door.done("GET", "/opportunities/search", **query)["opportunities"]
        assert (len(row["notes"]), "tasks" in row) == (1, False)
        status, messages = door.refused(
            "POST", "/opportunities/search",
            {"locationId": door.location, "additionalDetails": {"notes": "yes", "emails": True}},
        )  # fmt: skip
        assert (status, messages) == (
            422, ["additionalDetails is not valid: property emails should not exist; notes must be a boolean value"],
        )  # fmt: skip


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"limit": 101}, 422), ({"limit": -1}, 422), ({"limit": "10"}, 422), ({"page": 101, "limit": 100}, 400),
        ({"page": -1}, 400), ({"page": 2, "searchAfter": ["1", "x"]}, 400), ({"searchAfter": ["x"]}, 400),
        ({"searchAfter": ["soon", "x"]}, 400), ({"filters": []}, 422), ({"query": 7}, 422),
    ],
)  # fmt: skip
def test_a_posted_search_that_does_not_fit_is_refused(body: dict[str, Any], status: int) -> None:
    """Page numbers end at 10,000 rows; a page and a cursor contradict each other."""
    with crm_door() as door:
        assert (
            door.refused("POST", "/opportunities/search", {"locationId": door.location, **body})[0] == status
        )


def test_a_posted_search_with_all_that_the_specs_require_is_its_first_page() -> None:
    """A page of 0 or 1 and an empty cursor stand for none."""
    with crm_door() as door:
        door.side.set_quirks({"search_lag_s": 0})
        make(door, "Roof")
        details = {"notes": False, "tasks": False, "calendarEvents": False, "unReadConversations": False}
        whole = {"query": "", "limit": 20, "searchAfter": [], "additionalDetails": details}
        for page in (0, 1):
            assert posted(door, page=page, **whole)["total"] == 1


@settings(max_examples=40, deadline=None)
@given(
    gaps=st.lists(st.integers(0, 2), max_size=12),
    limit=st.integers(1, 5),
    order=st.sampled_from(["added_asc", "added_desc", "name_asc", "name_desc"]),
)
def test_however_a_list_is_cut_each_row_comes_once_and_in_order(
    gaps: list[int], limit: int, order: str
) -> None:
    """By cursor, by page, and by the cursor of the other search: also where moments are equal."""
    with crm_door() as door:
        door.side.set_quirks({"search_lag_s": 0})
        for number, gap in enumerate(gaps):
            make(door, f"n{number % 3}")
            door.wait(gap)
        query = {"location_id": door.location, "limit": 100, "order": order}
        whole = [one["id"] for one in door.done("GET", "/opportunities/search", **query)["opportunities"]]
        query["limit"] = limit
        assert len(whole) == len(set(whole)) == len(gaps)
        paged = [
            one["id"]
            for page in range(1, len(gaps) + 2)
            for one in door.done("GET", "/opportunities/search", **query, page=page)["opportunities"]
        ]
        assert paged == whole
        walked: list[str] = []
        more: dict[str, Any] = {}
        while True:
            answer = door.done("GET", "/opportunities/search", **query, **more)
            walked += [one["id"] for one in answer["opportunities"]]
            if "nextPage" not in answer["meta"]:
                break
            more = {name: answer["meta"][name] for name in ("startAfter", "startAfterId")}
        assert walked == whole
        rows = posted(door, limit=limit)["opportunities"]
        searched: list[str] = []
        while rows:
            searched += [one["id"] for one in rows]
            after = [str(one) for one in rows[-1]["sort"]]
            rows = posted(door, limit=limit, searchAfter=after)["opportunities"]
        assert sorted(searched) == sorted(whole)
