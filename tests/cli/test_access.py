"""Users, tokens, and the first start, as a person at the machine meets them."""

from __future__ import annotations

import asyncio
import json
import os
import pty
import pwd
import re
import stat
import sys
from pathlib import Path

import aiohttp
import pytest

from tests.cli.conftest import Line
from tests.waiting import until

PASSWORD = "correct horse battery"


def kept_in(file: Path) -> str:
    """What a file holds that only its owner may read."""
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    return file.read_text().strip()


async def status_of(
    url: str, method: str, path: str, headers: dict[str, str] | None = None, **more: str
) -> int:
    """What the hub answers; `more` is the body."""
    async with (
        aiohttp.ClientSession() as http,
        http.request(method, f"{url}{path}", json=more or None, headers=headers) as answer,
    ):
        return answer.status


async def test_the_first_start_makes_an_admin_and_says_so_once(line: Line) -> None:
    """Where nobody watches, in a file for its owner; our output, which may be a log, does not have the password."""
    hub = await line.start("up", "--port", "0", "--json")
    assert hub.stdout is not None
    told = (await hub.stdout.readline()).decode()
    url, admin = (json.loads(told)[name] for name in ("url", "admin"))
    file = Path(admin["password_file"])
    assert file == line.home / "admin-password"
    password = kept_in(file)
    assert await status_of(url, "POST", "/api/session", name="admin", password=password) == 200
    assert await status_of(url, "POST", "/api/session", name="admin", password="wrong password") == 401
    assert await status_of(url, "GET", "/api/status") == 401
    hub.terminate()
    out, err = await hub.communicate()
    assert password not in told + out.decode() + err.decode()
    assert str(file) in err.decode()
    async with line.up() as url:
        assert kept_in(file) == password
        assert await status_of(url, "POST", "/api/session", name="admin", password=password) == 200
    (user,) = await line.json("users", "list")
    assert (user["name"], user["role"]) == ("admin", "admin")


@pytest.mark.parametrize("port", ["0", "1"])
async def test_on_a_terminal_the_password_is_shown(line: Line, port: str) -> None:
    """Also where it cannot serve after all: a system may not let us have port 1, and the admin is made by then."""
    ours, theirs = pty.openpty()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TIELINE_", "PYTHON"))}
    hub = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tieline", "up", "--port", port,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=theirs,
        env={**kept, "TIELINE_HOME": str(line.home), "TIELINE_DATABASE_URL": line.database_url},
    )  # fmt: skip
    os.close(theirs)
    shown = b""
    try:
        async with asyncio.timeout(30):
            while b"told this once" not in shown:
                shown += await asyncio.to_thread(os.read, ours, 4096)
    finally:
        if hub.returncode is None:
            hub.terminate()
        out, _ = await hub.communicate()
        os.close(ours)
    plain = re.sub(r"\x1b\[[0-9;]*m", "", shown.decode())
    found = re.search(r"log in as admin, password (\S+?)\. It is told", plain)
    assert found is not None, plain
    assert found[1] not in out.decode()
    assert not (line.home / "admin-password").exists()
    async with line.up() as url:
        assert await status_of(url, "POST", "/api/session", name="admin", password=found[1]) == 200


async def test_users_are_made_changed_and_removed(line: Line) -> None:
    """Beside a hub at work, which knows at once; a password is shown once, or given."""
    async with line.up() as url:
        made = await line.json("users", "add", "ann@example.com", "--role", "operator")
        given = await line.json("users", "add", "bo", "--password-stdin", stdin=f"{PASSWORD}\n")
        assert (given, len(made["password"]) >= 20) == ({"name": "bo", "role": "viewer"}, True)
        log_in = ("POST", "/api/session")
        assert await status_of(url, *log_in, name="ann@example.com", password=made["password"]) == 200
        for _ in range(5):
            assert await status_of(url, *log_in, name="bo", password="wrong password") == 401
        assert await status_of(url, *log_in, name="bo", password=PASSWORD) == 429
        await line.json("users", "password", "bo", "--password-stdin", stdin="another password\n")
        assert await status_of(url, *log_in, name="bo", password="another password") == 200
        await line.json("users", "role", "bo", "admin")
        listed = {one["name"]: one["role"] for one in await line.json("users", "list")}
        assert listed == {"admin": "admin", "ann@example.com": "operator", "bo": "admin"}
        assert (await line.json("users", "remove", "bo")) == {"removed": "bo", "tokens": []}
        assert await status_of(url, *log_in, name="bo", password="another password") == 401
    assert made["password"] not in (await line.run("users", "list"))[1]


