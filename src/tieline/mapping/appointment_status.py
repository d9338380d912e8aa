"""What becomes of an appointment, in the CRM's words, whoever says it."""

from __future__ import annotations

from tieline.domain.items import APPOINTMENT_STATUSES, AppointmentStatus
from tieline.mapping.text import squash

#: Other words for the same, squashed: of the CRM's lists and its newer API version, and of people.
_SAME: dict[str, AppointmentStatus] = {
    **{one: one for one in APPOINTMENT_STATUSES},
    "booked": "confirmed", "active": "confirmed", "scheduled": "confirmed", "completed": "showed",
    "canceled": "cancelled", "missed": "noshow", "pending": "new", "unconfirmed": "new",
}  # fmt: skip


def read_status(*words: str | None) -> AppointmentStatus:
    """The first word that is known; "new" where none is."""
    known = (_SAME.get(squash(word)) for word in words if word)
    return next((status for status in known if status is not None), "new")
