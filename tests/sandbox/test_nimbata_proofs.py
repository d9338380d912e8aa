"""How a Nimbata account's webhooks prove where they come from: every kind, with its options, alone and together."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.sandbox.nimbata_door import NOW, Door
from tieline.sandbox.nimbata.hook_proof import Signing, sign

HUB = "http://hub.example/hooks/nimbata/calls"
AT = 1_788_300_847.9
#: Computed with openssl from the key `s3cret` and the body {"a":1}.
SHA256 = "003ae9ddc63c7e1bd3da4326ca567ac07129ce6f0690d772895a03ca178afc41"
VECTORS: list[tuple[dict[str, Any], dict[str, str]]] = [
    (
        {},
        {"X-Nimbata-Signature": f"sha256={SHA256}", "X-Nimbata-Timestamp": "1788300847"},
    ),
    (
        {"header": "X-CTM-Signature", "algorithm": "sha1", "encoding": "base64", "prefix": "",
         "signed": "{timestamp}{body}", "timestamp_header": "X-CTM-Time"},
        {"X-CTM-Signature": "qWRaL1JhEYt/LIuhGR7mRconqbA=", "X-CTM-Time": "1788300847"},
    ),
    (
        {"header": "Signature", "algorithm": "sha1", "encoding": "base64", "prefix": "", "signed": "{body}",
         "timestamp_header": None},
        {"Signature": "eZmXhqG/8QzU190LB1JXSvdr4LU="},
    ),
    (
        {"header": "X-Sig", "encoding": "base64", "prefix": "v1=", "signed": "{body}", "timestamp_header": None},
        {"X-Sig": "v1=WRDmIBbvUDQnLJJsJwcZkqRlwjNc7PQYUb2gcVd/T20="},
    ),
]  # fmt: skip


@pytest.mark.parametrize(("options", "headers"), VECTORS)
def test_signatures_are_those_of_other_tools(options: dict[str, Any], headers: dict[str, str]) -> None:
    """Byte for byte, for each way to sign."""
    assert sign(Signing(**options), "s3cret", b'{"a":1}', AT) == headers


def _sent(**target: Any) -> tuple[str, dict[str, str], dict[str, Any]]:
    """Address, headers and body of one delivery."""
    door = Door(countries=("US",))
    door.side.set_targets({"url": HUB, **target})
    door.side.emit({"kind": "call"})
    (sent,) = door.sent
    return sent.url, sent.headers(sent.body), door.events()[0]


def test_a_header_may_carry_the_secret() -> None:
    """Under any name, after any prefix; nothing else is sent."""
    url, headers, _ = _sent(
        auth="header", secret="s3cret", header={"name": "X-Webhook-Token", "prefix": "T "}
    )
    assert (url, headers["X-Webhook-Token"]) == (HUB, "T s3cret")
    assert set(headers) == {"Content-Type", "X-Webhook-Token"}
    assert _sent(auth="header", secret="Bearer x")[1]["Authorization"] == "Bearer x"


def test_basic_carries_user_and_password() -> None:
    """In base64, as HTTP has it."""
    assert _sent(auth="basic", secret="Aladdin:open sesame")[1]["Authorization"] == (
        "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="
    )


def test_the_parameter_of_a_url_key_can_be_named() -> None:
    """As a user may have it."""
    url, _, _ = _sent(auth="url_key", secret="k", parameter="token")
    assert parse_qs(urlsplit(url).query) == {"token": ["k"]}


def test_several_proofs_go_together_each_with_its_secret() -> None:
    """Where one has none of its own, the target's."""
    url, headers, _ = _sent(
        auth=["url_key", "hmac", "basic"], secret="one", secrets={"basic": "u:p", "hmac": "two"}
    )
    assert parse_qs(urlsplit(url).query) == {"key": ["one"]}
    assert headers["Authorization"] == "Basic dTpw"
    assert headers["X-Nimbata-Signature"].startswith("sha256=")


def test_the_time_may_stand_in_the_body() -> None:
    """ISO 8601 under the key asked for, in both profiles, and nowhere in a header."""
    signing = {
        "header": "Signature",
        "signed": "{body}",
        "timestamp_header": None,
        "timestamp_key": "timestamp",
    }
    for profile in ("flat", "envelope"):
        _, headers, body = _sent(signing=signing, profile=profile)
        assert body["timestamp"] == NOW.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        assert set(headers) == {"Content-Type", "Signature", "X-Nimbata-Event-Id"}


@pytest.mark.parametrize(
    "wanted",
    [
        {"auth": []},
        {"auth": ["none", "hmac"]},
        {"auth": ["rot13"]},
        {"signing": {"algorithm": "md5"}},
        {"signing": {"timestamp_key": "timestamp"}},
        {"signing": {"timestamp_header": None}},
        {"header": {"nome": "x"}},
    ],
)
def test_a_proof_that_cannot_hold_is_refused(wanted: dict[str, Any]) -> None:
    """By the control API and by the account's own; neither keeps the target."""
    door = Door()
    with pytest.raises(ValueError, match=r"auth|algorithm|timestamp|nome"):
        door.side.set_targets({"url": HUB, **wanted})
    assert door.ask("POST", "webhooks", {"url": HUB, **wanted})[0] == 422
    assert door.side.targets == []


def test_no_list_shows_a_secret() -> None:
    """Neither the target's nor those of single proofs."""
    door = Door()
    made = {"url": HUB, "auth": ["url_key", "basic"], "secret": "s3cret", "secrets": {"basic": "u:p"}}
    assert door.ask("POST", "webhooks", made)[0] == 201
    assert "s3cret" not in str(door.ask("GET", "webhooks")[1])
    assert "u:p" not in str(door.ask("GET", "webhooks")[1])
