"""Makes things happen in the account, as a driver asks or by chance, and keeps the log of it."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from msgspec import UNSET

from tieline.sandbox.nimbata.account import Account
from tieline.sandbox.nimbata.emission import Emission, Emitted
from tieline.sandbox.nimbata.item_changes import KINDS
from tieline.sandbox.nimbata.made_activity import end_call, make_call, make_form, make_text, ring
from tieline.sandbox.nimbata.made_change import (
    make_call_update,
    make_contact,
    make_contact_delete,
    make_contact_update,
)
from tieline.sandbox.nimbata.made_item import item_deed
from tieline.sandbox.nimbata.party import Party, draw_party
from tieline.sandbox.nimbata.people import People
from tieline.sandbox.nimbata.problems import invalid, not_found
from tieline.sandbox.nimbata.records import Call, Contact, Event, Text
from tieline.sandbox.nimbata.records_items import Item
from tieline.sandbox.nimbata.request_values import valid_e164
from tieline.sandbox.nimbata.sources import ATTRIBUTION

_BY_SOMEONE = {
    "call": make_call, "call.start": ring, "form": make_form, "sms": make_text, "contact.create": make_contact,
}  # fmt: skip
_TO_A_RECORD = {
    "call.end": end_call,
    "call.update": make_call_update,
    "contact.update": make_contact_update,
    "contact.delete": make_contact_delete,
}


class Emitter:
    """The drivers' way in."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._people = People(account.rng)
        #: Everything that was emitted, in order.
        self.log: list[Emitted] = []

    def emit(self, emission: Emission) -> Iterator[tuple[Event, Emitted]]:
        """Let it happen, `count` times; each is stored, and in the log, when it is given. Raises Problem."""
        if emission.project is not None and emission.project not in self._account.projects:
            raise not_found("project")
        if unknown := sorted(set(emission.source or ()) - set(ATTRIBUTION)):
            raise invalid({"source": [f"has no key {unknown[0]}; there are: {', '.join(ATTRIBUTION)}"]})
        native_only = emission.kind.partition(".")[0] in ("contact", *(kind.name for kind in KINDS))
        if native_only and self._account.quirks.mode == "derived":
            raise invalid({"kind": [f"{emission.kind} cannot happen: this account stores no contacts"]})
        if emission.test and emission.kind not in ("call", "form", "sms"):
            raise invalid({"test": ["only a call, form or text can be sample data"]})
        return (self._once(emission) for _ in range(emission.count))

    def _once(self, emission: Emission) -> tuple[Event, Emitted]:
        account = self._account
        project = emission.project or self._some_project(emission)
        party = None
        if (make := _BY_SOMEONE.get(emission.kind)) is not None:
            party = self._party(emission, project)
            event = make(account, emission, project, party)
        elif (change := _TO_A_RECORD.get(emission.kind)) is not None:
            event = change(account, emission, project)
        else:
            event = item_deed(account, emission, project)
        event = msgspec.structs.replace(event, test=emission.test)
        self.log.append(self._logged(event, emission, party))
        return event, self.log[-1]

    def _party(self, emission: Emission, project: str) -> Party:
        """Someone by chance or as asked; a new contact by chance is someone who is none yet."""
        party = draw_party(self._account, self._people, emission, project)
        if emission.kind == "contact.create" and emission.caller is UNSET:
            again = msgspec.structs.replace(emission, known_share=0.0)
            while self._account.contacts.holder(project, "phone", party.phone) is not None:
                party = draw_party(self._account, self._people, again, project)
        return party

    def _some_project(self, emission: Emission) -> str:
        """A project by chance; of those where a record is that can change, if that is asked."""
        account = self._account
        projects = list(account.projects)
        account.rng.shuffle(projects)
        match emission.kind:
            case "call.update":
                calls, call_id = account.calls, emission.id
                found = (one for one in projects if (calls.get(one, call_id) if call_id else calls.ids(one)))
            case "call.end":
                ringing = {
                    call.project_id for call, _ in account.ongoing.values() if emission.id in (None, call.id)
                }
                found = (one for one in projects if one in ringing)
            case "call" | "call.start" | "form" | "sms" | "contact.create":
                return projects[0]
            case _:
                found = (one for one in projects if account.contacts.any_live(one, account.rng))
        return next(found, projects[0])

    def _logged(self, event: Event, emission: Emission, party: Party | None) -> Emitted:
        record = event.resource
        country = self._account.countries[event.project_id]
        phone, email = (party.phone, party.email) if party else (None, None)
        contact = record
        if isinstance(record, Item):
            contact = self._account.contacts.get(record.contact_id) or record
        if isinstance(contact, Contact):
            phone, email = contact.phone, contact.email
        elif isinstance(record, Call) and party is None:
            inbound = record.direction == "inbound"
            phone = valid_e164(record.caller if inbound else record.destination, country)
        return Emitted(
            number=len(self.log) + 1,
            event_id=event.id,
            event=event.event,
            project=event.project_id,
            activity_id=event.subject_id,
            caller=phone,
            email=None if isinstance(record, Call | Text) else email,
            outcome=record.outcome if isinstance(record, Call) else None,
            known=party.known if party else True,
            test=emission.test,
            delivered=emission.deliver,
            occurred_at=event.occurred_at,
        )
