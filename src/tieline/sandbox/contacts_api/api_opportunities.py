"""The operations on opportunities. Source: contacts-api.md, section 8, and opportunities.json in both versions."""

from __future__ import annotations

from tieline.sandbox.contacts_api import checks
from tieline.sandbox.contacts_api.api_contacts import located
from tieline.sandbox.contacts_api.offer import OF_LOCATION, Offer, Shape, body, offer
from tieline.sandbox.contacts_api.opportunities import OpportunityBook
from tieline.sandbox.contacts_api.records import Location
from tieline.sandbox.contacts_api.records_opportunities import Opportunity
from tieline.sandbox.contacts_api.versions import is_v3
from tieline.sandbox.side import Call, Reply

READ, WRITE = ("opportunities.readonly",), ("opportunities.write",)
#: The specs know a fifth, which no single opportunity can have: see opportunities.py.
_STATUS = checks.one_of("open", "won", "lost", "abandoned", "all")
_COMMON = {
    "pipelineId": checks.filled, "pipelineStageId": checks.text, "name": checks.filled, "status": _STATUS,
    "monetaryValue": checks.amount, "assignedTo": checks.text,
}  # fmt: skip
_FORECAST = {"forecastExpectedCloseDate": checks.moment, "forecastProbability": checks.amount}
_UPDATE = Shape({**_COMMON, "customFields": checks.records})
_CREATE = Shape(
    {**_UPDATE.allowed, "locationId": checks.filled, "contactId": checks.filled},
    ("pipelineId", "locationId", "name", "status", "contactId"),
)
#: The followers and what to do with them are required by the specs alone: their own README says too strictly.
_UPSERT = Shape(
    {
        **_COMMON, "id": checks.text, "locationId": checks.filled, "contactId": checks.text,
        "lostReasonId": checks.text, "followers": checks.texts, "isRemoveAllFollowers": checks.boolean,
        "followersActionType": checks.one_of("add", "remove"),
    },
    ("pipelineId", "locationId"),
)  # fmt: skip
_SET_STATUS = body(("status",), status=_STATUS, lostReasonId=checks.text)
_FOLLOWERS = body(("followers",), followers=checks.texts)
_UNFOLLOW = Shape({"isRemoveAllFollowers": checks.flag})


def _v3(shape: Shape) -> Shape:
    return Shape({**shape.allowed, **_FORECAST}, shape.required)


class Opportunities:
    """The handlers."""

    def __init__(self, book: OpportunityBook) -> None:
        self._book = book

    def offers(self) -> list[Offer]:
        """All but the lists, which `api_opportunity_lists` has."""
        one = "/opportunities/{id}"
        followers = f"{one}/followers"
        return [
            offer(
                "opportunities.create", "POST", "/opportunities/", self._create, WRITE, body=_CREATE,
                v3_body=_v3(_CREATE),
            ),
            offer(
                "opportunities.upsert", "POST", "/opportunities/upsert", self._upsert, WRITE, body=_UPSERT,
                v3_body=_v3(_UPSERT),
            ),
            offer("opportunities.get", "GET", one, self._get, READ),
            offer(
                "opportunities.update", "PUT", one, self._update, WRITE, body=_UPDATE, v3_body=_v3(_UPDATE)
            ),
            offer("opportunities.set_status", "PUT", f"{one}/status", self._set_status, WRITE, body=_SET_STATUS),
            offer("opportunities.delete", "DELETE", one, self._delete, WRITE),
            offer("opportunities.add_followers", "POST", followers, self._follow, WRITE, body=_FOLLOWERS),
            offer(
                "opportunities.remove_followers", "DELETE", followers, self._unfollow, WRITE, body=_FOLLOWERS,
                query=_UNFOLLOW,
            ),
            offer(
                "opportunities.list_pipelines", "GET", "/opportunities/pipelines", self._pipelines, READ,
                query=OF_LOCATION,
            ),
        ]  # fmt: skip

    def _create(self, call: Call) -> Reply:
        location = located(call)
        made = self._book.create(location, call.body)
        return Reply(status=201, body=_answer(location, made), effect=True, result_id=made.id)

    def _upsert(self, call: Call) -> Reply:
        location = located(call)
        found, new = self._book.upsert(location, call.body)
        answer = {**_answer(location, found), "new": new}
        return Reply(status=200, body=answer, effect=True, result_id=found.id)

    def _get(self, call: Call) -> Reply:
        return Reply(status=200, body=_answer(*self._one(call)))

    def _update(self, call: Call) -> Reply:
        location, found = self._one(call)
        self._book.update(location, found, call.body)
        return Reply(status=200, body=_answer(location, found), effect=True, result_id=found.id)

    def _set_status(self, call: Call) -> Reply:
        location, found = self._one(call)
        self._book.update(location, found, call.body)
        return _done(call, found)

    def _delete(self, call: Call) -> Reply:
        location, found = self._one(call)
        self._book.delete(location, found)
        return _done(call, found)

    def _follow(self, call: Call) -> Reply:
        location, found = self._one(call)
        added = self._book.follow(location, found, call.body["followers"])
        answer = {"followers": list(found.followers), "followersAdded": added}
        return Reply(status=201, body=answer, effect=bool(added), result_id=found.id)

    def _unfollow(self, call: Call) -> Reply:
        location, found = self._one(call)
        every = call.query.get("isRemoveAllFollowers") == "true"
        gone = list(found.followers) if every else call.body["followers"]
        removed = self._book.unfollow(location, found, gone)
        answer = {"followers": list(found.followers), "followersRemoved": removed}
        return Reply(status=200, body=answer, effect=bool(removed), result_id=found.id)

    def _pipelines(self, call: Call) -> Reply:
        return Reply(status=200, body={"pipelines": list(self._book.shelf(located(call)).pipelines.values())})

    def _one(self, call: Call) -> tuple[Location, Opportunity]:
        return self._book.opportunity(call.caller, call.params["id"])


def _answer(location: Location, found: Opportunity) -> dict[str, object]:
    return {"opportunity": found.out(location)}


def _done(call: Call, found: Opportunity) -> Reply:
    answer = {"succeded": True, **({"success": True} if is_v3(call.headers) else {})}
    return Reply(status=200, body=answer, effect=True, result_id=found.id)
