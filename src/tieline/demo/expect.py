"""What must stand in the CRM after the driver's events, and what does. Pure; knows nothing of the hub.

A thing is one contact of a person, one note of an activity, or one tag that somebody in the CRM gave. Calls with a
recording are told apart by its address; other activities of a person are counted.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import msgspec

#: Events that become a contact and a note.
_CARRIED = frozenset({"call.completed", "form.submitted", "sms.received"})
#: Where a note names no recording.
_PLAIN = ""
#: Things named in the account of what is missing; more than these are only counted.
NAMED = 20


class Expected(msgspec.Struct, frozen=True, kw_only=True):
    """Of one location."""

    #: Phone → marker ("" or a recording's address) → notes.
    people: dict[str, dict[str, int]]
    #: (contact id, tag) given by somebody in the CRM.
    tags: frozenset[tuple[str, str]]

    @property
    def things(self) -> int:
        """How many must be there."""
        return len(self.people) + sum(sum(notes.values()) for notes in self.people.values()) + len(self.tags)


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """Expectation held against the state of all locations."""

    expected: int
    found: int
    contacts: int
    notes: int
    doubled: int
    #: What is missing, or there once too often, in words.
    missing: tuple[str, ...] = ()
    surplus: tuple[str, ...] = ()

    @property
    def lost(self) -> int:
        """What is not there."""
        return self.expected - self.found


def activities(emitted: Iterable[Mapping[str, Any]]) -> int:
    """How many calls, forms and texts there were."""
    return sum(one["event"] in _CARRIED for one in emitted)


def expectations(
    emitted: Iterable[Mapping[str, Any]],
    recordings: Mapping[str, str],
    location_of: Mapping[str, str],
    worked: Iterable[Mapping[str, Any]] = (),
) -> dict[str, Expected]:
    """By location. `emitted` is the call-tracking side's log, `recordings` gives a call's recording by its id,
    `location_of` the location of a project, `worked` the log of people who worked in the CRM."""
    people: dict[str, dict[str, Counter[str]]] = {location: {} for location in location_of.values()}
    for one in emitted:
        phone = one["caller"]
        if one["event"] not in _CARRIED or one["test"] or phone is None or one["outcome"] == "BLOCKED":
            continue
        notes = people[location_of[one["project"]]].setdefault(phone, Counter())
        notes[recordings.get(one["activity_id"]) or _PLAIN] += 1
    tags: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for one in worked:
        if one["kind"] == "tag.add":
            tags[one["location"]].update((one["contact"], tag) for tag in one["tags"])
    return {
        location: Expected(
            people={phone: dict(notes) for phone, notes in known.items()}, tags=frozenset(tags[location])
        )
        for location, known in people.items()
    }


def compare(
    expected: Mapping[str, Expected], state: Mapping[str, Any], *, by_hand: Collection[str] = ()
) -> Found:
    """Hold what must be there against what is. People entered `by_hand`, by phone, are no strangers though none of
    them was heard from."""
    found, doubled = 0, 0
    missing: list[str] = []
    surplus: list[str] = []
    contacts = [one for location in state["locations"].values() for one in location["contacts"]]
    notes = [one for location in state["locations"].values() for one in location["notes"]]
    for location, wanted in expected.items():
        holds = state["locations"][location]
        by_phone: dict[str | None, list[dict[str, Any]]] = defaultdict(list)
        for contact in holds["contacts"]:
            by_phone[contact.get("phone")].append(contact)
        bodies: dict[str, list[str]] = defaultdict(list)
        for note in holds["notes"]:
            bodies[note["contactId"]].append(note["body"])
        for phone, markers in wanted.people.items():
            records = by_phone.pop(phone, [])
            found += bool(records)
            if not records:
                missing.append(f"contact {phone} at {location}")
            if len(records) > 1:
                doubled += len(records) - 1
                surplus.append(f"contact {phone} at {location}, {len(records)} times")
            have = Counter(_marker(body, markers) for one in records for body in bodies[one["id"]])
            found += sum(min(count, have[marker]) for marker, count in markers.items())
            for marker, count in (Counter(markers) - have).items():
                missing.append(f"{count} note(s) {marker or 'without a recording'} of {phone} at {location}")
            for marker, count in (have - Counter(markers)).items():
                doubled += count
                surplus.append(f"{count} note(s) {marker or 'without a recording'} of {phone} at {location}")
        for stranger, records in by_phone.items():
            if stranger in by_hand:
                continue
            doubled += len(records)
            surplus.append(f"contact {stranger} at {location}, whom nobody heard from")
        held = {one["id"]: set(one["tags"]) for one in holds["contacts"]}
        for contact_id, tag in wanted.tags:
            if tag in held.get(contact_id, ()):
                found += 1
            else:
                missing.append(f"tag {tag} of contact {contact_id} at {location}")
    return Found(
        expected=sum(one.things for one in expected.values()), found=found, contacts=len(contacts),
        notes=len(notes), doubled=doubled, missing=tuple(missing[:NAMED]), surplus=tuple(surplus[:NAMED]),
    )  # fmt: skip


def _marker(body: str, markers: Mapping[str, int]) -> str:
    """The recording that a note names, where it is one of this person's calls."""
    return next((marker for marker in markers if marker and marker in body.split()), _PLAIN)
