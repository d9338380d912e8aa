"""Secrets and a person are planted everywhere that they can come in; nothing that is kept, logged, answered or exported
shows them afterwards, but where somebody who may see them asked to."""

from __future__ import annotations

import asyncio
import base64
import json
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import aiohttp
import pytest
from aiohttp import web

from tests.cli.conftest import Line
from tests.dump import Cell, cells
from tests.loopback import served
from tieline.cli.main import app as command_line
from tieline.store.pool import Store
from tieline.sync.files.definition import default_text

PHONE, NAME, EMAIL = "+12015550963", "Zebulon Quackenbush", "zebulon.q@planted.example"
#: Of the person, in any spelling that would lead to them.
PERSON = (PHONE, PHONE.removeprefix("+1"), "Quackenbush", "Zebulon", EMAIL)
#: Who may see them sees the person here, by asking for the person, or for what came in: verb → why.
MEANT = {
    "people show": "the person was asked for",
    "people at": "the person was asked for",
    "people why": "the person was asked for",
    "events show": "the event was asked for, with its body",
    "effects show": "the effect was asked for, with what it sends",
    "errors item": "the failure was asked for, with what is to be mended",
    "items list": "notes of the person were asked for",
    "catalogue try": "the answer was asked for",
}


@dataclass
class Plant:
    """What was planted, and all that was seen since."""

    secrets: dict[str, str] = field(default_factory=dict)
    #: What was shown, by whom: a verb, an address, a log.
    seen: list[Cell] = field(default_factory=list)

    def new(self, name: str) -> str:
        """One more secret."""
        self.secrets[name] = found = f"planted-{name}-{secrets.token_hex(12)}"
        return found

    def keep(self, place: str, *texts: str) -> None:
        """Something was shown."""
        self.seen += [Cell(place, text) for text in texts]


def disguises(secret: str) -> Iterator[str]:
    """Every spelling in which it would still be of use."""
    plain = secret.encode()
    yield secret
    yield quote(secret, safe="")
    yield json.dumps(secret)[1:-1]
    yield plain.hex()
    for before in (b"", b"x", b"xx"):
        # Somewhere within something else: all but what its neighbours change.
        whole = base64.b64encode(before + plain).decode()
        yield whole[4 if before else 0 : -4]
        yield base64.urlsafe_b64encode(before + plain).decode()[4 if before else 0 : -4]
    yield secret[::-1]


def leaks(found: list[Cell], planted: dict[str, str]) -> list[str]:
    """Where a secret shows, and which."""
    told = []
    for name, secret in planted.items():
        spellings = tuple(disguises(secret))
        told += [
            f"{name} in {cell.place}: …{cell.text[max(at - 60, 0) : at + 20]}…"
            for cell in found
            if (at := next((cell.text.find(one) for one in spellings if one in cell.text), -1)) >= 0
        ]
    return told


async def _echo(request: web.Request) -> web.Response:
    """A far side that says back whatever it was told, as badly made ones do. It has a location, and nobody in it."""
    if "search" in request.path:
        return web.json_response({"contact": None, "contacts": [], "total": 0})
    if request.method == "GET" and request.path.startswith("/locations/"):
        return web.json_response(
            {"location": {"id": "LOC", "name": "Echo", "country": "US"}, "customFields": []}
        )
    told = {
        "message": [f"not accepted: {dict(request.headers)} {request.rel_url}", (await request.read()).decode()],
        "error": f"Authorization {request.headers.get('Authorization')} is wrong", "received": dict(request.headers),
    }  # fmt: skip
    return web.json_response(told, status=422, headers={"X-Trace-Id": "trace-1"})


