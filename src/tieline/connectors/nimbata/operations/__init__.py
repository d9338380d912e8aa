"""Every call that the Nimbata connector offers. Only the list of calls is documented: see each `status`."""

from tieline.catalogue.spec import AnyOperation
from tieline.connectors.nimbata.operations import (
    activities,
    appointments,
    changes,
    contacts,
    lookups,
    notes,
    tasks,
    webhooks,
)
from tieline.connectors.nimbata.operations.activities import LIST_CALLS, LISTS, Stream, list_activity
from tieline.connectors.nimbata.operations.contacts import CONTACT_ROWS, FindContacts

OPERATIONS: tuple[AnyOperation, ...] = (
    *activities.OPERATIONS,
    *contacts.OPERATIONS,
    *tasks.OPERATIONS,
    *notes.OPERATIONS,
    *appointments.OPERATIONS,
    *lookups.OPERATIONS,
    *webhooks.OPERATIONS,
    *changes.OPERATIONS,
)

__all__ = [
    "CONTACT_ROWS",
    "LISTS",
    "LIST_CALLS",
    "OPERATIONS",
    "FindContacts",
    "Stream",
    "activities",
    "appointments",
    "changes",
    "contacts",
    "list_activity",
    "lookups",
    "notes",
    "tasks",
    "webhooks",
]
