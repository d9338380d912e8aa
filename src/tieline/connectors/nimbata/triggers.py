"""Everything that a Nimbata account tells of. Where Nimbata itself names the moment the trigger is documented; event
names and bodies are assumed in any case, and contacts with all that hangs on them were seen in no account.
"""

from __future__ import annotations

from tieline.catalogue.spec import AnyTrigger, Trigger
from tieline.connectors.nimbata.payloads import Told
from tieline.connectors.nimbata.shapes import (
    AppointmentRecord,
    CallRecord,
    CampaignResponse,
    ContactRecord,
    FormRecord,
    MilestoneReached,
    NoteRecord,
    TaskRecord,
    TextRecord,
)

CALL_STARTED = Trigger[Told[CallRecord]](
    id="nimbata.call.started", app="nimbata", title="Call starts", event="call.started",
    description="An inbound or outbound call begins to ring; how it ends is not known yet.",
    types=("call.started",), output=Told[CallRecord], source="nimbata.md#A2",
)  # fmt: skip

CALL_COMPLETED = Trigger[Told[CallRecord]](
    id="nimbata.call.completed", app="nimbata", title="Call ends", event="call.completed",
    stream="call", description="A call ended, answered or not. Tags, summary and value may come later.",
    types=("call.completed",), output=Told[CallRecord], source="nimbata.md#A2",
)  # fmt: skip

CALL_UPDATED = Trigger[Told[CallRecord]](
    id="nimbata.call.updated", app="nimbata", title="Call changes", event="call.updated",
    stream="call", description="A user changed a field, tag, rating or value of a call, or an analysis of it came in.",
    types=("call.updated",), output=Told[CallRecord], source="nimbata.md#A2",
)  # fmt: skip

FORM_SUBMITTED = Trigger[Told[FormRecord]](
    id="nimbata.form.submitted", app="nimbata", title="Form is submitted", event="form.submitted",
    stream="form", description="A visitor sent a form, with fields of whatever names its page has.",
    types=("form.submitted",), output=Told[FormRecord], source="nimbata.md#A2",
)  # fmt: skip

SMS_RECEIVED = Trigger[Told[TextRecord]](
    id="nimbata.sms.received", app="nimbata", title="Text message is received", event="sms.received",
    stream="text", description="A text message came to one of the account's numbers.",
    types=("sms.received",), output=Told[TextRecord], source="nimbata.md#A2",
)  # fmt: skip

CONTACT_CREATED = Trigger[Told[ContactRecord]](
    id="nimbata.contact.created", app="nimbata", title="Contact is created", event="contact.created",
    stream="contact", description="A new contact; what it has reached with that stands among its milestones.",
    types=("contact.created",), output=Told[ContactRecord], status="assumption", source="nimbata.md#B4",
)  # fmt: skip

CONTACT_UPDATED = Trigger[Told[ContactRecord]](
    id="nimbata.contact.updated", app="nimbata", title="Contact is updated", event="contact.updated",
    stream="contact", description="Fields or tags of a contact changed; a sparse body carries those alone.",
    types=("contact.updated",), output=Told[ContactRecord], status="assumption", source="nimbata.md#B4",
)  # fmt: skip

CONTACT_DELETED = Trigger[Told[ContactRecord]](
    id="nimbata.contact.deleted", app="nimbata", title="Contact is deleted", event="contact.deleted",
    stream="contact", description="A contact went; only its id and the time are told.",
    types=("contact.deleted",), output=Told[ContactRecord], status="assumption", source="nimbata.md#B4",
)  # fmt: skip

TASK_CHANGED = Trigger[Told[TaskRecord]](
    id="nimbata.task.changed", app="nimbata", title="Task changes", event="task.changed",
    stream="walk", description="A task was created, updated, completed or deleted: `change` says which.",
    types=("task.changed",), output=Told[TaskRecord], status="assumption", source="nimbata.md#B4",
)  # fmt: skip

NOTE_CHANGED = Trigger[Told[NoteRecord]](
    id="nimbata.note.changed", app="nimbata", title="Note changes", event="note.changed",
    stream="walk", description="A note was created, updated or deleted: `change` says which.",
    types=("note.changed",), output=Told[NoteRecord], status="assumption", source="nimbata.md#B4",
)  # fmt: skip

APPOINTMENT_CHANGED = Trigger[Told[AppointmentRecord]](
    id="nimbata.appointment.changed", app="nimbata", title="Appointment changes", event="appointment.changed",
    stream="walk", description="An appointment was scheduled, changed, cancelled (by its status) or deleted.",
    types=("appointment.changed",), output=Told[AppointmentRecord], status="assumption",
    source="nimbata.md#B4",
)  # fmt: skip

MILESTONE_REACHED = Trigger[Told[MilestoneReached]](
    id="nimbata.contact.milestone_reached", app="nimbata", title="Contact reaches a milestone",
    event="contact.milestone_reached",
    description="First touch, qualified, appointment set, customer won: each once; last touch each time.",
    types=("contact.milestone_reached",), output=Told[MilestoneReached], status="assumption",
    source="nimbata.md#B4",
)  # fmt: skip

CAMPAIGN_RESPONDED = Trigger[Told[CampaignResponse]](
    id="nimbata.contact.campaign_responded", app="nimbata", title="Contact responds to a campaign",
    event="contact.campaign_responded",
    description="A contact called, wrote or filled in a form by a campaign's name or number.",
    types=("contact.campaign_responded",), output=Told[CampaignResponse], status="assumption",
    source="nimbata.md#B4",
)  # fmt: skip

TRIGGERS: tuple[AnyTrigger, ...] = (
    CALL_STARTED, CALL_COMPLETED, CALL_UPDATED, FORM_SUBMITTED, SMS_RECEIVED, CONTACT_CREATED,
    CONTACT_UPDATED, CONTACT_DELETED, TASK_CHANGED, NOTE_CHANGED, APPOINTMENT_CHANGED, MILESTONE_REACHED,
    CAMPAIGN_RESPONDED,
)  # fmt: skip
