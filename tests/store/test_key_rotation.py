"""`tieline keys rotate`: a crash between any two steps leaves a store that can be used, and is finished afterwards."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from tieline.errors import ConfigurationError
from tieline.server.accounts.authorize import NewApp, save_app
from tieline.store.directory import Credential, Directory
from tieline.store.errands import NewErrand, default_lane, leave
from tieline.store.grants import NewPair, Pair, save_pair
from tieline.store.key_rotation import finish, is_unfinished, key_table, rotate
from tieline.store.key_table import KeyTable, open_credential, open_vault
from tieline.store.pool import Store
from tieline.testing.builders import add_connection
from tieline.vault.keys import FileKeys
from tieline.vault.seal import Vault

#: More than a page of them.
CONNECTIONS = 60


@asynccontextmanager
async def hub(url: str, home: Path) -> AsyncIterator[tuple[Store, Vault]]:
    """A process that starts."""
    async with Store.open(url) as store:
        yield store, await open_vault(store, FileKeys(home))


async def fill(store: Store, vault: Vault) -> None:
    """Credentials of each kind."""
    for number in range(CONNECTIONS):
        await add_connection(
            store, vault, name=f"crm{number}", connector="contacts_api", base_url="http://localhost:1", account="a",
            credential=Credential(token=f"pit-{number}", webhook_keys=("PEM",)),
        )  # fmt: skip
    new = NewApp(
        name="agency", base_url="http://localhost:1", install_url="http://localhost:1/i", client_id="c",
        client_secret="app-secret", webhook_keys=("PEM",),
    )  # fmt: skip
    await save_app(store, vault, new)
    directory = Directory(store, vault)
    await directory.load()
    app = directory.app("agency")
    assert app is not None
    async with store.transaction() as db:
        pair = NewPair(pair=Pair(access_token="at", refresh_token="rt"), scopes=(), expires_in_s=60)
        await save_pair(
            db, vault, app=app, user_type="Location", account="loc", company="co", parent_id=None, new=pair
        )
        lane = await default_lane(db)
        await leave(db, vault, [NewErrand(lane_id=lane, kind="x", input={"code": "secret-code"})])


async def require_readable(store: Store, vault: Vault) -> None:
    """All of them, by whoever starts now."""
    directory = Directory(store, vault)
    await directory.load()
    assert {one.credential.token for one in directory.connections.values()} >= {
        f"pit-{number}" for number in range(CONNECTIONS)
    }
    assert [app.secret.client_secrets for app in directory.apps.values()] == [("app-secret",)]
    assert [grant.pair.refresh_token for grant in directory.grants.values()] == ["rt"]
    async with store.transaction() as db:
        row = await (await db.execute("SELECT input FROM errand")).fetchone()
        assert row is not None
        opened = await open_credential(db, vault, row[0], context="errand x")
    assert msgspec.json.decode(opened) == {"code": "secret-code"}
    assert vault.digest("phone", "+1") == DIGEST[0]


#: What people are found by, before anything was rotated.
DIGEST: list[bytes] = []


@pytest.mark.parametrize("steps", range(9))
async def test_a_crash_after_any_step_leaves_a_store_that_can_be_used(
    database_url: str, tmp_path: Path, steps: int
) -> None:
    """And the next call finishes it, without a second rotation."""
    async with hub(database_url, tmp_path) as (store, vault):
        await fill(store, vault)
        DIGEST[:] = [vault.digest("phone", "+1")]
        body = (await store.keys.today()).seal("event.body:1", b"told")
        first = key_table(store).master
    async with hub(database_url, tmp_path) as (store, _):
        done = []
        going = rotate(store)
        assert isinstance(going, AsyncGenerator)
        for _ in range(steps):
            done.append(await anext(going, "nothing left"))
        await going.aclose()
    assert (
        done
        == ["prepared", "wrapped", "promoted", "sealed", "sealed", "sealed", "sealed", "sealed", "retired"][
            :steps
        ]
    )
    async with hub(database_url, tmp_path) as (store, vault):
        await require_readable(store, vault)
        assert (await store.keys.today()).open("event.body:1", body) == b"told"
        assert [step async for step in rotate(store)] != []
    async with hub(database_url, tmp_path) as (store, vault):
        await require_readable(store, vault)
        assert (await store.keys.today()).open("event.body:1", body) == b"told"
        assert not await is_unfinished(store)
        async with store.transaction() as db:
            rows = await db.execute(
                "SELECT version, state, wrapped IS NULL FROM vault_key WHERE purpose = 'credentials' ORDER BY version"
            )
            # It was not complete before, so the last call finished it and was no rotation of its own.
            versions = 2
            dropped = [(number, "dropped", True) for number in range(1, versions)]
            assert await rows.fetchall() == [*dropped, (versions, "active", False)]
        assert key_table(store).master != first
    assert sorted(os.listdir(tmp_path)) == ["master.key", "master.key.old"]


async def test_a_crash_while_keys_are_wrapped_changes_none(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is one transaction; the prepared key is taken up again."""
    async with hub(database_url, tmp_path) as (store, vault):
        await fill(store, vault)
        DIGEST[:] = [vault.digest("phone", "+1")]

    class Killed(BaseException):
        """As a signal would."""

    whole = KeyTable.wrap_anew

    async def killed(self: KeyTable, db: object, following: bytes) -> None:
        await whole(self, db, following)  # type: ignore[arg-type]
        raise Killed

    async with hub(database_url, tmp_path) as (store, _):
        monkeypatch.setattr(KeyTable, "wrap_anew", killed)
        with pytest.raises(Killed):
            async for _ in rotate(store):
                pass
        monkeypatch.setattr(KeyTable, "wrap_anew", whole)
    prepared = FileKeys(tmp_path).read()[1]
    async with hub(database_url, tmp_path) as (store, vault):
        await require_readable(store, vault)
        assert [step async for step in rotate(store)][-1] == "retired"
        await require_readable(store, vault)
    assert FileKeys(tmp_path).read() == [prepared]


