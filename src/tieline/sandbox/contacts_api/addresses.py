"""Whence and whither messages go: the location's own number and address, the contact's, and what a contact blocked."""

from __future__ import annotations

from tieline.sandbox.contacts_api.checks import e164
from tieline.sandbox.contacts_api.message_types import Kind
from tieline.sandbox.contacts_api.problems import Problem
from tieline.sandbox.contacts_api.records import Contact, Location

_NUMBERS = {"US": "+15125550100", "GB": "+441614960100", "DE": "+4922191010100", "NZ": "+6435550100"}


def own_number(location: Location) -> str:
    """The number that people ring and text."""
    return _NUMBERS.get(location.country, _NUMBERS["US"])


def own_address(location: Location) -> str:
    """Name and address that e-mails are sent from."""
    return f"{location.name} <hello@{location.id[:8].lower()}.example.com>"


def number_of(location: Location, contact: Contact, given: str | None) -> str:
    """The number to send to: as given, else the contact's. Raises Problem 400."""
    number = given or contact.fields.get("phone")
    if not number:
        raise Problem(400, "Missing phone number")
    found = e164(number, location.country)
    if found is None:
        raise Problem(400, "Invalid phone number")
    return found


def address_of(contact: Contact, given: str | None) -> str:
    """The address to mail to: one of the contact's own. Raises Problem 400."""
    own = [one for one in (contact.fields.get("email"), *contact.additional_emails) if one]
    if not own:
        raise Problem(400, "Missing email address")
    if given is None:
        return str(own[0])
    if given.lower() not in [one.lower() for one in own]:
        raise Problem(400, "emailTo must be an email address of the contact")
    return given


def refuse_blocked(contact: Contact, kind: Kind) -> None:
    """DND, of all channels or of this one. Raises Problem 400.

    That a message is refused, and in which words, is what integrators report of the real API; the docs say no more
    than that `active` blocks a channel. Whoever sends cannot lift it.
    """
    if contact.fields.get("dnd"):
        raise Problem(400, "Cannot send message as DND is active.")
    setting = (contact.fields.get("dndSettings") or {}).get(kind.channel) or {}
    if setting.get("status") in ("active", "permanent"):
        raise Problem(400, f"Cannot send message as DND is active for {kind.channel}.")


def name_of(contact: Contact | None) -> str:
    """First and last name; empty where there is none."""
    fields = contact.fields if contact else {}
    return " ".join(filter(None, (fields.get("firstName"), fields.get("lastName"))))
