"""What a place that keeps the master key must be able to do, and how a master key is written and known."""

from __future__ import annotations

import base64
import binascii
import hashlib
import secrets
from typing import Protocol

from tieline.errors import ConfigurationError
from tieline.vault.seal import KEY_BYTES

FINGERPRINT_BYTES = 8


class MasterKeys(Protocol):
    """A file, the environment, or HashiCorp Vault. All of it blocks, and is done at a start or at a rotation."""

    #: For people: "/var/lib/tieline/master.key".
    where: str

    def read(self) -> list[bytes]:
        """The key in use, and behind it one that a rotation has prepared. Empty = there is none yet.

        Raises ConfigurationError with the next step.
        """
        ...

    def make(self) -> bytes:
        """The first one; of several processes that begin at once all get the same."""
        ...

    def prepare(self) -> bytes:
        """The next one, kept beside the one in use, which still counts. A second call gives the same."""
        ...

    def promote(self, key: bytes) -> None:
        """From now on `key` is the one in use. Harmless where it is already."""
        ...


def fingerprint(key: bytes) -> bytes:
    """By it a wrapped key says which master key opens it, without giving that away."""
    return hashlib.blake2b(b"tieline master key", digest_size=FINGERPRINT_BYTES, key=key).digest()


def new_key() -> bytes:
    """A key out of the system's generator."""
    return secrets.token_bytes(KEY_BYTES)


def encode_key(key: bytes) -> str:
    """A master key as it is written down."""
    return base64.b64encode(key).decode()


def decode_key(text: str, where: str) -> bytes:
    """A master key as it was written down. Raises ConfigurationError, which never shows it."""
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise ConfigurationError(f"{where} must hold {KEY_BYTES} bytes as base64 text; it does not")
    return key
