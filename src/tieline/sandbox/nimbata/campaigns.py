"""Campaigns of a project, and which of them a call, form or text answers. Source: nimbata.md, AS-15 and B7."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tieline.sandbox.nimbata.records import Call, Form, Text, TrackingNumber
from tieline.sandbox.nimbata.records_milestones import Campaign

#: Name, source, medium, and which of the project's numbers belong to it; the names are those that sources bring.
_CAMPAIGNS = (
    ("spring", "google", "cpc", "Google Paid"),
    ("emergency", "google", "cpc", None),
    ("réno-été 2026", "facebook", "paid_social", None),
    ("brand", "bing", "cpc", None),
    ("Van sign", "Offline", "Van sign", "Offline"),
)


def found_campaigns(
    project: str, numbers: Sequence[TrackingNumber], mint: Callable[[str], str]
) -> tuple[Campaign, ...]:
    """The campaigns that a project begins with."""
    return tuple(
        Campaign(
            id=mint("ncp"),
            project_id=project,
            name=name,
            source=source,
            medium=medium,
            tracking_numbers=tuple(one.number for one in numbers if one.source_type == source_type),
        )
        for name, source, medium, source_type in _CAMPAIGNS
    )


def answered(campaigns: Sequence[Campaign], activity: Call | Form | Text) -> Campaign | None:
    """The campaign that the activity names, else the one whose number was used; None for what goes outward."""
    name = None if isinstance(activity, Text) else activity.campaign
    number = None
    match activity:
        case Call(direction="inbound"):
            number = activity.tracking_number
        case Text(direction="inbound"):
            number = activity.recipient
        case Call() | Text():
            return None
    active = [one for one in campaigns if one.active]
    by_name = (one for one in active if name is not None and one.name.casefold() == name.casefold())
    by_number = (one for one in active if number is not None and number in one.tracking_numbers)
    return next(by_name, None) or next(by_number, None)
