"""No webhook address takes what does not prove where it comes from, unless somebody said that this is meant."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.server.test_hooks import PEM, SECRET
from tieline.connectors.kit.connection import ACCEPT_UNVERIFIED, NO_WEBHOOKS
from tieline.domain.ids import ConnectionId, LaneId
from tieline.errors import ConfigurationError
from tieline.server.accounts.connections import NewConnection, require_proof
from tieline.server.accounts.intakes import ContactsIntake, Intake, NimbataIntake, Request
from tieline.store.directory import Credential, StoredConnection

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
_METHODS = ("url_key", "header", "basic", "hmac", "none")
_switch = st.sampled_from((True, False, None, "true", 1, 0, "no"))
_secret = st.sampled_from((SECRET, "", " ", "\n"))
_auth = st.none() | st.lists(st.sampled_from(_METHODS).map(lambda kind: {"kind": kind}), max_size=3)


@st.composite
def _settings(draw: st.DrawFn) -> dict[str, Any]:
    """As a command, a file or a hand in the database may leave them."""
    found: dict[str, Any] = {}
    for name in (ACCEPT_UNVERIFIED, NO_WEBHOOKS):
        if (value := draw(_switch)) is not None:
            found[name] = value
    if (auth := draw(_auth)) is not None:
        found["webhooks"] = {"auth": [{"type": one["kind"]} for one in auth]}
    if preset := draw(st.sampled_from((None, "nimbata", "callrail", "ctm"))):
        found["preset"] = preset
    return found


_credentials = st.builds(
    Credential,
    webhook_secrets=st.dictionaries(st.sampled_from(_METHODS), _secret, max_size=3),
    webhook_keys=st.sampled_from(((), (PEM,))),
)


def _request(body: dict[str, Any], query: dict[str, str], headers: dict[str, str]) -> Request:
    return Request(headers=headers, query=query, body=json.dumps(body).encode(), event=None, now=NOW)


#: None of them holds a secret, or a signature by a key that is known.
_requests = st.builds(
    _request,
    st.just({"type": "ContactUpdate", "event": "call.completed", "timestamp": NOW.isoformat(), "data": {}}),
    st.dictionaries(st.sampled_from(("key", "token", "")), st.sampled_from(("", " ", "none", "null")), max_size=2),
    st.dictionaries(
        st.sampled_from(("authorization", "x-ghl-signature", "x-wh-signature", "x-nimbata-signature")),
        st.sampled_from(("", "Bearer ", "Basic Og==", "none", "AAAA")), max_size=2,
    ),
)  # fmt: skip


def _stored(connector: Any, settings: dict[str, Any], credential: Credential) -> StoredConnection:
    return StoredConnection(
        id=ConnectionId(1), name="one", connector=connector, base_url="https://api.example", account="acc",
        lane_id=LaneId(1), credential=credential, settings=settings, version=1, token_since=NOW,
    )  # fmt: skip


def _takes(intake: Intake, stored: StoredConnection, request: Request) -> bool:
    try:
        return intake.verify(stored, request) is None
    except ConfigurationError:
        return False


@given(_settings(), _credentials, _requests)
def test_whatever_stands_in_the_store_nothing_unproved_is_taken(
    settings: dict[str, Any], credential: Credential, request: Request
) -> None:
    """Short of the one word that says so, which is exactly true, and of a list of proofs that is exactly none."""
    stored = _stored("nimbata", settings, credential)
    meant = settings.get(ACCEPT_UNVERIFIED) is True and settings.get("webhooks", {}).get("auth") == [
        {"type": "none"}
    ]
    assert _takes(NimbataIntake(), stored, request) <= meant
    assert not _takes(ContactsIntake(), _stored("contacts_api", settings, credential), request)


def test_the_word_alone_opens_it() -> None:
    """Else the property above would hold for a door that is always shut."""
    request = _request({"event": "call.completed", "data": {}}, {}, {})
    open_ = {ACCEPT_UNVERIFIED: True, "webhooks": {"auth": [{"type": "none"}]}}
    assert _takes(NimbataIntake(), _stored("nimbata", open_, Credential()), request)
    shut = {**open_, ACCEPT_UNVERIFIED: False}
    assert not _takes(NimbataIntake(), _stored("nimbata", shut, Credential()), request)


@given(_settings(), _credentials, st.sampled_from(("nimbata", "contacts_api")))
def test_no_way_of_saving_a_connection_leaves_it_open(
    settings: dict[str, Any], credential: Credential, connector: Any
) -> None:
    """Commands, the API of the library and the demo all save through here."""
    new = NewConnection(
        name="one", connector=connector, base_url="https://api.example", account="acc", credential=credential,
        settings=settings, polls=(),
    )  # fmt: skip
    try:
        require_proof(new)
    except ConfigurationError:
        return
    request = _request({"type": "ContactUpdate", "event": "call.completed", "data": {}}, {}, {})
    intake = NimbataIntake() if connector == "nimbata" else ContactsIntake()
    meant = settings.get(ACCEPT_UNVERIFIED) is True
    assert _takes(intake, _stored(connector, settings, credential), request) <= meant


def test_an_unproved_connection_is_refused_with_the_word_that_it_takes() -> None:
    """So that nobody leaves it open by leaving something out."""
    new = NewConnection(
        name="one", connector="nimbata", base_url="https://api.example", account="acc", credential=Credential(),
        settings={"webhooks": {"auth": [{"type": "none"}]}}, polls=(),
    )  # fmt: skip
    with pytest.raises(ConfigurationError, match="--accept-unverified-webhooks"):
        require_proof(new)
