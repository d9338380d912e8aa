"""How a webhook of the account proves where it comes from: all kinds that B5 knows. Source: nimbata.md, B5, A7."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime
from typing import Literal

import msgspec

ProofKind = Literal["hmac", "url_key", "header", "basic", "none"]
_HASHES = {"sha1": hashlib.sha1, "sha256": hashlib.sha256}


class Signing(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How bodies are signed; the defaults are the account's own way."""

    header: str = "X-Nimbata-Signature"
    algorithm: Literal["sha1", "sha256"] = "sha256"
    encoding: Literal["hex", "base64"] = "hex"
    #: Stands before the signature in its header.
    prefix: str = "sha256="
    signed: Literal["{body}", "{timestamp}{body}", "{timestamp}.{body}"] = "{timestamp}.{body}"
    #: Where the time stands: a header (Unix seconds), else a key of the body (ISO 8601), else nowhere.
    timestamp_header: str | None = "X-Nimbata-Timestamp"
    timestamp_key: str | None = None

    def __post_init__(self) -> None:
        if self.timestamp_header and self.timestamp_key:
            raise ValueError("the timestamp stands in a header or in the body, not in both")
        if self.signed != "{body}" and not self.timestamp_header:
            raise ValueError(f"{self.signed} needs a timestamp_header")


class HeaderProof(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which header holds the secret, and what stands before it."""

    name: str = "Authorization"
    prefix: str = ""


def sign(signing: Signing, secret: str, body: bytes, now: float) -> dict[str, str]:
    """The headers of a signed body that leaves at `now`, Unix seconds."""
    stamp = str(int(now))
    told = signing.signed.removesuffix("{body}").replace("{timestamp}", stamp).encode()
    digest = hmac.new(secret.encode(), told + body, _HASHES[signing.algorithm]).digest()
    text = digest.hex() if signing.encoding == "hex" else base64.b64encode(digest).decode()
    headers = {signing.header: f"{signing.prefix}{text}"}
    if signing.timestamp_header:
        headers[signing.timestamp_header] = stamp
    return headers


def stamp(now: float) -> str:
    """The time as it stands in a body."""
    return datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def basic(secret: str) -> dict[str, str]:
    """HTTP Basic; the secret is "user:password"."""
    return {"Authorization": f"Basic {base64.b64encode(secret.encode()).decode()}"}
