"""The message templates of a location. Source: contacts-api.md, section 8, and locations.json."""

from __future__ import annotations

from typing import Any

import msgspec

from tieline.sandbox.contacts_api import checks
from tieline.sandbox.contacts_api.api_contacts import located, whole
from tieline.sandbox.contacts_api.offer import Offer, offer, query
from tieline.sandbox.contacts_api.office import Office
from tieline.sandbox.contacts_api.problems import Problem
from tieline.sandbox.contacts_api.records import Location
from tieline.sandbox.side import Call, Reply

_LIST = query(
    ("originId",), originId=checks.filled, deleted=checks.flag, skip=checks.digits, limit=checks.digits,
    type=checks.one_of("sms", "email", "whatsapp"),
)  # fmt: skip


class Template(msgspec.Struct, kw_only=True):
    """One template; somebody made it on the screen, since no call does."""

    id: str
    name: str
    #: sms or email.
    kind: str
    text: str
    subject: str = ""
    date_added: str
    location_id: str

    def out(self) -> dict[str, Any]:
        """As the API shows it: other properties for each kind."""
        shared = {
            "id": self.id, "name": self.name, "type": self.kind, "dateAdded": self.date_added,
            "locationId": self.location_id,
        }  # fmt: skip
        if self.kind == "email":
            return {**shared, "template": {"subject": self.subject, "html": self.text, "attachments": []}}
        return {**shared, "template": {"body": self.text, "attachments": []}, "urlAttachments": []}


class Templates:
    """The templates of all locations, and the handlers."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._held = {location.id: self._begin(location) for location in office.locations.values()}

    def of(self, location: Location) -> dict[str, Template]:
        """By id."""
        return self._held[location.id]

    def offers(self) -> list[Offer]:
        """List and delete: there is nothing else."""
        every = "/locations/{locationId}/templates"
        return [
            offer("templates.list", "GET", every, self._list, ("locations/templates.readonly",), query=_LIST),
            # No list of scopes has one for it.
            offer("templates.delete", "DELETE", f"{every}/{{id}}", self._delete, ()),
        ]

    def _list(self, call: Call) -> Reply:
        kind = call.query.get("type")
        found = [
            one
            for one in self.of(located(call)).values()
            # What is deleted here is gone for good.
            if kind in (None, one.kind) and call.query.get("deleted") != "true"
        ]
        skip, limit = whole(call, "skip", 0), whole(call, "limit", 25)
        shown = [one.out() for one in found[skip : skip + limit]]
        return Reply(status=200, body={"templates": shown, "totalCount": len(found)})

    def _delete(self, call: Call) -> Reply:
        held, template_id = self.of(located(call)), call.params["id"]
        if held.pop(template_id, None) is None:
            raise Problem(400, f"Template with id {template_id} not found")
        return Reply(status=200, body={}, effect=True, result_id=template_id)

    def _begin(self, location: Location) -> dict[str, Template]:
        made = [
            Template(
                id=self._office.new_id(location), name="Missed call", kind="sms", location_id=location.id,
                text="Sorry that we missed you, {{contact.first_name}}.", date_added=self._office.stamp(),
            ),
            Template(
                id=self._office.new_id(location), name="Your quote", kind="email", location_id=location.id,
                text="<p>Here it is.</p>", subject="Your quote", date_added=self._office.stamp(),
            ),
        ]  # fmt: skip
        return {one.id: one for one in made}
