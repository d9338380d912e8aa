"""`tieline connect show` and `GET /api/sweeps`: what is looked at beside the webhooks, and how soon."""

from __future__ import annotations

import aiohttp

from tests.cli.conftest import Line


async def test_a_location_shows_its_sweeps_and_how_soon_each_trigger_fires(line: Line) -> None:
    """As it is connected without a word about polls, and with every poll switched off."""
    contacts = line.told["contacts"]
    (location,) = contacts["locations"][:1]
    base = (
        "connect", "contacts-api", "--name", "crm", "--base-url", contacts["base_url"], "--location", location["id"],
        "--token", location["token"],
    )  # fmt: skip
    await line.json(*base)
    shown = await line.json("connect", "show", "crm")
    assert {one["stream"]: one["every_s"] for one in shown["polls"]} == {
        "contact": 300, "task": 300, "form_submission": 300, "walk": 60,
    }  # fmt: skip
    words = {one["id"]: one["arrival"] for one in shown["triggers"]}
    assert words["tasks.reopened"] == words["forms.submitted"] == "checked every 5 min"
    # No sync carries anything back, so nobody is walked.
    assert shown["walk"] is None
    assert words["notes.created"] == "instant"
    assert shown["found"] == []
    async with (
        line.up() as url,
        aiohttp.ClientSession(headers=await line.bearer("connections:read")) as http,
        http.get(f"{url}/api/sweeps") as answer,
    ):
        (state,) = await answer.json()
    assert (state["connection"], state["triggers"]) == ("crm", shown["triggers"])
    await line.json(*base, "--poll-every-s", "0")
    shown = await line.json("connect", "show", "crm")
    assert shown["polls"] == []
    words = {one["id"]: one["arrival"] for one in shown["triggers"]}
    assert words["tasks.reopened"] == "never: its poll is switched off"
    code, out, err = await line.run("connect", "show", "crm")
    assert code == 0, err
    assert "nothing is polled" in out


async def test_an_account_that_stores_people_is_walked_unless_nothing_is_polled(line: Line) -> None:
    """As it is connected without a word about polls; a derived one has nobody to walk."""
    nimbata = line.told["nimbata"]
    base = (
        "connect", "nimbata", "--name", "calls", "--base-url", nimbata["base_url"], "--account", nimbata["account"],
        "--token", nimbata["token"], "--no-check",
    )  # fmt: skip
    await line.json(*base, "--mode", "native", "--vanish-s", "30")
    shown = await line.json("connect", "show", "calls")
    assert {one["stream"]: one["every_s"] for one in shown["polls"]} == {"contact": 300, "walk": 60}
    assert shown["settings"]["vanish_s"] == 30
    # No sync carries anything from there, so nobody is walked.
    assert shown["walk"] is None
    await line.json(*base, "--mode", "native", "--poll-every-s", "0")
    assert (await line.json("connect", "show", "calls"))["polls"] == []
    await line.json(*base, "--mode", "derived")
    assert (await line.json("connect", "show", "calls"))["polls"] == []
