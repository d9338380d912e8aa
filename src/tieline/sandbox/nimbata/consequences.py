"""What follows from an event: milestones that a contact reaches by it, and the campaign that it answers.

Source: nimbata.md, B2, B4, B7 and AS-15 (assumptions).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from tieline.sandbox.nimbata.account import Account
from tieline.sandbox.nimbata.campaigns import answered
from tieline.sandbox.nimbata.milestones import by_contact, by_record
from tieline.sandbox.nimbata.records import Call, Contact, Event, Form, Text
from tieline.sandbox.nimbata.records_items import OFF, Appointment
from tieline.sandbox.nimbata.records_milestones import (
    CampaignResponse,
    Cause,
    CauseKind,
    Channel,
    MilestoneName,
    MilestoneReached,
)

_TOUCHES = frozenset({"call.completed", "form.submitted", "sms.received"})


def consequences(account: Account, event: Event) -> Iterator[Event]:
    """The events that follow, in order; what they tell of is noted down as they are given."""
    record = event.resource
    match record:
        case Call() | Form() | Text() if event.event != "call.started":
            yield from _of_activity(account, event, record)
        case Contact() if event.event == "contact.created":
            if account.quirks.creation_tells_milestones:
                for one in record.milestones:
                    yield _reached(account, event, record.id, one.name, one.at, "contact", record.id)
        case Contact() if event.event == "contact.updated":
            tags_count = account.quirks.contact_tags_reach_milestones
            for name in by_contact(record, tags_count=tags_count):
                yield from _reach(account, event, record.id, name, event.occurred_at, "contact", record.id)
        case Appointment() if event.change != "deleted" and record.status not in OFF:
            yield from _reach(
                account,
                event,
                record.contact_id,
                "appointment_set",
                event.occurred_at,
                "appointment",
                record.id,
            )


def _of_activity(account: Account, event: Event, record: Call | Form | Text) -> Iterator[Event]:
    contact = record.contact_id
    if contact is None or account.quirks.mode == "derived" or not account.contacts.is_live(contact):
        return
    channel, response, at = _seen(record)
    if event.event in _TOUCHES:
        yield from _reach(account, event, contact, "first_touch", at, channel, record.id)
    if not isinstance(record, Text):
        for name in by_record(record):
            yield from _reach(account, event, contact, name, event.occurred_at, channel, record.id)
    if event.event in _TOUCHES:
        yield from _reach(account, event, contact, "last_touch", at, channel, record.id)
        campaign = answered(account.campaigns[event.project_id], record)
        if campaign is not None:
            told = CampaignResponse(
                contact_id=contact, campaign_id=campaign.id, campaign=campaign.name, channel=channel,
                response=response, at=at, activity_id=record.id,
            )  # fmt: skip
            yield Event(
                id=account.mint("evt"), event="contact.campaign_responded", occurred_at=event.occurred_at,
                project_id=event.project_id, resource=told,
            )  # fmt: skip


def _seen(record: Call | Form | Text) -> tuple[Channel, str, datetime]:
    match record:
        case Call():
            return "call", record.outcome or "", record.start_time
        case Form():
            return "form", record.form_name, record.submitted_at
        case Text():
            return "sms", record.body, record.received_at


def _reach(
    account: Account,
    event: Event,
    contact: str,
    name: MilestoneName,
    at: datetime,
    kind: CauseKind,
    cause: str,
) -> Iterator[Event]:
    if account.milestones.reach(contact, name, at):
        yield _reached(account, event, contact, name, at, kind, cause)


def _reached(
    account: Account,
    event: Event,
    contact: str,
    name: MilestoneName,
    at: datetime,
    kind: CauseKind,
    cause: str,
) -> Event:
    return Event(
        id=account.mint("evt"), event="contact.milestone_reached", occurred_at=event.occurred_at,
        project_id=event.project_id,
        resource=MilestoneReached(contact_id=contact, milestone=name, at=at, cause=Cause(type=kind, id=cause)),
    )  # fmt: skip
