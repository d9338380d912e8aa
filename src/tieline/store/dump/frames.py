"""The file of a backup: frames behind one another, packed; the last one proves that all of it is there.

A frame is a letter, its length in four bytes and what it holds. H: the manifest. T: a table begins. R: rows of it. E:
the table ends, with count and hash. S: sequences. K: the master key, sealed by a passphrase. Z: SHA-256 of all before.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

import msgspec

from tieline.errors import StoreError

MAGIC = b"TIELINE BACKUP\n"
FORMAT = 1
#: Largest frame that is read: rows are cut into pieces far below, but for one huge row.
_MOST = 1 << 30
_HEAD = struct.Struct(">cI")


class FrameWriter:
    """Writes a file beside its place, for its owner alone, and renames it when it is whole."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._draft = path.with_name(f".{path.name}.{os.getpid()}")
        self._hash = hashlib.sha256()

    def __enter__(self) -> FrameWriter:
        try:
            descriptor = os.open(self._draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as error:
            raise StoreError(f"{self._path} cannot be written: {error.strerror}") from error
        self._raw: BinaryIO = os.fdopen(descriptor, "wb")
        self._file = gzip.GzipFile(fileobj=self._raw, mode="wb", compresslevel=3, mtime=0, filename="")
        self._put(MAGIC)
        return self

    def write(self, kind: bytes, held: bytes) -> None:
        """One frame more."""
        self._put(_HEAD.pack(kind, len(held)))
        self._put(held)

    def finish(self) -> tuple[str, int]:
        """The whole file is on the disk, under its name; the SHA-256 of what it holds, and its bytes."""
        digest = self._hash.hexdigest()
        self.write(b"Z", digest.encode())
        self._file.close()
        self._raw.flush()
        os.fsync(self._raw.fileno())
        self._raw.close()
        size = self._draft.stat().st_size
        os.replace(self._draft, self._path)
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        return digest, size

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._raw.close()
        self._draft.unlink(missing_ok=True)

    def _put(self, held: bytes) -> None:
        self._hash.update(held)
        self._file.write(held)


def read_frames(path: Path) -> Iterator[tuple[bytes, bytes]]:
    """Every frame but the last, which is checked. Raises StoreError for a file that is damaged, or none of ours."""
    digest = hashlib.sha256()
    try:
        with gzip.open(path, "rb") as file:
            magic = file.read(len(MAGIC))
            if magic != MAGIC:
                raise StoreError(f"{path} is no backup of Tieline")
            digest.update(magic)
            while True:
                head = file.read(_HEAD.size)
                if len(head) < _HEAD.size:
                    raise StoreError(f"{path} ends too early: it was cut off")
                kind, length = _HEAD.unpack(head)
                if length > _MOST:
                    raise StoreError(f"{path} is damaged")
                held = file.read(length)
                if len(held) < length:
                    raise StoreError(f"{path} ends too early: it was cut off")
                if kind == b"Z":
                    if held != digest.hexdigest().encode() or file.read(1):
                        raise StoreError(f"{path} is damaged: its hash is another")
                    return
                digest.update(head)
                digest.update(held)
                yield kind, held
    except FileNotFoundError:
        raise StoreError(f"there is no {path}") from None
    except (gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise StoreError(f"{path} is damaged, or no backup of Tieline: {error}") from error
    except OSError as error:
        raise StoreError(f"{path} cannot be read: {error.strerror or error}") from error


def decoded(held: bytes, kind: Any) -> Any:
    """What a frame holds, as JSON. Raises StoreError."""
    try:
        return msgspec.json.decode(held, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise StoreError(f"the backup is damaged: {error}") from error
