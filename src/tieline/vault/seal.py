"""Sealing of credentials, and keyed hashes of the values that people are found by."""

from __future__ import annotations

import hashlib
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from tieline.errors import ConfigurationError

_NONCE_BYTES = 12
DIGEST_BYTES = 16


class Vault:
    """Seals with AES-256-GCM and hashes with keyed BLAKE2b, under keys derived from the master key."""

    def __init__(self, master_key: bytes) -> None:
        self._aead = AESGCM(_derive(master_key, b"tieline credential 1"))
        self._lookup_key = _derive(master_key, b"tieline look-up 1")

    def seal(self, clear: bytes, *, context: str) -> bytes:
        """Seal `clear` for one place; opening it elsewhere fails, so that sealed values cannot be swapped."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._aead.encrypt(nonce, clear, context.encode())

    def unseal(self, sealed: bytes, *, context: str) -> bytes:
        """Open what `seal` closed. Raises ConfigurationError when the master key is another one."""
        try:
            return self._aead.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], context.encode())
        except InvalidTag:
            raise ConfigurationError(
                f"the credential of {context} was sealed with another master key; "
                "start with the key it was made with, or connect again"
            ) from None

    def digest(self, kind: str, value: str) -> bytes:
        """Keyed hash under which a phone, an e-mail or an id is found: equal in, equal out; useless without the key."""
        return hashlib.blake2b(
            f"{kind}\0{value}".encode(), digest_size=DIGEST_BYTES, key=self._lookup_key
        ).digest()


def _derive(master_key: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose).derive(master_key)
