"""Webhook bodies as an account's user sets them up: one flat record, keys named by people. Source: A2, A3, B4."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from functools import lru_cache
from typing import assert_never
from zoneinfo import ZoneInfo

import phonenumbers

from tieline.sandbox.nimbata.flat_labels import flat_labels, naive
from tieline.sandbox.nimbata.records import Call, Contact, Event, Form, Project, Resource, Text, seconds_of
from tieline.sandbox.nimbata.records_items import Appointment, Note, Task
from tieline.sandbox.nimbata.records_milestones import CampaignResponse, MilestoneReached

#: Label → label that the user gave instead; null leaves the field out.
FieldMap = Mapping[str, str | None]


def flat_body(event: Event, project: Project, field_map: FieldMap) -> dict[str, str]:
    """The event's resource under the labels of the account's webhook page; the address tells which event it is.

    A flat body has no event id. Every value is a text, and "" stands for no value.
    """
    fields = _fields(event.resource, ZoneInfo(project.timezone))
    if event.change is not None:
        fields["Change"] = event.change
    fields["Project ID"] = event.project_id
    return {
        name: value for label, value in fields.items() if (name := field_map.get(label, label)) is not None
    }


def _fields(resource: Resource, zone: ZoneInfo) -> dict[str, str]:
    match resource:
        case Call():
            return _call(resource, zone)
        case Form():
            return _form(resource)
        case Text():
            return _text(resource)
        case Contact():
            return _contact(resource)
        case Task() | Note() | Appointment() | MilestoneReached() | CampaignResponse():
            return flat_labels(resource)
        case _:
            assert_never(resource)


def _call(call: Call, zone: ZoneInfo) -> dict[str, str]:
    end = call.start_time + timedelta(seconds=seconds_of(call.call_duration))
    return {
        "Unique Call ID": call.id,
        "Start Time (UTC)": naive(call.start_time),
        "Start Time (local timezone)": naive(call.start_time.astimezone(zone)),
        "End Time": naive(end),
        "Caller ID": _as_dialled(call.caller),
        "Caller ID (international)": call.caller,
        "Caller Name": call.caller_name or "",
        "Call Direction": call.direction,
        "Tracking Number": _as_dialled(call.tracking_number),
        "Tracking Number (international)": call.tracking_number,
        "Tracking Number Friendly Name": call.tracking_name,
        "Destination Number": _as_dialled(call.destination),
        "Destination Number (international)": call.destination,
        "Call Duration": call.call_duration,
        "Talk Duration": call.talk_duration if seconds_of(call.talk_duration) else "0",
        "Call Outcome": call.outcome or "",
        "Call Frequency": str(call.times_called),
        **_attribution(call),
        "Device Type": call.device or "",
        "Tags": ", ".join(call.tags),
        "Value": _money(call.value),
        "Has Recording": "true" if call.recording_url else "false",
        "Rec Link": call.recording_url or "",
        "Transcription": call.transcription or "",
    }


def _form(form: Form) -> dict[str, str]:
    return {
        "Unique Form ID": form.id,
        "Form ID": form.form_id,
        "Form Name": form.form_name,
        "Submission Time": naive(form.submitted_at),
        "Action Page": form.page_url,
        **_attribution(form),
        "Tags": ", ".join(form.tags),
        "Value": _money(form.value),
        **form.fields,
    }


def _text(text: Text) -> dict[str, str]:
    return {
        "Unique SMS ID": text.id,
        "Received At": naive(text.received_at),
        "From": text.sender,
        "To": text.recipient,
        "Tracking Number Friendly Name": text.tracking_name,
        "Direction": text.direction,
        "Body": text.body,
    }


def _contact(contact: Contact) -> dict[str, str]:
    return {
        "Contact ID": contact.id,
        "Name": contact.name or "",
        "First Name": contact.first_name or "",
        "Last Name": contact.last_name or "",
        "Email": contact.email or "",
        "Phone": contact.phone or "",
        "Company": contact.company or "",
        "Tags": ", ".join(contact.tags),
        "Value": _money(contact.value),
        "Version": str(contact.version),
        "Updated At": naive(contact.updated_at),
        "Deleted At": "" if contact.deleted_at is None else naive(contact.deleted_at),
    }


def _attribution(source: Call | Form) -> dict[str, str]:
    """First touch; Nimbata writes "(none)" where there is no campaign."""
    return {
        "Configured Tracking Source": source.source_type or "",
        "UTM Source": source.source or "(not set)",
        "UTM Medium": source.medium or "(none)",
        "UTM Campaign": source.campaign or "(none)",
        "UTM Term": source.keyword or "",
        "Google Ads Click ID": source.gclid or "",
        "Facebook Click ID": source.fbclid or "",
        "Microsoft Click ID": source.msclkid or "",
        "Landing Page": source.landing_page or "",
    }


def _money(value: float | None) -> str:
    return "" if value is None else f"${value:.2f}"


@lru_cache(maxsize=4096)
def _as_dialled(number: str) -> str:
    """A number as people of its country write it; what is no number stays."""
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return number
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.NATIONAL)
