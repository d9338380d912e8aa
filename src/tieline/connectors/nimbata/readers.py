"""Records read by our names as what a sync knows: calls, texts, contacts."""

from __future__ import annotations

from tieline.connectors.nimbata.envelope import Opened
from tieline.connectors.nimbata.fields import Fields
from tieline.domain.activity import Attribution, Call, Direction, NimbataContact, Outcome, Text
from tieline.mapping.phone import withheld


def read_call(record_id: str, fields: Fields, opened: Opened) -> Call:
    """A call, started or ended."""
    direction: Direction = "outbound" if opened.outbound else fields.direction()
    caller, tracking, destination = (
        fields.text(name) for name in ("caller_phone", "tracking_number", "destination")
    )
    if direction == "outbound" and (caller is None or caller == tracking):
        # The account shows its own number as the caller: the other party is the one that was called.
        caller = destination
    return Call(
        id=record_id,
        project_id=opened.project_id,
        caller=None if caller is None or withheld(caller) else caller,
        caller_name=fields.text("caller_name"),
        direction=direction,
        outcome=_outcome(fields),
        started_at=fields.moment("started_at"),
        duration_s=fields.duration_s("duration"),
        talk_duration_s=fields.duration_s("talk_duration"),
        tracking_number=tracking,
        tracking_name=fields.text("tracking_name"),
        destination=destination,
        attribution=read_attribution(fields),
        tags=fields.tags(),
        value=fields.money("value"),
        recording_url=fields.text("recording_url"),
        summary=fields.text("summary"),
    )


def _outcome(fields: Fields) -> Outcome:
    """By one word, else by flags (answered, voicemail), else by the kind of call, where that tells."""
    word = fields.text("outcome")
    if word is not None and word not in ("true", "false"):
        return fields.vocabulary.outcome(word)
    answered = fields.boolean("outcome" if word is not None else "answered")
    if answered:
        return "answered"
    if fields.boolean("voicemail"):
        return "voicemail"
    if answered is None:
        return fields.vocabulary.outcome(fields.text("call_type") or "")
    return "missed"


def read_text_message(record_id: str, fields: Fields, opened: Opened) -> Text:
    """A text message, received or sent."""
    sent = opened.outbound or opened.kind == "sms.sent"
    direction: Direction = "outbound" if sent else fields.direction()
    sender, recipient = fields.text("from"), fields.text("to")
    phone, ours = (recipient, sender) if direction == "outbound" else (sender, recipient)
    return Text(
        id=record_id,
        project_id=opened.project_id,
        direction=direction,
        phone=None if phone is None or withheld(phone) else phone,
        tracking_number=ours,
        tracking_name=fields.text("tracking_name"),
        body=fields.words("body"),
        received_at=fields.moment("received_at"),
        attribution=read_attribution(fields),
    )


def read_contact(record_id: str, fields: Fields, opened: Opened) -> NimbataContact:
    """A person, or what a sparse event tells of one."""
    phone = fields.text("phone")
    return NimbataContact(
        id=record_id,
        project_id=opened.project_id,
        name=fields.text("name"),
        first_name=fields.text("first_name"),
        last_name=fields.text("last_name"),
        email=fields.text("email"),
        phone=None if phone is None or withheld(phone) else phone,
        company=fields.text("company"),
        tags=fields.tags(),
        attribution=read_attribution(fields),
        value=fields.money("value"),
        updated_at=fields.moment("updated_at"),
        deleted_at=fields.moment("deleted_at")
        or (fields.moment_of(opened.occurred_at) if opened.kind == "contact.deleted" else None),
        present=fields.present(),
    )


_ATTRIBUTION = Attribution.__struct_fields__


def read_attribution(fields: Fields) -> Attribution:
    """Where a person came from; of a contact, the first touch."""
    return Attribution(**{name: text for name in _ATTRIBUTION if (text := fields.text(name)) is not None})
