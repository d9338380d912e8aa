"""The master key: from TIELINE_MASTER_KEY, else a file of its own in the home, made at the first start."""

from __future__ import annotations

import base64
import binascii
import os
import secrets
from contextlib import suppress
from pathlib import Path

from tieline.errors import ConfigurationError

KEY_BYTES = 32
_VARIABLE = "TIELINE_MASTER_KEY"
_FILE = "master.key"


def load_master_key(home: Path) -> bytes:
    """The 32 bytes that everything else is derived from. Blocking; made once, mode 0600, when there is none.

    Several hubs on one database must share it: set TIELINE_MASTER_KEY on each to the same base64 text.
    """
    given = os.environ.get(_VARIABLE)
    if given is not None:
        return _decode(given, f"the variable {_VARIABLE}")
    path = home / _FILE
    try:
        return _decode(path.read_text("ascii"), str(path))
    except FileNotFoundError:
        pass
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = home / f".{_FILE}.{os.getpid()}"
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode() + "\n")
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(draft, path)  # never replaces a key that another process has just made
    finally:
        draft.unlink()
    return _decode(path.read_text("ascii"), str(path))


def _decode(text: str, where: str) -> bytes:
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise ConfigurationError(f"{where} must hold {KEY_BYTES} bytes as base64 text; it does not")
    return key
