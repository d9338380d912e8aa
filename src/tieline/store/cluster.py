"""Makes the data directory of an embedded server, wholly or not at all."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
from pathlib import Path

from tieline.errors import StoreError
from tieline.store.binaries import Binaries
from tieline.store.place import Place
from tieline.store.refusal import cannot_write, explain

USER = "tieline"
#: initdb takes 0.6 s on an idle machine; longer than this it hangs.
_INITDB_S = 120


def initialise(place: Place, binaries: Binaries, password: str) -> None:
    """Run initdb beside, then rename: `place.data` exists only when it is complete. Raises StoreError."""
    for left in place.folder.glob("data.part-*"):
        shutil.rmtree(left, ignore_errors=True)
    mark = secrets.token_hex(4)
    part, secret = place.folder / f"data.part-{mark}", place.folder / f"data.part-{mark}.password"
    try:
        _write_for(place, secret, password)
        _initdb(place, binaries, part, secret)
        part.rename(place.data)
        _sync_folder(place.folder)
    except OSError as error:
        raise cannot_write(part, error) from error
    finally:
        secret.unlink(missing_ok=True)
        shutil.rmtree(part, ignore_errors=True)


def data_major(place: Place) -> int | None:
    """The PostgreSQL that wrote the data directory, 18 for example; None = there is none yet. Raises StoreError."""
    if not place.data.exists():
        return None
    try:
        return int((place.data / "PG_VERSION").read_text("ascii"))
    except (OSError, ValueError) as error:
        raise StoreError(
            f"{place.data} is not a PostgreSQL data directory (PG_VERSION: {error})."
            " Restore it from a backup, or move it away to begin with an empty database"
        ) from error


def _initdb(place: Place, binaries: Binaries, folder: Path, password_file: Path) -> None:
    locale = ["--locale=C"]
    if binaries.major >= 17:
        locale += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    process = place.spawn(
        binaries.folder / "initdb",
        f"--pgdata={folder}",
        f"--username={USER}",
        f"--pwfile={password_file}",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--no-instructions",
        "--set=shared_buffers=128MB",
        "--set=max_connections=100",
        *locale,
    )
    try:
        said, _ = process.communicate(timeout=_INITDB_S)
    except subprocess.TimeoutExpired as error:
        process.kill()
        process.communicate()
        raise StoreError(f"initdb took over {_INITDB_S} s; is the disk of {place.folder} well?") from error
    if process.returncode != 0:
        if "could not" in said and ("space" in said or "denied" in said or "Read-only" in said):
            raise StoreError(explain(said[-600:]))
        raise StoreError(f"the embedded database could not be made in {place.folder}: {said[-600:].strip()}")


def _write_for(place: Place, path: Path, text: str) -> None:
    """A file that the server's user may read. Made anew, never through a link: the folder is that user's."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        os.fchown(descriptor, place.uid, place.gid)
        file.write(text)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
