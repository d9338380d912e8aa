"""Changes that the account's users make by hand: of contacts, and of calls after their end."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from tieline.sandbox.nimbata import changes, drawn
from tieline.sandbox.nimbata.account import Account
from tieline.sandbox.nimbata.call_input import LATE, read_call
from tieline.sandbox.nimbata.contact_input import WRITABLE
from tieline.sandbox.nimbata.emission import Emission
from tieline.sandbox.nimbata.party import Party
from tieline.sandbox.nimbata.problems import Problem, invalid, not_found
from tieline.sandbox.nimbata.records import Call, Contact, Event
from tieline.sandbox.nimbata.sources import draw_source


def make_contact(account: Account, emission: Emission, project: str, party: Party) -> Event:
    """A new contact. Raises Problem 409 where the person is one already."""
    _check(emission, WRITABLE)
    body: dict[str, Any] = {
        "phone": party.phone,
        "email": party.email,
        "tags": list(drawn.tags(account.rng, "ANSWERED") if emission.tags is None else emission.tags),
        "attribution": {"first": emission.source or draw_source(account.rng)},
        "name": party.name,
    }
    if party.name == party.person.name.full:
        # Where a name is cut in two is not to be seen in the name ("van der Berg").
        body |= {"first_name": party.person.name.given, "last_name": party.person.name.family}
    return changes.create_contact(account, project, {**body, **emission.changes})[2]


def make_contact_update(account: Account, emission: Emission, project: str) -> Event:
    """Keys of a contact change: those asked for, else one by chance. Raises Problem."""
    _check(emission, WRITABLE)
    contact = _contact(account, emission, project)
    wanted = emission.changes or _chance(account, contact)
    return _happened(changes.change_contact(account, contact, wanted)[2])


def make_contact_delete(account: Account, emission: Emission, project: str) -> Event:
    """A contact goes. Raises Problem 404 where there is none."""
    return changes.delete_contact(account, _contact(account, emission, project))


def make_call_update(account: Account, emission: Emission, project: str) -> Event:
    """A call changes after its end: the keys asked for, else a tag, a value or a summary. Raises Problem."""
    _check(emission, LATE)
    ids = account.calls.ids(project)
    call = account.calls.get(project, emission.id or (account.rng.choice(ids) if ids else ""))
    if call is None:
        raise not_found("call")
    values, _ = read_call(emission.changes or _chance(account, call), LATE)
    return _happened(changes.change_call(account, call, **values)[1])


def _contact(account: Account, emission: Emission, project: str) -> Contact:
    if emission.id is not None:
        return changes.live_contact(account, emission.id)
    contact = account.contacts.any_live(project, account.rng)
    if contact is None:
        raise not_found("contact")
    return contact


def _chance(account: Account, record: Call | Contact) -> dict[str, Any]:
    """A change of one key that surely differs from what is there."""
    rng = account.rng
    held = {tag.casefold() for tag in record.tags}
    value = round(rng.uniform(50, 2500), 2)
    chances: list[dict[str, Any]] = [{"value": value if value != record.value else value + 1}]
    if (tag := drawn.a_tag(rng)).casefold() not in held:
        chances.append({"tags": [*record.tags, tag]})
    name, words = (
        ("company", rng.choice(drawn.COMPANIES))
        if isinstance(record, Contact)
        else ("summary", rng.choice(drawn.SUMMARIES))
    )
    if getattr(record, name) != words:
        chances.append({name: words})
    return rng.choice(chances)


def _check(emission: Emission, known: Collection[str]) -> None:
    """A driver's typing error is refused before anything changes."""
    if unknown := sorted(set(emission.changes) - set(known)):
        raise invalid({"changes": [f"has no key {unknown[0]}; there are: {', '.join(sorted(known))}"]})


def _happened(event: Event | None) -> Event:
    if event is None:
        raise Problem(422, "nothing_changed", "the record has these values already")
    return event
