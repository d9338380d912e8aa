"""Whatever a far side answers, each operation reads it or says what happens next; the doors of the hub stand it too."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import quote

import aiohttp
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from yarl import URL

from tests import outside
from tests.outside_parsers import PUBLIC_KEY
from tests.server.access.desk import desk
from tieline.catalogue.spec import AnyOperation
from tieline.connectors import CONNECTORS
from tieline.connectors.kit.answer import Deleted
from tieline.connectors.kit.connection import Connection, ConnectorName
from tieline.connectors.kit.connector import Connector
from tieline.connectors.kit.line import Line
from tieline.connectors.kit.outcome import read_refusal, read_value
from tieline.domain.ids import ConnectionId
from tieline.errors import ConnectorError
from tieline.store.directory import Credential
from tieline.store.pool import Store
from tieline.testing.builders import add_connection

_OPERATIONS = [(connector, one) for connector in CONNECTORS for one in connector.operations]
_ROUNDS = settings(
    max_examples=25, deadline=timedelta(seconds=2), database=None, derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)  # fmt: skip
STATUSES = st.sampled_from(
    (300, 302, 400, 401, 402, 403, 404, 405, 408, 409, 410, 418, 422, 425, 429, 500, 502, 503, 599)
)


_SETTINGS: dict[str, dict[str, Any]] = {
    "contacts_api": {"location": {"country": "US", "timezone": "America/Chicago"}},
    "nimbata": {"mode": "native"},
}


def line(connector: Connector) -> Line:
    """A connection of it, on which all that the vendor has can be called."""
    app: ConnectorName = "nimbata" if connector.app == "nimbata" else "contacts_api"
    return Line(
        Connection(
            id=ConnectionId(1), name="far", connector=app, base_url="http://localhost:1", account="a", token="t",
            settings={"limits": "off", **_SETTINGS[app]},
        ),
        connector,
    )  # fmt: skip


@pytest.mark.parametrize(("connector", "operation"), _OPERATIONS, ids=[one.id for _, one in _OPERATIONS])
async def test_any_answer_is_read_or_says_what_happens_next(
    connector: Connector, operation: AnyOperation
) -> None:
    """A success that cannot be read is told as one of the errors of ours; a refusal always is."""
    far = line(connector)
    prepared = far.prepare(operation)

    @_ROUNDS
    @given(outside.headers, outside.bodies, STATUSES)
    def answered(headers: dict[str, str], body: bytes, status: int) -> None:
        value = read_value(far, prepared, 200, headers, body)
        assert value is not None
        refusal = read_refusal(far, operation, status, headers, body)
        assert isinstance(refusal, ConnectorError | Deleted)
        assert str(refusal)

    answered()
    far.governor.close()


async def test_the_doors_that_are_open_to_everybody_stand_whatever_is_brought(store: Store) -> None:
    """The way back of OAuth, and webhooks: refused, and no mistake of the hub."""
    async with desk(store) as it, aiohttp.ClientSession() as nobody:
        far: dict[str, Any] = {"base_url": "http://localhost:1", "account": "told"}
        secrets = Credential(token="t", webhook_secrets={"hmac": "s", "url_key": "k"})
        await add_connection(store, it.hub.vault, name="told", connector="nimbata", credential=secrets, **far)
        keys = Credential(token="t", webhook_keys=(PUBLIC_KEY,))
        await add_connection(
            store, it.hub.vault, name="shown", connector="contacts_api", credential=keys, **far
        )
        await it.hub.directory.load()
        for text in outside.ODD:
            await _knock(it.url, nobody, text.encode("utf-8", "replace"))


async def _knock(url: str, nobody: aiohttp.ClientSession, text: bytes) -> None:
    odd = quote(text, safe="")
    for query in (f"code={odd}&state={odd}", f"error={odd}", f"state={odd}", odd):
        async with nobody.get(URL(f"{url}/oauth/callback?{query}", encoded=True)) as answer:
            assert answer.status == 400
            assert "Traceback" not in await answer.text()
    told, shown = f"/hooks/nimbata/told?key={odd}", f"/hooks/contacts/shown?{odd}"
    for where in (told, shown, "/hooks/nimbata/calls", f"/hooks/{odd}/{odd}"):
        headers = {"X-Nimbata-Signature": odd, "X-WH-Signature": odd, "Authorization": f"Basic {odd}"}
        async with nobody.post(URL(url + where, encoded=True), data=text, headers=headers) as answer:
            # "Later" would be a mistake of ours: nothing of it is worth telling again.
            assert answer.status in (400, 401, 403, 404), where
