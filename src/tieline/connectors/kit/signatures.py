"""Proofs that a webhook is genuine: shared secrets, HMAC, Ed25519; over the raw body, in constant time.

Header names are looked up in lower case. A proof that fails says which way, for a counter and an alarm, and
nothing that would help to forge the next one.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Literal

import msgspec
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key, load_pem_public_key

from tieline.errors import ConfigurationError

#: missing: no proof was sent; wrong: it does not fit; stale, future: genuine, but its time is too far from
#: ours; unreadable: the time that it should carry cannot be read.
Reason = Literal["missing", "wrong", "stale", "future", "unreadable"]


class Verified(msgspec.Struct, frozen=True):
    """The delivery is genuine."""


class Refused(msgspec.Struct, frozen=True):
    """The delivery is not, or not surely, genuine."""

    reason: Reason


Verdict = Verified | Refused
_VERIFIED = Verified()


class HmacScheme(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How one sender signs. The defaults are those of the sandbox."""

    header: str = "X-Nimbata-Signature"
    algorithm: Literal["sha1", "sha256"] = "sha256"
    encoding: Literal["hex", "base64"] = "hex"
    #: Stands before the signature in its header.
    prefix: str = "sha256="
    #: What is signed.
    signed: Literal["{body}", "{timestamp}{body}", "{timestamp}.{body}"] = "{timestamp}.{body}"
    #: Where the timestamp stands: a header, or a key of the JSON body. None = there is no timestamp.
    timestamp_header: str | None = "X-Nimbata-Timestamp"
    timestamp_key: str | None = None
    #: Largest distance in seconds between the timestamp and our clock, either way.
    max_age_s: float = 300.0

    def __post_init__(self) -> None:
        if self.timestamp_header and self.timestamp_key:
            raise ValueError("the timestamp stands in a header or in the body, not in both")
        needs_timestamp = self.signed != "{body}"
        if needs_timestamp and not (self.timestamp_header or self.timestamp_key):
            raise ValueError(f"{self.signed} needs timestamp_header or timestamp_key")
        if self.timestamp_header and not needs_timestamp:
            raise ValueError(
                "a timestamp in a header proves nothing unless it is signed: use {timestamp}.{body}"
            )
        if not self.header or self.max_age_s <= 0:
            raise ValueError("header and max_age_s must not be empty")


def verify_secret(given: str | None, secrets: Sequence[str]) -> Verdict:
    """A shared secret sent as it is, in `?key=` or a header. Any of `secrets` fits, an empty one never."""
    if not given:
        return Refused("missing")
    # surrogateescape: whatever bytes a header held, they compare and never raise.
    sent = given.encode("utf-8", "surrogateescape")
    fits = False
    for secret in secrets:
        # All are compared, so that the time taken does not tell which one came near.
        fits |= bool(secret) and hmac.compare_digest(sent, secret.encode("utf-8", "surrogateescape"))
    return _VERIFIED if fits else Refused("wrong")


def verify_basic(authorization: str | None, secrets: Sequence[str]) -> Verdict:
    """HTTP Basic; each of `secrets` is "user:password"."""
    if not authorization:
        return Refused("missing")
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return Refused("missing")
    try:
        given = base64.b64decode(encoded.strip(), validate=True).decode("utf-8", "surrogateescape")
    except (ValueError, binascii.Error):
        return Refused("wrong")
    verdict = verify_secret(given, secrets)
    return Refused("wrong") if isinstance(verdict, Refused) else verdict


