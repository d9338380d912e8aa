"""Searching opportunities, in two ways, and the reasons why some were lost. Source: contacts-api.md, section 8.

Calendar events of the contacts are never among the rows, though both searches can ask for them.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from tieline.sandbox.contacts_api import checks
from tieline.sandbox.contacts_api.api_contacts import located, whole
from tieline.sandbox.contacts_api.api_opportunities import READ
from tieline.sandbox.contacts_api.offer import Offer, Shape, body, nested, offer, query
from tieline.sandbox.contacts_api.opportunities import OpportunityBook
from tieline.sandbox.contacts_api.problems import Problem
from tieline.sandbox.contacts_api.records import Location
from tieline.sandbox.contacts_api.records_opportunities import Opportunity
from tieline.sandbox.contacts_api.search_opportunities import NEWEST, Wanted, behind, day, ordered
from tieline.sandbox.side import Call, Reply

_BOTH = {
    "q": checks.text, "status": checks.one_of("open", "won", "lost", "abandoned", "all"), "campaignId": checks.text,
    "id": checks.text, "order": checks.text, "endDate": checks.text, "startAfter": checks.digits,
    "startAfterId": checks.text, "date": checks.text, "country": checks.text, "page": checks.digits,
    "limit": checks.digits, "getTasks": checks.flag, "getNotes": checks.flag, "getCalendarEvents": checks.flag,
}  # fmt: skip
#: These are spelled otherwise in v3: dated → v3.
_SPELLINGS = {
    "location_id": "locationId", "pipeline_id": "pipelineId", "pipeline_stage_id": "pipelineStageId",
    "contact_id": "contactId", "assigned_to": "assignedTo",
}  # fmt: skip
_FIND = Shape({**_BOTH, **dict.fromkeys(_SPELLINGS, checks.filled)}, ("location_id",))
_V3_FIND = Shape({**_BOTH, **dict.fromkeys(_SPELLINGS.values(), checks.filled)}, ("locationId",))
_DETAILS = body(
    notes=checks.boolean,
    tasks=checks.boolean,
    calendarEvents=checks.boolean,
    unReadConversations=checks.boolean,
)
_SEARCH = body(
    ("locationId",), locationId=checks.filled, query=checks.text, limit=checks.number, page=checks.number,
    searchAfter=checks.anything, additionalDetails=nested(_DETAILS),
)  # fmt: skip
_REASONS = query(
    ("locationId",), locationId=checks.filled, name=checks.text, deleted=checks.flag, query=checks.text,
    skip=checks.digits, limit=checks.digits, getCount=checks.flag,
)  # fmt: skip
#: How far `page` of the POSTed search reaches.
_PAGED = 10_000


class OpportunityLists:
    """The handlers."""

    def __init__(self, book: OpportunityBook) -> None:
        self._book = book

    def offers(self) -> list[Offer]:
        """Both searches, and the reasons."""
        return [
            offer(
                "opportunities.find", "GET", "/opportunities/search", self._find, READ, query=_FIND,
                v3_query=_V3_FIND,
            ),
            offer(
                "opportunities.search", "POST", "/opportunities/search", self._search, READ, body=_SEARCH, reads=True
            ),
            offer(
                "opportunities.list_lost_reasons", "GET", "/opportunities/lost-reason", self._reasons, READ,
                query=_REASONS,
            ),
        ]  # fmt: skip

    def _find(self, call: Call) -> Reply:
        location = located(call)
        given = {dated: call.query.get(dated) or call.query.get(v3) for dated, v3 in _SPELLINGS.items()}
        limit, page = _limit(whole(call, "limit", 20)), whole(call, "page", 1)
        if page < 1:
            raise Problem(422, ["page must not be less than 1"])
        order = call.query.get("order") or NEWEST
        wanted = Wanted(
            words=call.query.get("q"), id=call.query.get("id"), status=call.query.get("status"),
            pipeline_id=given["pipeline_id"], pipeline_stage_id=given["pipeline_stage_id"],
            contact_id=given["contact_id"], assigned_to=given["assigned_to"],
            campaign_id=call.query.get("campaignId"), country=call.query.get("country"),
            since=day(call.query.get("date"), location, name="date"),
            until=day(call.query.get("endDate"), location, name="endDate", after=1),
        )  # fmt: skip
        rows = self._found(location, wanted, order)
        after_id = call.query.get("startAfterId")
        if after_id:
            after_ms = whole(call, "startAfter", 0) or None
            start = behind(rows, order, after_id, after_ms)
        else:
            start = (page - 1) * limit
        shown = rows[start : start + limit]
        details = {
            "notes": call.query.get("getNotes") == "true",
            "tasks": call.query.get("getTasks") == "true",
        }
        answer = {
            "opportunities": [_row(location, one, details) for one in shown],
            "meta": _meta(call, rows, shown, start, page, limit),
            "aggregations": {},
        }
        return Reply(status=200, body=answer)

    def _search(self, call: Call) -> Reply:
        location, given = located(call), call.body
        limit, page = _limit(given.get("limit") or 20), given.get("page") or 1
        after = given.get("searchAfter") or None
        if page < 1 or page * limit > _PAGED:
            raise Problem(400, f"page reaches the first {_PAGED} records only; use searchAfter")
        # The specs want a page number beside every searchAfter, so the first one is no contradiction.
        if after is not None and page > 1:
            raise Problem(400, "page and searchAfter cannot be used together")
        rows = self._found(location, Wanted(words=given.get("query")), NEWEST)
        start = behind(rows, NEWEST, *_cursor(after)) if after is not None else (page - 1) * limit
        shown = rows[start : start + limit]
        details = given.get("additionalDetails") or {}
        answer = {
            "opportunities": [_row(location, one, details) for one in shown], "total": len(rows), "aggregations": {},
        }  # fmt: skip
        return Reply(status=200, body=answer)

    def _reasons(self, call: Call) -> Reply:
        location = located(call)
        name, words = call.query.get("name"), call.query.get("query", "").lower()
        rows = [
            one
            for one in self._book.shelf(location).lost_reasons.values()
            if (not name or one.name == name)
            and words in one.name.lower()
            # Nobody deletes one here, so there are none that were.
            and call.query.get("deleted") != "true"
        ]
        skip, limit = whole(call, "skip", 0), whole(call, "limit", 100)
        return Reply(status=200, body={"lostReasons": rows[skip : skip + limit], "total": len(rows)})

    def _found(self, location: Location, wanted: Wanted, order: str) -> list[Opportunity]:
        found = [
            one
            for one in self._book.search(location)
            if wanted.fits(one, location.contacts.get(one.contact_id))
        ]
        return ordered(found, order)


def _limit(given: int) -> int:
    if not 1 <= given <= 100:
        raise Problem(422, ["limit must not be greater than 100"])
    return given


def _cursor(after: Any) -> tuple[str, int]:
    """(id, milliseconds) of the last row of the page before. Raises Problem 400."""
    if isinstance(after, list) and len(after) == 2 and str(after[0]).isdecimal():
        return str(after[1]), int(after[0])
    raise Problem(400, "searchAfter must be the sort of the last opportunity")


def _row(location: Location, one: Opportunity, details: dict[str, bool]) -> dict[str, Any]:
    contact = location.contacts.get(one.contact_id)
    more: dict[str, Any] = {"sort": [one.created_ms, one.id]}
    if details.get("notes"):
        more["notes"] = [note.out() for note in contact.notes.values()] if contact else []
    if details.get("tasks"):
        more["tasks"] = [task.out() for task in contact.tasks.values()] if contact else []
    return one.out(location, **more)


def _meta(
    call: Call, rows: list[Opportunity], shown: list[Opportunity], start: int, page: int, limit: int
) -> dict[str, Any]:
    """Where the list goes on: by the last row, or by the next page."""
    meta: dict[str, Any] = {"total": len(rows), "currentPage": page}
    if page > 1:
        meta["prevPage"] = page - 1
    if shown:
        last = shown[-1]
        meta |= {"startAfterId": last.id, "startAfter": last.created_ms}
        if start + limit < len(rows):
            following = {**call.query, "startAfter": last.created_ms, "startAfterId": last.id}
            following.pop("page", None)
            host = call.headers.get("Host", "services.leadconnectorhq.com")
            meta |= {"nextPage": page + 1, "nextPageUrl": f"http://{host}{call.path}?{urlencode(following)}"}
    return meta
