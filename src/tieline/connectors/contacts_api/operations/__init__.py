"""Every operation of the Contacts API that we speak, by subject."""

from tieline.connectors.contacts_api.operations import contacts, locations, notes, tags
from tieline.connectors.contacts_api.operations.contacts import (
    CREATE_CONTACT,
    DELETE_CONTACT,
    FIND_DUPLICATE,
    GET_CONTACT,
    LIST_CONTACTS,
    SEARCH_CONTACTS,
    UPDATE_CONTACT,
    UPSERT_CONTACT,
    CreateContactInput,
    FindDuplicateInput,
    SearchInput,
    UpdateContactInput,
    UpsertContactInput,
)
from tieline.connectors.contacts_api.operations.locations import (
    CREATE_CUSTOM_FIELD,
    GET_LOCATION,
    LIST_CUSTOM_FIELDS,
    CreateCustomFieldInput,
    CustomFieldsInput,
    LocationIdInput,
)
from tieline.connectors.contacts_api.operations.notes import CREATE_NOTE, LIST_NOTES, CreateNoteInput
from tieline.connectors.contacts_api.operations.tags import ADD_TAGS, REMOVE_TAGS, TagsInput
from tieline.connectors.contacts_api.operations.wire import ContactIdInput

OPERATIONS = (*contacts.OPERATIONS, *tags.OPERATIONS, *notes.OPERATIONS, *locations.OPERATIONS)

__all__ = [
    "ADD_TAGS",
    "CREATE_CONTACT",
    "CREATE_CUSTOM_FIELD",
    "CREATE_NOTE",
    "DELETE_CONTACT",
    "FIND_DUPLICATE",
    "GET_CONTACT",
    "GET_LOCATION",
    "LIST_CONTACTS",
    "LIST_CUSTOM_FIELDS",
    "LIST_NOTES",
    "OPERATIONS",
    "REMOVE_TAGS",
    "SEARCH_CONTACTS",
    "UPDATE_CONTACT",
    "UPSERT_CONTACT",
    "ContactIdInput",
    "CreateContactInput",
    "CreateCustomFieldInput",
    "CreateNoteInput",
    "CustomFieldsInput",
    "FindDuplicateInput",
    "LocationIdInput",
    "SearchInput",
    "TagsInput",
    "UpdateContactInput",
    "UpsertContactInput",
]
