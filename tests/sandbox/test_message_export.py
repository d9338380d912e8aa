"""All messages of a location: exported cursor by cursor, and what stands there twice."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sandbox.crm_door import crm_door
from tests.sandbox.talk import AT, log, mail, person, provider, send


@settings(max_examples=20, deadline=None)
@given(
    minutes=st.lists(st.integers(0, 3), max_size=25), upward=st.booleans(),
    by=st.sampled_from(["createdAt", "updatedAt"]),
)  # fmt: skip
def test_an_export_shows_everything_once_whatever_shares_a_moment(
    minutes: list[int], upward: bool, by: str
) -> None:
    """Cursor by cursor, ten at a time, though many were logged for the same minute."""
    with crm_door() as door:
        contact = person(door)
        made = [
            log(door, "SMS", contactId=contact, message=str(number), date=f"2026-09-01T10:0{minute}:00Z")[
                "messageId"
            ]
            for number, minute in enumerate(minutes)
        ]
        query: dict[str, Any] = {"limit": 10, "sortBy": by, "sortOrder": "asc" if upward else "desc"}
        seen: list[str] = []
        for _ in range(len(made) // 10 + 1):
            page = door.done("GET", f"{AT}/export", locationId=door.location, **query)
            assert page["total"] == len(made)
            seen += [one["id"] for one in page["messages"]]
            if "nextCursor" not in page:
                break
            query["cursor"] = page["nextCursor"]
        else:
            pytest.fail("a cursor too many")
        keys = minutes if by == "createdAt" else [0] * len(made)
        order = sorted(range(len(made)), key=lambda number: (keys[number], number), reverse=not upward)
        assert seen == [made[number] for number in order]


def test_an_export_is_narrowed_by_channel_contact_and_time() -> None:
    """E-mails only where they are asked for; what waits is no message yet."""
    with crm_door() as door:
        contact, other = person(door), door.contact(phone="+15125550124")
        send(door, contact, "text")
        mail(door, contact)
        door.wait(60)
        door.emit("message.call", id=other)
        send(door, other, "later", scheduledTimestamp=int(door.now.timestamp()) + 60)

        def exported(**query: str) -> list[str]:
            page = door.done("GET", f"{AT}/export", locationId=door.location, **query)
            return [one["messageType"] for one in page["messages"]]

        assert exported() == ["TYPE_CALL", "TYPE_SMS"]
        assert exported(channel="Email") == ["TYPE_EMAIL"]
        assert exported(channel="SMS", contactId=other) == []
        assert exported(endDate="2026-09-01T22:15:00Z") == ["TYPE_SMS"]
        assert exported(startDate="2026-09-02T00:15:00+02:00") == ["TYPE_CALL"]
        refused = door.refused("GET", f"{AT}/export", locationId=door.location, limit="9")
        assert refused == (422, ["limit must be between 10 and 500"])
        assert door.refused("GET", f"{AT}/export", locationId=door.location, cursor="%%") == (
            400,
            "Invalid cursor",
        )
        assert door.refused("GET", f"{AT}/export", locationId=door.location, startDate="soon")[0] == 422


def test_the_same_call_logged_twice_counts_as_doubled() -> None:
    """Under one foreign id; without one, two calls are two calls."""
    with crm_door() as door:
        contact, calls = person(door), provider(door, "Call")
        for alt_id in ("n-1", "n-1", "n-2"):
            log(door, "Call", contactId=contact, conversationProviderId=calls, altId=alt_id)
        for _ in range(2):
            log(door, "Call", contactId=contact, conversationProviderId=calls)
        assert door.side.doubled() == [
            {"kind": "message", "location": door.location, "contact": contact, "altId": "n-1"}
        ]
