"""What people send through the CRM's own forms. No webhook tells of it, so it is polled."""

from __future__ import annotations

from datetime import date

import msgspec
from msgspec import UNSET, UnsetType

from tieline.catalogue import paging
from tieline.catalogue.spec import AnyOperation, Operation
from tieline.connectors.contacts_api.shapes import Loose
from tieline.connectors.contacts_api.shapes_surroundings import FormSubmission
from tieline.connectors.contacts_api.versions import FORMS

Text = str | UnsetType


class ListSubmissions(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Submissions of some days: from the same day of last month to today where nothing is said.

    Whose days they are is not documented: ask from a day before the one that is meant, and drop what is known.
    """

    location_id: Text = UNSET
    form_id: Text = UNSET
    #: Words in contact id, name, e-mail or phone.
    q: Text = UNSET
    #: First and last day; both belong to the span.
    start_at: date | UnsetType = UNSET
    end_at: date | UnsetType = UNSET
    page: int | UnsetType = UNSET
    #: 1 to 100.
    limit: int | UnsetType = UNSET


class SubmissionsMeta(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Where in the list the page stands."""

    total: Loose = None
    current_page: Loose = None
    next_page: Loose = None
    prev_page: Loose = None


class SubmissionsAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A page of submissions, newest first."""

    submissions: list[FormSubmission] = []
    meta: SubmissionsMeta = SubmissionsMeta()
    trace_id: str | None = None


LIST_SUBMISSIONS = Operation[ListSubmissions, SubmissionsAnswer](
    id="forms.list_submissions", app="contacts_api", title="List form submissions",
    description="What was sent through the location's forms, and which contact it made or changed.",
    method="GET", path="/forms/submissions",
    query=frozenset({"locationId", "formId", "q", "startAt", "endAt", "page", "limit"}), input=ListSubmissions,
    output=SubmissionsAnswer, version=FORMS, scopes=("forms.readonly",), idempotent=True,
    paging=paging.page(lambda answer: answer.submissions, default_limit=20),
    source="forms.json#get-forms-submissions",
)  # fmt: skip

OPERATIONS: tuple[AnyOperation, ...] = (LIST_SUBMISSIONS,)
