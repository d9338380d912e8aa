"""The contacts operations. Source: contacts-api.md, sections 5 and 5.2."""

from __future__ import annotations

from typing import Any

from tieline.sandbox.contacts_api import checks
from tieline.sandbox.contacts_api.contacts import ContactBook
from tieline.sandbox.contacts_api.offer import (
    CONTACTS_READ,
    CONTACTS_WRITE,
    DATED,
    Offer,
    Shape,
    body,
    offer,
    query,
)
from tieline.sandbox.contacts_api.problems import Problem
from tieline.sandbox.contacts_api.records import Contact, Location
from tieline.sandbox.contacts_api.search import SearchError, compile_filters, sort_key
from tieline.sandbox.side import Call, Reply

_CREATE = Shape({**checks.CONTACT, "locationId": checks.filled}, ("locationId",))
_UPSERT = Shape({**_CREATE.allowed, "createNewIfDuplicateAllowed": checks.boolean}, ("locationId",))
_UPDATE = Shape(
    {name: check for name, check in checks.CONTACT.items() if name != "gender"} | {"type": checks.text}
)
_SEARCH = body(
    ("locationId", "pageLimit"), locationId=checks.filled, pageLimit=checks.number, page=checks.number,
    searchAfter=checks.anything, query=checks.text, filters=checks.records, sort=checks.records,
)  # fmt: skip
_FIND = query(("locationId",), locationId=checks.filled, number=checks.text, email=checks.text)
_LIST = query(
    ("locationId",), locationId=checks.filled, limit=checks.digits, query=checks.text, startAfter=checks.digits,
    startAfterId=checks.text,
)  # fmt: skip
_OF_BUSINESS = query(
    ("locationId",), locationId=checks.filled, limit=checks.digits, skip=checks.digits, query=checks.text
)
#: How far `page` reaches.
_PAGED = 10_000
#: The order in which contacts that take no room can be searched through.
_OLDEST_FIRST = [{"field": "dateAdded", "direction": "asc"}]


