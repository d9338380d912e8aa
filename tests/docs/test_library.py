"""What the page about the clients shows is what a reader gets who types it."""

from __future__ import annotations

import asyncio
import doctest
from pathlib import Path
from typing import Any

from tieline.sandbox.app import Options, Sandbox

PAGE = Path(__file__).parents[2] / "docs" / "library.md"


async def test_the_page_runs_as_it_stands() -> None:
    """In order, against a far side with its real limits."""
    async with Sandbox.start(Options(locations=1)) as sandbox:
        told: dict[str, Any] = sandbox.describe()
        sandbox.nimbata.side.emit({"kind": "call", "caller": "+12015550199", "outcome": "NOT_ANSWERED"})
        names = {
            "TOKEN": told["contacts"]["locations"][0]["token"], "LOCATION": told["contacts"]["location_id"],
            "BASE_URL": told["contacts"]["base_url"], "NIMBATA_TOKEN": told["nimbata"]["token"],
            "ACCOUNT": told["nimbata"]["account"], "NIMBATA_URL": told["nimbata"]["base_url"],
            "PROJECT": told["nimbata"]["projects"][0],
        }  # fmt: skip
        page = doctest.DocTestParser().get_doctest(
            PAGE.read_text("utf-8"), names, PAGE.name, str(PAGE), lineno=0
        )
        runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
        said: list[str] = []
        # The examples have loops of their own.
        failed, tried = await asyncio.to_thread(runner.run, page, out=said.append)
        assert failed == 0, "".join(said)
        assert tried > 15
