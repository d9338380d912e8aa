"""Every call that the Nimbata connector offers. Only the list of calls is documented: see each `status`."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from tieline.catalogue.spec import AnyOperation, Operation
from tieline.connectors.nimbata.lists import Listing, Place

Stream = Literal["call", "form", "text"]
Text = str | UnsetType

_ACTIVITY = "/v1/a/{account}/project/{project}/activity"
_PAGE = frozenset({"page", "per_page", "cursor"})
#: The name of the date filter by stream; those of forms and texts are assumed to follow that of calls.
_FILTERS: dict[Stream, str] = {"call": "call_date", "form": "form_date", "text": "sms_date"}


class Days(msgspec.Struct, frozen=True, kw_only=True, rename={"first": "from", "last": "to"}):
    """Days of UTC, both included."""

    first: date
    last: date


class ListActivity(msgspec.Struct, frozen=True, kw_only=True):
    """A page of what happened in a project."""

    account: Text = UNSET
    project: str
    filters: dict[str, Days] = {}
    page: int | UnsetType = UNSET
    per_page: int | UnsetType = UNSET
    cursor: Text = UNSET


class FindContacts(msgspec.Struct, frozen=True, kw_only=True):
    """A page of an account's contacts, oldest change first."""

    account: Text = UNSET
    updated_since: datetime | UnsetType = UNSET
    phone: Text = UNSET
    email: Text = UNSET
    include_deleted: bool | UnsetType = UNSET
    page: int | UnsetType = UNSET
    per_page: int | UnsetType = UNSET
    cursor: Text = UNSET


class ListProjects(msgspec.Struct, frozen=True, kw_only=True):
    """Of which account; UNSET = the connection's own."""

    account: Text = UNSET


def list_activity(
    stream: Stream, project: str, first: date, last: date, at: Place, size: int
) -> ListActivity:
    """The input that asks for the page at `at`."""
    page: int | UnsetType = at if isinstance(at, int) else UNSET
    cursor: Text = at if isinstance(at, str) and at else UNSET
    return ListActivity(
        project=project, filters={_FILTERS[stream]: Days(first=first, last=last)}, page=page, per_page=size,
        cursor=cursor,
    )  # fmt: skip


LIST_CALLS = Operation[ListActivity, Listing](
    id="nimbata.call.list", app="nimbata", title="List calls of a project by day",
    description="Calls that began on these days, UTC.", method="POST", path=f"{_ACTIVITY}/call",
    input=ListActivity, output=Listing, idempotent=True, source="nimbata.md#A1",
)  # fmt: skip

LIST_FORMS = Operation[ListActivity, Listing](
    id="nimbata.form.list", app="nimbata", title="List form submissions of a project",
    description="Forms submitted on these days, UTC.", method="POST", path=f"{_ACTIVITY}/form",
    input=ListActivity, output=Listing, idempotent=True, status="assumption", source="nimbata.md#B3",
)  # fmt: skip

LIST_TEXTS = Operation[ListActivity, Listing](
    id="nimbata.sms.list", app="nimbata", title="List text messages of a project",
    description="Texts of these days, UTC.", method="POST", path=f"{_ACTIVITY}/sms",
    input=ListActivity, output=Listing, idempotent=True, status="assumption", source="nimbata.md#B3",
)  # fmt: skip

FIND_CONTACTS = Operation[FindContacts, Listing](
    id="nimbata.contact.find", app="nimbata", title="List or find contacts",
    description="Contacts of a `native` account, oldest change first.", method="GET",
    path="/v1/a/{account}/contacts",
    query=_PAGE | {"updated_since", "phone", "email", "include_deleted"},
    input=FindContacts, output=Listing, idempotent=True, status="assumption", source="nimbata.md#B3",
)  # fmt: skip

LIST_PROJECTS = Operation[ListProjects, Listing](
    id="nimbata.project.list", app="nimbata", title="List the projects of the account",
    description="All projects that the token can read.", method="GET", path="/v1/a/{account}/projects",
    input=ListProjects, output=Listing, idempotent=True, status="assumption", source="nimbata.md#A1",
)  # fmt: skip

LISTS: dict[Stream, Operation[ListActivity, Listing]] = {
    "call": LIST_CALLS,
    "form": LIST_FORMS,
    "text": LIST_TEXTS,
}
OPERATIONS: tuple[AnyOperation, ...] = (LIST_CALLS, LIST_FORMS, LIST_TEXTS, FIND_CONTACTS, LIST_PROJECTS)