async def test_a_hub_that_runs_meanwhile_misses_nothing(database_url: str, tmp_path: Path) -> None:
    """It reads the table again when it meets a key that it does not know; what it seals meanwhile stays readable."""
    async with hub(database_url, tmp_path) as (running, vault), hub(database_url, tmp_path) as (store, _):
        await fill(running, vault)
        DIGEST[:] = [vault.digest("phone", "+1")]
        saving = asyncio.Event()

        async def save() -> int:
            count = 0
            while not saving.is_set():
                await add_connection(
                    running, vault, name=f"more{count}", connector="contacts_api", base_url="http://localhost:1",
                    account="a", credential=Credential(token=f"pit-more-{count}", webhook_keys=("PEM",)),
                )  # fmt: skip
                count += 1
                await asyncio.sleep(0)
            return count

        busy = asyncio.create_task(save())
        async for _ in rotate(store):
            await asyncio.sleep(0.02)
        saving.set()
        count = await busy
        assert count > 0
        body = (await running.keys.today()).seal("event.body:2", b"told")
        await require_readable(running, vault)
    async with hub(database_url, tmp_path) as (store, vault):
        await require_readable(store, vault)
        directory = Directory(store, vault)
        await directory.load()
        assert {f"pit-more-{number}" for number in range(count)} <= {
            one.credential.token for one in directory.connections.values()
        }
        assert (await store.keys.today()).open("event.body:2", body) == b"told"
        assert [step async for step in finish(store)] == []


async def test_without_its_master_key_a_store_is_not_opened(database_url: str, tmp_path: Path) -> None:
    """No other key is made in its place."""
    async with hub(database_url, tmp_path / "one"):
        pass
    with pytest.raises(ConfigurationError, match="missing from"):
        async with hub(database_url, tmp_path / "two"):
            pass
    assert not (tmp_path / "two").exists()
