"""Every call that the Contacts API connector offers, listed by hand."""

from tieline.catalogue.spec import AnyOperation
from tieline.connectors.contacts_api.operations import contacts, locations, notes, tags

OPERATIONS: tuple[AnyOperation, ...] = (
    contacts.CREATE, contacts.GET, contacts.UPDATE, contacts.DELETE, contacts.UPSERT, contacts.SEARCH,
    contacts.FIND_DUPLICATE, contacts.LIST,
    tags.ADD, tags.REMOVE, tags.LIST,
    notes.LIST, notes.CREATE, notes.GET, notes.UPDATE, notes.DELETE,
    locations.GET, locations.LIST_CUSTOM_FIELDS, locations.CREATE_CUSTOM_FIELD,
)  # fmt: skip

__all__ = ["OPERATIONS", "contacts", "locations", "notes", "tags"]
