"""No connection's deliveries go unproved by accident, whoever makes or changes it."""

from __future__ import annotations

from typing import Any

import pytest

from tieline.connectors.kit.connection import ACCEPT_UNVERIFIED, NO_WEBHOOKS, ConnectorName
from tieline.errors import ConfigurationError
from tieline.server.accounts.authorize import NewApp, save_app
from tieline.server.accounts.connections import NewConnection, save_connection
from tieline.server.accounts.rotation import change_secret
from tieline.server.accounts.shown import list_connections
from tieline.store.directory import Credential
from tieline.store.pool import Store
from tieline.vault.seal import Vault

UNPROVED = {"webhooks": {"auth": [{"type": "none"}]}}
SECRET = Credential(token="t", webhook_secrets={"url_key": "s"})


def new(connector: ConnectorName, credential: Credential, settings: dict[str, Any]) -> NewConnection:
    """A connection to be saved."""
    return NewConnection(
        name="calls", connector=connector, base_url="https://api.example", account="a", credential=credential,
        settings=settings,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("connector", "credential", "settings", "words"),
    [
        ("nimbata", Credential(token="t"), {}, "no secret or key"),
        ("nimbata", Credential(token="t", webhook_secrets={"url_key": "  "}), {}, "no secret or key"),
        ("nimbata", SECRET, UNPROVED, "anybody who knows its address"),
        ("nimbata", Credential(token="t"), UNPROVED, "anybody who knows its address"),
        ("nimbata", Credential(token="t"), {**UNPROVED, NO_WEBHOOKS: True}, "anybody who knows its address"),
        ("nimbata", Credential(token="t"), {**UNPROVED, ACCEPT_UNVERIFIED: "yes"}, "anybody who knows"),
        ("nimbata", Credential(token="t"), {ACCEPT_UNVERIFIED: True}, "no secret or key"),
        ("contacts_api", Credential(token="t"), {}, "no secret or key"),
        ("contacts_api", Credential(token="t"), {ACCEPT_UNVERIFIED: True}, "no secret or key"),
    ],
)
@pytest.mark.parametrize("there", [False, True])
async def test_what_nobody_could_prove_is_refused(
    store: Store,
    connector: ConnectorName,
    credential: Credential,
    settings: dict[str, Any],
    words: str,
    there: bool,
) -> None:
    """Whether it is made or changed; what was there stays."""
    vault = Vault(bytes(32))
    proved = SECRET if connector == "nimbata" else Credential(token="t", webhook_keys=("PEM",))
    if there:
        await save_connection(store, vault, new(connector, proved, {}))
    with pytest.raises(ConfigurationError, match=words):
        await save_connection(store, vault, new(connector, credential, settings))
    assert [one.settings for one in await list_connections(store)] == ([{}] if there else [])


@pytest.mark.parametrize(
    ("credential", "settings"),
    [
        (Credential(token="t"), {**UNPROVED, ACCEPT_UNVERIFIED: True}),
        (Credential(token="t"), {NO_WEBHOOKS: True}),
        (SECRET, {}),
    ],
)
async def test_what_is_meant_is_said_by_name(
    store: Store, credential: Credential, settings: dict[str, Any]
) -> None:
    """And can be saved again as it stands."""
    vault = Vault(bytes(32))
    for _ in range(2):
        await save_connection(store, vault, new("nimbata", credential, settings))
    (one,) = await list_connections(store)
    assert one.settings == settings


async def test_no_secret_is_replaced_by_an_empty_one_and_no_app_is_without_a_key(store: Store) -> None:
    """Either would be a door without a lock."""
    vault = Vault(bytes(32))
    await save_connection(store, vault, new("nimbata", SECRET, {}))
    for empty in ("", " \n"):
        with pytest.raises(ConfigurationError, match="would prove nothing"):
            await change_secret(store, vault, "calls", "url_key", empty)
    app = NewApp(
        name="agency", base_url="https://api.example", install_url="https://m.example/x", client_id="c",
        client_secret="s",
    )  # fmt: skip
    with pytest.raises(ConfigurationError, match="no public key"):
        await save_app(store, vault, app)
