"""Every known oddity of the API as a switch. The defaults are what a real location does. Source: section 11."""

from __future__ import annotations

from typing import Any

import msgspec


class Quirks(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The number is that of the trap in the reference; `True` = as in life."""

    # -- Contacts
    #: 2: tags come back in lower case.
    tags_in_lower_case: bool = True
    #: 4: an upsert drops the identifier that belongs to another contact, without an error.
    upsert_drops_second_identifier: bool = True
    #: 5: an upsert by an additional e-mail makes it the primary one, and the old primary is gone.
    upsert_replaces_primary_email: bool = True
    #: 7: `gender` is ignored on contacts that exist.
    gender_ignored_on_existing: bool = True
    #: 9: custom field values under a wrong property name, and unknown fields, vanish with a 200.
    wrong_custom_fields_vanish: bool = True
    #: 12: seconds until a search sees a change.
    search_lag_s: float = 5.0
    #: `dateUpdated` moves for these as well ("tag", "note", "task"); in life for none of them, as far as is known.
    date_updated_moves_for: tuple[str, ...] = ()
    #: 31: a channel's DND that is `permanent` stays so, whatever is written.
    permanent_dnd_stays: bool = True
    #: 30: a change of the inbound DND is told to nobody.
    inbound_dnd_is_silent: bool = True

    # -- Tasks and notes
    #: 17: a due date with milliseconds is refused, though the answers have them.
    task_due_date_without_milliseconds: bool = True
    #: 19: TaskCreate has neither contactId nor body.
    thin_task_events: bool = True
    #: 20: note events have no author and no title.
    thin_note_events: bool = True
    #: 21: a note's `userId` must be a user of the location.
    note_user_is_checked: bool = True

    # -- Calendars
    #: 22: the appointments of a contact come as local times without an offset.
    contact_appointments_are_local: bool = True
    #: 23: an appointment off the free slots is refused.
    slots_are_checked: bool = True
    #: 23: a slot is one only with the offset that free slots show it with in the location's time zone; "…Z" is none.
    slots_want_their_own_offset: bool = True
    #: Integrators' live calls: an appointment on a slot lasts as long as the calendar's slots do, or it is refused.
    durations_are_checked: bool = True
    #: 24: an appointment in a calendar with a team is refused without `assignedUserId`; off, a free member gets it.
    appointments_want_a_user: bool = True
    #: Integrators' live calls: a calendar can be blocked only if it is of type `event`; block the user instead.
    block_slots_want_event_calendars: bool = True
    #: An integrator's live calls: an update without `appointmentStatus` makes the appointment `confirmed`.
    appointment_update_confirms: bool = True
    #: 25: create and update of an appointment answer without dateAdded and dateUpdated (dated versions).
    appointment_answers_lack_dates: bool = True
    #: 27: a `traceId` stands among the dates of the free slots.
    trace_id_among_slots: bool = True
    #: The docs' examples of AppointmentUpdate and AppointmentDelete say `type: AppointmentCreate`.
    appointment_events_say_create: bool = True

    # -- Conversations
    #: 34: the list of messages is nested once more.
    messages_are_nested: bool = True
    #: 35: an inbound message of a custom type without a provider is answered 201 and stored nowhere.
    inbound_without_provider_vanishes: bool = True
    #: 35: inbound calls name no user.
    inbound_calls_lack_user: bool = True
    #: The vendor's issues 214 and 258: one message alone comes as {"message": …}.
    single_message_is_wrapped: bool = True
    #: The same issues: `meta` of a call has {"call": {"duration", "status"}}, not callDuration and callStatus.
    call_meta_is_nested: bool = True
    #: Issue 258: where the recording of a call is, the webhook tells and the API does not.
    recordings_in_webhooks_alone: bool = True
    #: Issue 40: lists of messages have no bodies of e-mails.
    lists_lack_email_bodies: bool = True
    #: Reported by integrators: an e-mail with `message` and without `html` counts as empty.
    emails_want_html: bool = True
    #: The docs' example of an answered inbound call says `type: OutboundMessage`; `direction` tells.
    inbound_calls_say_outbound: bool = True

    # -- Opportunities
    #: 29: every change of an opportunity, also create and delete, sends OpportunityUpdate as well.
    opportunity_bursts: bool = True

    # -- OAuth and delivery
    #: 38: seconds after INSTALL before a location's token can be minted.
    location_token_after_s: float = 0.0
    #: Not known (section 12): a refresh ends the access token that came with the used refresh token at once. Off, both
    #: are good until the old one's time is over.
    refresh_ends_access_token: bool = False
    #: The docs' examples of invoices, products, prices, records, relations, associations and object schemas have no
    #: `type` that names the event; a price's is its own field.
    some_events_are_nameless: bool = True
    #: 18 of the docs: the events' own names ("ConversationUnreadUpdate", "INSTALL") differ from the docs'.
    event_names_differ: bool = True

    def change(self, wanted: dict[str, Any]) -> Quirks:
        """These with some switched otherwise. Raises ValueError, which names the switch."""
        try:
            return msgspec.convert({**msgspec.to_builtins(self), **wanted}, Quirks)
        except msgspec.ValidationError as error:
            raise ValueError(f"quirks: {error}") from error
