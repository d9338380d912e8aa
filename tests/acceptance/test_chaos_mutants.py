"""Chaos can fail: with one guard of the hub taken away at a time, a seed turns red, and leaves a trace."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.acceptance.test_chaos import chaos
from tieline.chaos.mutants import MUTANTS

pytestmark = [pytest.mark.acceptance, pytest.mark.nightly, pytest.mark.timeout(3600)]
SEEDS = range(1, 6)


@pytest.mark.parametrize("guard", MUTANTS)
async def test_a_hub_without_the_guard_turns_a_seed_red(tmp_path: Path, guard: str) -> None:
    """Because of what stands on the far sides, and not because a run could not be made."""
    for seed in SEEDS:
        code, told, err = await chaos(tmp_path, "--seed", str(seed), "--minutes", "2", "--without", guard)
        assert code in (0, 1), err
        if any(told[name] for name in ("lost", "doubled", "unequal", "out_of_order", "rate_limited")):
            trace = json.loads((tmp_path / f"chaos-{seed}.trace.json").read_bytes())
            assert trace["mutant"] == guard
            assert trace["outcome"]["wrong"]
            assert {"deeds", "calls", "deliveries", "hub", "logs"} <= trace.keys()
            return
    pytest.fail(f"a hub without {guard} passes {len(SEEDS)} seeds")
