"""Groups of calendars over the API. Source: calendars.json."""

from __future__ import annotations

from tieline.sandbox.contacts_api.api_contacts import located
from tieline.sandbox.contacts_api.calendars import CalendarBook
from tieline.sandbox.contacts_api.offer import OF_LOCATION, Offer, offer
from tieline.sandbox.contacts_api.records import Location
from tieline.sandbox.contacts_api.records_calendars import Group
from tieline.sandbox.contacts_api.white_list_calendars import CREATE_GROUP, GROUP, GROUP_SLUG, GROUP_STATUS
from tieline.sandbox.side import Call, Reply

_READ, _WRITE = ("calendars/groups.readonly",), ("calendars/groups.write",)


class CalendarGroups:
    """The handlers."""

    def __init__(self, book: CalendarBook) -> None:
        self._book = book

    def offers(self) -> list[Offer]:
        """Six of a kind."""
        all_, one = "/calendars/groups", "/calendars/groups/{groupId}"
        return [
            offer("calendar_groups.list", "GET", all_, self._list, _READ, query=OF_LOCATION),
            offer("calendar_groups.create", "POST", all_, self._create, _WRITE, body=CREATE_GROUP),
            offer(
                "calendar_groups.validate_slug", "POST", f"{all_}/validate-slug", self._validate, _WRITE,
                body=GROUP_SLUG, reads=True,
            ),
            offer("calendar_groups.update", "PUT", one, self._update, _WRITE, body=GROUP),
            offer("calendar_groups.set_status", "PUT", f"{one}/status", self._switch, _WRITE, body=GROUP_STATUS),
            offer("calendar_groups.delete", "DELETE", one, self._delete, _WRITE),
        ]  # fmt: skip

    def _list(self, call: Call) -> Reply:
        return Reply(status=200, body={"groups": list(self._book.shelf(located(call)).groups.values())})

    def _create(self, call: Call) -> Reply:
        group = self._book.add_group(located(call), call.body)
        return Reply(status=201, body={"group": group}, effect=True, result_id=group.id)

    def _validate(self, call: Call) -> Reply:
        return Reply(
            status=200, body={"available": self._book.slug_is_free(located(call), call.body["slug"])}
        )

    def _update(self, call: Call) -> Reply:
        location, group = self._at(call)
        self._book.edit_group(location, group, call.body)
        return Reply(status=200, body={"group": group}, effect=True, result_id=group.id)

    def _switch(self, call: Call) -> Reply:
        _, group = self._at(call)
        group.is_active = call.body["isActive"]
        return Reply(status=200, body={"success": True}, effect=True, result_id=group.id)

    def _delete(self, call: Call) -> Reply:
        location, group = self._at(call)
        self._book.delete_group(location, group)
        return Reply(status=200, body={"success": True}, effect=True, result_id=group.id)

    def _at(self, call: Call) -> tuple[Location, Group]:
        return self._book.group(call.caller, call.params["groupId"])
