"""What holds for everything that is served, and how much, how deep and how long a request may be."""

from __future__ import annotations

import asyncio
import json
from collections.abc import MutableMapping
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.server.access.desk import desk
from tieline.server.access.limits import BODY_BYTES, NESTING, POLICY, depth, guarded
from tieline.store.pool import Store

PLACES = (
    ("GET", "/health", 200), ("GET", "/api/openapi.json", 200), ("GET", "/api/status", 401), ("GET", "/nope", 404),
    ("GET", "/api/nope", 404), ("POST", "/health", 405), ("POST", "/hooks/nimbata/nobody", 404),
    ("GET", "/oauth/callback", 400), ("GET", "/hooks/nimbata/calls", 405),
)  # fmt: skip


async def test_everything_carries_what_browsers_mind(store: Store) -> None:
    """Whatever is asked, and however it ends; nothing says what serves it, and nothing of the API is kept."""
    async with desk(store) as it:
        for method, path, status in PLACES:
            answer = await it.ask(method, path)
            assert answer.status == status, path
            policy = answer.headers.getall("Content-Security-Policy")
            assert len(policy) == 1
            assert policy[0].startswith(POLICY), path
            assert "unsafe" not in policy[0]
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["X-Frame-Options"] == "DENY"
            assert answer.headers["Referrer-Policy"] == "no-referrer"
            assert "Server" not in answer.headers
            assert "Strict-Transport-Security" not in answer.headers
            assert (answer.headers.get("Cache-Control") == "no-store") == path.startswith(("/api/", "/oauth"))


async def test_a_body_that_is_too_large_or_too_deep_is_refused(store: Store) -> None:
    """For whoever may write at all; nobody else's is read."""
    async with desk(store) as it:
        writer = await it.bearer("items:write")
        large = {"connection": "calls", "person": "x" * BODY_BYTES}
        assert (await it.ask("POST", "/api/items", large, **writer)).status == 413
        assert (await it.ask("POST", "/api/items", large)).status == 401
        deep: Any = []
        for _ in range(NESTING):
            deep = [deep]
        answer = await it.ask("POST", "/api/items", deep, **writer)
        assert (answer.status, "nested deeper" in answer.body["detail"]) == (400, True)
        assert (await it.ask("POST", "/api/items", deep[0], **writer)).status == 400


@pytest.mark.parametrize("headers", [{}, {"Transfer-Encoding": "chunked"}])
async def test_a_body_in_pieces_is_counted_whole(store: Store, headers: dict[str, str]) -> None:
    """Without a length that could be believed."""

    async def pieces() -> Any:
        for _ in range(40):
            yield b" " * (BODY_BYTES // 32)

    async with desk(store) as it:
        writer = {**await it.bearer("items:write"), "Content-Type": "application/json"}
        async with it.http.post(f"{it.url}/api/items", data=pieces(), headers={**writer}) as answer:
            assert answer.status == 413


async def test_a_request_that_takes_too_long_is_given_up() -> None:
    """And said so, where nothing was said yet; what is not of the API may wait."""
    sent: list[MutableMapping[str, Any]] = []

    async def slow(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.sleep(0.3)
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request"}

    limited = guarded(slow, https=False, request_s=0.05)
    await limited({"type": "http", "path": "/api/status"}, receive, send)
    assert [one.get("status") for one in sent] == [503, None]
    assert msgspec.json.decode(sent[1]["body"])["status"] == 503
    await limited({"type": "http", "path": "/oauth/callback"}, receive, send)
    assert sent[2]["status"] == 200


values = st.recursive(
    st.none() | st.integers() | st.text(alphabet='[]{}"\\ab'),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(alphabet='[]{}"\\a', max_size=4), inner, max_size=3)
    ),
    max_leaves=30,
)  # fmt: skip


@given(values)
def test_the_depth_is_that_of_the_value_whatever_stands_in_its_texts(value: Any) -> None:
    """Brackets and quotes in strings do not count."""

    def deep(one: Any) -> int:
        if isinstance(one, dict):
            return 1 + max(map(deep, one.values()), default=0)
        return 1 + max(map(deep, one), default=0) if isinstance(one, list) else 0

    assert depth(json.dumps(value).encode()) == min(deep(value), NESTING + 1)


@given(st.binary(max_size=300))
def test_any_bytes_have_a_depth(body: bytes) -> None:
    """Which never takes long to find, nor fails."""
    assert 0 <= depth(body) <= NESTING + 1


def test_bytes_that_are_made_to_take_long_do_not() -> None:
    """A megabyte of escaped quotes in a text without an end would be read half a million times."""
    assert depth(b'"' + b'\\"' * (BODY_BYTES // 2)) == 0
    assert depth(b"[]" * (BODY_BYTES // 2)) == 1
