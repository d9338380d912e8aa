"""Tags of a contact: a set, added to and removed from. Source: contacts-api.md, section 5."""

from __future__ import annotations

import msgspec

from tieline.catalogue.spec import Operation
from tieline.connectors.contacts_api.operations.contacts import APP, SOURCE, VERSION, WRITE


class TagsInput(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Tags of one contact, by name."""

    contact_id: str
    tags: list[str]


class TagsAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """All tags after the change."""

    tags: list[str] = []


ADD_TAGS: Operation[TagsInput, TagsAnswer] = Operation(
    id="contacts.add_tags", app=APP, title="Add tags to a contact", description="Tags already there stay.",
    method="POST", path="/contacts/{contactId}/tags", input=TagsInput, output=TagsAnswer, version=VERSION,
    scopes=WRITE, idempotent=True, source=SOURCE,
)  # fmt: skip
REMOVE_TAGS: Operation[TagsInput, TagsAnswer] = Operation(
    id="contacts.remove_tags", app=APP, title="Remove tags from a contact", description="Others stay.",
    method="DELETE", path="/contacts/{contactId}/tags", input=TagsInput, output=TagsAnswer, version=VERSION,
    scopes=WRITE, idempotent=True, source=SOURCE,
)  # fmt: skip

OPERATIONS = (ADD_TAGS, REMOVE_TAGS)
