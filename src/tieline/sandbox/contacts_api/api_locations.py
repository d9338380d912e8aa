"""The location with its tags and custom fields. Source: section 8."""

from __future__ import annotations

import re

from tieline.sandbox.contacts_api import checks
from tieline.sandbox.contacts_api.api_contacts import located
from tieline.sandbox.contacts_api.offer import Offer, body, offer, query
from tieline.sandbox.contacts_api.office import Office
from tieline.sandbox.contacts_api.problems import Problem
from tieline.sandbox.contacts_api.records import CustomField
from tieline.sandbox.side import Call, Reply

_FIELD = body(
    ("name", "dataType"), name=checks.filled, dataType=checks.filled, model=checks.text, placeholder=checks.text,
    fieldKey=checks.text, position=checks.number, options=checks.anything, parentId=checks.text,
    description=checks.text, acceptedFormat=checks.anything, isMultipleFile=checks.boolean,
    maxNumberOfFiles=checks.number, textBoxListOptions=checks.anything,
)  # fmt: skip
_FIELDS = query(model=checks.one_of("contact", "opportunity", "all"))
_DATA_TYPES = frozenset({
    "TEXT", "LARGE_TEXT", "NUMERICAL", "PHONE", "MONETORY", "CHECKBOX", "SINGLE_OPTIONS", "MULTIPLE_OPTIONS", "DATE",
    "RADIO", "EMAIL", "FLOAT", "TIME", "TEXTBOX_LIST", "FILE_UPLOAD", "SIGNATURE",
})  # fmt: skip


class Locations:
    """The handlers."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def offers(self) -> list[Offer]:
        """The location, its tags, its custom fields."""
        one = "/locations/{locationId}"
        return [
            offer("locations.get", "GET", one, self._location, ("locations.readonly",)),
            offer("tags.list", "GET", f"{one}/tags", self._tags, ("locations/tags.readonly",)),
            offer(
                "custom_fields.list", "GET", f"{one}/customFields", self._fields,
                ("locations/customFields.readonly",), query=_FIELDS,
            ),
            offer(
                "custom_fields.create", "POST", f"{one}/customFields", self._add_field,
                ("locations/customFields.write",), body=_FIELD,
            ),
        ]  # fmt: skip

    def _location(self, call: Call) -> Reply:
        location = located(call)
        return Reply(
            status=200,
            body={
                "location": {
                    "id": location.id, "companyId": location.company_id, "name": location.name,
                    "country": location.country, "timezone": location.timezone,
                    "settings": {
                        "allowDuplicateContact": location.allow_duplicates, "allowDuplicateOpportunity": False,
                        "allowFacebookNameMerge": False, "disableContactTimezone": False,
                    },
                }
            },
        )  # fmt: skip

    def _tags(self, call: Call) -> Reply:
        return Reply(status=200, body={"tags": list(located(call).tags.values())})

    def _fields(self, call: Call) -> Reply:
        model = call.query.get("model", "contact")
        fields = [one for one in located(call).custom_fields.values() if model in ("all", one.model)]
        return Reply(status=200, body={"customFields": fields})

    def _add_field(self, call: Call) -> Reply:
        location, given = located(call), call.body
        if given["dataType"] not in _DATA_TYPES:
            raise Problem(422, [f"dataType must be one of {', '.join(sorted(_DATA_TYPES))}"])
        model = given.get("model") or "contact"
        key = given.get("fieldKey") or re.sub(r"\W+", "_", given["name"].strip().lower()).strip("_")
        key = key if key.startswith(f"{model}.") else f"{model}.{key}"
        if any(one.field_key == key for one in location.custom_fields.values()):
            raise Problem(400, f"{key} already exists")
        field = CustomField(
            id=self._office.new_id(location),
            name=given["name"],
            field_key=key,
            data_type=given["dataType"],
            model=model,
        )
        location.custom_fields[field.id] = field
        return Reply(status=201, body={"customField": field}, effect=True, result_id=field.id)
