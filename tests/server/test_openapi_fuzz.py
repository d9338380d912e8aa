"""A stranger's tool reads what the API says of itself, and asks whatever that allows, and whatever it does not."""

from __future__ import annotations

from pathlib import Path

import aiohttp
import pytest

from tests.server.fuzzed import CHECKS, Ran, fuzz, known_of, lived
from tests.world import World
from tieline.server.access.scopes import MAY, grants
from tieline.store.pool import Store
from tieline.testing.builders import add_token

#: A token has no session and no password: whoever logs out is a browser.
BY_SESSION = {"session.close", "session.password"}
NIGHTLY = [pytest.mark.nightly, pytest.mark.timeout(1800)]
DAILY = pytest.mark.timeout(240)


async def test_the_api_describes_itself_as_openapi_3_1(store: Store) -> None:
    """To whoever asks; each operation has a name of its own, words, and a scheme or none by which it is known."""
    async with lived(store) as it:
        async with aiohttp.ClientSession() as nobody, nobody.get(f"{it.url}/api/openapi.json") as answer:
            assert (answer.status, answer.content_type) == (200, "application/json")
            told = await answer.json()
        assert told["openapi"].startswith("3.1.")
        operations = [one for path in told["paths"].values() for one in path.values()]
        names = [one["operationId"] for one in operations]
        assert len(names) == len(set(names)) > 40
        assert all(one["description"] for one in operations)
        open_ = {one["operationId"] for one in operations if one.get("security") == []}
        assert open_ == {"health", "session.open"}


@pytest.mark.parametrize("examples", [pytest.param(12, marks=DAILY), pytest.param(60, marks=NIGHTLY)])
async def test_what_can_be_met_is_answered_as_described(store: Store, tmp_path: Path, examples: int) -> None:
    """Every operation does what it is for at least once, and its answer is what its schema says."""
    async with lived(store) as it:
        bearer = await add_token(store, it.hub.vault, "fuzz")
        ran = await fuzz(
            it.url, tmp_path, bearer=bearer, examples=examples, phases="fuzzing", mode="positive",
            known=await known_of(it),
        )  # fmt: skip
        assert ran.code == 0, ran.text
        done = await _by_name(it, ran)
    never = {name for name, statuses in done.items() if not any(200 <= one < 300 for one in statuses)}
    assert never == BY_SESSION


@pytest.mark.parametrize("examples", [pytest.param(20, marks=DAILY), pytest.param(300, marks=NIGHTLY)])
async def test_whatever_is_asked_is_answered_as_described(
    store: Store, tmp_path: Path, examples: int
) -> None:
    """Also what the description does not allow, which is refused; nothing is a mistake of the hub."""
    async with lived(store) as it:
        bearer = await add_token(store, it.hub.vault, "fuzz")
        # It would take the tool's own token.
        only = ("--exclude-operation-id", "tokens.revoke")
        ran = await fuzz(it.url, tmp_path, bearer=bearer, examples=examples, only=only)
        assert ran.code == 0, ran.text
        assert len(await _by_name(it, ran)) > 40
        headers = {"Authorization": f"Bearer {bearer}"}
        async with it.http.get(f"{it.url}/api/status", headers=headers) as answer:
            assert answer.status == 200, "its token was lost on the way, and the rest was asked in vain"


async def test_without_a_token_everything_is_refused_whatever_is_asked(store: Store, tmp_path: Path) -> None:
    """But what is open to everybody."""
    async with lived(store) as it:
        ran = await fuzz(it.url, tmp_path, examples=3, checks=CHECKS.replace("negative_data_rejection,", ""))
        assert ran.code == 0, ran.text
        done = await _by_name(it, ran)
    assert done.pop("health") == {200}
    assert 500 not in done.pop("session.open")
    # A word where a number stands in the address is no address of ours.
    assert {name: statuses for name, statuses in done.items() if not {401} <= statuses <= {401, 404}} == {}
    assert len(done) > 40


async def test_a_viewer_changes_nothing_whatever_is_asked(store: Store, tmp_path: Path) -> None:
    """What it may not is refused before it is looked at."""
    async with lived(store) as it:
        bearer = await add_token(store, it.hub.vault, "fuzz", *MAY["viewer"])
        ran = await fuzz(
            it.url, tmp_path, bearer=bearer, examples=3, known=await known_of(it), phases="fuzzing",
            checks="not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance",
        )  # fmt: skip
        assert ran.code == 0, ran.text
        done = await _by_name(it, ran)
        assert await it.rows("SELECT action FROM audit_entry WHERE actor = 'fuzz'") == []
        described = await _described(it)
    refused = {
        name for name, (_, needed) in described.items() if needed and not grants(MAY["viewer"], needed)
    }
    assert len(refused) > 20
    assert {name: done[name] for name in refused if done[name] != {403}} == {}
    assert all(403 not in done[name] for name in done.keys() - refused - BY_SESSION)


async def _by_name(it: World, ran: Ran) -> dict[str, set[int]]:
    """Operation id → statuses."""
    names = {where: name for name, (where, _) in (await _described(it)).items()}
    return {names[where]: statuses for where, statuses in ran.statuses.items() if where in names}


async def _described(it: World) -> dict[str, tuple[str, str | None]]:
    """Operation id → ("GET /api/…", the scope that it needs)."""
    async with it.http.get(f"{it.url}/api/openapi.json") as answer:
        paths = (await answer.json())["paths"]
    return {
        one["operationId"]: (f"{method.upper()} {path}", one.get("x-scope"))
        for path, methods in paths.items()
        for method, one in methods.items()
    }
