"""Labels of what hangs on a contact, in a flat webhook body. Nobody has seen one: assumptions throughout."""

from __future__ import annotations

from datetime import datetime

from tieline.sandbox.nimbata.records_items import Appointment, Item, Note, Task
from tieline.sandbox.nimbata.records_milestones import CampaignResponse, MilestoneReached


def flat_labels(record: Item | MilestoneReached | CampaignResponse) -> dict[str, str]:
    """Label → text, "" for no value."""
    match record:
        case Task():
            return {
                "Task ID": record.id,
                "Contact ID": record.contact_id,
                "Title": record.title,
                "Body": record.body or "",
                "Due At": _moment(record.due_at),
                "Completed": "true" if record.completed else "false",
                "Assignee": record.assignee or "",
                "Version": str(record.version),
                "Updated At": naive(record.updated_at),
            }
        case Note():
            return {
                "Note ID": record.id,
                "Contact ID": record.contact_id,
                "Body": record.body,
                "Author": record.author or "",
                "Unique Call ID": record.call_id or "",
                "Version": str(record.version),
                "Updated At": naive(record.updated_at),
            }
        case Appointment():
            return {
                "Appointment ID": record.id,
                "Contact ID": record.contact_id,
                "Title": record.title,
                "Start Time": naive(record.start_time),
                "End Time": naive(record.end_time),
                "Time Zone": record.timezone,
                "Status": record.status,
                "Location": record.location or "",
                "Notes": record.notes or "",
                "Assignee": record.assignee or "",
                "Version": str(record.version),
                "Updated At": naive(record.updated_at),
            }
        case MilestoneReached():
            return {
                "Contact ID": record.contact_id,
                "Milestone": record.milestone,
                "At": naive(record.at),
                "Cause": record.cause.type,
                "Cause ID": record.cause.id,
            }
        case CampaignResponse():
            return {
                "Contact ID": record.contact_id,
                "Campaign ID": record.campaign_id,
                "Campaign": record.campaign,
                "Channel": record.channel,
                "Response": record.response,
                "At": naive(record.at),
                "Activity ID": record.activity_id,
            }


def naive(moment: datetime) -> str:
    """As the account's exports write times: UTC, no zone mark."""
    return f"{moment:%Y-%m-%d %H:%M:%S}"


def _moment(moment: datetime | None) -> str:
    return "" if moment is None else naive(moment)
