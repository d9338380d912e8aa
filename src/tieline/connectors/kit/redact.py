"""Secrets taken out of what is written down: addresses, headers, bodies, messages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

REDACTED = "[redacted]"

#: Names whose values are secrets, compared as lower-case letters and digits.
_SECRET_NAMES = (
    "authorization", "proxyauthorization", "cookie", "setcookie", "token", "accesstoken", "refreshtoken",
    "apikey", "xapikey", "key", "secret", "clientsecret", "webhooksecret", "signature", "password", "passwd",
    "code", "authorizationcode", "jwt", "sig", "auth",
)  # fmt: skip
_SECRET_ENDINGS = ("token", "secret", "signature", "apikey", "password")
_LETTERS = re.compile(r"[^a-z0-9]+")

_QUERY = re.compile(r"([?&;])([^=&#\s;]+)=([^&#\s;\"']*)")
_JSON_PAIR = re.compile(r'("((?:[^"\\]|\\.){1,64})"\s*:\s*)("(?:[^"\\]|\\.)*"?|[^\s,}\]\[{"]+)')
_FORM_PAIR = re.compile(r"(^|&)([A-Za-z0-9_.%-]{1,64})=([^&\s]*)")
_BEARER = re.compile(r"(?i)\b(bearer|basic|token)(\s+|%20)(?:token=)?[\"']?[A-Za-z0-9._~+/=-]{6,}[\"']?")
#: Private tokens of the CRM, and our own.
_TOKENS = re.compile(r"\b(?:pit-[A-Za-z0-9-]{8,}|tl_[a-z0-9]{8}_[A-Za-z0-9_-]{8,})")
_USERINFO = re.compile(r"(?i)(\b[a-z][a-z0-9+.-]*://)[^/\s@\"']+@")


def is_secret(name: str) -> bool:
    """Whether a header, query parameter or body property of that name holds a secret."""
    plain = _LETTERS.sub("", name.lower())
    return plain in _SECRET_NAMES or plain.endswith(_SECRET_ENDINGS)


def redact_url(url: str) -> str:
    """`url` without the values of secret parameters and without user information."""
    return _QUERY.sub(_pair, _USERINFO.sub(rf"\1{REDACTED}@", url))


def redact_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """`headers` with the values of secret ones replaced."""
    return {name: REDACTED if is_secret(name) else redact_text(value) for name, value in headers.items()}


def redact_text(text: str, secrets: Iterable[str] = ()) -> str:
    """`text` (JSON, form, prose, cut anywhere) without `secrets`, secret properties and bearer tokens."""
    for secret in secrets:
        if len(secret) >= 4:
            text = text.replace(secret, REDACTED)
    text = _JSON_PAIR.sub(_json_pair, text)
    if "=" in text:
        text = _QUERY.sub(_pair, _USERINFO.sub(rf"\1{REDACTED}@", text))
        text = _FORM_PAIR.sub(_pair, text)
    return _TOKENS.sub(REDACTED, _BEARER.sub(rf"\1 {REDACTED}", text))


def redact_body(body: Any) -> Any:
    """A decoded body without credentials, for whoever asked to see it: what is merely called "key" or "code" may be
    anything, and stays."""
    match body:
        case dict():
            return {
                name: REDACTED if _names_credential(str(name)) and value else redact_body(value)
                for name, value in body.items()
            }
        case list():
            return [redact_body(one) for one in body]
        case _:
            return body


def _names_credential(name: str) -> bool:
    plain = _LETTERS.sub("", name.lower())
    return plain.endswith(_SECRET_ENDINGS) or plain in ("authorization", "cookie", "setcookie")


def _pair(match: re.Match[str]) -> str:
    before, name, _ = match.groups()
    return f"{before}{name}={REDACTED}" if is_secret(name) else match[0]


def _json_pair(match: re.Match[str]) -> str:
    return f'{match[1]}"{REDACTED}"' if is_secret(match[2]) else match[0]
