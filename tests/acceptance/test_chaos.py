"""Everything that can break is broken for two minutes, and nothing is lost, doubled, unequal or out of order."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.acceptance


async def chaos(traces: Path, *arguments: str) -> tuple[int, dict[str, Any], str]:
    """Exit code, the last line, and what it said beside it."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TIELINE_")}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tieline", "chaos", "--json", "--traces", str(traces), *arguments,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, env=environment,
    )  # fmt: skip
    out, err = await process.communicate()
    assert process.returncode is not None
    lines = out.decode().strip().splitlines()
    return process.returncode, json.loads(lines[-1]) if lines else {}, err.decode()


@pytest.mark.timeout(600)
async def test_two_minutes_of_chaos_leave_both_sides_as_they_must_be(tmp_path: Path) -> None:
    """By the far sides' audit and the driver's own record; two workers are enough for a take-over."""
    code, told, err = await chaos(tmp_path, "--seed", "1", "--minutes", "2", "--workers", "2")
    assert code == 0, f"{told}\n{err}\n{_why(tmp_path)}"
    assert {name: told[name] for name in ("lost", "doubled", "unequal", "out_of_order", "rate_limited")} == {
        "lost": 0, "doubled": 0, "unequal": 0, "out_of_order": 0, "rate_limited": 0,
    }  # fmt: skip
    assert all(told["faults_fired"].values())
    assert told["events"] > 100
    # A green run leaves nothing behind.
    assert _why(tmp_path) == []


@pytest.mark.timeout(120)
async def test_what_cannot_be_asked_for_is_said_at_once(tmp_path: Path) -> None:
    """With what there is."""
    for wrong in (("--faults", "meteor"), ("--without", "luck")):
        code, told, err = await chaos(tmp_path, *wrong)
        assert (code, told) == (3, {})
        assert "there are: " in err


def _why(traces: Path) -> list[str]:
    """What the trace of a red run says was wrong."""
    return [
        line
        for one in traces.glob("*.trace.json")
        for line in json.loads(one.read_bytes())["outcome"]["wrong"]
    ]
