"""The embedded server: started by the first command, stopped by the last, and back after any kill."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from tests.store.attached import Command, pid_of
from tieline.errors import StoreError
from tieline.store.embedded import EmbeddedServer

Make = Callable[..., EmbeddedServer]
Start = Callable[[Path], Command]

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the server as another user")


def _value(url: str, query: str) -> str:
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return str(row[0])


def _write(url: str, text: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (text text)")
        connection.execute("INSERT INTO kept VALUES (%s)", (text,))


def test_first_command_makes_it_and_the_next_finds_what_was_written(server: Make) -> None:
    """A home starts empty, and holds its data from one command to the next."""
    first = server()
    _write(first.attach(), "größe 😀")
    first.detach()
    assert pid_of(first) is None
    second = server()
    assert _value(second.attach(), "SELECT text FROM kept") == "größe 😀"


def test_it_keeps_what_it_acknowledged_and_speaks_utf8_and_utc(server: Make) -> None:
    """Durability is never traded for speed, and nothing but the private socket leads in."""
    url = server().attach()
    wanted = {
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
        "listen_addresses": "",
        "TimeZone": "UTC",
        "server_encoding": "UTF8",
        "password_encryption": "scram-sha-256",
    }
    assert {name: _value(url, f"SHOW {name}") for name in wanted} == wanted


def test_a_wrong_password_is_refused(server: Make) -> None:
    """Who can reach the socket still needs the password, and its file is for the owner alone."""
    one = server()
    url = one.attach()
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(url.replace("tieline:", "tieline:x", 1))
    assert stat.S_IMODE(one.home.password.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "name", ["two words", "größe 😀", 'it\'s $HOME `x` "q" \\', "a,b", "100%", "x" * 200]
)
def test_any_folder_name_works(server: Make, tmp_path: Path, name: str) -> None:
    """Spaces, quotes, other scripts, and a path too long for a socket make no difference."""
    one = server(tmp_path / name / "home")
    assert _value(one.attach(), "SELECT current_database()") == "tieline"


def test_two_homes_live_side_by_side(server: Make, tmp_path: Path) -> None:
    """Each home has a server and data of its own."""
    one, other = server(tmp_path / "one"), server(tmp_path / "other")
    _write(one.attach(), "one")
    _write(other.attach(), "other")
    assert pid_of(one) != pid_of(other)
    one.detach()
    assert _value(other.attach() if not pid_of(other) else _url(other), "SELECT text FROM kept") == "other"


def _url(server: EmbeddedServer) -> str:
    again = EmbeddedServer(server.home.path, base=server.place.base or Path("/"))
    try:
        return again.attach()
    finally:
        again.detach()


def test_last_one_out_stops_it(server: Make, command: Start) -> None:
    """While one command still uses the server it stays, whoever started it; then it goes."""
    one = server()
    one.attach()
    pid = pid_of(one)
    other = command(one.home.path)
    one.detach()
    assert pid_of(one) == pid
    assert _value(other.url, "SELECT 1") == "1"
    other.end()
    assert pid_of(one) is None


def test_commands_that_start_together_share_one_server(server: Make, base: Path) -> None:
    """Six commands at once on a new home: one initdb, one server, and none is left at the end."""
    one = server()
    code = (
        "import sys\nfrom pathlib import Path\nfrom tieline.store.embedded import EmbeddedServer\n"
        "for _ in range(3):\n    s = EmbeddedServer(Path(sys.argv[1]), base=Path(sys.argv[2]))\n"
        "    import psycopg\n    psycopg.connect(s.attach()).close()\n    s.detach()\n"
    )
    several = [
        subprocess.Popen([sys.executable, "-c", code, str(one.home.path), str(base)], stderr=subprocess.PIPE)
        for _ in range(6)
    ]
    for process in several:
        _, said = process.communicate(timeout=60)
        assert process.returncode == 0, said.decode()
    assert pid_of(one) is None


def test_server_outlives_commands_that_are_killed(server: Make, command: Start) -> None:
    """kill -9 of every command leaves the server; the next command uses it, and ends it."""
    one = server()
    killed = command(one.home.path)
    pid = pid_of(one)
    killed.kill()
    assert pid_of(one) == pid
    one.attach()
    assert pid_of(one) == pid
    one.detach()
    assert pid_of(one) is None


def test_kill_9_of_everything_loses_nothing(server: Make, command: Start) -> None:
    """Command, server and its children are all killed; the next start recovers what was acknowledged."""
    one = server()
    killed = command(one.home.path)
    _write(killed.url, "acknowledged")
    pid = pid_of(one)
    assert pid is not None
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    killed.kill()
    for victim in (pid, *map(int, children)):
        with suppress(ProcessLookupError):
            os.kill(victim, signal.SIGKILL)
    assert (one.place.data / "postmaster.pid").exists()
    assert _value(one.attach(), "SELECT text FROM kept") == "acknowledged"


def test_stale_pid_of_another_program_does_not_stop_the_start(server: Make, command: Start) -> None:
    """After a restart of the machine the server's old number may belong to anybody, here to this test."""
    one = server()
    killed = command(one.home.path)
    pid = pid_of(one)
    assert pid is not None
    killed.kill()
    os.kill(pid, signal.SIGKILL)
    while pid_of(one):
        time.sleep(0.01)
    time.sleep(0.2)
    for path in (one.place.data / "postmaster.pid", one.place.socket_folder() / ".s.PGSQL.5432.lock"):
        path.write_text(path.read_text().replace(str(pid), str(os.getpid()), 1))
    assert _value(one.attach(), "SELECT 1") == "1"


