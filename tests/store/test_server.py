"""Which server a command uses, and what it says about one that will not do."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import time
from pathlib import Path

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tieline.errors import StoreError
from tieline.store import embedded
from tieline.store.embedded import EmbeddedServer
from tieline.store.pool import Store
from tieline.store.postmaster import Postmaster
from tieline.store.refusal import explain, require_supported
from tieline.store.server import attach_store_server


async def test_a_named_server_is_used_as_it_is(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The argument wins over TIELINE_DATABASE_URL, and both over the embedded server."""
    monkeypatch.setenv("TIELINE_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/x")
    async with attach_store_server(url=database_url) as url:
        assert url == database_url
    monkeypatch.setenv("TIELINE_DATABASE_URL", database_url)
    async with attach_store_server() as url:
        assert url == database_url


async def test_unreachable_server_is_an_error_with_the_next_step() -> None:
    """Nothing listens: said at once, with what to check and without the password."""
    with pytest.raises(StoreError, match=r"cannot be reached\. Check that it runs") as caught:
        async with attach_store_server(url="postgresql://me:geheim@127.0.0.1:1/tieline"):
            pytest.fail("there is no server")
    assert "geheim" not in str(caught.value)


async def test_server_that_never_answers_is_given_up_after_five_seconds() -> None:
    """A server behind a dead wire takes 5 seconds, not for ever."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        began = time.monotonic()
        with pytest.raises(StoreError, match="cannot be reached"):
            async with Store.open(f"postgresql://me@127.0.0.1:{silent.getsockname()[1]}/x"):
                pytest.fail("it never answers")
    assert 4 < time.monotonic() - began < 8


@pytest.mark.parametrize(
    ("change", "advice"),
    [
        (lambda url: url.replace("tieline:", "tieline:x", 1), "Check user and password"),
        (lambda url: url.replace("/test_", "/missing_"), "no such database"),
        (lambda _: "postgresql://[", "is not a PostgreSQL address"),
        (lambda _: "not an address", "is not a PostgreSQL address"),
    ],
)
async def test_wrong_address_names_what_is_wrong(database_url: str, change, advice: str) -> None:  # type: ignore[no-untyped-def]
    """Password, database and syntax each get their own advice."""
    with pytest.raises(StoreError, match=advice):
        async with attach_store_server(url=change(database_url)):
            pytest.fail("that address is wrong")


@pytest.mark.parametrize(
    ("version", "name"), [(90624, "9.624"), (140012, "14.12"), (149999, "14.9999"), (100000, "10.0")]
)
def test_older_server_is_refused_by_name(version: int, name: str) -> None:
    """A server before 15 is refused, and the message says which it is and which is needed."""
    with pytest.raises(StoreError, match=rf"PostgreSQL {name}, and Tieline needs 15"):
        require_supported(version)


@given(st.integers(min_value=150000, max_value=990000))
def test_every_version_from_15_on_is_taken(version: int) -> None:
    """No upper bound: what comes later is PostgreSQL too."""
    require_supported(version)


def test_disk_and_folder_errors_of_the_server_get_their_own_advice() -> None:
    """The server's words are kept behind the advice."""
    said = explain('could not write to file "pg_wal/xlogtemp.7": No space left on device')
    assert said.startswith("the disk of the database is full. Free some space")
    assert "xlogtemp" in said
    assert "Set TIELINE_HOME" in explain("could not open file: Permission denied")


@pytest.fixture
def short_home(tmp_path: Path, base: Path, monkeypatch: pytest.MonkeyPatch) -> EmbeddedServer:
    """A home for `attach_store_server`, whose server lives under the test's own base; not attached itself."""
    original = EmbeddedServer.__init__
    monkeypatch.setattr(
        embedded.EmbeddedServer, "__init__", lambda self, home=None: original(self, home, base=base)
    )
    monkeypatch.delenv("TIELINE_DATABASE_URL", raising=False)
    return EmbeddedServer(tmp_path / "home")


async def test_killed_server_is_back_while_the_command_goes_on(short_home: EmbeddedServer) -> None:
    """kill -9 of the database under a running command: it is started again, with what was committed."""
    postmaster = Postmaster(short_home.place)
    async with attach_store_server(short_home.home.path) as url, Store.open(url) as store:
        async with store.transaction() as connection:
            await connection.execute("CREATE TABLE kept AS SELECT 'here' AS text")
        running = postmaster.running()
        assert running is not None
        os.kill(running.pid, signal.SIGKILL)
        await _another(postmaster, than=running.pid)
        async with store.transaction() as connection:
            row = await (await connection.execute("SELECT text FROM kept")).fetchone()
        assert row == ("here",)
    assert postmaster.running() is None


async def _another(postmaster: Postmaster, *, than: int) -> None:
    async with asyncio.timeout(20):
        while True:
            again = postmaster.running()
            if again is not None and again.ready and again.pid != than:
                return
            await asyncio.sleep(0.05)


async def test_command_cancelled_while_it_attaches_leaves_no_server(short_home: EmbeddedServer) -> None:
    """Ctrl-C during the first start: the server that was on its way up is stopped again."""
    entered = asyncio.Event()

    async def command() -> None:
        entered.set()
        async with attach_store_server(short_home.home.path):
            await asyncio.sleep(60)

    task = asyncio.create_task(command())
    await entered.wait()
    await asyncio.sleep(0.2)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert Postmaster(short_home.place).running() is None


async def test_first_start_takes_two_seconds_and_later_ones_a_moment(short_home: EmbeddedServer) -> None:
    """Loose bounds, for busy machines: an idle one needs 1.0 s and 0.1 s."""
    took = []
    for _ in range(2):
        began = time.monotonic()
        async with attach_store_server(short_home.home.path) as url:
            took.append(time.monotonic() - began)
            async with await psycopg.AsyncConnection.connect(url) as connection:
                await connection.execute("SELECT 1")
    assert took[0] < 20
    assert took[1] < 5
