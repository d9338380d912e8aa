"""SQL lives in files beside this one, one statement each, named by what it does."""

from __future__ import annotations

from functools import cache
from importlib.resources import files


@cache
def query(name: str) -> bytes:
    """The statement of `name`.sql, ready for psycopg."""
    return files(__package__).joinpath(f"{name}.sql").read_bytes()
