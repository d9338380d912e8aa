"""Apps, tokens and secrets by the command line."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import aiohttp

from tests.cli.conftest import Line


async def add_app(line: Line, *more: str) -> Any:
    """Register the sandbox's app."""
    crm = line.told["contacts"]
    return await line.json(
        "app", "add", "--name", "agency", "--client-id", crm["client_id"], "--client-secret-stdin",
        "--base-url", crm["base_url"], "--install-url", f"{crm['base_url']}/v2/oauth/chooselocation", *more,
        stdin=crm["client_secret"],
    )  # fmt: skip


async def test_an_app_is_added_allowed_in_a_browser_and_connected(line: Line) -> None:
    """What is to be entered at the far side is said; the verb ends when the account is connected."""
    async with line.up() as url, aiohttp.ClientSession() as browser:
        told = await add_app(line, "--public-url", url)
        assert told["redirect_uri"] == f"{url}/oauth/callback"
        assert told["webhook"] == f"{url}/hooks/contacts/agency"
        process = await line.start("app", "authorize", "agency", "--public-url", url, "--json")
        assert process.stdout is not None
        async with asyncio.timeout(30):
            first = b""
            while not first.strip().endswith(b"}"):
                first += await process.stdout.readline()
        link = json.loads(first)["authorize_url"]
        location = line.told["contacts"]["locations"][0]
        async with browser.get(f"{link}&approve={location['id']}") as page:
            assert page.status == 200
            assert "Connected" in await page.text()
        told_out, told_err = await process.communicate()
        assert process.returncode == 0, told_err.decode()
        (name,) = json.loads(told_out)["connections"]
        shown = await line.json("connect", "show", name)
        assert (shown["app"], shown["account"], shown["state"]) == ("agency", location["id"], "ready")
    (listed,) = await line.json("app", "list")
    assert (listed["name"], listed["locations"]) == ("agency", 1)
    code, _, err = await line.run("connect", "token", name, "--token", "pit-x")
    assert code == 3
    assert "renews its tokens by itself" in err


async def test_what_an_app_cannot_be_is_said_with_the_next_step(line: Line) -> None:
    """An address that the far side would refuse; an app that nobody knows; a person who does not come."""
    crm = line.told["contacts"]
    code, _, err = await line.run(
        "app", "add", "--name", "a", "--client-id", crm["client_id"], "--client-secret", "s",
        "--public-url", "http://hub.example",
    )  # fmt: skip
    assert code == 3
    assert "TIELINE_PUBLIC_URL" in err
    code, _, err = await line.run("app", "authorize", "nobody")
    assert code == 5
    assert "tieline app list" in err
    await add_app(line)
    code, _, err = await line.run("app", "authorize", "agency", "--wait-s", "0.2")
    assert code == 1
    assert "nobody came back" in err
    code, out, _ = await line.run("app", "authorize", "agency", "--wait-s", "0")
    assert code == 0
    assert crm["base_url"] in out


async def test_no_secret_is_shown_again(line: Line) -> None:
    """Neither of an app nor of a connection."""
    await add_app(line)
    await line.connect_crm()
    crm = line.told["contacts"]
    for verb in (("app", "list"), ("connect", "list"), ("connect", "show", "crm"), ("doctor",)):
        _, out, err = await line.run(*verb)
        _, as_json, _ = await line.run(*verb, "--json")
        for secret in (crm["client_secret"], crm["locations"][0]["token"]):
            assert secret not in out + as_json + err


async def test_a_webhook_secret_is_replaced_and_the_one_before_ends_later(line: Line) -> None:
    """A new one is made and shown once; a kind that the connection does not use is refused."""
    await line.connect_calls()
    told = await line.json("connect", "secret", "calls")
    assert len(told["webhook_secret"]) > 20
    assert told["old_until"]
    code, _, err = await line.run("connect", "secret", "calls", "--kind", "header")
    assert code == 3
    assert "proves its webhooks by" in err
    code, _, err = await line.run("connect", "secret", "calls", "--kind", "key")
    assert code == 3


async def test_a_location_is_read_again(line: Line) -> None:
    """What changed there is known here."""
    await line.connect_crm()
    told = await line.json("connect", "refresh", "crm")
    assert told["location"]["country"] == line.told["contacts"]["locations"][0]["country"]
    code, _, _ = await line.run("connect", "refresh", "nobody")
    assert code == 5
