"""Every call that the Contacts API connector offers: a module a subject, each listing its own by hand."""

from tieline.catalogue.spec import AnyOperation
from tieline.connectors.contacts_api.operations import contacts, groups, locations, notes, tags, tasks

OPERATIONS: tuple[AnyOperation, ...] = (
    *contacts.OPERATIONS,
    *groups.OPERATIONS,
    *tags.OPERATIONS,
    *tasks.OPERATIONS,
    *notes.OPERATIONS,
    *locations.OPERATIONS,
)

__all__ = ["OPERATIONS", "contacts", "groups", "locations", "notes", "tags", "tasks"]
