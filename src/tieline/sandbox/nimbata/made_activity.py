"""Calls, forms and texts as they come to a tracking account."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from msgspec import UNSET

from tieline.sandbox.nimbata import changes, drawn
from tieline.sandbox.nimbata.account import Account
from tieline.sandbox.nimbata.emission import Emission
from tieline.sandbox.nimbata.party import Party
from tieline.sandbox.nimbata.problems import not_found
from tieline.sandbox.nimbata.records import Call, Event, Form, Outcome, Text, TrackingNumber, clock_text
from tieline.sandbox.nimbata.sources import ATTRIBUTION, draw_source

#: Share of callers whose telephone shows no name.
_NAMELESS_SHARE = 0.15


def make_call(account: Account, emission: Emission, project: str, party: Party) -> Event:
    """A call that ends now, or one that began at the moment asked for."""
    rng = account.rng
    outcome = emission.outcome or drawn.outcome(rng)
    duration_s, talk_s = drawn.durations(rng, outcome, emission.duration_s)
    start = _moment(account, emission, ago_s=duration_s)
    call = _ended(
        account, emission, _call(account, emission, project, party, start), outcome, duration_s, talk_s
    )
    if emission.test:
        return changes.event_of(account, "call.completed", call)
    return changes.store_call(account, call, party.phone)


def ring(account: Account, emission: Emission, project: str, party: Party) -> Event:
    """A call that begins now, and goes on until somebody ends it."""
    call = _call(account, emission, project, party, _moment(account, emission))
    return changes.start_call(account, call, party.phone)


def end_call(account: Account, emission: Emission, project: str) -> Event:
    """The call that is asked for ends, else the one that rings longest. Raises Problem 404 where none does."""
    here = [one for one in account.ongoing.values() if one[0].project_id == project]
    call, phone = next((one for one in here if emission.id in (None, one[0].id)), (None, None))
    if call is None:
        raise not_found("ongoing call")
    del account.ongoing[call.id]
    outcome = emission.outcome or drawn.outcome(account.rng)
    passed_s = int((account.now() - call.start_time).total_seconds())
    wanted_s = passed_s if emission.duration_s is None else emission.duration_s
    duration_s, talk_s = drawn.durations(account.rng, outcome, max(wanted_s, 0))
    return changes.store_call(account, _ended(account, emission, call, outcome, duration_s, talk_s), phone)


def _call(account: Account, emission: Emission, project: str, party: Party, start: datetime) -> Call:
    """A call as it begins."""
    rng = account.rng
    source = _source(account, emission)
    number = _number_for(account, project, source)
    inbound = emission.direction == "inbound"
    nameless = emission.caller_name is UNSET and rng.random() < _NAMELESS_SHARE
    call_id = account.mint("test_ncl" if emission.test else "ncl")
    return Call(
        date=f"{start:%Y-%m-%d}",
        outcome=None,
        caller=party.shown if inbound else number.number,
        caller_name=None if nameless else party.name,
        call_duration=clock_text(0),
        talk_duration=clock_text(0),
        id=call_id,
        project_id=project,
        direction=emission.direction,
        start_time=start,
        hangup_cause=None,
        who_hungup=None,
        tracking_number=number.number,
        tracking_name=number.name,
        destination=number.destination if inbound else party.shown,
        destination_name=number.destination_name if inbound else (party.name or ""),
        times_called=1,
        updated_at=account.now(),
        **source,
    )


def _ended(
    account: Account, emission: Emission, call: Call, outcome: Outcome, duration_s: int, talk_s: int
) -> Call:
    """The call with what is known of it at its end."""
    rng = account.rng
    return msgspec.structs.replace(
        call,
        outcome=outcome,
        call_duration=clock_text(duration_s),
        talk_duration=clock_text(talk_s),
        hangup_cause=drawn.HANGUP_CAUSES[outcome],
        who_hungup=rng.choice(("caller", "destination")) if outcome == "ANSWERED" else "caller",
        device=rng.choice("DM") if call.landing_page else None,
        tags=drawn.tags(rng, outcome) if emission.tags is None else emission.tags,
        value=drawn.value(rng, outcome) if emission.value is UNSET else emission.value,
        recording_url=f"https://rec.example/{call.id}" if talk_s else None,
        updated_at=account.now(),
    )


def make_form(account: Account, emission: Emission, project: str, party: Party) -> Event:
    """A form that someone fills in; a phone stands there as people of the country write it."""
    page = account.rng.choice(drawn.FORMS)
    fields = emission.fields or page.fill(
        account.rng,
        name=party.name or "",
        given=party.given,
        family=party.family,
        email=party.email or "",
        phone=party.person.phone_as_written if party.phone else party.shown,
    )
    form = Form(
        id=account.mint("test_nfm" if emission.test else "nfm"),
        project_id=project,
        form_id=page.id,
        form_name=page.name,
        submitted_at=_moment(account, emission),
        page_url=page.page_url,
        fields=fields,
        tags=emission.tags or (),
        value=None if emission.value is UNSET else emission.value,
        updated_at=account.now(),
        **_source(account, emission),
    )
    if emission.test:
        return changes.event_of(account, "form.submitted", form)
    return changes.store_form(account, form, party.phone, party.email)


def make_text(account: Account, emission: Emission, project: str, party: Party) -> Event:
    """A text message to one of the project's numbers, or from it."""
    number = account.rng.choice(account.numbers[project])
    inbound = emission.direction == "inbound"
    text = Text(
        id=account.mint("test_nsm" if emission.test else "nsm"),
        project_id=project,
        direction=emission.direction,
        sender=party.shown if inbound else number.number,
        recipient=number.number if inbound else party.shown,
        tracking_name=number.name,
        body=account.rng.choice(drawn.MESSAGES) if emission.body is None else emission.body,
        received_at=_moment(account, emission),
        updated_at=account.now(),
    )
    if emission.test:
        return changes.event_of(account, "sms.received", text)
    return changes.store_text(account, text, party.phone)


def _moment(account: Account, emission: Emission, *, ago_s: int = 0) -> datetime:
    if emission.at is not None:
        return emission.at.astimezone(UTC).replace(microsecond=0)
    return account.now() - timedelta(seconds=ago_s)


def _source(account: Account, emission: Emission) -> dict[str, Any]:
    told = draw_source(account.rng) if emission.source is None else emission.source
    return {name: told.get(name) for name in ATTRIBUTION}


def _number_for(account: Account, project: str, source: dict[str, Any]) -> TrackingNumber:
    """The project's number of that source; numbers are what carries attribution."""
    numbers = account.numbers[project]
    return next((one for one in numbers if one.source_type == source["source_type"]), numbers[1])
