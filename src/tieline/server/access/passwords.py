"""Passwords: Argon2id, checked in as much time for a user that there is not."""

from __future__ import annotations

import asyncio
import secrets
from concurrent.futures import ThreadPoolExecutor
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from tieline.errors import ConfigurationError

#: Shorter ones are guessed; longer ones are an attack on the hash.
MIN_LENGTH, MAX_LENGTH = 10, 1024
#: RFC 9106's profile for little memory: 64 MiB, three passes.
_hasher = PasswordHasher()
#: Each check takes 64 MiB; more at once would let strangers fill the memory.
_room = ThreadPoolExecutor(2, thread_name_prefix="password")


def new_password() -> str:
    """A password that nobody has to think of."""
    return secrets.token_urlsafe(18)


def require_password(password: str, *, user: str) -> str:
    """A password that may be used. Raises ConfigurationError."""
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
        raise ConfigurationError(f"a password has {MIN_LENGTH} to {MAX_LENGTH} characters")
    if password.casefold() == user.casefold():
        raise ConfigurationError("the password is the user's name; choose another")
    return password


async def hash_password(password: str) -> str:
    """As it is stored."""
    return await asyncio.get_running_loop().run_in_executor(_room, _hasher.hash, password)


async def verify_password(stored: str | None, password: str) -> bool:
    """Whether it is the one. Without a stored one the answer is no, after the same work."""
    return await asyncio.get_running_loop().run_in_executor(_room, _verify, stored, password)


def _verify(stored: str | None, password: str) -> bool:
    try:
        return _hasher.verify(stored or _nobody(), password) and stored is not None
    except (VerificationError, InvalidHashError):
        return False


@cache
def _nobody() -> str:
    """The password of a user that there is not: nobody has it."""
    return _hasher.hash(secrets.token_urlsafe(32))
