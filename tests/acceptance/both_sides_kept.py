"""Waves that once failed, each for a reason that was mended since: they are played first, every time."""

from __future__ import annotations

from tests.acceptance.both_sides_stories import Beat, Deed, Story, Wave

KEPT: tuple[Wave, ...] = (
    # A change within the second of the creation, its webhook lost: the poll took the row for the creation.
    Wave(
        (
            Story(("nimbata",), (Beat(Deed("tag", 4), Deed("meet.cancel", 5), "equal"),)),
            Story(("nimbata",), (Beat(Deed("tag", 0)), Beat(Deed("edit", 3), None, "equal"))),
            Story(("contacts_api",), (Beat(None, Deed("tag", 2), "equal"), Beat(Deed("edit", 3), None, "pause"))),
        ),
        faults=("drop", "duplicate"),
    ),
    # An item goes while it is not known whether its copy was made.
    Wave(
        (
            Story(
                ("nimbata", "contacts_api"),
                (
                    Beat(Deed("meet.make"), None),
                    Beat(Deed("edit", 4), None, "pause"),
                    Beat(Deed("meet.drop", 2), None, "equal"),
                ),
            ),
            Story(
                ("nimbata",),
                (
                    Beat(Deed("meet.make", 3), Deed("tag", 2), "equal"),
                    Beat(None, Deed("meet.cancel", 5)),
                    Beat(Deed("meet.drop", 1), None, "equal"),
                ),
            ),
        ),
        faults=("cut_after", "503"),
    ),
)  # fmt: skip