async def test_tokens_are_made_and_revoked(line: Line) -> None:
    """Shown once, good for their scopes, and not a moment longer."""
    async with line.up() as url:
        made = await line.json("tokens", "add", "widget", "--scope", "status:read", "--days", "7")
        bearer = {"Authorization": f"Bearer {made['token']}"}
        assert await status_of(url, "GET", "/api/status", bearer) == 200
        assert await status_of(url, "GET", "/api/audit", bearer) == 403
        code, out, err = await line.run("tokens", "list", COLUMNS="220")
        assert (code, made["prefix"] in out, made["token"] in out) == (0, True, False), err
        await line.json("tokens", "revoke", made["prefix"])
        assert await status_of(url, "GET", "/api/status", bearer) == 401
    assert await line.json("tokens", "list") == []
    (gone,) = await line.json("tokens", "list", "--all")
    assert gone["revoked_at"] is not None


async def test_what_cannot_be_done_is_said_plainly(line: Line) -> None:
    """With the documented exit codes."""
    await line.json("users", "add", "ann", "--role", "admin")
    for arguments, code, words in (
        (("users", "add", "Ann B"), 3, "cannot be used"),
        (("users", "add", "ann"), 3, "a user ann already"),
        (("users", "add", "bo", "--role", "king"), 3, "admin, operator, viewer"),
        (("users", "role", "ann", "viewer"), 3, "the last admin"),
        (("users", "remove", "ann"), 3, "the last admin"),
        (("users", "remove", "nobody"), 5, "no user nobody"),
        (("users", "password", "nobody"), 5, "no user nobody"),
        (("users", "role", "nobody", "viewer"), 5, "no user nobody"),
        (("tokens", "add", "x", "--scope", "everything"), 3, "is no scope"),
        (("tokens", "add", "X Y", "--scope", "*:read"), 3, "cannot be used"),
        (("tokens", "revoke", "nothing"), 5, "named nothing"),
        (("audit", "keep", "5"), 3, "30 to"),
        (("audit", "list", "--since", "soon"), 3, "is no time"),
    ):
        got, out, err = await line.run(*arguments, "--json")
        assert got == code, (arguments, err)
        assert words in json.loads(err)["error"]["message"]
        assert "Traceback" not in out + err
    for short in ("short", "ann"):
        got, _, err = await line.run("users", "password", "ann", "--password-stdin", stdin=f"{short}\n")
        assert (got, "10 to 1024" in err) == (3, True)


async def test_the_audit_log_is_read_by_pages_and_filters(line: Line) -> None:
    """By who, what and to what; as a table for people."""
    for name in ("one", "two", "three"):
        await line.json("tokens", "add", name, "--scope", "*:read")
    await line.json("tokens", "revoke", "two")
    me = pwd.getpwuid(os.getuid()).pw_name
    page = await line.json("audit", "list", "--limit", "3", "--actor", me)
    assert [(one["action"], one["subject"]) for one in page["entries"]] == [
        ("tokens.revoke", "two"), ("tokens.add", "three"), ("tokens.add", "two"),
    ]  # fmt: skip
    rest = await line.json("audit", "list", "--before", str(page["before"]), "--action", "tokens.add")
    assert [one["subject"] for one in rest["entries"]] == ["one"]
    assert rest["before"] is None
    code, out, err = await line.run("audit", "list", "--subject", "two", COLUMNS="220")
    assert (code, "command line" in out, "tokens.revoke" in out) == (0, True, True), err


@pytest.mark.parametrize("by", ["flag", "file"])
async def test_nobody_takes_unproved_deliveries_by_accident(line: Line, tmp_path: Path, by: str) -> None:
    """Neither a flag nor a settings file is enough, at first or later; only the option with the loud name is."""
    settings = tmp_path / "settings.yaml"
    settings.write_text("webhooks: {auth: [{type: none}]}\n")
    unproved = ("--webhook-auth", "none") if by == "flag" else ("--settings", str(settings))
    nimbata = line.told["nimbata"]
    base = (
        "connect", "nimbata", "--name", "calls", "--base-url", nimbata["base_url"], "--account", nimbata["account"],
        "--project", nimbata["projects"][0], "--token-stdin", "--no-check", "--json",
    )  # fmt: skip
    code, _, err = await line.run(*base, *unproved, stdin=nimbata["token"])
    assert (code, "--accept-unverified-webhooks" in err) == (3, True)
    assert await line.json("connect", "list") == []
    await line.connect_calls()
    code, _, err = await line.run(*base, *unproved, stdin=nimbata["token"])
    assert code == 3, err
    async with line.up() as url:
        assert await status_of(url, "POST", "/hooks/nimbata/calls", x="y") == 401
        code, _, err = await line.run(
            *base, *unproved, "--accept-unverified-webhooks", stdin=nimbata["token"]
        )
        assert code == 0, err
        (changed,) = (await line.json("audit", "list", "--action", "connections.change"))["entries"]
        assert changed["after"]["accept_unverified_webhooks"] is True

        async def taken() -> bool:
            return await status_of(url, "POST", "/hooks/nimbata/calls", x="y") == 200

        await until(taken)