def test_server_killed_under_a_command_is_started_again(server: Make) -> None:
    """What is attached asks for the server now and then, and gets it back under the same address."""
    one = server()
    url = one.attach()
    _write(url, "kept")
    pid = pid_of(one)
    assert pid is not None
    assert not one.ensure_running()
    os.kill(pid, signal.SIGKILL)
    while pid_of(one):
        time.sleep(0.01)
    assert one.ensure_running()
    assert _value(url, "SELECT text FROM kept") == "kept"


def test_interrupted_initdb_leaves_nothing_that_looks_complete(server: Make) -> None:
    """What an interruption left is cleared away, and the start makes a whole database."""
    one = server()
    one.home.prepare()
    one.place.prepare()
    part = one.place.folder / "data.part-0badcafe"
    (part / "base").mkdir(parents=True)
    (part / "PG_VERSION").write_text("18\n")
    assert _value(one.attach(), "SELECT 1") == "1"
    assert [path.name for path in one.place.folder.glob("data*")] == ["data"]


def test_failed_initdb_leaves_nothing(server: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """An initdb that fails says so, and the next start begins anew."""
    from tieline.store import cluster

    one = server()
    with monkeypatch.context() as patch:
        patch.setattr(cluster, "USER", "pg_reserved")
        with pytest.raises(StoreError, match="pg_reserved"):
            one.attach()
    assert list(one.place.folder.glob("data*")) == []
    assert _value(one.attach(), "SELECT 1") == "1"


def test_data_of_another_major_version_is_refused(server: Make) -> None:
    """The data stays as it is, and the message names the PostgreSQL that can read it."""
    one = server()
    one.attach()
    one.detach()
    (one.place.data / "PG_VERSION").write_text("9\n")
    with pytest.raises(
        StoreError, match=r"written by PostgreSQL 9, and this machine has .*Install PostgreSQL 9"
    ):
        one.attach()


def test_a_home_without_its_password_says_so(server: Make) -> None:
    """Without the password the data cannot be opened, and a new one would not help."""
    one = server()
    one.attach()
    one.detach()
    one.home.password.unlink()
    with pytest.raises(StoreError, match="Restore it from a backup"):
        one.attach()


def test_a_home_whose_data_is_gone_never_begins_an_empty_one_unasked(server: Make) -> None:
    """A database that was there and is missing is an error, not a fresh start."""
    one = server()
    one.attach()
    one.detach()
    one.place.data.rename(one.place.folder / "elsewhere")
    with pytest.raises(StoreError, match=r"the database of this home was in .*remove .*database.location"):
        one.attach()
    one.home.location.unlink()
    assert _value(one.attach(), "SELECT 1") == "1"


@as_root
def test_deleted_home_starts_empty_and_the_old_data_is_kept(server: Make) -> None:
    """Root's data lies outside the home: who deletes the home does not get old data back, and loses none."""
    one = server()
    _write(one.attach(), "old")
    one.detach()
    for path in one.home.path.iterdir():
        path.unlink()
    with pytest.raises(psycopg.errors.UndefinedTable):
        _value(server().attach(), "SELECT text FROM kept")
    assert len(list(one.place.folder.glob("data.aside-*"))) == 1


@as_root
def test_root_runs_it_as_nobody_from_a_place_that_only_nobody_enters(server: Make, tmp_path: Path) -> None:
    """A home that only root can enter is left as it is; binaries and data belong to nobody, mode 0700."""
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    parents = [closed, *closed.parents]
    before = [(path.stat().st_mode, path.stat().st_uid) for path in parents]
    one = server(closed / "home")
    url = one.attach()
    pid = pid_of(one)
    nobody = one.place.uid
    assert nobody not in (0, os.geteuid())
    assert Path(f"/proc/{pid}").stat().st_uid == nobody
    program = Path(f"/proc/{pid}/exe").readlink()
    assert one.place.base is not None
    assert program.is_relative_to(one.place.base)
    for folder in (
        one.place.folder,
        one.place.data,
        one.place.base / program.relative_to(one.place.base).parts[0],
    ):
        assert (folder.stat().st_uid, stat.S_IMODE(folder.stat().st_mode)) == (nobody, 0o700)
    assert _value(url, "SELECT 1") == "1"
    assert [(path.stat().st_mode, path.stat().st_uid) for path in parents] == before
    assert stat.S_IMODE((closed / "home").stat().st_mode) == 0o700


@as_root
def test_two_homes_share_one_copy_of_the_binaries(server: Make, tmp_path: Path, base: Path) -> None:
    """The programs are copied once a version, not once a home."""
    for name in ("one", "other"):
        server(tmp_path / name).attach()
    assert len(list(base.glob("bin-*"))) == 1


def test_removed_with_its_last_user(server: Make) -> None:
    """A throwaway home takes its database along."""
    one = server()
    one.attach()
    one.detach(remove=True)
    assert not one.place.folder.exists()
    with pytest.raises(psycopg.errors.UndefinedTable):
        _value(one.attach(), "SELECT text FROM kept")
