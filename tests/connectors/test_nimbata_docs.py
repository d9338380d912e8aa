"""What the page about call-tracking accounts shows works as it is shown."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from tests.conformance.nimbata_ready import ready
from tieline.connectors.nimbata.config import build
from tieline.connectors.nimbata.settings_file import read_settings

PAGE = Path(__file__).parents[2] / "docs" / "nimbata.md"
ENVIRONMENT = {"NIMBATA_ACCOUNT": "acc_1", "NIMBATA_TOKEN": "t", "NIMBATA_HOOK_KEY": "k"}


def _blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)


def test_the_settings_are_right() -> None:
    """Every key is one, and the account is as they say."""
    (text,) = _blocks("yaml")
    found = read_settings(text, environment=ENVIRONMENT)
    config = build(found.settings)
    assert not config.offers("nimbata.call.comment")
    assert not config.offers("nimbata.call.tag")
    assert config.offers("nimbata.call.list")


async def test_the_example_of_the_library_runs() -> None:
    """Against the sandbox, with the effect that it names."""
    (code,) = _blocks("python")
    names: dict[str, Any] = {}
    exec(code, names)
    async with ready(locations=1) as account:
        for outcome in ("NOT_ANSWERED", "ANSWERED", "NOT_ANSWERED"):
            account.call(outcome=outcome, at="2026-05-01T12:00:00Z")
        await account.contact(name="Jane Doe")
        tagged = await names["tag_missed_calls"](
            account.told["token"], account.told["account"], account.told["base_url"], account.project
        )
    assert tagged == 2
    assert [one.tags.count("Call Back Requested") for one in account.side.account.calls.rows()] == [1, 0, 1]
