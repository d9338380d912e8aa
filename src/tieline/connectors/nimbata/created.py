"""What became of a create whose answer was lost: found again by what it was asked to write.

The account is asked before anything is sent again, since it takes the same record twice. Source: nimbata.md, AS-13.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import datetime
from typing import Any

from msgspec import UNSET

from tieline.catalogue.spec import AnyOperation
from tieline.connectors.kit.client import Client
from tieline.connectors.nimbata.operations.activities import COMMENT_CALL, GET_CALL, CallId
from tieline.connectors.nimbata.operations.appointments import CREATE_APPOINTMENT, LIST_APPOINTMENTS
from tieline.connectors.nimbata.operations.contacts import CREATE_CONTACT, FIND_CONTACTS, FindContacts
from tieline.connectors.nimbata.operations.inputs import OfContact, Paged
from tieline.connectors.nimbata.operations.notes import CREATE_NOTE, LIST_NOTES
from tieline.connectors.nimbata.operations.tasks import CREATE_TASK, LIST_TASKS
from tieline.connectors.nimbata.operations.webhooks import CREATE_WEBHOOK, LIST_WEBHOOKS
from tieline.errors import ConfigurationError

#: Create of something on a contact → the list that shows it, and what must be equal.
_ITEMS: dict[str, tuple[AnyOperation, tuple[str, ...]]] = {
    CREATE_TASK.id: (LIST_TASKS, ("title", "body", "due_at")),
    CREATE_NOTE.id: (LIST_NOTES, ("body",)),
    CREATE_APPOINTMENT.id: (LIST_APPOINTMENTS, ("title", "start_time", "end_time")),
}


async def find_created(
    client: Client, operation: AnyOperation, given: Any, *, since: datetime | None = None
) -> Any | None:
    """The record that `operation` made of `given`, as the far side shows it; None where none is there yet.

    Of several the last; with `since` only one that was made then or later, where the account tells when. A contact is
    looked for by its external ids, then its phone, then its e-mail. Raises ConfigurationError for an operation that
    makes nothing.
    """
    if operation.id == CREATE_CONTACT.id:
        return await _contact(client, given)
    if operation.id == COMMENT_CALL.id:
        asked = CallId(account=given.account, project=given.project, id=given.id)
        call = (await client.call(GET_CALL, asked, "live")).record
        return _last([one for one in call.comments if _same(given.body, one.body)], since)
    if operation.id == CREATE_WEBHOOK.id:
        hooks = client.each(LIST_WEBHOOKS, Paged(account=given.account), "live")
        return _last([one async for one in hooks if one.url == given.url], since)
    if operation.id not in _ITEMS:
        raise ConfigurationError(f"{operation.id} makes no record that could be looked for")
    listing, names = _ITEMS[operation.id]
    rows = client.each(listing, OfContact(account=given.account, contact_id=given.contact_id), "live")
    return _last([row async for row in rows if _equal(given, row, names)], since)


async def _contact(client: Client, given: Any) -> Any | None:
    external = given.external_ids or {}
    questions = [FindContacts(account=given.account, external_id=one) for one in external.values() if one]
    questions += [FindContacts(account=given.account, phone=given.phone)] if given.phone else []
    questions += [FindContacts(account=given.account, email=given.email)] if given.email else []
    for question in questions:
        found = await _first(
            client.each(FIND_CONTACTS, question, "live"),
            lambda row: given.project_id is UNSET or row.project_id in (None, given.project_id),
        )
        if found is not None:
            return found
    return None


async def _first(rows: AsyncIterator[Any], wanted: Callable[[Any], bool]) -> Any | None:
    async for row in rows:
        if wanted(row):
            return row
    return None


def _equal(given: Any, row: Any, names: tuple[str, ...]) -> bool:
    return all(_same(getattr(given, name), getattr(row, name)) for name in names)


def _same(wanted: Any, held: Any) -> bool:
    if isinstance(wanted, datetime) and isinstance(held, datetime):
        return wanted.replace(microsecond=0) == held.replace(microsecond=0)
    if isinstance(wanted, str) and isinstance(held, str):
        return wanted.strip() == held.strip()
    return (None if wanted is UNSET else wanted or None) == (held or None)


def _last(found: list[Any], since: datetime | None) -> Any | None:
    made = [
        one
        for one in found
        if since is None
        or getattr(one, "created_at", None) is None
        or one.created_at >= since.replace(microsecond=0)
    ]
    return made[-1] if made else None
