"""Tags and notes of a contact; the location with its tags and custom fields. Source: sections 5 and 8."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from tieline.sandbox.contacts_api import checks
from tieline.sandbox.contacts_api.api_contacts import checked
from tieline.sandbox.contacts_api.book import Book
from tieline.sandbox.contacts_api.problems import Problem
from tieline.sandbox.contacts_api.records import Contact, CustomField, Location, Note
from tieline.sandbox.side import Call, Reply, Route

_READ, _WRITE = ("contacts.readonly",), ("contacts.write",)
_TAGS = {"tags": checks.texts}
_NOTE = {
    "body": checks.filled, "userId": checks.text, "title": checks.text, "color": checks.text, "pinned": checks.boolean,
}  # fmt: skip
_FIELD = {
    "name": checks.filled, "dataType": checks.filled, "model": checks.text, "placeholder": checks.text,
    "fieldKey": checks.text, "position": checks.number, "options": checks.anything,
}  # fmt: skip
_DATA_TYPES = frozenset({
    "TEXT", "LARGE_TEXT", "NUMERICAL", "PHONE", "MONETORY", "CHECKBOX", "SINGLE_OPTIONS", "MULTIPLE_OPTIONS", "DATE",
    "RADIO", "EMAIL", "FLOAT", "TIME", "TEXTBOX_LIST", "FILE_UPLOAD", "SIGNATURE",
})  # fmt: skip


class Surroundings:
    """The handlers."""

    def __init__(self, book: Book, mint: Callable[[], str]) -> None:
        self._book = book
        self._mint = mint

    def routes(self) -> list[Route]:
        """Tags, notes, location, custom fields."""
        contact, location = "/contacts/{contactId}", "/locations/{locationId}"
        fields = ("locations/customFields.readonly",)
        table: list[tuple[str, str, str, Any, tuple[str, ...]]] = [
            ("contacts.add_tags", "POST", f"{contact}/tags", self._add_tags, _WRITE),
            ("contacts.remove_tags", "DELETE", f"{contact}/tags", self._remove_tags, _WRITE),
            ("notes.list", "GET", f"{contact}/notes", self._notes, _READ),
            ("notes.create", "POST", f"{contact}/notes", self._add_note, _WRITE),
            ("notes.get", "GET", f"{contact}/notes/{{id}}", self._note, _READ),
            ("notes.update", "PUT", f"{contact}/notes/{{id}}", self._update_note, _WRITE),
            ("notes.delete", "DELETE", f"{contact}/notes/{{id}}", self._delete_note, _WRITE),
            ("locations.get", "GET", location, self._location, ("locations.readonly",)),
            ("tags.list", "GET", f"{location}/tags", self._tags, ("locations/tags.readonly",)),
            ("custom_fields.list", "GET", f"{location}/customFields", self._fields, fields),
            ("custom_fields.create", "POST", f"{location}/customFields", self._add_field,
             ("locations/customFields.write",)),
        ]  # fmt: skip
        return [
            Route(operation=operation, method=method, path=path, handler=handler, scopes=scopes)
            for operation, method, path, handler, scopes in table
        ]

    def _add_tags(self, call: Call) -> Reply:
        location, contact = self._named(call)
        added = self._book.add_tags(location, contact, checked(call, _TAGS, ("tags",))["tags"])
        body = {"tags": list(contact.tags), "tagsAdded": added}
        return Reply(status=201, body=body, effect=bool(added), result_id=contact.id)

    def _remove_tags(self, call: Call) -> Reply:
        location, contact = self._named(call)
        removed = self._book.remove_tags(location, contact, checked(call, _TAGS, ("tags",))["tags"])
        body = {"tags": list(contact.tags), "tagsRemoved": removed}
        return Reply(status=200, body=body, effect=bool(removed), result_id=contact.id)

    def _notes(self, call: Call) -> Reply:
        _, contact = self._named(call)
        return Reply(status=200, body={"notes": list(reversed(contact.notes.values()))})

    def _add_note(self, call: Call) -> Reply:
        location, contact = self._named(call)
        note = self._book.add_note(location, contact, checked(call, _NOTE, ("body",)))
        return Reply(status=201, body={"note": note}, effect=True, result_id=note.id)

    def _note(self, call: Call) -> Reply:
        _, _, note = self._noted(call)
        return Reply(status=200, body={"note": note})

    def _update_note(self, call: Call) -> Reply:
        location, _, note = self._noted(call)
        self._book.update_note(location, note, checked(call, _NOTE))
        return Reply(status=200, body={"note": note}, effect=True, result_id=note.id)

    def _delete_note(self, call: Call) -> Reply:
        location, contact, note = self._noted(call)
        self._book.delete_note(location, contact, note)
        return Reply(status=200, body={"succeded": True}, effect=True, result_id=note.id)

    def _location(self, call: Call) -> Reply:
        location = self._at(call)
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
        return Reply(status=200, body={"tags": list(self._at(call).tags.values())})

    def _fields(self, call: Call) -> Reply:
        model = call.query.get("model", "contact")
        if model not in ("contact", "opportunity", "all"):
            raise Problem(422, ["model must be one of the following values: contact, opportunity, all"])
        fields = [one for one in self._at(call).custom_fields.values() if model in ("all", one.model)]
        return Reply(status=200, body={"customFields": fields})

    def _add_field(self, call: Call) -> Reply:
        location = self._at(call)
        body = checked(call, _FIELD, ("name", "dataType"))
        if body["dataType"] not in _DATA_TYPES:
            raise Problem(422, [f"dataType must be one of {', '.join(sorted(_DATA_TYPES))}"])
        model = body.get("model") or "contact"
        key = body.get("fieldKey") or re.sub(r"\W+", "_", body["name"].strip().lower()).strip("_")
        key = key if key.startswith(f"{model}.") else f"{model}.{key}"
        if any(one.field_key == key for one in location.custom_fields.values()):
            raise Problem(400, f"{key} already exists")
        field = CustomField(
            id=self._mint(), name=body["name"], field_key=key, data_type=body["dataType"], model=model
        )
        location.custom_fields[field.id] = field
        return Reply(status=201, body={"customField": field}, effect=True, result_id=field.id)

    def _at(self, call: Call) -> Location:
        location: Location = call.caller
        return location

    def _named(self, call: Call) -> tuple[Location, Contact]:
        return self._book.contact(call.caller, call.params["contactId"])

    def _noted(self, call: Call) -> tuple[Location, Contact, Note]:
        location, contact = self._named(call)
        note = contact.notes.get(call.params["id"])
        if note is None:
            raise Problem(404, f"Note with id {call.params['id']} not found")
        return location, contact, note
