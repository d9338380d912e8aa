"""Sealing: of credentials, of any one value, and keyed hashes of the values that people are found by."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from tieline.errors import ConfigurationError

NONCE_BYTES = 12
KEY_BYTES = 32
DIGEST_BYTES = 16
#: Before the number of the key that sealed a credential. One without it was sealed by the first key.
_MARK = b"tlk1"
_NUMBER_BYTES = 8
_HEAD_BYTES = len(_MARK) + _NUMBER_BYTES


class BrokenSeal(ConfigurationError):
    """A sealed value does not open: it was changed or moved, or its key is another one, or dropped."""


class UnknownKey(BrokenSeal):
    """Sealed by a key that this process has not read (yet), or that was dropped."""


class Sealer:
    """One key at work. Every value is bound to its place, so that no other value can be put there."""

    __slots__ = ("_aead", "number")

    def __init__(self, key: bytes, number: int) -> None:
        #: What stands in the column `seal` beside the values.
        self.number = number
        self._aead = AESGCM(key)

    def seal(self, place: str, clear: bytes) -> bytes:
        """Nonce and sealed text. `place` is column and row: "link.contact:3:41"."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._aead.encrypt(nonce, clear, place.encode())

    def open(self, place: str, sealed: bytes) -> bytes:
        """Open what `seal` closed for this place. Raises BrokenSeal."""
        try:
            return self._aead.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], place.encode())
        except (InvalidTag, ValueError):
            raise BrokenSeal(
                f"what is sealed in {place} does not open: it was changed, moved or sealed by another key"
            ) from None


class Vault:
    """Seals credentials and hashes. By itself it has the two first keys, which come from the master key; a store that
    was opened hands it those that are in use (`take_over`)."""

    def __init__(self, master_key: bytes) -> None:
        self._first: Sealer | None = Sealer(first_credential_key(master_key), 0)
        self._first_number = 0
        self._lookup_key = first_lookup_key(master_key)
        self._keys: dict[int, Sealer] = {}
        self._newest = 0

    def take_over(
        self, *, look_ups: bytes, credentials: Mapping[int, bytes], first: int, newest: int
    ) -> None:
        """Use these keys. `credentials` are by number; `first` is the number of the one that seals without a mark."""
        self._lookup_key = look_ups
        self._keys = {number: Sealer(key, number) for number, key in credentials.items()}
        self._first, self._first_number = self._keys.get(first), first
        self._newest = newest

    def seal(self, clear: bytes, *, context: str) -> bytes:
        """Seal `clear` for one place; opening it elsewhere fails, so that sealed values cannot be swapped."""
        if self._newest == self._first_number and self._first is not None:
            return self._first.seal(context, clear)
        return self.head + self._keys[self._newest].seal(context, clear)

    def unseal(self, sealed: bytes, *, context: str) -> bytes:
        """Open what `seal` closed. Raises UnknownKey where the keys must be read again, else BrokenSeal."""
        number = self.number_of(sealed)
        sealer = self._first if number == self._first_number else self._keys.get(number)
        if sealer is None:
            raise UnknownKey(
                f"the credential of {context} was sealed by key {number}, which is not there; "
                "start with the master key of this store, or connect again"
            )
        try:
            return sealer.open(context, sealed[_HEAD_BYTES:] if sealed.startswith(_MARK) else sealed)
        except BrokenSeal:
            raise BrokenSeal(
                f"the credential of {context} was sealed with another master key; "
                "start with the key it was made with, or connect again"
            ) from None

    def knows(self, sealed: bytes) -> bool:
        """Whether the key that sealed it is at hand."""
        number = self.number_of(sealed)
        return number in self._keys or (number == self._first_number and self._first is not None)

    def number_of(self, sealed: bytes) -> int:
        """The key that sealed a credential."""
        if sealed.startswith(_MARK) and len(sealed) >= _HEAD_BYTES:
            return int.from_bytes(sealed[len(_MARK) : _HEAD_BYTES], "big")
        return self._first_number

    @property
    def head(self) -> bytes:
        """What every credential begins with that is sealed now, once the first key was replaced."""
        return _MARK + self._newest.to_bytes(_NUMBER_BYTES, "big")

    @property
    def newest(self) -> int:
        """The key that seals credentials now."""
        return self._newest

    def digest(self, kind: str, value: str) -> bytes:
        """Keyed hash under which a phone, an e-mail or an id is found: equal in, equal out; useless without the key."""
        return hashlib.blake2b(
            f"{kind}\0{value}".encode(), digest_size=DIGEST_BYTES, key=self._lookup_key
        ).digest()


def first_credential_key(master_key: bytes) -> bytes:
    """The key by which credentials were sealed before there were others."""
    return _derive(master_key, b"tieline credential 1")


def first_lookup_key(master_key: bytes) -> bytes:
    """The key of look-ups: it never changes, since what it hashed cannot be hashed anew."""
    return _derive(master_key, b"tieline look-up 1")


def _derive(master_key: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=purpose).derive(master_key)
