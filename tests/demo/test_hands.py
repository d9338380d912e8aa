"""What people do by hand in the demo covers every kind of change on both sides."""

from __future__ import annotations

from datetime import UTC, datetime

from tieline.demo.hands import KINDS, deeds, phone

NOW = datetime(2026, 11, 2, 10, tzinfo=UTC)
SCRIPTS = [deeds(number, NOW) for number in range(3)]


def test_each_kind_is_made_changed_and_deleted_on_both_sides() -> None:
    """Over all locations together: an account's quota has no room for all of it at each."""
    done = {(deed.side, deed.kind) for script in SCRIPTS for deed in script}
    for side in ("nimbata", "contacts"):
        assert {(side, f"contact.{verb}") for verb in ("create", "update", "delete")} <= done
        for kind in KINDS:
            assert {(side, f"{kind}.{verb}") for verb in ("create", "delete")} <= done
    assert {("contacts", "tag.add"), ("contacts", "tag.remove")} <= done


def test_what_is_changed_was_made_before() -> None:
    """In time, and by the same side for an item."""
    for script in SCRIPTS:
        entered, made = set[str](), dict[str, str]()
        for deed in script:
            if deed.kind == "contact.create":
                entered.add(deed.who)
            assert deed.who in entered
            if deed.item is not None:
                assert made.setdefault(deed.item, deed.side) == deed.side
                assert deed.kind.endswith(".create") or deed.item in made


def test_nobodys_number_is_used_twice() -> None:
    """Neither by two people nor in two rounds."""
    numbers = [
        phone(place, who, wave)
        for place in range(3)
        for who in ("ada", "bob", "cleo", "dan")
        for wave in (0, 1)
    ]
    assert len(set(numbers)) == len(numbers)
