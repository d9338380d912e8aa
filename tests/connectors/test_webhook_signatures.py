"""Proofs of webhooks: only what the holder of the secret sent, and only in its time."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from tieline.connectors.kit.signatures import (
    HmacScheme,
    Refused,
    Verified,
    load_ed25519_keys,
    read_moment,
    verify_age,
    verify_basic,
    verify_ed25519,
    verify_hmac,
    verify_secret,
)
from tieline.errors import ConfigurationError

NOW = datetime(2026, 9, 1, 22, 14, 7, tzinfo=UTC)
STAMP = str(int(NOW.timestamp()))
SECRET = "s3cret-ключ"
BODY = b'{"id":"evt_01","timestamp":%s,"data":{"name":"\xf0\x9f\x99\x82"}}' % STAMP.encode()
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
SIGNATURE = base64.b64encode(KEY.sign(BODY)).decode()


def _hex(signed: bytes, algorithm: str = "sha256") -> str:
    return hmac.new(SECRET.encode(), signed, algorithm).hexdigest()


def _headers(signature: str, stamp: str = STAMP) -> dict[str, str]:
    return {"x-nimbata-signature": signature, "x-nimbata-timestamp": stamp}


GOOD = _headers("sha256=" + _hex(STAMP.encode() + b"." + BODY))


def test_a_shared_secret_fits_or_not() -> None:
    """Any of the secrets fits while one replaces another; an empty one never does."""
    assert verify_secret("b", ["a", "b"]) == Verified()
    assert verify_secret("ключ", ["ключ"]) == Verified()
    assert verify_secret("c", ["a", "b"]) == Refused("wrong")
    assert verify_secret("", [""]) == Refused("missing")
    assert verify_secret(None, ["a"]) == Refused("missing")
    assert verify_secret("a", []) == Refused("wrong")
    assert verify_secret("a\udcff", ["a"]) == Refused("wrong")


def test_basic_compares_user_and_password() -> None:
    """Another scheme is no proof, garbage a wrong one."""
    sent = "Basic " + base64.b64encode(b"hub:pa:ss").decode()
    assert verify_basic(sent, ["hub:pa:ss"]) == Verified()
    assert verify_basic(sent, ["hub:other"]) == Refused("wrong")
    assert verify_basic("basic ???", ["hub:pa:ss"]) == Refused("wrong")
    assert verify_basic("Basic", ["hub:pa:ss"]) == Refused("wrong")
    assert verify_basic("Bearer x", ["hub:pa:ss"]) == Refused("missing")
    assert verify_basic(None, ["hub:pa:ss"]) == Refused("missing")


def test_the_default_hmac_signs_time_and_body() -> None:
    """`sha256=<hex>` over `{timestamp}.{body}`; the two cases of hexadecimal digits are one."""
    scheme = HmacScheme()
    assert verify_hmac(scheme, GOOD, BODY, ["old", SECRET], NOW) == Verified()
    upper = _headers("sha256=" + GOOD["x-nimbata-signature"][7:].upper())
    assert verify_hmac(scheme, upper, BODY, [SECRET], NOW) == Verified()
    assert verify_hmac(scheme, GOOD, BODY, ["other", ""], NOW) == Refused("wrong")
    assert verify_hmac(scheme, GOOD, BODY, [], NOW) == Refused("wrong")
    assert verify_hmac(scheme, {}, BODY, [SECRET], NOW) == Refused("missing")
    assert verify_hmac(scheme, {"x-nimbata-signature": "x"}, BODY, [SECRET], NOW) == Refused("missing")
    without_prefix = _headers(GOOD["x-nimbata-signature"][7:])
    assert verify_hmac(scheme, without_prefix, BODY, [SECRET], NOW) == Refused("wrong")


@pytest.mark.parametrize(
    ("scheme", "signature"),
    [
        (HmacScheme(signed="{body}", timestamp_header=None, prefix=""), _hex(BODY)),
        (HmacScheme(signed="{timestamp}{body}", prefix=""), _hex(STAMP.encode() + BODY)),
        (
            HmacScheme(signed="{body}", timestamp_header=None, timestamp_key="timestamp", prefix=""),
            _hex(BODY),
        ),
        (
            HmacScheme(
                algorithm="sha1", encoding="base64", signed="{body}", timestamp_header=None, prefix=""
            ),
            base64.b64encode(hmac.new(SECRET.encode(), BODY, hashlib.sha1).digest()).decode(),
        ),
    ],
)
def test_other_schemes_are_settings(scheme: HmacScheme, signature: str) -> None:
    """Algorithm, encoding, prefix, what is signed and where the time stands can all differ."""
    assert verify_hmac(scheme, _headers(signature), BODY, [SECRET], NOW) == Verified()
    assert verify_hmac(scheme, _headers(signature), BODY + b" ", [SECRET], NOW) == Refused("wrong")


def test_a_published_vector_fits() -> None:
    """RFC 2202, case 2: HMAC-SHA1 of key "Jefe"."""
    scheme = HmacScheme(
        algorithm="sha1", signed="{body}", timestamp_header=None, prefix="", header="Signature"
    )
    given_header = {"signature": "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"}
    assert verify_hmac(scheme, given_header, b"what do ya want for nothing?", ["Jefe"], NOW) == Verified()


@pytest.mark.parametrize(
    ("late_s", "reason"), [(301, "stale"), (-301, "future"), (600, "stale"), (299, None), (-299, None)]
)
def test_a_replay_and_a_wrong_clock_are_told_apart(late_s: int, reason: str | None) -> None:
    """Genuine but too old, or from what seems the future when our clock is behind."""
    verdict = verify_hmac(HmacScheme(), GOOD, BODY, [SECRET], NOW + timedelta(seconds=late_s))
    assert verdict == (Verified() if reason is None else Refused(reason))  # type: ignore[arg-type]


def test_a_signed_time_that_is_none_is_unreadable() -> None:
    """The signature fits, the time cannot be judged: refused as such. A body that is signed whole needs none."""
    headers = _headers("sha256=" + _hex(b"soon." + BODY), "soon")
    assert verify_hmac(HmacScheme(), headers, BODY, [SECRET], NOW) == Refused("unreadable")
    scheme = HmacScheme(signed="{body}", timestamp_header=None, timestamp_key="at", prefix="")
    for body in (BODY, b"[]", b"not json", b"\xff", b'{"at":[]}', b'{"at":' + b"[" * 9_000):
        assert verify_hmac(scheme, _headers(_hex(body)), body, [SECRET], NOW) == Verified()
        assert verify_hmac(scheme, _headers(_hex(body + b" ")), body, [SECRET], NOW) == Refused("wrong")


@pytest.mark.parametrize(
    "settings",
    [
        {"timestamp_key": "t"}, {"timestamp_header": None}, {"signed": "{body}"}, {"header": ""}, {"max_age_s": 0},
    ],
)  # fmt: skip
def test_a_scheme_that_proves_nothing_is_refused(settings: dict[str, object]) -> None:
    """A time outside what is signed could be set anew by whoever replays."""
    with pytest.raises(ValueError):
        HmacScheme(**settings)  # type: ignore[arg-type]


@given(st.integers(0, len(BODY) * 8 - 1))
def test_a_flipped_bit_in_the_body_is_refused(bit: int) -> None:
    """Whichever bit: HMAC and Ed25519 both see it."""
    body = _flipped(BODY, bit)
    assert verify_hmac(HmacScheme(), GOOD, body, [SECRET], NOW) == Refused("wrong")
    assert verify_ed25519(SIGNATURE, body, [KEY.public_key()]) == Refused("wrong")


@given(st.integers(0, 64 * 8 - 1), st.integers(0, 32 * 8 - 1), st.integers(0, len(STAMP) - 1))
def test_a_flipped_bit_in_the_proof_is_refused(bit: int, hmac_bit: int, digit: int) -> None:
    """Neither a neighbouring signature nor another time passes."""
    altered = base64.b64encode(_flipped(base64.b64decode(SIGNATURE), bit)).decode()
    assert verify_ed25519(altered, BODY, [KEY.public_key()]) == Refused("wrong")
    proof = _flipped(bytes.fromhex(GOOD["x-nimbata-signature"][7:]), hmac_bit).hex()
    assert verify_hmac(HmacScheme(), _headers(f"sha256={proof}"), BODY, [SECRET], NOW) == Refused("wrong")
    stamp = STAMP[:digit] + str((int(STAMP[digit]) + 1) % 10) + STAMP[digit + 1 :]
    assert verify_hmac(HmacScheme(), {**GOOD, "x-nimbata-timestamp": stamp}, BODY, [SECRET], NOW) == Refused(
        "wrong"
    )


@given(st.text(max_size=100), st.text(max_size=100), st.binary(max_size=50))
def test_no_proof_passes_by_chance(one: str, other: str, body: bytes) -> None:
    """Whatever stands in the headers, a verdict comes back, and it is no."""
    assert isinstance(verify_hmac(HmacScheme(), _headers(one, other), body, [SECRET], NOW), Refused)
    assert isinstance(verify_ed25519(one, body, [KEY.public_key()]), Refused)
    assert isinstance(verify_basic(f"Basic {one}", ["a:b"]), Refused)


def test_ed25519_takes_any_of_several_keys() -> None:
    """A rotation has two valid keys; "N/A" counts as nothing sent; another spelling of base64 is refused."""
    other = Ed25519PrivateKey.generate().public_key()
    assert verify_ed25519(SIGNATURE, BODY, [other, KEY.public_key()]) == Verified()
    assert verify_ed25519(SIGNATURE, BODY, [other]) == Refused("wrong")
    assert verify_ed25519(SIGNATURE, BODY, []) == Refused("wrong")
    assert verify_ed25519(" n/a ", BODY, [KEY.public_key()]) == Refused("missing")
    assert verify_ed25519(None, BODY, [KEY.public_key()]) == Refused("missing")
    assert verify_ed25519("!", BODY, [KEY.public_key()]) == Refused("wrong")
    # The last letter before the padding carries four bits that mean nothing.
    respelt = SIGNATURE[:-3] + chr(ord(SIGNATURE[-3]) + 1) + "=="
    assert base64.b64decode(respelt) == base64.b64decode(SIGNATURE)
    assert verify_ed25519(respelt, BODY, [KEY.public_key()]) == Refused("wrong")


def test_keys_are_read_in_their_usual_forms() -> None:
    """PEM, base64 of DER and of the bare key are one key; anything else is an operator's error."""
    public = KEY.public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    der = base64.b64encode(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()
    bare = base64.b64encode(public.public_bytes_raw()).decode()
    keys = load_ed25519_keys([f"\n{pem}\n", der, bare])
    assert all(verify_ed25519(SIGNATURE, BODY, [key]) == Verified() for key in keys)
    for text in ("", "x", "-----BEGIN PUBLIC KEY-----", base64.b64encode(b"x" * 31).decode()):
        with pytest.raises(ConfigurationError, match="webhook key 1 is no Ed25519"):
            load_ed25519_keys([text])


@pytest.mark.parametrize(
    "written",
    [
        "2026-09-01T22:14:07Z", "2026-09-02T00:14:07+02:00", "2026-09-01 22:14:07", STAMP, int(STAMP),
        float(STAMP), int(STAMP) * 1000, f"{STAMP}000",
    ],
)  # fmt: skip
def test_one_moment_in_all_its_spellings(written: str | float) -> None:
    """Seconds, milliseconds and ISO 8601 with any offset mean the same."""
    assert read_moment(written) == NOW
    assert verify_age(written, NOW, 1) == Verified()


@given(st.one_of(st.text(max_size=30), st.floats(), st.integers()))
def test_any_time_is_read_or_unreadable(written: str | float) -> None:
    """Absurd times raise nothing."""
    moment = read_moment(written)
    assert moment is None or moment.tzinfo is UTC
    assert isinstance(verify_age(written, NOW, 300), Verified | Refused)


def _flipped(data: bytes, bit: int) -> bytes:
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << (bit % 8)
    return bytes(changed)
