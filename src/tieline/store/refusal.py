"""What PostgreSQL or the system refused, in words that name the next step."""

from __future__ import annotations

import errno
import re

import psycopg

from tieline.errors import StoreError

#: Oldest PostgreSQL that the statements run on: 15.0.
OLDEST_VERSION = 150000

_CAUSES = (
    (
        r"password authentication failed|no password supplied",
        "the database server refused the password. Check user and password in TIELINE_DATABASE_URL",
    ),
    (
        r'database ".*" does not exist',
        "the server has no such database. Create it (createdb) or correct its name in TIELINE_DATABASE_URL",
    ),
    (
        r'role ".*" does not exist',
        "the server has no such user. Create it or correct TIELINE_DATABASE_URL",
    ),
    (
        r"No space left on device|disk quota exceeded",
        "the disk of the database is full. Free some space, then start again; nothing was lost",
    ),
    (
        r"Read-only file system|Permission denied",
        "the database's folder cannot be written. Set TIELINE_HOME to a folder that this user may write",
    ),
    (
        r"too many (clients|connections)|remaining connection slots",
        "the database server has no connection left. Raise its max_connections or stop other clients",
    ),
    (
        r"permission denied for",
        "the database user may not create tables. Make it the owner of the database in TIELINE_DATABASE_URL",
    ),
    (
        r"missing \"=\"|in URI|invalid (URI|connection option|port|integer)|could not parse",
        "TIELINE_DATABASE_URL is not a PostgreSQL address. It looks like postgresql://user:password@host:5432/tieline",
    ),
)


def explain(error: psycopg.Error | str) -> str:
    """One sentence and the next step, then the server's own words, without a password."""
    words = " ".join(str(error).split())
    for pattern, advice in _CAUSES:
        if re.search(pattern, words, re.IGNORECASE):
            return f"{advice}. ({words})"
    return (
        "the database server cannot be reached. Check that it runs and that TIELINE_DATABASE_URL names it, "
        f"or unset TIELINE_DATABASE_URL to use the embedded one. ({words})"
    )


def require_supported(version: int) -> None:
    """Refuse a server older than 15. `version` is PostgreSQL's own number: 150004 = 15.4."""
    if version < OLDEST_VERSION:
        raise StoreError(
            f"the database server is PostgreSQL {version // 10000}.{version % 10000}, and Tieline needs 15 or newer. "
            "Upgrade it, or unset TIELINE_DATABASE_URL to use the embedded one"
        )


def cannot_write(what: object, error: OSError) -> StoreError:
    """The error for a file or folder of the home that the system refused."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StoreError(f"the disk is full: {what}. Free some space, then start again; nothing was lost")
    return StoreError(
        f"{what} cannot be written ({error.strerror}). Set TIELINE_HOME to a folder that this user may write"
    )
