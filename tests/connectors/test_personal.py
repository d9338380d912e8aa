"""What a far side says back of a person does not stay in its words."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tieline.connectors.contacts_api.operations.contacts import CreateContact
from tieline.connectors.kit.personal import BLANK, sketch, sketch_path, without_values

GIVEN = CreateContact(
    location_id="LOC123", first_name="Zoë", last_name="O'Brien \"Q\"", phone="+12015550123",
    email="zoe@example.com",
)  # fmt: skip


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("phone +12015550123 is not valid", f"phone {BLANK} is not valid"),
        ('no contact O\'Brien "Q" at LOC123', f"no contact {BLANK} at LOC123"),
        ('{"lastName":"O\'Brien \\"Q\\""}', f'{{"lastName":"{BLANK}"}}'),
        ("Zo\\u00eb and Zoë", f"{BLANK} and {BLANK}"),
        ("mailto:other.one@example.org, (201) 555-0199", f"mailto:{BLANK}, {BLANK}"),
        (
            "status 422 after 3 tries, id ocQHyuzHvysMo5N5VsXc",
            "status 422 after 3 tries, id ocQHyuzHvysMo5N5VsXc",
        ),
        ("trace 7f0c1d2e-0000-4000-8000-123456789012", "trace 7f0c1d2e-0000-4000-8000-123456789012"),
    ],
)
def test_values_go_and_words_stay(said: str, kept: str) -> None:
    """What was sent, and whatever looks like a way to reach somebody."""
    assert without_values(said, GIVEN) == kept


@given(st.text(min_size=3, max_size=40), st.text(max_size=20), st.text(max_size=20))
def test_no_value_survives_being_said_back(value: str, before: str, after: str) -> None:
    """Plain, as JSON has it, and as JSON in ASCII has it."""
    for spelled in (value, json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]):
        said = without_values(f"{before} {spelled} {after}", {"name": value})
        assert value not in said or value in f"{before}  {after}{BLANK}" or value.strip(f" {BLANK}") == ""


def test_a_sketch_shows_what_was_done_and_to_which_record() -> None:
    """And nothing of whom, also where the body was cut."""
    body = json.dumps({
        "contactId": "c1", "firstName": "Zoë", "tags": ["VIP"], "type": "SMS", "monetaryValue": 12, "dnd": True,
        "customFields": [{"id": "f1", "value": "secret wish"}], "note": "a \" quote",
    })  # fmt: skip
    told = sketch(body)
    for word in ("c1", "SMS", "12", "true", "f1", "firstName"):
        assert word in told
    for word in ("Zo", "VIP", "wish", "quote"):
        assert word not in told
    for at in range(len(body)):
        assert "wish" not in sketch(body[:at])
    assert sketch("first=Zoe&last=B") == "(16 characters)"
    assert sketch("") == ""
    assert sketch_path("/contacts/search?number=%2B12015550123&locationId=LOC&limit=1") == (
        f"/contacts/search?number={BLANK}&locationId=LOC&limit=1"
    )
