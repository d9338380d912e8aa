"""What a request may give, and in which shape it is refused."""

from __future__ import annotations

from typing import Any

import pytest
import structlog
from litestar import Litestar, get
from litestar.testing import AsyncTestClient
from psycopg import OperationalError
from yarl import URL

from tests.server.access.desk import Desk, desk
from tieline.server.access.problems import MEDIA_TYPE, away, broken
from tieline.store.pool import Store

KEEPING = "/api/audit/keeping"


async def refused(it: Desk, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, str]:
    """Status and words of a refusal, by whoever may do everything."""
    answer = await it.ask(method, path, body, **{**await it.bearer("*:write", name="all"), **headers})
    await it.tokens.revoke("all")
    assert answer.headers["Content-Type"] == MEDIA_TYPE
    assert answer.body["status"] == answer.status
    return answer.status, answer.body["detail"]


async def test_a_body_is_what_the_description_says_and_nothing_like_it(store: Store) -> None:
    """The refusal names the place."""
    async with desk(store) as it:
        for body, words in (
            ({"days": "100"}, "$.days"), ({"days": 100, "more": 1}, "more"), ({}, "days"), ([], "object"),
            ({"days": None}, "$.days"), ({"days": 2**70}, "days"),
        ):  # fmt: skip
            status, said = await refused(it, "PUT", KEEPING, body)
            assert (status, words in said) == (400, True), said
        assert (await refused(it, "PUT", KEEPING, {"days": 100}, **{"Content-Type": "text/plain"}))[0] == 415


async def test_what_no_store_can_hold_is_refused_wherever_it_stands(store: Store) -> None:
    """U+0000 in a text, a number beyond all rows, a time before the first."""
    async with desk(store) as it:
        for method, path, body in (
            ("POST", "/api/erasures", {"person": "a\x00b"}),
            ("GET", "/api/people?q=a%00", None),
            ("GET", f"/api/people/{2**63}/timeline", None),
            ("GET", f"/api/people/1/timeline?before=2026-11-02T12:00:00Z_1_{2**63}_1", None),
            ("GET", "/api/people?q=person:99999999999999999999", None),
            ("GET", "/api/items?connection=calls&since=0001-01-01T00:00:00%2B14:00", None),
            ("GET", "/api/audit?since=2026-01-01T00:00:00", None),
            ("GET", "/api/audit?limit=0", None),
            ("POST", "/api/items", {
                "connection": "calls", "person": "+12015550123", "kind": "task", "title": "x",
                "due_at": "0001-01-01T00:00:00+14:00",
            }),
        ):  # fmt: skip
            status, said = await refused(it, method, path, body)
            assert status in (400, 404), (path, said)
            assert said
        where = URL(f"{it.url}/api/items/a%00b", encoded=True)
        async with it.http.get(where, headers=await it.bearer("items:read")) as answer:
            assert answer.status == 400


async def test_an_escaped_backslash_before_u0000_is_no_such_character(store: Store) -> None:
    """Six letters, as somebody wrote them."""
    async with desk(store) as it:
        status, said = await refused(it, "POST", "/api/erasures", {"person": "\\u0000"})
        assert (status, "nobody is known" in said) == (404, True)


@pytest.mark.parametrize(("path", "status"), [("/api/nothing", 404), ("/api/status", 405)])
async def test_what_the_framework_refuses_has_the_same_shape(store: Store, path: str, status: int) -> None:
    """Also where there is no route."""
    async with desk(store) as it:
        assert (await refused(it, "DELETE", path))[0] == status


async def test_a_mistake_of_ours_is_in_the_log_and_not_in_the_answer() -> None:
    """A database that is away is none."""

    @get("/mistake")
    async def mistake() -> None:
        raise RuntimeError("the secret of somebody")

    @get("/away")
    async def no_store() -> None:
        raise OperationalError("gone")

    app = Litestar(
        [mistake, no_store], exception_handlers={OperationalError: away, 500: broken}, logging_config=None
    )
    with structlog.testing.capture_logs() as logs:
        async with AsyncTestClient(app) as client:
            answer, later = await client.get("/mistake"), await client.get("/away")
    assert (answer.status_code, "secret" in answer.text) == (500, False)
    assert answer.headers["content-type"] == MEDIA_TYPE
    assert (later.status_code, later.headers["retry-after"]) == (503, "2")
    assert [str(one.get("exc_info")) for one in logs if one["log_level"] == "error"] == [
        "the secret of somebody"
    ]
