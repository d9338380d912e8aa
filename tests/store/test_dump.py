"""A store in one file and back, and on its way to another server: whole, or not at all."""

from __future__ import annotations

import asyncio
import gzip
import os
import stat
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import named
from tests.server.two_way import both_ways
from tieline.errors import ConfigurationError, StoreError, StoreMoved
from tieline.server.hub import open_hub
from tieline.store.audit import note
from tieline.store.dump import move as moving
from tieline.store.dump import restore as restoring
from tieline.store.dump import tables
from tieline.store.dump.backup import back_up
from tieline.store.dump.frames import FrameWriter, read_frames
from tieline.store.dump.move import cancel, move, without_password
from tieline.store.dump.passphrase import open_key, seal_key
from tieline.store.dump.restore import read_manifest, require_key, restore
from tieline.store.dump.tables import (
    Counted,
    Tally,
    count_rows,
    is_used,
    list_sequences,
    list_tables,
    plain_text,
)
from tieline.store.home import Home
from tieline.store.migrate import migrate, revisions, script_folder
from tieline.store.pool import Store
from tieline.vault.master import fingerprint


async def _live(store: Store) -> None:
    """A little of everything stands there: people of both sides with their items, and an audit log."""
    async with both_ways(store) as both:
        both.emit(
            kind="contact.create", caller="+12015550123", caller_name="Ada O'Brien\t\\N ünï", tags=["VIP"]
        )
        both.emit(kind="call", caller="+12015550124", outcome="ANSWERED")
        await both.settled()
        both.work(kind="note.create", id=both.crm["contacts"][0]["id"], body="line\nbreak\tand \\")
        await both.settled()
    async with store.transaction() as db:
        await note(db, "test", "something", after={"text": "it's \\ here"})


async def _held(url: str) -> dict[str, Counted]:
    async with await psycopg.AsyncConnection.connect(url) as db:
        await plain_text(db)
        return {table.name: await count_rows(db, table) for table in await list_tables(db)}


def _apart_from_the_log(held: dict[str, Counted]) -> dict[str, Counted]:
    """The move itself is written down there."""
    return {name: one for name, one in held.items() if name != "audit_entry"}


async def _query(url: str, wanted: str) -> list[Any]:
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as db:
        rows = await db.execute(wanted)
        return await rows.fetchall() if rows.description else []


