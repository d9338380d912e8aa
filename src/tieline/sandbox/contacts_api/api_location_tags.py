"""The tags that a location knows. Source: contacts-api.md, section 8.

Assumed, since nothing says it: a name is taken once; contacts keep the word that was renamed or removed here.
"""

from __future__ import annotations

from tieline.sandbox.contacts_api import checks
from tieline.sandbox.contacts_api.api_contacts import located
from tieline.sandbox.contacts_api.offer import Offer, body, offer
from tieline.sandbox.contacts_api.office import Office
from tieline.sandbox.contacts_api.problems import Problem
from tieline.sandbox.contacts_api.records import Location, Tag
from tieline.sandbox.side import Call, Reply

_READ, _WRITE = ("locations/tags.readonly",), ("locations/tags.write",)
_TAG = body(("name",), name=checks.filled)


class LocationTags:
    """The handlers."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def offers(self) -> list[Offer]:
        """All under /tags."""
        every = "/locations/{locationId}/tags"
        one = f"{every}/{{tagId}}"
        return [
            offer("tags.list", "GET", every, self._list, _READ),
            offer("tags.create", "POST", every, self._create, _WRITE, body=_TAG),
            offer("tags.get", "GET", one, self._get, _READ),
            offer("tags.update", "PUT", one, self._update, _WRITE, body=_TAG),
            offer("tags.delete", "DELETE", one, self._delete, _WRITE),
        ]

    def _list(self, call: Call) -> Reply:
        return Reply(status=200, body={"tags": list(located(call).tags.values())})

    def _create(self, call: Call) -> Reply:
        location = located(call)
        tag = Tag(id="", name=self._free_name(location, call), location_id=location.id)
        tag.id = self._office.new_id(location)
        location.tags[tag.name] = tag
        return Reply(status=200, body={"tag": tag}, effect=True, result_id=tag.id)

    def _get(self, call: Call) -> Reply:
        return Reply(status=200, body={"tag": self._tag(call)[1]})

    def _update(self, call: Call) -> Reply:
        location, tag = self._tag(call)
        name = self._free_name(location, call, besides=tag)
        del location.tags[tag.name]
        tag.name = name
        location.tags[name] = tag
        return Reply(status=200, body={"tag": tag}, effect=True, result_id=tag.id)

    def _delete(self, call: Call) -> Reply:
        location, tag = self._tag(call)
        del location.tags[tag.name]
        return Reply(status=200, body={"succeded": True}, effect=True, result_id=tag.id)

    def _tag(self, call: Call) -> tuple[Location, Tag]:
        location, tag_id = located(call), call.params["tagId"]
        for tag in location.tags.values():
            if tag.id == tag_id:
                return location, tag
        raise Problem(400, f"Tag with id {tag_id} not found")

    def _free_name(self, location: Location, call: Call, *, besides: Tag | None = None) -> str:
        name: str = call.body["name"].strip()
        if self._office.quirks.tags_in_lower_case:
            name = name.lower()
        if location.tags.get(name) not in (None, besides):
            raise Problem(400, f"The tag {name} already exists")
        return name