class Contacts:
    """The handlers."""

    def __init__(self, book: ContactBook) -> None:
        self._book = book

    def offers(self) -> list[Offer]:
        """The contacts themselves."""
        one = "/contacts/{contactId}"
        return [
            offer("contacts.create", "POST", "/contacts/", self._create, CONTACTS_WRITE, body=_CREATE),
            offer("contacts.upsert", "POST", "/contacts/upsert", self._upsert, CONTACTS_WRITE, body=_UPSERT),
            offer("contacts.search", "POST", "/contacts/search", self._search, CONTACTS_READ, body=_SEARCH, reads=True),
            offer(
                "contacts.find_duplicate", "GET", "/contacts/search/duplicate", self._find, CONTACTS_READ,
                query=_FIND,
            ),
            offer("contacts.list", "GET", "/contacts/", self._list, CONTACTS_READ, query=_LIST, versions=DATED),
            offer(
                "contacts.list_by_business", "GET", "/contacts/business/{businessId}", self._of_business,
                CONTACTS_READ, query=_OF_BUSINESS,
            ),
            offer("contacts.get", "GET", one, self._get, CONTACTS_READ),
            offer("contacts.update", "PUT", one, self._update, CONTACTS_WRITE, body=_UPDATE),
            offer("contacts.delete", "DELETE", one, self._delete, CONTACTS_WRITE),
        ]  # fmt: skip

    def _create(self, call: Call) -> Reply:
        contact = self._book.create(located(call), call.body)
        return Reply(status=201, body={"contact": contact.out()}, effect=True, result_id=contact.id)

    def _upsert(self, call: Call) -> Reply:
        contact, new = self._book.upsert(located(call), call.body)
        return Reply(
            status=200, body={"new": new, "contact": contact.out()}, effect=True, result_id=contact.id
        )

    def _get(self, call: Call) -> Reply:
        _, contact = self._book.contact(call.caller, call.params["contactId"])
        return Reply(status=200, body={"contact": contact.out()})

    def _update(self, call: Call) -> Reply:
        location, contact = self._book.contact(call.caller, call.params["contactId"])
        self._book.update(location, contact, call.body)
        body = {"succeded": True, "contact": contact.out()}
        return Reply(status=200, body=body, effect=True, result_id=contact.id)

    def _delete(self, call: Call) -> Reply:
        location, contact = self._book.contact(call.caller, call.params["contactId"])
        self._book.delete(location, contact)
        return Reply(status=200, body={"succeded": True}, effect=True, result_id=contact.id)

    def _find(self, call: Call) -> Reply:
        location = located(call)
        number, email = call.query.get("number"), call.query.get("email")
        if not number and not email:
            raise Problem(422, ["number or email should not be empty"])
        phone = checks.e164(number, location.country) if number else None
        contact = location.matching("email", email) or location.matching("phone", phone)
        return Reply(status=200, body={"contact": contact.out() if contact else None})

    def _list(self, call: Call) -> Reply:
        location = located(call)
        limit = whole(call, "limit", 20)
        if not 1 <= limit <= 100:
            raise Problem(422, ["limit must not be greater than 100"])
        rows = sorted(location.contacts.values(), key=_newest)
        if words := call.query.get("query", "").lower():
            rows = [one for one in rows if words in _words(one)]
        total = len(rows)
        after_id, after = call.query.get("startAfterId"), whole(call, "startAfter", 0)
        if after_id:
            rows = [one for one in rows if _newest(one) > (-after, after_id)]
        page = rows[:limit]
        more = len(rows) > limit
        last = page[-1] if page else None
        meta = {
            "total": total,
            "startAfterId": last.id if last else None,
            "startAfter": _added_ms(last) if last else None,
            "nextPage": 2 if more else None,
            "nextPageUrl": None,
            "currentPage": 1,
        }
        return Reply(status=200, body={"contacts": [one.out() for one in page], "meta": meta})

    def _of_business(self, call: Call) -> Reply:
        location, business = located(call), call.params["businessId"]
        self._book.require(location, "business", business)
        words = call.query.get("query", "").lower()
        rows = [
            one
            for one in sorted(location.contacts.values(), key=_newest)
            if one.fields.get("businessId") == business and words in _words(one)
        ]
        skip, limit = whole(call, "skip", 0), whole(call, "limit", 25)
        shown = [one.row() for one in rows[skip : skip + limit]]
        return Reply(status=200, body={"contacts": shown, "count": len(rows)})

    def _search(self, call: Call) -> Reply:
        body = call.body
        limit, page, after = body["pageLimit"], body.get("page"), body.get("searchAfter")
        if not 1 <= limit <= 500:
            raise Problem(422, ["pageLimit must be between 1 and 500"])
        if page is not None and after is not None:
            raise Problem(400, "page and searchAfter cannot be used together")
        if page is not None and (page < 1 or page * limit > _PAGED):
            raise Problem(400, f"page reaches the first {_PAGED} records only; use searchAfter")
        query = body.get("query") or ""
        if len(query) > 75:
            raise Problem(422, ["query must be shorter than or equal to 75 characters"])
        sorts = body.get("sort") or [{"field": "dateAdded", "direction": "desc"}]
        try:
            test = compile_filters(body.get("filters") or [])
            keys = [(sort_key(one.get("field")), one.get("direction") == "desc") for one in sorts[:2]]
        except SearchError as error:
            raise Problem(400, str(error)) from error
        crowd = located(call).crowd
        if crowd is not None and not body.get("filters") and not query and sorts == _OLDEST_FIRST:
            indexed = {one.id: one for one in self._book.search(located(call))}
            shown, total = crowd.page(indexed, after, limit)
            return Reply(status=200, body={"contacts": [one.row() for one in shown], "total": total})
        rows = [
            one
            for one in self._book.search(located(call))
            if test(one) and (not query or query.lower() in _words(one))
        ]
        rows.sort(key=lambda one: one.id)
        for key, descending in reversed(keys):
            rows.sort(key=key, reverse=descending)
        total = len(rows)
        start = (page - 1) * limit if page else _after(rows, after)
        shown = rows[start : start + limit]
        return Reply(status=200, body={"contacts": [one.row() for one in shown], "total": total})


def located(call: Call) -> Location:
    """The location that the call concerns. Raises Problem."""
    if not isinstance(call.caller, Location):
        raise Problem(403, "The token does not have access to this location.")
    return call.caller


def whole(call: Call, name: str, default: int) -> int:
    """A number of the query, checked already."""
    return int(call.query.get(name) or default)


def _added_ms(contact: Contact) -> int:
    return int(contact.date_added.timestamp() * 1000)


def _newest(contact: Contact) -> tuple[int, str]:
    return (-_added_ms(contact), contact.id)


def _words(contact: Contact) -> str:
    fields = contact.fields
    return " ".join(str(fields.get(name, "")) for name in ("firstName", "lastName", "email", "phone")).lower()


def _after(rows: list[Contact], after: Any) -> int:
    """Where the rows go on behind the one that `searchAfter` names."""
    if after is None:
        return 0
    if not isinstance(after, list) or len(after) != 2:
        raise Problem(400, "searchAfter must be the searchAfter of the last contact")
    for place, row in enumerate(rows):
        if row.id == after[1]:
            return place + 1
    # It changed meanwhile and moved: its old place still tells.
    for place, row in enumerate(rows):
        if int(row.date_updated.timestamp() * 1000) > after[0]:
            return place
    return len(rows)
