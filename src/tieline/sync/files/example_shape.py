"""The shape of the examples that a definition file holds as its own tests."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from tieline.domain.activity import Attribution
from tieline.sync.files.item_shape import AppointmentExample, NoteExample, TaskExample
from tieline.sync.files.shape import Texts


class ContainsSection(msgspec.Struct, frozen=True, kw_only=True):
    """What a note must be like."""

    contains: Texts = []
    lacks: Texts = []


class WrittenSection(msgspec.Struct, frozen=True, kw_only=True):
    """What is written to one side; fields that are not named here may be anything."""

    fields: Annotated[dict[str, str | int | float | None], Meta(description="null: not written")] = {}
    cleared: Annotated[list[str], Meta(description="fields whose value is taken away")] = []
    add_tags: list[str] = []
    remove_tags: list[str] = []


#: Filled in by the schema: a word, or a table for a person's record or for an item.
WrittenThere = Annotated[
    Any,
    Meta(
        extra_json_schema={
            "anyOf": [
                {"enum": ["nothing", "delete"]},
                {"$ref": "#/$defs/WrittenSection"},
                {"$ref": "#/$defs/ItemWrittenSection"},
            ]
        }
    ),
]


class ExpectSection(msgspec.Struct, frozen=True, kw_only=True):
    """What must come of an example."""

    skip: Annotated[bool | str, Meta(description="left alone; a text stands in the reason")] = False
    fields: Annotated[dict[str, str | int | float | None], Meta(description="null: not written")] = {}
    tags: Annotated[list[str], Meta(description="these and no others")] = []
    note: Annotated[bool | str | ContainsSection, Meta(description="a text: the note is just that")] = ""
    nimbata: WrittenThere = "nothing"
    contacts_api: WrittenThere = "nothing"
    ask: Annotated[list[str], Meta(description="fields that a person is asked about")] = []


class _Activity(msgspec.Struct, frozen=True, kw_only=True):
    id: str | int = ""
    tags: list[str] = []
    value: str | int | float = ""
    attribution: Attribution = Attribution()


class CallSection(_Activity, frozen=True, kw_only=True):
    """A call, in words of ours or of the account (NOT_ANSWERED)."""

    caller: str = ""
    caller_name: str = ""
    direction: Literal["inbound", "outbound"] = "inbound"
    outcome: str = ""
    started_at: str = ""
    duration_s: int = 0
    talk_duration_s: int = 0
    tracking_number: str = ""
    tracking_name: str = ""
    destination: str = ""
    recording_url: str = ""
    summary: str = ""


class FormSection(_Activity, frozen=True, kw_only=True):
    """A submitted form."""

    form_id: str = ""
    form_name: str = ""
    submitted_at: str = ""
    page_url: str = ""
    fields: Annotated[dict[str, Any], Meta(description="every field as sent")] = {}
    name: str = ""
    email: str = ""
    phone: str = ""


class TextSection(msgspec.Struct, frozen=True, kw_only=True):
    """A text message."""

    id: str | int = ""
    direction: Literal["inbound", "outbound"] = "inbound"
    phone: str = ""
    tracking_number: str = ""
    tracking_name: str = ""
    body: str = ""
    received_at: str = ""
    attribution: Attribution = Attribution()


class PersonExample(_Activity, frozen=True, kw_only=True):
    """A person's record at the call-tracking account, carried over one way."""

    name: str = ""
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    phone: str = ""
    company: str = ""


#: A record of one side: fields by name, `tags`, and custom fields as custom.<key>.
Record = Annotated[dict[str, Any], Meta(description="fields by name, tags, custom.<key>")]


class ThenSection(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody changes after both sides were equal; null takes a value away. An item may be deleted."""

    nimbata: Literal["deleted"] | Record = {}
    contacts_api: Literal["deleted"] | Record = {}


class ExampleSection(msgspec.Struct, frozen=True, kw_only=True):
    """One test of the file: something that happens, and what must come of it."""

    name: str
    call: CallSection = CallSection()
    form: FormSection = FormSection()
    text: TextSection = TextSection()
    contact: PersonExample = PersonExample()
    task: TaskExample = TaskExample()
    note: NoteExample = NoteExample()
    appointment: AppointmentExample = AppointmentExample()
    nimbata: Record = {}
    contacts_api: Record = {}
    then: list[ThenSection] = []
    timezone: Annotated[
        str, Meta(description="of the location, by which times without an offset are read")
    ] = ""
    country: Annotated[str, Meta(description="of the location, by which phones are read")] = "US"
    expect: ExpectSection
