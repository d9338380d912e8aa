"""The contacts operations. Source: contacts-api.md, sections 5 and 5.2."""

from __future__ import annotations

from typing import Any

from tieline.sandbox.contacts_api import checks
from tieline.sandbox.contacts_api.book import Book
from tieline.sandbox.contacts_api.problems import Problem
from tieline.sandbox.contacts_api.records import Contact, Location
from tieline.sandbox.contacts_api.search import SearchError, compile_filters, sort_key
from tieline.sandbox.side import Call, Reply, Route

_READ, _WRITE = ("contacts.readonly",), ("contacts.write",)
_CREATE = {**checks.CONTACT, "locationId": checks.filled}
_UPSERT = {**_CREATE, "createNewIfDuplicateAllowed": checks.boolean}
_UPDATE = {name: check for name, check in checks.CONTACT.items() if name != "gender"} | {"type": checks.text}
_SEARCH = {
    "locationId": checks.filled, "pageLimit": checks.number, "page": checks.number, "searchAfter": checks.anything,
    "query": checks.text, "filters": checks.records, "sort": checks.records,
}  # fmt: skip
#: How far `page` reaches.
_PAGED = 10_000


class Contacts:
    """The handlers."""

    def __init__(self, book: Book) -> None:
        self._book = book

    def routes(self) -> list[Route]:
        """Every contacts operation of the spine."""
        return [
            _route("contacts.create", "POST", "/contacts/", self._create, _WRITE),
            _route("contacts.upsert", "POST", "/contacts/upsert", self._upsert, _WRITE),
            _route("contacts.search", "POST", "/contacts/search", self._search, _READ),
            _route("contacts.find_duplicate", "GET", "/contacts/search/duplicate", self._find, _READ),
            _route("contacts.list", "GET", "/contacts/", self._list, _READ),
            _route("contacts.get", "GET", "/contacts/{contactId}", self._get, _READ),
            _route("contacts.update", "PUT", "/contacts/{contactId}", self._update, _WRITE),
            _route("contacts.delete", "DELETE", "/contacts/{contactId}", self._delete, _WRITE),
        ]

    def _create(self, call: Call) -> Reply:
        body = checked(call, _CREATE, ("locationId",))
        contact = self._book.create(located(call), body)
        return Reply(status=201, body={"contact": contact.out()}, effect=True, result_id=contact.id)

    def _upsert(self, call: Call) -> Reply:
        body = checked(call, _UPSERT, ("locationId",))
        contact, new = self._book.upsert(located(call), body)
        return Reply(
            status=200, body={"new": new, "contact": contact.out()}, effect=True, result_id=contact.id
        )

    def _get(self, call: Call) -> Reply:
        _, contact = self._book.contact(call.caller, call.params["contactId"])
        return Reply(status=200, body={"contact": contact.out()})

    def _update(self, call: Call) -> Reply:
        location, contact = self._book.contact(call.caller, call.params["contactId"])
        self._book.update(location, contact, checked(call, _UPDATE))
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
        limit = _whole(call.query, "limit", 20)
        if not 1 <= limit <= 100:
            raise Problem(422, ["limit must not be greater than 100"])
        rows = sorted(location.contacts.values(), key=_newest)
        if words := call.query.get("query", "").lower():
            rows = [one for one in rows if words in _words(one)]
        total = len(rows)
        after_id, after = call.query.get("startAfterId"), _whole(call.query, "startAfter", 0)
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

    def _search(self, call: Call) -> Reply:
        body = checked(call, _SEARCH, ("locationId", "pageLimit"))
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
    """The location that the call names. Raises Problem."""
    if not isinstance(call.caller, Location):
        raise Problem(403, "The token does not have access to this location.")
    if call.method == "GET" and "locationId" not in call.query and "locationId" not in call.params:
        raise Problem(422, ["locationId should not be empty"])
    return call.caller


def checked(call: Call, allowed: Any, required: tuple[str, ...] = ()) -> dict[str, Any]:
    """The body. Raises Problem 422 with every message that it earns."""
    if found := checks.problems(call.body, allowed, required):
        raise Problem(422, found)
    body: dict[str, Any] = call.body
    return body


def _route(operation: str, method: str, path: str, handler: Any, scopes: tuple[str, ...]) -> Route:
    return Route(
        operation=operation, method=method, path=path, handler=handler, scopes=scopes, reads=scopes == _READ
    )


def _whole(query: dict[str, str], name: str, default: int) -> int:
    given = query.get(name, "")
    if not given:
        return default
    if not given.isdecimal():
        raise Problem(422, [f"{name} must be a number conforming to the specified constraints"])
    return int(given)


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