@asynccontextmanager
async def echoing() -> AsyncIterator[str]:
    """Its address."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", _echo)
    async with served(app) as port:
        yield f"http://127.0.0.1:{port}"


@asynccontextmanager
async def watched_hub(line: Line, plant: Plant) -> AsyncIterator[str]:
    """A hub that logs all that it can, each line of which is kept."""
    hub = await line.start("up", "--port", "0", "--json", TIELINE_LOG="debug")
    assert hub.stdout is not None
    assert hub.stderr is not None
    lines: list[str] = []

    async def listen(stream: asyncio.StreamReader) -> None:
        while line_ := await stream.readline():
            lines.append(line_.decode("utf-8", "replace"))

    told = json.loads(await asyncio.wait_for(hub.stdout.readline(), 30))
    listeners = [asyncio.create_task(listen(hub.stderr)), asyncio.create_task(listen(hub.stdout))]
    try:
        yield told["url"]
    finally:
        hub.terminate()
        await asyncio.wait_for(hub.wait(), 15)
        await asyncio.gather(*listeners)
        assert any("debug" in one for one in lines), "the hub logged nothing"
        plant.keep("the hub's log", *lines)


async def _connect(line: Line, plant: Plant, echo: str) -> None:
    """Both accounts, a far side that echoes, an app; each with secrets that were never seen before."""
    contacts, nimbata = line.told["contacts"], line.told["nimbata"]
    plant.secrets["crm token"] = contacts["locations"][0]["token"]
    plant.secrets["account token"] = nimbata["token"]
    assert (await line.connect_crm("--poll-every-s", "0"))[0] == 0
    await line.connect_calls(
        "--webhook-auth", "url_key", "--webhook-secret", plant.new("url-key"), "--poll-every-s", "0"
    )
    code, _, err = await line.run(
        "connect", "contacts-api", "--name", "echo", "--base-url", echo, "--location", "LOC", "--token-stdin",
        "--poll-every-s", "0", "--settle-s", "0.2", "--limits", "off", stdin=plant.new("echo-token"),
    )  # fmt: skip
    assert code == 0, err
    code, out, err = await line.run(
        "app", "add", "--name", "agency", "--client-id", "c", "--client-secret-stdin", "--base-url", echo,
        stdin=plant.new("client-secret"),
    )  # fmt: skip
    assert code == 0, err
    plant.keep("app add", out, err)
    rules = line.home / "one-way.yaml"
    rules.write_text(default_text().partition("\nperson:")[0] + "\n")
    await line.json("sync", "add", "--name", "one", "--from", "calls", "--to", "crm")
    await line.json(
        "sync", "add", "--name", "two", "--from", "calls", "--to", "echo", "--definition", str(rules)
    )
    code, out, err = await line.run("users", "add", "ann", "--role", "admin", stdin=plant.new("password"))
    assert code == 0, err
    plant.keep("users add", out, err)
    plant.secrets["API token"] = (await line.json("tokens", "add", "widget", "--scope", "*:write"))["token"]
    # Replaced, so that there are old ones too.
    plant.secrets["old key"] = plant.secrets["url-key"]
    for arguments, stdin in (
        (("connect", "secret", "calls", "--secret", plant.new("second-url-key")), ""),
        (("connect", "token", "echo", "--token-stdin"), plant.new("second-echo-token")),
        (("keys", "rotate"), ""),
    ):
        code, out, err = await line.run(*arguments, stdin=stdin)
        if code == 0:
            plant.keep(" ".join(arguments[:2]), err)
    plant.secrets["master key"] = (line.home / "master.key").read_text().strip()


async def _happen(line: Line, plant: Plant, url: str) -> None:
    """Deliveries that are right, wrong and unreadable; a person calls, writes and fills in a form."""
    side, key = f"{line.told['nimbata']['base_url']}/_sandbox", plant.secrets["second-url-key"]
    async with aiohttp.ClientSession() as http:
        target = {"url": f"{url}/hooks/nimbata/calls?key={key}"}
        async with http.post(f"{side}/webhooks", json=target) as answer:
            assert answer.status == 200, await answer.text()
        for deed in ("call", "sms", "form"):
            wanted = {"kind": deed, "caller": PHONE, "caller_name": NAME, "email": EMAIL}
            async with http.post(f"{side}/emit", json=wanted) as answer:
                assert answer.status == 200, await answer.text()
        wrong, token = plant.new("wrong-key"), plant.secrets["echo-token"]
        for query, headers, body in (
            (f"?key={wrong}", {}, b"{}"),
            ("", {"Authorization": f"Bearer {wrong}"}, b"{}"),
            (f"?key={key}", {}, b'{"event": "call.completed", "token": "' + token.encode() + b'", "data": ['),
            (f"?key={key}", {"Content-Type": "application/json"}, b"\xff" + PHONE.encode()),
        ):
            async with http.post(f"{url}/hooks/nimbata/calls{query}", headers=headers, data=body) as answer:
                plant.keep("/hooks", await answer.text(), str(answer.headers))
        async with http.post(
            f"{url}/hooks/contacts/crm", data=b"{}", headers={"X-GHL-Signature": plant.new("signature")}
        ) as answer:
            plant.keep("/hooks", await answer.text())
        for path, headers in (
            (f"/api/status?key={wrong}", {"Authorization": f"Bearer {wrong}"}),
            (f"/oauth/callback?code={plant.new('code')}&state={plant.new('state')}", {}),
            ("/api/status", {"Cookie": f"tieline_session={plant.new('cookie')}"}),
        ):
            async with http.get(url + path, headers=headers) as answer:
                plant.keep(path.partition("?")[0], await answer.text())
    await _quiet(line)


async def _quiet(line: Line) -> None:
    causes: list[Any] = []
    effects: Any = None
    for _ in range(30):
        causes = (await line.json("errors", "list"))["causes"]
        effects = await line.json("effects", "list")
        refused = any(one["kind"] == "effect" for one in causes)
        if refused and any(one["state"] == "confirmed" for one in _rows(effects)):
            return
        await asyncio.sleep(0.25)
    raise AssertionError(
        f"the echoing far side refused nothing, or the other took nothing: {causes} {effects}"
    )


def _rows(found: Any) -> list[Any]:
    return found if isinstance(found, list) else next(iter(v for v in found.values() if isinstance(v, list)))


async def _look(line: Line, plant: Plant, url: str) -> None:
    """Every verb that shows something, as a table and as JSON; every address that shows something."""
    numbers = {name: _rows(await line.json(name, "list")) for name in ("events", "effects")}
    numbers["errors"] = (await line.json("errors", "list"))["causes"]
    failures = (await line.json("errors", "show", str(numbers["errors"][0]["id"])))["failures"]
    asked: list[tuple[str, ...]] = [
        ("connect", "list"), ("connect", "show", "calls"), ("connect", "show", "crm"), ("connect", "show", "echo"),
        ("doctor",), ("app", "list"), ("audit", "list"), ("users", "list"), ("tokens", "list"), ("keys", "list"),
        ("sync", "list"), ("sync", "show", "two"), ("sync", "drift", "one"), ("sync", "preview", "one"),
        ("conflicts", "list"), ("errors", "list"), ("events", "list"), ("effects", "list"), ("outward", "list"),
        ("db", "status"), ("people", "show", PHONE), ("people", "why", PHONE, "first_name"),
        *(("events", "show", str(one["id"])) for one in numbers["events"]),
        *(("effects", "show", str(one["id"])) for one in numbers["effects"]),
        *(("errors", "show", str(one["id"])) for one in numbers["errors"]),
        *(("errors", "item", str(one["id"])) for one in failures),
        ("catalogue", "try", "contacts.get", "--connection", "echo", "--input", '{"contactId": "c1"}', "--yes"),
    ]  # fmt: skip
    at_once = asyncio.Semaphore(3)

    async def show(*words: str) -> None:
        async with at_once:
            _, out, err = await line.run(*words, COLUMNS="300")
        plant.keep(" ".join(words[:2]), out, err)

    # As people see it once a verb, as programs do each time.
    tables = {words[:2]: words for words in asked}
    await asyncio.gather(
        *(show(*words) for words in tables.values()), *(show(*words, "--json") for words in asked)
    )
    async with aiohttp.ClientSession(headers=await line.bearer()) as http:
        async with http.get(f"{url}/api/openapi.json") as answer:
            described = await answer.json()
        for path, deeds in described["paths"].items():
            if "get" in deeds and "{" not in path:
                async with http.get(url + path) as answer:
                    plant.keep(path, await answer.text())


@pytest.mark.timeout(300)
async def test_nothing_that_is_kept_logged_or_shown_holds_a_secret(line: Line) -> None:
    """And nothing but what is meant to holds the person."""
    plant = Plant()
    async with echoing() as echo:
        await _connect(line, plant, echo)
        async with watched_hub(line, plant) as url:
            await _happen(line, plant, url)
            await _look(line, plant, url)
    async with Store.open(line.database_url) as store:
        kept = await cells(store)
    files = [
        Cell(f"file {path.name}", path.read_bytes().decode("utf-8", "replace"))
        for path in line.home.rglob("*")
        if path.is_file() and path.name != "master.key"
    ]
    assert leaks([*kept, *files, *plant.seen], plant.secrets) == []
    person = {f"person {at}": word for at, word in enumerate(PERSON)}
    unmeant = [cell for cell in plant.seen if not any(cell.place.startswith(verb) for verb in MEANT)]
    assert leaks([*kept, *files, *unmeant], person) == []
    # Else nothing was looked for where it could be.
    shown = "".join(cell.text for cell in plant.seen if cell.place in MEANT)
    assert "Quackenbush" in shown
    assert len(kept) > 300


def test_a_leak_would_be_found_in_every_disguise() -> None:
    """The search itself."""
    secret = 'planted-Zz/+=?&"-' + "0123456789abcdef"
    for text in (
        secret, quote(secret, safe=""), json.dumps({"a": secret}), secret.encode().hex(),
        base64.b64encode(b"Basic user:" + secret.encode()).decode(), base64.b64encode(secret.encode()).decode(),
        f"https://x/?key={quote(secret, safe='')}&b=1",
    ):  # fmt: skip
        assert leaks([Cell("somewhere", f"before {text} after")], {"one": secret}), text
    assert leaks([Cell("somewhere", "nothing at all")], {"one": secret}) == []


def test_every_verb_that_is_meant_to_show_people_exists() -> None:
    """A renamed one must not leave its permission behind."""
    import typer

    from tests.cli.test_audited_verbs import verbs

    assert set(MEANT) <= set(verbs(typer.main.get_command(command_line)))
