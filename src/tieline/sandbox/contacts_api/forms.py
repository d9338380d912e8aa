"""Forms and surveys with what people sent through them. Source: contacts-api.md, section 8, forms.json, surveys.json.

No event tells of a submission: it shows in the list, and in the contact that it makes or changes. Assumed, since
nothing says it: the days of `startAt` and `endAt` are the location's, and both belong to the span.
"""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

import msgspec

from tieline.sandbox.contacts_api import checks
from tieline.sandbox.contacts_api.api_contacts import located, whole
from tieline.sandbox.contacts_api.contacts import ContactBook
from tieline.sandbox.contacts_api.driver import Deed, Done, Emission, Hand
from tieline.sandbox.contacts_api.offer import Offer, Shape, offer, query
from tieline.sandbox.contacts_api.office import Office
from tieline.sandbox.contacts_api.places import zone_of
from tieline.sandbox.contacts_api.problems import Problem
from tieline.sandbox.contacts_api.records import Contact, Location, full_name, shown, stamp
from tieline.sandbox.side import Call, Reply

_NAMES = {"form": ("Contact us", "Request a quote"), "survey": ("How did we do?",)}
_LIST = query(
    ("locationId",), locationId=checks.filled, skip=checks.digits, limit=checks.digits, type=checks.text
)


class Form(msgspec.Struct, kw_only=True, rename="camel"):
    """One form, or one survey."""

    id: str
    name: str
    location_id: str


class Submission(msgspec.Struct, kw_only=True):
    """What somebody sent."""

    id: str
    form_id: str
    contact_id: str
    created_at: datetime
    name: str | None
    email: str | None
    #: Everything that was filled in, by the names of the API.
    others: dict[str, Any]


class Forms:
    """The subject of one kind: "form" or "survey"."""

    def __init__(self, kind: str, office: Office, hand: Hand, contacts: ContactBook) -> None:
        self._kind = kind
        self._office = office
        self._hand = hand
        self._contacts = contacts
        self._forms = {one.id: self._begin(one) for one in office.locations.values()}
        #: In the order in which they came.
        self._submissions: dict[str, list[Submission]] = {one: [] for one in office.locations}

    def offers(self) -> list[Offer]:
        """Both lists."""
        kinds, scopes = f"{self._kind}s", (f"{self._kind}s.readonly",)
        submissions = Shape(
            {
                "locationId": checks.filled, "page": checks.digits, "limit": checks.digits, "q": checks.text,
                f"{self._kind}Id": checks.text, "startAt": checks.text, "endAt": checks.text,
            },
            ("locationId",),
        )  # fmt: skip
        return [
            offer(f"{kinds}.list", "GET", f"/{kinds}/", self._list, scopes, query=_LIST),
            offer(
                f"{kinds}.list_submissions", "GET", f"/{kinds}/submissions", self._list_submissions, scopes,
                query=submissions,
            ),
        ]  # fmt: skip

    def deeds(self) -> Mapping[str, Deed]:
        """For the driver."""
        return {f"{self._kind}.submit": self._submit}

    def state(self, location: Location) -> dict[str, Any]:
        """All of them, and what was sent."""
        return {
            f"{self._kind}s": list(self._forms[location.id].values()),
            f"{self._kind}_submissions": [self._out(one) for one in self._submissions[location.id]],
        }

    def doubled(self, location: Location) -> list[dict[str, Any]]:
        """Whoever sends twice has sent twice."""
        return []

    def _list(self, call: Call) -> Reply:
        skip, limit = whole(call, "skip", 0), whole(call, "limit", 10)
        if not 1 <= limit <= 50:
            raise Problem(422, ["limit must not be greater than 50"])
        rows = list(self._forms[located(call).id].values())
        return Reply(status=200, body={f"{self._kind}s": rows[skip : skip + limit], "total": len(rows)})

    def _list_submissions(self, call: Call) -> Reply:
        """Newest first."""
        location = located(call)
        page, limit = whole(call, "page", 1), whole(call, "limit", 20)
        if page < 1 or not 1 <= limit <= 100:
            raise Problem(422, ["page must not be less than 1, limit must not be greater than 100"])
        since, until = self._span(location, call.query.get("startAt"), call.query.get("endAt"))
        form, words = call.query.get(f"{self._kind}Id"), call.query.get("q", "").lower()
        rows = [
            one
            for one in reversed(self._submissions[location.id])
            if since <= one.created_at < until
            and form in (None, "", one.form_id)
            and words in _words(one, location.contacts.get(one.contact_id))
        ]
        start = (page - 1) * limit
        meta = {
            "total": len(rows), "currentPage": page, "nextPage": page + 1 if start + limit < len(rows) else None,
            "prevPage": page - 1 if page > 1 else None,
        }  # fmt: skip
        shown = [self._out(one) for one in rows[start : start + limit]]
        return Reply(status=200, body={"submissions": shown, "meta": meta})

    def _span(self, location: Location, start: str | None, end: str | None) -> tuple[datetime, datetime]:
        """From the beginning of one day to the end of another: from the same day of last month to today."""
        zone = zone_of(location)
        today = self._office.now().astimezone(zone).date()
        first = _day(start, "startAt") if start else _month_before(today)
        last = _day(end, "endAt") if end else today
        return (
            datetime.combine(first, time.min, zone),
            datetime.combine(last + timedelta(days=1), time.min, zone),
        )

    def _submit(self, location: Location, wanted: Emission) -> Done:
        """`id` is the form, `fields` what is filled in: a contact is found by e-mail and phone, or made."""
        forms = self._forms[location.id]
        form = self._hand.pick([one for one in forms.values() if wanted.id in (None, one.id)], self._kind)
        given = wanted.fields or {"firstName": "Noor", "phone": self._hand.phone(location)}
        known = {name: value for name, value in given.items() if name in checks.CONTACT}
        contact, _ = self._contacts.upsert(location, known)
        self._contacts.add_tags(location, contact, wanted.tags)
        sent = Submission(
            id=self._office.new_uuid(location), form_id=form.id, contact_id=contact.id,
            created_at=self._office.now(), name=full_name(contact), email=contact.fields.get("email"), others=given,
        )  # fmt: skip
        self._submissions[location.id].append(sent)
        return Done(sent.id, contact.id)

    def _out(self, one: Submission) -> dict[str, Any]:
        return shown(
            id=one.id, contactId=one.contact_id, createdAt=stamp(one.created_at), name=one.name, email=one.email,
            **{f"{self._kind}Id": one.form_id}, others={**one.others, "fieldsOriSequance": list(one.others)},
        )  # fmt: skip

    def _begin(self, location: Location) -> dict[str, Form]:
        made = [
            Form(id=self._office.new_id(location), name=name, location_id=location.id)
            for name in _NAMES[self._kind]
        ]
        return {one.id: one for one in made}


def _words(one: Submission, contact: Contact | None) -> str:
    phone = contact.fields.get("phone") if contact else None
    return "\n".join(filter(None, (one.contact_id, one.name, one.email, phone))).lower()


def _day(given: str, name: str) -> date:
    try:
        return datetime.strptime(given, "%Y-%m-%d").date()  # noqa: DTZ007 - a day has no zone
    except ValueError as error:
        raise Problem(422, [f"{name} must be a date in the format YYYY-MM-DD"]) from error


def _month_before(today: date) -> date:
    """The same day of the month before, or that month's last."""
    year, month = (today.year, today.month - 1) if today.month > 1 else (today.year - 1, 12)
    return date(year, month, min(today.day, calendar.monthrange(year, month)[1]))
