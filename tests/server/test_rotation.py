"""Secrets and tokens are replaced without a moment in which neither works, or in which both do for ever."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tieline.errors import ConfigurationError
from tieline.server.accounts.rotation import change_secret, change_token
from tieline.store.directory import Credential, Directory, StoredConnection
from tieline.store.pool import Store
from tieline.testing.builders import add_connection
from tieline.vault.seal import Vault

NOW = datetime(2026, 1, 1, tzinfo=UTC)
VAULT = Vault(bytes(32))


async def calls(store: Store) -> StoredConnection:
    """The connection as it is known now."""
    directory = Directory(store, VAULT)
    await directory.load()
    stored = directory.connection("calls")
    assert stored is not None
    return stored


async def add(store: Store) -> None:
    """One with both kinds of proof."""
    await add_connection(
        store, VAULT, name="calls", connector="nimbata", base_url="http://n", account="acc",
        credential=Credential(token="old", webhook_secrets={"url_key": "first", "hmac": "h"}, webhook_keys=("pem",)),
    )  # fmt: skip


async def test_the_secret_before_is_good_until_the_overlap_ends(store: Store) -> None:
    """And others are left as they are."""
    await add(store)
    until = await change_secret(store, VAULT, "calls", "url_key", "second", overlap=timedelta(days=2))
    credential = (await calls(store)).credential
    assert credential.secrets_at(until - timedelta(seconds=1)) == {"url_key": "second\nfirst", "hmac": "h"}
    assert credential.secrets_at(until) == {"url_key": "second", "hmac": "h"}
    assert credential.changes_after(until - timedelta(days=1)) == until
    assert credential.changes_after(until) is None


async def test_a_key_is_replaced_in_the_same_way(store: Store) -> None:
    """The vendor announces a new one before it signs with it."""
    await add(store)
    until = await change_secret(store, VAULT, "calls", "key", "pem2")
    credential = (await calls(store)).credential
    assert credential.keys_at(until - timedelta(seconds=1)) == ("pem2", "pem")
    assert credential.keys_at(until) == ("pem2",)


async def test_what_is_not_used_cannot_be_replaced(store: Store) -> None:
    """A typing mistake must not look like a rotation."""
    await add(store)
    with pytest.raises(ConfigurationError, match="url_key, hmac"):
        await change_secret(store, VAULT, "calls", "header", "x")
    with pytest.raises(ConfigurationError, match="no connection named nobody"):
        await change_token(store, VAULT, "nobody", "x")


async def test_a_new_token_counts_from_now(store: Store) -> None:
    """The reminder to change it begins anew; the webhook secrets stay."""
    await add(store)
    async with store.transaction() as db:
        await db.execute("UPDATE connection SET token_since = now() - interval '85 days'")
    await change_token(store, VAULT, "calls", "new")
    known = await calls(store)
    assert known.credential.token == "new"
    assert known.credential.webhook_secrets == {"url_key": "first", "hmac": "h"}
    assert datetime.now(UTC) - known.token_since < timedelta(minutes=1)


@given(
    st.lists(
        st.tuples(st.integers(0, 5), st.text("abc", min_size=1, max_size=2), st.integers(0, 5)), max_size=8
    )
)
def test_at_any_moment_the_newest_secret_is_good_and_an_older_one_only_within_its_overlap(
    steps: list[tuple[int, str, int]],
) -> None:
    """However often it is replaced: (days since the last step, new secret, overlap in days)."""
    credential = Credential(webhook_secrets={"hmac": "first"})
    now, newest, ends = NOW, "first", dict[str, datetime]()
    for days, new, overlap in steps:
        now += timedelta(days=days)
        credential = credential.replacing("hmac", new, now=now, overlap=timedelta(days=overlap))
        ends[newest] = max(now + timedelta(days=overlap), ends.get(newest, now))
        newest = new
        for at in (now, now + timedelta(days=3)):
            good = credential.secrets_at(at)["hmac"].split("\n")
            assert good[0] == newest
            assert set(good) - {newest} <= {one for one, end in ends.items() if end > at}
            assert {one for one, end in ends.items() if end > at} <= set(good)
