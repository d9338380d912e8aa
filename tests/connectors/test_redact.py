"""No secret survives being written down."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tieline.connectors.kit.redact import (
    REDACTED,
    is_secret,
    redact_body,
    redact_headers,
    redact_text,
    redact_url,
)

SECRET = "s3cr3t-Value.0123456789"
PROSE = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=60)


@given(before=PROSE, after=PROSE)
def test_a_known_secret_is_removed_wherever_it_stands(before: str, after: str) -> None:
    """In prose, in JSON, cut anywhere."""
    for text in (f"{before}{SECRET}{after}", json.dumps({"x": [before, SECRET, after]})):
        assert SECRET not in redact_text(text, (SECRET,))


@pytest.mark.parametrize(
    "name", ["token", "access_token", "refreshToken", "client_secret", "X-Api-Key", "key", "password"]
)
@given(
    value=st.text(
        st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="\"\\&=;#,}]'"),
        min_size=6,
        max_size=40,
    )
)
def test_values_of_secret_names_are_removed(name: str, value: str) -> None:
    """From JSON bodies, forms and addresses, by the name alone."""
    assert is_secret(name)
    marked = f"{value}~MARK~"
    assert "~MARK~" not in redact_text(json.dumps({"a": 1, name: marked, "b": 2}))
    assert "~MARK~" not in redact_text(f"a=1&{name}={marked}&b=2")
    assert "~MARK~" not in redact_url(f"https://x.example/p?a=1&{name}={marked}")
    assert redact_headers({name: marked})[name] != marked


def test_what_is_no_secret_stays_readable() -> None:
    """A log that hides everything helps nobody."""
    text = '{"firstName": "Ada", "phone": "+12015550123", "status": 200}'
    assert redact_text(text) == text
    assert redact_url("https://x.example/contacts?limit=20") == "https://x.example/contacts?limit=20"


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Bearer abc.def-123456",
        "Basic dXNlcjpwYXNzd29yZA==",
        "pit-12345678-aaaa",
        "leaked as tl_ab12cd34_Zm9vYmFyYmF6LXF1eF9jb3JnZS1ncmF1bHQ",
    ],
)
def test_tokens_are_known_by_their_looks(text: str) -> None:
    """Where no name stands beside them."""
    assert "[redacted]" in redact_text(text)
    assert text.split()[-1] not in redact_text(text)


def test_a_body_that_somebody_asked_for_shows_no_credential() -> None:
    """But what a custom field is called, and a code that is none."""
    body = {
        "access_token": "t",
        "data": [{"key": "contact.size", "code": "US", "clientSecret": "s"}],
        "token": "",
    }
    shown = [{"key": "contact.size", "code": "US", "clientSecret": REDACTED}]
    assert redact_body(body) == {"access_token": REDACTED, "data": shown, "token": ""}
