"""Which scopes a token has: no call lists them, so each is tried by a question that changes nothing.

A scope to read is tried by reading; one to write by a call that cannot succeed, for a record that nobody has or a name
that is empty: the far side looks at the scope first, so any other refusal shows that the scope is there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

import msgspec

from tieline.catalogue.spec import AnyOperation
from tieline.connectors.contacts_api.operations import (
    appointments,
    businesses,
    calendars,
    campaigns,
    contacts,
    conversations,
    custom_values,
    forms,
    locations,
    messages,
    opportunities,
    tags,
    tasks,
    users,
    workflows,
)
from tieline.connectors.kit.connection import Connection
from tieline.connectors.kit.gateway import Gateway
from tieline.errors import CredentialError, RejectedError

_NOBODY = "tieline0nobody000000"
#: What a sync cannot do without.
REQUIRED = frozenset({
    "contacts.readonly", "contacts.write", "locations.readonly", "locations/customFields.readonly",
})  # fmt: skip


class Probe(msgspec.Struct, frozen=True, kw_only=True):
    """How one scope is tried, and what it is needed for."""

    scope: str
    operation: AnyOperation
    given: Any
    needed_for: str


PROBES: tuple[Probe, ...] = (
    Probe(
        scope="contacts.readonly", operation=contacts.FIND_DUPLICATE, needed_for="finding contacts",
        given=contacts.FindDuplicate(email="nobody@example.invalid"),
    ),
    Probe(
        scope="contacts.write", operation=contacts.UPDATE, needed_for="contacts, notes, tasks and tags",
        given=contacts.UpdateContact(contact_id=_NOBODY),
    ),
    Probe(
        scope="locations.readonly", operation=locations.GET, given=locations.LocationId(),
        needed_for="the location's country and time zone",
    ),
    Probe(
        scope="locations/customFields.readonly", operation=locations.LIST_CUSTOM_FIELDS,
        given=locations.ListCustomFields(), needed_for="attribution in custom fields",
    ),
    Probe(
        scope="locations/customFields.write", operation=locations.CREATE_CUSTOM_FIELD,
        given=locations.CreateCustomField(name=""), needed_for="making custom fields",
    ),
    Probe(
        scope="locations/tags.readonly", operation=tags.LIST, given=tags.TagsOfLocation(),
        needed_for="offering tags to choose from",
    ),
    Probe(
        scope="locations/tags.write", operation=tags.CREATE, given=tags.CreateTag(name=""),
        needed_for="making tags",
    ),
    Probe(
        scope="locations/tasks.readonly", operation=tasks.SEARCH, given=tasks.SearchTasks(limit=1),
        needed_for="seeing edited tasks",
    ),
    Probe(
        scope="locations/customValues.readonly", operation=custom_values.LIST, given=locations.LocationId(),
        needed_for="custom values in templates",
    ),
    Probe(
        scope="locations/customValues.write", operation=custom_values.UPDATE,
        given=custom_values.UpdateCustomValue(id=_NOBODY, name="", value=""), needed_for="changing custom values",
    ),
    Probe(
        scope="calendars.readonly", operation=calendars.LIST, given=calendars.ListCalendars(),
        needed_for="calendars and free slots",
    ),
    Probe(
        scope="calendars/events.readonly", operation=appointments.GET,
        given=appointments.EventId(event_id=_NOBODY), needed_for="reading appointments",
    ),
    Probe(
        scope="calendars/events.write", operation=appointments.UPDATE,
        given=appointments.UpdateAppointment(event_id=_NOBODY, appointment_status="confirmed"),
        needed_for="making appointments",
    ),
    Probe(
        scope="conversations.readonly", operation=conversations.SEARCH,
        given=conversations.SearchConversations(limit=1), needed_for="finding conversations",
    ),
    Probe(
        scope="conversations.write", operation=conversations.UPDATE,
        given=conversations.UpdateConversation(conversation_id=_NOBODY, starred=False),
        needed_for="changing conversations",
    ),
    Probe(
        scope="conversations/message.readonly", operation=messages.GET, given=messages.WhichMessage(id=_NOBODY),
        needed_for="reading messages",
    ),
    Probe(
        scope="conversations/message.write", operation=messages.CANCEL_SCHEDULED,
        given=messages.MessageId(message_id=_NOBODY), needed_for="sending texts and e-mails",
    ),
    Probe(
        scope="opportunities.readonly", operation=opportunities.LIST_PIPELINES, given=opportunities.OfLocation(),
        needed_for="pipelines",
    ),
    Probe(
        scope="opportunities.write", operation=opportunities.SET_STATUS,
        given=opportunities.SetStatus(id=_NOBODY, status="open"), needed_for="opportunities",
    ),
    Probe(
        scope="businesses.readonly", operation=businesses.LIST, given=businesses.ListBusinesses(limit=1),
        needed_for="businesses",
    ),
    Probe(
        scope="businesses.write", operation=businesses.CREATE, given=businesses.CreateBusiness(name=""),
        needed_for="making businesses",
    ),
    Probe(
        scope="users.readonly", operation=users.GET, given=users.UserId(user_id=_NOBODY),
        needed_for="assigning tasks and appointments",
    ),
    Probe(
        scope="campaigns.readonly", operation=campaigns.LIST, given=campaigns.ListCampaigns(),
        needed_for="campaigns",
    ),
    Probe(
        scope="workflows.readonly", operation=workflows.LIST, given=workflows.ListWorkflows(),
        needed_for="the CRM's own workflows",
    ),
    Probe(
        scope="forms.readonly", operation=forms.LIST_SUBMISSIONS, given=forms.ListSubmissions(limit=1),
        needed_for="form submissions",
    ),
)  # fmt: skip


async def missing_scopes(
    gateway: Gateway, connection: Connection, probes: Iterable[Probe] = PROBES
) -> list[Probe]:
    """Those whose scope the token lacks, in order. Raises ConnectorError where the far side cannot be asked, and
    CredentialError where the token itself is refused."""
    asked = list(probes)
    granted = await asyncio.gather(*(_granted(gateway, connection, one) for one in asked))
    return [probe for probe, there in zip(asked, granted, strict=True) if not there]


async def _granted(gateway: Gateway, connection: Connection, probe: Probe) -> bool:
    try:
        await gateway.call(connection, probe.operation, probe.given, "interactive")
    except CredentialError as error:
        if error.fault != "scope":
            raise
        return False
    except RejectedError:
        # Refused for another reason, which comes after the scope.
        return True
    return True
