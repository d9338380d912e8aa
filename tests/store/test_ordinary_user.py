"""An ordinary user runs the embedded server in the home itself. Root tries it as another user."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tieline.store.binaries import find_binaries

#: Everything is imported before the user changes: the interpreter may lie where only root can read.
_USE = """
import os, sys
from pathlib import Path
import encodings.ascii, encodings.idna, psycopg
from tieline.store.embedded import EmbeddedServer
home, uid, gid = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)
for text in ("first", "second"):
    server = EmbeddedServer(home)
    with psycopg.connect(server.attach(), autocommit=True) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (text text)")
        connection.execute("INSERT INTO kept VALUES (%s)", (text,))
        print(connection.execute("SELECT count(*) FROM kept").fetchone()[0])
    server.detach()
print(server.place.folder)
"""


@pytest.fixture
def user() -> pwd.struct_passwd:
    """Ourselves, or for root a user who is not."""
    if os.geteuid() != 0:
        return pwd.getpwuid(os.geteuid())
    try:
        user = pwd.getpwnam("daemon")
        subprocess.run([find_binaries().folder / "initdb", "--version"], user=user.pw_uid, check=True)
    except (KeyError, OSError) as error:
        pytest.skip(f"no second user can run the binaries of this checkout: {error}")
    return user


@pytest.fixture
def folder(user: pwd.struct_passwd) -> Iterator[Path]:
    """A folder of that user."""
    folder = Path(tempfile.mkdtemp(prefix="tieline-user-", dir="/var/tmp"))
    os.chown(folder, user.pw_uid, user.pw_gid)
    yield folder
    shutil.rmtree(folder)


@pytest.mark.parametrize("name", ["home", "a home, größe", "x" * 150])
def test_ordinary_user_keeps_everything_in_the_home(user: pwd.struct_passwd, folder: Path, name: str) -> None:
    """Any folder name works, the data stays from one command to the next, and nothing is left running."""
    home = folder / name
    done = subprocess.run(
        [sys.executable, "-c", _USE, str(home), str(user.pw_uid), str(user.pw_gid)],
        cwd="/",
        env={"PATH": os.environ["PATH"], "HOME": str(folder)},
        capture_output=True,
        text=True,
        timeout=90,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.split("\n")[:3] == ["1", "2", str(home / "database")]
    assert not (home / "database/data/postmaster.pid").exists()
    assert (home / "database/data").stat().st_uid == user.pw_uid