async def test_a_restored_store_is_the_one_that_was_backed_up(
    store: Store, database_url: str, empty_url: str, tmp_path: Path
) -> None:
    """By count and hash of every table; numbers go on behind; it opens, and only for its owner."""
    await _live(store)
    file = tmp_path / "one.backup"
    made = await back_up(database_url, file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == ["one.backup"]
    done = await restore(file, empty_url)
    held = await _held(empty_url)
    assert held == await _held(database_url) == made.tables == done.tables
    full = {name for name, one in held.items() if one.rows}
    assert {"event", "link", "item", "effect", "history", "audit_entry", "connection", "person_key"} <= full
    async with (
        await psycopg.AsyncConnection.connect(database_url) as one,
        await psycopg.AsyncConnection.connect(empty_url) as other,
    ):
        assert await list_sequences(one) == await list_sequences(other)
    async with Store.open(empty_url) as again:
        async with again.transaction() as db:
            await note(db, "test", "goes on")
        assert await _query(empty_url, "SELECT count(*) FROM audit_entry WHERE subject = 'goes on'") == [(1,)]


async def test_a_backup_is_one_moment_though_writes_go_on(
    store: Store, database_url: str, empty_url: str, tmp_path: Path
) -> None:
    """Two rows that are only ever written together are both in it, or neither."""
    await _query(database_url, "CREATE TABLE a_first (n int)")
    await _query(database_url, "CREATE TABLE z_last (n int)")
    await _query(empty_url, "SELECT 1")
    stop = asyncio.Event()

    async def write() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            async with store.transaction() as db:
                await db.execute("INSERT INTO a_first VALUES (%s)", (number,))
                await db.execute("INSERT INTO z_last VALUES (%s)", (number,))

    writing = asyncio.create_task(write())
    try:
        await asyncio.sleep(0.2)
        for number in range(3):
            made = await back_up(database_url, tmp_path / f"{number}.backup")
            assert made.tables["a_first"] == made.tables["z_last"]
            assert made.tables["a_first"].rows > 0
    finally:
        stop.set()
        await writing


async def test_a_damaged_file_changes_nothing(
    store: Store, database_url: str, empty_url: str, tmp_path: Path
) -> None:
    """A flipped byte anywhere, an end that is missing, another file altogether, a newer format."""
    async with store.transaction() as db:
        await note(db, "test", "something")
    file, bad = tmp_path / "one.backup", tmp_path / "bad.backup"
    await back_up(database_url, file)
    whole = file.read_bytes()
    raw = gzip.decompress(whole)
    for at in range(11, len(whole), max(len(whole) // 40, 1)):
        bad.write_bytes(whole[:at] + bytes([whole[at] ^ 0x10]) + whole[at + 1 :])
        with pytest.raises(StoreError):
            await restore(bad, empty_url)
    for at in (raw.index(b'"rows":1'), len(raw) // 2, len(raw) - 3):
        bad.write_bytes(gzip.compress(raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]))
        with pytest.raises(StoreError):
            await restore(bad, empty_url)
    for text in (
        whole[:-9],
        gzip.compress(raw[:-70]),
        b"",
        b"nothing of ours",
        gzip.compress(b"nothing of ours"),
    ):
        bad.write_bytes(text)
        with pytest.raises(StoreError):
            await restore(bad, empty_url)
    bad.write_bytes(gzip.compress(raw.replace(b'"format":1', b'"format":2', 1)))
    with pytest.raises(StoreError, match="format 2"):
        await restore(bad, empty_url)
    bad.write_bytes(gzip.compress(raw.replace(b'"revision":"00', b'"revision":"99', 1)))
    with pytest.raises(StoreError, match="does not know"):
        await restore(bad, empty_url)
    with pytest.raises(StoreError, match="there is no"):
        await restore(tmp_path / "none.backup", empty_url)
    assert await _query(empty_url, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == [(0,)]


async def test_a_table_that_is_not_what_it_says_is_not_taken(
    store: Store, database_url: str, empty_url: str, tmp_path: Path
) -> None:
    """Also in a file whose own hash is right: a row that is missing, and one that was altered."""
    async with store.transaction() as db:
        await note(db, "test", "something")
    file, bad = tmp_path / "one.backup", tmp_path / "bad.backup"
    await back_up(database_url, file)
    frames = list(read_frames(file))
    at = next(number for number, (_, held) in enumerate(frames) if b"something" in held)
    for changed in ([], [(b"R", frames[at][1].replace(b"something", b"something else"))]):
        with FrameWriter(bad) as out:
            for kind, held in [*frames[:at], *changed, *frames[at + 1 :]]:
                out.write(kind, held)
            out.finish()
        with pytest.raises(StoreError, match="is not what it says"):
            await restore(bad, empty_url)
        async with await psycopg.AsyncConnection.connect(empty_url) as target:
            assert not await is_used(target)


async def test_a_restore_that_is_cut_off_leaves_nothing_and_can_be_repeated(
    store: Store, database_url: str, empty_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While rows go in; and what stood there before stands there still."""
    async with store.transaction() as db:
        await note(db, "test", "something")
    file = tmp_path / "one.backup"
    await back_up(database_url, file)
    real = tables.set_sequences

    async def cut(*_: Any) -> None:
        raise ConnectionError("the power went")

    monkeypatch.setattr(restoring, "set_sequences", cut)
    with pytest.raises(ConnectionError):
        await restore(file, empty_url)
    async with await psycopg.AsyncConnection.connect(empty_url) as target:
        assert not await is_used(target)
    async with store.transaction() as db:
        await note(db, "test", "later than the backup")
    before = await _held(database_url)
    with pytest.raises(StoreError, match="hubs are open"):
        await restore(file, database_url, replace=True)
    monkeypatch.setattr(restoring, "other_hubs", lambda _: asyncio.sleep(0, 0))
    with pytest.raises(ConnectionError):
        await restore(file, database_url, replace=True)
    assert await _held(database_url) == before
    with pytest.raises(StoreError, match="is in use"):
        await restore(file, database_url)
    monkeypatch.setattr(restoring, "set_sequences", real)
    done = await restore(file, empty_url)
    assert await _held(empty_url) == done.tables
    await restore(file, database_url, replace=True)
    assert await _held(database_url) == done.tables
    assert await _query(database_url, "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'tieline%'") == []


async def test_an_older_backup_is_brought_up_to_date(
    database_server: str, empty_url: str, tmp_path: Path
) -> None:
    """It goes in at its own schema, and is migrated then."""
    known = revisions(script_folder())
    source = named(database_server, "older")
    async with await psycopg.AsyncConnection.connect(database_server, autocommit=True) as admin:
        await admin.execute("DROP DATABASE IF EXISTS older WITH (FORCE)")
        await admin.execute("CREATE DATABASE older")
        try:
            await migrate(source, to="0008")
            await _query(source, "INSERT INTO lane (name) VALUES ('kept')")
            made = await back_up(source, tmp_path / "old.backup")
            done = await restore(tmp_path / "old.backup", empty_url)
        finally:
            await admin.execute("DROP DATABASE older WITH (FORCE)")
    assert (made.manifest.revision, done.revision) == ("0008", known[-1])
    assert await _query(empty_url, "SELECT count(*) FROM lane WHERE name = 'kept'") == [(1,)]


def test_a_backup_says_which_key_it_needs(tmp_path: Path) -> None:
    """Where another is held; nothing is opened by guessing."""
    from datetime import UTC, datetime

    from tieline.store.dump.backup import Manifest

    manifest = Manifest(
        format=1,
        revision="0012",
        made_at=datetime.now(UTC),
        version="0",
        masters=(fingerprint(bytes(32)).hex(),),
    )
    require_key(manifest, [fingerprint(bytes(32)).hex()], "here")
    with pytest.raises(ConfigurationError, match="is sealed under master key"):
        require_key(manifest, [fingerprint(b"x" * 32).hex()], str(tmp_path))


def test_a_key_goes_along_only_under_a_passphrase() -> None:
    """A good one, which alone opens it; what a file asks of the machine for it is bounded."""
    key = os.urandom(32)
    sealed = seal_key(key, "a long passphrase")
    assert open_key(sealed, "a long passphrase") == key
    assert key not in (sealed.sealed, sealed.salt, sealed.nonce)
    with pytest.raises(StoreError, match="not the passphrase"):
        open_key(sealed, "another passphrase")
    with pytest.raises(ConfigurationError, match="at least"):
        seal_key(key, "short")
    import msgspec

    with pytest.raises(StoreError, match="does not know"):
        open_key(msgspec.structs.replace(sealed, memory_kib=2**30), "a long passphrase")


async def test_a_backup_with_its_key_holds_no_key_in_plain(
    store: Store, database_url: str, tmp_path: Path
) -> None:
    """Neither the master key, nor anything that was sealed."""
    await _live(store)
    key = bytes(range(32))
    file = tmp_path / "one.backup"
    await back_up(database_url, file, key=(key, "a long passphrase"))
    manifest, sealed = read_manifest(file)
    assert manifest.with_key
    assert sealed is not None
    assert open_key(sealed, "a long passphrase") == key
    whole = b"".join(held for _, held in read_frames(file))
    for word in (key, key.hex().encode(), b"+12015550123", b"O'Brien"):
        assert word not in whole


@given(st.lists(st.binary(max_size=20).filter(lambda line: b"\n" not in line), max_size=12), st.randoms())
def test_a_tally_is_of_the_rows_and_not_of_their_order(lines: list[bytes], random: Any) -> None:
    """Nor of how they were cut; one row more, less, or otherwise is another."""
    one, other, less = Tally(), Tally(), Tally()
    one.add(b"".join(line + b"\n" for line in lines))
    mixed = list(lines)
    random.shuffle(mixed)
    for line in mixed:
        other.add(line + b"\n")
    for line in lines[1:]:
        less.add(line + b"\n")
    assert (one.rows, one.digest) == (other.rows, other.digest) == (len(lines), one.digest)
    if lines:
        assert (one.rows, one.digest) != (less.rows, less.digest)


async def test_a_move_is_whole_and_the_old_store_refuses_whatever_comes_late(
    store: Store, database_url: str, empty_url: str, tmp_path: Path
) -> None:
    """Counts and hashes are equal, a writer that waited is refused, and this home points to the new one."""
    await _live(store)
    home = Home(tmp_path)
    late = asyncio.Event()

    async def write() -> str:
        await late.wait()
        try:
            async with store.transaction() as db:
                await db.execute("INSERT INTO lane (name) VALUES ('late')")
        except psycopg.Error as error:
            return str(error)
        return "written"

    def progress(table: str, _: int) -> None:
        if table == "lane":
            late.set()

    writing = asyncio.create_task(write())
    done = await move(database_url, empty_url, home, progress=progress)
    assert "was moved to" in await writing
    assert await _held(empty_url) == await _held(database_url) == done.tables
    assert home.moved_to() == empty_url
    assert stat.S_IMODE((tmp_path / "database.url").stat().st_mode) == 0o600
    with pytest.raises(StoreMoved, match="was moved to"):
        async with open_hub(database_url, tmp_path):
            pass
    with pytest.raises(StoreError, match="cannot be taken back"):
        await cancel(database_url)
    assert (await move(database_url, empty_url, home)).resumed


@pytest.mark.parametrize(
    "step", ["_require_free", "migrate", "_quiet", "list_sequences", "count_rows", "_announce", "move_to"]
)
async def test_a_move_that_is_cut_off_anywhere_goes_on(
    store: Store,
    database_server: str,
    database_url: str,
    empty_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
) -> None:
    """Nothing is lost; until it is done the old store is the one that counts, though it takes nothing in."""
    async with store.transaction() as db:
        await note(db, "test", "something")
    home = Home(tmp_path)
    before = _apart_from_the_log(await _held(database_url))
    owner: Any = Home if step == "move_to" else moving
    real = getattr(owner, step)
    seen = 0

    def cut(*given: Any, **named_: Any) -> Any:
        nonlocal seen
        seen += 1
        # It announces twice: at the beginning, and at the end.
        if step == "_announce" and seen == 1:
            return real(*given, **named_)
        raise ConnectionError("the power went")

    monkeypatch.setattr(owner, step, cut)
    with pytest.raises(ConnectionError):
        await move(database_url, empty_url, home)
    assert home.moved_to() is None
    assert _apart_from_the_log(await _held(database_url)) == before
    state = await _query(database_url, "SELECT state FROM store_move")
    assert state == [("moved" if step == "move_to" else "moving",)]
    with pytest.raises(ConfigurationError, match=r"is under way|in use"):
        await move(database_url, database_server, home)
    monkeypatch.setattr(owner, step, real)
    await move(database_url, empty_url, home)
    assert _apart_from_the_log(await _held(empty_url)) == before
    assert await _held(empty_url) == await _held(database_url)
    assert home.moved_to() == empty_url


async def test_a_move_can_be_called_off_before_it_is_made(
    store: Store, database_url: str, empty_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then the old store takes in again."""
    real = moving._quiet

    async def cut(*_: Any) -> None:
        raise ConnectionError("the power went")

    monkeypatch.setattr(moving, "_quiet", cut)
    with pytest.raises(ConnectionError):
        await move(database_url, empty_url, Home(tmp_path))
    async with open_hub(database_url, tmp_path) as hub:
        before = hub.directory.moving
        assert before == "moving"
        assert await cancel(database_url)
        await hub.directory.load()
        after = hub.directory.moving
        assert after is None
    assert not await cancel(database_url)
    monkeypatch.setattr(moving, "_quiet", real)


async def test_nothing_is_moved_onto_itself_or_onto_another_store(
    store: Store, database_url: str, empty_url: str, tmp_path: Path
) -> None:
    """Nor from where there is nothing."""
    home = Home(tmp_path)
    with pytest.raises(ConfigurationError, match="in use already"):
        await move(database_url, database_url, home)
    await migrate(empty_url)
    async with Store.open(empty_url) as other, other.transaction() as db:
        await note(db, "test", "somebody's")
    with pytest.raises(StoreError, match="the target is in use"):
        await move(database_url, empty_url, home)
    assert await cancel(database_url)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://u:secret@host:5432/db?x=1", None),
        ("postgresql://u:secret@host:5432/db", "postgresql://u@host:5432/db"),
        ("postgresql://u@host/db?password=secret", "postgresql://u@host/db"),
        ("host=host port=5432 dbname=db user=u password=secret", "postgresql://u@host:5432/db"),
        ("postgresql://u:secret@[::1]:5432/db", "postgresql://u@[::1]:5432/db"),
        ("postgresql://u:secret@one:1,two:2/db", "postgresql://u@one,two:1,2/db"),
        ("postgresql:///db?host=/run/one&user=u", "postgresql://u@%2Frun%2Fone/db"),
    ],
)
def test_an_address_is_shown_without_its_password_however_it_is_written(url: str, shown: str | None) -> None:
    """It stands in the audit log, and tells two servers apart. What is no address is none."""
    if shown is None:
        with pytest.raises(psycopg.ProgrammingError):
            without_password(url)
    else:
        assert without_password(url) == shown
