"""A master key sealed by a passphrase: Argon2id makes a key of it, AES-256-GCM seals with that."""

from __future__ import annotations

import secrets

import msgspec
from argon2.low_level import Type, hash_secret_raw
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tieline.errors import ConfigurationError, StoreError

#: Shorter ones are guessed.
SHORTEST = 12
_CONTEXT = b"tieline backup master key"


class SealedKey(msgspec.Struct, frozen=True, kw_only=True):
    """As it stands in the file."""

    salt: bytes
    nonce: bytes
    sealed: bytes
    #: Of Argon2id: passes, KiB, lanes.
    passes: int = 4
    memory_kib: int = 262_144
    lanes: int = 4


def seal_key(key: bytes, passphrase: str) -> SealedKey:
    """Raises ConfigurationError for a passphrase that is too short."""
    if len(passphrase) < SHORTEST:
        raise ConfigurationError(f"a passphrase of at least {SHORTEST} characters is needed")
    draft = SealedKey(salt=secrets.token_bytes(16), nonce=secrets.token_bytes(12), sealed=b"")
    sealed = AESGCM(_derived(draft, passphrase)).encrypt(draft.nonce, key, _CONTEXT)
    return msgspec.structs.replace(draft, sealed=sealed)


def open_key(kept: SealedKey, passphrase: str) -> bytes:
    """Raises StoreError for another passphrase."""
    # What a file asks for is bounded: it may be anybody's.
    if not (0 < kept.passes <= 16 and 8 <= kept.memory_kib <= 1_048_576 and 0 < kept.lanes <= 16):
        raise StoreError("the key in this backup is sealed in a way that this version does not know")
    try:
        return AESGCM(_derived(kept, passphrase)).decrypt(kept.nonce, kept.sealed, _CONTEXT)
    except InvalidTag:
        raise StoreError("that is not the passphrase that the key in this backup is sealed with") from None


def _derived(kept: SealedKey, passphrase: str) -> bytes:
    return hash_secret_raw(
        passphrase.encode(), kept.salt, time_cost=kept.passes, memory_cost=kept.memory_kib, parallelism=kept.lanes,
        hash_len=32, type=Type.ID,
    )  # fmt: skip
