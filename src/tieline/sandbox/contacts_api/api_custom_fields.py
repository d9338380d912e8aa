"""The custom fields of a location. Source: contacts-api.md, section 8, and section 11 (8, 42).

Assumed, since nothing says it: a field's key stays when its name changes; a field that is deleted takes the contacts'
values with it, and nothing tells of that.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from tieline.sandbox.contacts_api import checks
from tieline.sandbox.contacts_api.api_contacts import located
from tieline.sandbox.contacts_api.offer import Offer, Shape, offer, query
from tieline.sandbox.contacts_api.office import Office
from tieline.sandbox.contacts_api.problems import Problem
from tieline.sandbox.contacts_api.records import CustomField, Location
from tieline.sandbox.side import Call, Reply

_READ, _WRITE = ("locations/customFields.readonly",), ("locations/customFields.write",)
_MODEL = checks.one_of("contact", "opportunity")
_UPDATE = Shape(
    {
        "name": checks.filled, "placeholder": checks.text, "acceptedFormat": checks.texts,
        "isMultipleFile": checks.boolean, "maxNumberOfFiles": checks.number, "textBoxListOptions": checks.records,
        "position": checks.number, "model": _MODEL,
    },
    ("name",),
)  # fmt: skip
#: The last four are taken though the docs do not list them.
_CREATE = Shape(
    {
        **_UPDATE.allowed, "dataType": checks.filled, "fieldKey": checks.text, "parentId": checks.text,
        "description": checks.text, "options": checks.texts,
    },
    ("name", "dataType"),
)  # fmt: skip
_LIST = query(model=checks.one_of("contact", "opportunity", "all"))
#: By the names of the API, what is kept as it is given.
_PLAIN = {
    "name": "name", "placeholder": "placeholder", "position": "position", "options": "picklist_options",
    "isMultipleFile": "is_multi_file_allowed", "maxNumberOfFiles": "max_file_limit",
}  # fmt: skip
_DATA_TYPES = frozenset({
    "TEXT", "LARGE_TEXT", "NUMERICAL", "PHONE", "MONETORY", "CHECKBOX", "SINGLE_OPTIONS", "MULTIPLE_OPTIONS", "DATE",
    "RADIO", "EMAIL", "FLOAT", "TIME", "TEXTBOX_LIST", "FILE_UPLOAD", "SIGNATURE",
})  # fmt: skip


class CustomFields:
    """The handlers."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def offers(self) -> list[Offer]:
        """All under /customFields but the upload."""
        every = "/locations/{locationId}/customFields"
        one = f"{every}/{{id}}"
        return [
            offer("custom_fields.list", "GET", every, self._list, _READ, query=_LIST),
            offer("custom_fields.create", "POST", every, self._create, _WRITE, body=_CREATE),
            offer("custom_fields.get", "GET", one, self._get, _READ),
            offer("custom_fields.update", "PUT", one, self._update, _WRITE, body=_UPDATE),
            offer("custom_fields.delete", "DELETE", one, self._delete, _WRITE),
        ]

    def _list(self, call: Call) -> Reply:
        model = call.query.get("model", "contact")
        fields = [one for one in located(call).custom_fields.values() if model in ("all", one.model)]
        return Reply(status=200, body={"customFields": fields})

    def _create(self, call: Call) -> Reply:
        location, given = located(call), call.body
        if given["dataType"] not in _DATA_TYPES:
            raise Problem(422, [f"dataType must be one of {', '.join(sorted(_DATA_TYPES))}"])
        model = given.get("model") or "contact"
        key = given.get("fieldKey") or re.sub(r"\W+", "_", given["name"].strip().lower()).strip("_")
        key = key if key.startswith(f"{model}.") else f"{model}.{key}"
        if any(one.field_key == key for one in location.custom_fields.values()):
            raise Problem(400, f"{key} already exists")
        field = CustomField(
            id=self._office.new_id(location), name=given["name"], field_key=key, data_type=given["dataType"],
            model=model, location_id=location.id, position=len(location.custom_fields),
        )  # fmt: skip
        _write(field, given)
        location.custom_fields[field.id] = field
        return Reply(status=201, body={"customField": field}, effect=True, result_id=field.id)

    def _get(self, call: Call) -> Reply:
        return Reply(status=200, body={"customField": self._field(call)[1]})

    def _update(self, call: Call) -> Reply:
        _, field = self._field(call)
        _write(field, call.body)
        return Reply(status=200, body={"customField": field}, effect=True, result_id=field.id)

    def _delete(self, call: Call) -> Reply:
        location, field = self._field(call)
        del location.custom_fields[field.id]
        for contact in location.contacts.values():
            contact.custom.pop(field.id, None)
        return Reply(status=200, body={"succeded": True}, effect=True, result_id=field.id)

    def _field(self, call: Call) -> tuple[Location, CustomField]:
        """By id or by key. Raises Problem 400."""
        location, wanted = located(call), call.params["id"]
        for field in location.custom_fields.values():
            if wanted in (field.id, field.field_key):
                return location, field
        raise Problem(400, f"Custom field with id {wanted} not found")


def _write(field: CustomField, given: Mapping[str, Any]) -> None:
    if given.get("model") not in (None, field.model):
        raise Problem(400, f"{field.field_key} belongs to the {field.model} and cannot be moved")
    for theirs, ours in _PLAIN.items():
        if given.get(theirs) is not None:
            setattr(field, ours, given[theirs])
    if labels := [str(one.get("label", "")) for one in given.get("textBoxListOptions") or ()]:
        field.picklist_options = labels
