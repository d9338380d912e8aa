"""Who works in the CRM. Source: contacts-api.md, section 8, users.json and UserCreate.json."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tieline.sandbox.contacts_api import checks
from tieline.sandbox.contacts_api.api_contacts import located, whole
from tieline.sandbox.contacts_api.driver import Deed, Done, Emission
from tieline.sandbox.contacts_api.offer import DATED, OF_LOCATION, Offer, body, offer, query
from tieline.sandbox.contacts_api.office import Office
from tieline.sandbox.contacts_api.problems import Problem
from tieline.sandbox.contacts_api.records import Location, User
from tieline.sandbox.side import Call, Reply

_READ = ("users.readonly",)
_SEARCH = query(
    ("companyId",), companyId=checks.filled, query=checks.text, skip=checks.digits, limit=checks.digits,
    locationId=checks.text, type=checks.text, role=checks.text, ids=checks.text, sort=checks.text,
    sortDirection=checks.one_of("asc", "desc"), enabled2waySync=checks.flag,
)  # fmt: skip
_BY_EMAIL = body(
    ("companyId", "emails"), companyId=checks.filled, emails=checks.filled, deleted=checks.boolean,
    skip=checks.text, limit=checks.text, projection=checks.text,
)  # fmt: skip
#: What an event of a new user says that he may do; the vendor's example has these and two dozen more.
_PERMISSIONS = {
    "campaignsEnabled": True, "contactsEnabled": True, "workflowsEnabled": True, "opportunitiesEnabled": True,
    "conversationsEnabled": True, "appointmentsEnabled": True, "tagsEnabled": True, "settingsEnabled": True,
    "assignedDataOnly": False,
}  # fmt: skip


class Staff:
    """The subject of users. They can be read, and somebody can join; the API of writing them is not offered."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def offers(self) -> list[Offer]:
        """All that read."""
        return [
            offer("users.search", "GET", "/users/search", self._search, _READ, query=_SEARCH, by_company=True),
            offer(
                "users.filter_by_email", "POST", "/users/search/filter-by-email", self._by_email, _READ,
                body=_BY_EMAIL, agency_only=True, by_company=True, reads=True,
            ),
            offer("users.get", "GET", "/users/{userId}", self._get, _READ, by_company=True),
            offer("users.list", "GET", "/users/", self._list, _READ, query=OF_LOCATION, versions=DATED),
        ]  # fmt: skip

    def deeds(self) -> Mapping[str, Deed]:
        """For the driver."""
        return {"user.create": self._join}

    def state(self, location: Location) -> dict[str, Any]:
        """Users stand with the contacts."""
        return {}

    def doubled(self, location: Location) -> list[dict[str, Any]]:
        """Nobody's business here."""
        return []

    def _search(self, call: Call) -> Reply:
        """A token of one location sees whoever works there; one of the company everybody."""
        self._check_company(call.query["companyId"])
        words, role, kind = (
            call.query.get("query", "").lower(),
            call.query.get("role"),
            call.query.get("type"),
        )
        ids = [one for one in call.query.get("ids", "").split(",") if one]
        place = call.caller
        found = [
            one
            for one in self._office.users.values()
            if (place is None or place.id in one.locations)
            and (not ids or one.id in ids)
            and role in (None, "", one.role)
            and kind in (None, "", "account" if one.locations else "agency")
            and words in f"{one.first_name} {one.last_name}\n{one.email}\n{one.phone}".lower()
        ]
        found.sort(
            key=lambda one: (one.first_name.casefold(), one.last_name.casefold(), one.id),
            reverse=call.query.get("sortDirection") == "desc",
        )
        skip, limit = whole(call, "skip", 0), whole(call, "limit", 25)
        return _users(found[skip : skip + limit], count=len(found))

    def _by_email(self, call: Call) -> Reply:
        given = call.body
        self._check_company(given["companyId"])
        emails = {one.strip().lower() for one in given["emails"].split(",")}
        found = [one for one in self._office.users.values() if one.email.lower() in emails]
        skip, limit = (_digits(given, name, default) for name, default in (("skip", 0), ("limit", 25)))
        return _users([] if given.get("deleted") else found[skip : skip + limit], count=len(found))

    def _get(self, call: Call) -> Reply:
        user_id, place = call.params["userId"], call.caller
        user = self._office.users.get(user_id)
        if user is None or (place is not None and place.id not in user.locations):
            raise Problem(400, f"User with id {user_id} not found")
        return Reply(status=200, body=user.out())

    def _list(self, call: Call) -> Reply:
        return _users(self._office.users_of(located(call)))

    def _check_company(self, company_id: str) -> None:
        if company_id != self._office.company_id:
            raise Problem(403, "The token does not have access to this company.")

    def _join(self, location: Location, wanted: Emission) -> Done:
        """`fields` by the names of the API; `type` "agency" makes it a user of the company, of no location."""
        given = {
            "firstName": "Kim",
            "lastName": "Nowak",
            "role": "user",
            "phone": "+15125550042",
            **wanted.fields,
        }
        of_agency = given.get("type") == "agency"
        user = User(
            id=self._office.new_id(location), first_name=given["firstName"], last_name=given["lastName"],
            email="", phone=given["phone"], role=given["role"], locations=() if of_agency else (location.id,),
        )  # fmt: skip
        user.email = given.get("email") or f"{user.first_name}.{user.id[:6]}@example.com".lower()
        self._office.users[user.id] = user
        fields = {
            "id": user.id, "firstName": user.first_name, "lastName": user.last_name, "email": user.email,
            "phone": user.phone, "extension": str(given.get("extension", "")), "role": user.role,
            "permissions": dict(_PERMISSIONS),
        }  # fmt: skip
        if of_agency:
            told = {"companyId": self._office.company_id, **fields}
            self._office.announce.tell("UserCreate", None, user.id, told)
        else:
            told = {**fields, "locations": list(user.locations)}
            self._office.announce.tell("UserCreate", location.id, user.id, told)
        return Done(user.id)


def _users(rows: list[User], **more: int) -> Reply:
    return Reply(status=200, body={"users": [one.out() for one in rows], **more})


def _digits(given: Mapping[str, Any], name: str, default: int) -> int:
    """A number that the body has as text. Raises Problem 422."""
    text = given.get(name) or str(default)
    if not text.isdecimal():
        raise Problem(422, [f"{name} must be a number conforming to the specified constraints"])
    return int(text)