def verify_hmac(
    scheme: HmacScheme, headers: Mapping[str, str], body: bytes, secrets: Sequence[str], now: datetime
) -> Verdict:
    """An HMAC over the raw body, with a timestamp near `now` where the scheme has one."""
    given = headers.get(scheme.header.lower())
    if not given:
        return Refused("missing")
    written: str | None = None
    if scheme.timestamp_header:
        written = headers.get(scheme.timestamp_header.lower())
        if not written:
            return Refused("missing")
    elif scheme.timestamp_key:
        # The body is signed whole: without a time it is genuine all the same, and a repeat is told by its ids.
        written = _body_timestamp(body, scheme.timestamp_key)
    signed = body
    if written is not None and scheme.signed != "{body}":
        between = b"." if scheme.signed == "{timestamp}.{body}" else b""
        signed = written.encode("utf-8", "surrogateescape") + between + body
    given = given.strip()
    if scheme.encoding == "hex":
        # The two cases of hexadecimal digits are the same number.
        given = given[: len(scheme.prefix)] + given[len(scheme.prefix) :].lower()
    sent = given.encode("utf-8", "surrogateescape")
    fits = False
    for secret in secrets:
        if secret:
            digest = hmac.new(secret.encode(), signed, _HASHES[scheme.algorithm]).digest()
            text = digest.hex() if scheme.encoding == "hex" else base64.b64encode(digest).decode()
            fits |= hmac.compare_digest(sent, f"{scheme.prefix}{text}".encode())
    if not fits:
        return Refused("wrong")
    return _VERIFIED if written is None else verify_age(written, now, scheme.max_age_s)


_HASHES = {"sha1": hashlib.sha1, "sha256": hashlib.sha256}


def verify_ed25519(given: str | None, body: bytes, keys: Sequence[Ed25519PublicKey]) -> Verdict:
    """An Ed25519 signature in base64 over the raw body; any of `keys` fits. "N/A" counts as none sent."""
    if not given or given.strip().upper() == "N/A":
        return Refused("missing")
    try:
        signature = base64.b64decode(given.strip(), validate=True)
    except (ValueError, binascii.Error):
        return Refused("wrong")
    if base64.b64encode(signature).decode() != given.strip():
        # Another spelling of the same bytes is not what the signer wrote.
        return Refused("wrong")
    for key in keys:
        try:
            key.verify(signature, body)
        except InvalidSignature:
            continue
        return _VERIFIED
    return Refused("wrong")


def load_ed25519_keys(texts: Iterable[str]) -> tuple[Ed25519PublicKey, ...]:
    """Public keys from PEM, or from base64 of DER or of the bare 32 bytes. Raises ConfigurationError."""
    keys = []
    for number, text in enumerate(texts, 1):
        try:
            keys.append(_load_key(text.strip()))
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise ConfigurationError(
                f"webhook key {number} is no Ed25519 public key; give it as PEM (-----BEGIN PUBLIC KEY-----)"
            ) from error
    return tuple(keys)


def _load_key(text: str) -> Ed25519PublicKey:
    if text.startswith("-----BEGIN"):
        key = load_pem_public_key(text.encode())
    else:
        raw = base64.b64decode(text, validate=True)
        if len(raw) == 32:
            return Ed25519PublicKey.from_public_bytes(raw)
        key = load_der_public_key(raw)
    if not isinstance(key, Ed25519PublicKey):
        raise TypeError("another kind of key")
    return key


def verify_age(written: str | float, now: datetime, max_age_s: float) -> Verdict:
    """Whether a time (Unix seconds or milliseconds, ISO 8601) is within `max_age_s` of `now`, either way."""
    moment = read_moment(written)
    if moment is None:
        return Refused("unreadable")
    age_s = (now - moment).total_seconds()
    if age_s > max_age_s:
        return Refused("stale")
    return Refused("future") if age_s < -max_age_s else _VERIFIED


def read_moment(written: str | float) -> datetime | None:
    """Unix seconds or milliseconds, or ISO 8601 (UTC where it names no zone); None when it is neither."""
    try:
        if isinstance(written, str):
            text = written.strip()
            if not text.isascii():
                return None
            try:
                number = float(text)
            except ValueError:
                moment = datetime.fromisoformat(text)
                return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        else:
            number = float(written)
        # Seconds stay below this until the year 5138, milliseconds passed it in 1973.
        return datetime.fromtimestamp(number / 1000 if abs(number) >= 1e11 else number, UTC)
    except (ValueError, OverflowError, OSError):
        return None


_entries = msgspec.json.Decoder(dict[str, msgspec.Raw])
_scalar: msgspec.json.Decoder[str | int | float] = msgspec.json.Decoder(str | int | float)


def _body_timestamp(body: bytes, key: str) -> str | None:
    try:
        raw = _entries.decode(body).get(key)
        value = _scalar.decode(raw) if raw is not None else None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return None if value is None else str(value)
