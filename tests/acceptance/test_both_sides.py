"""Whatever people do on both sides, and whatever goes wrong meanwhile: once all is quiet, both sides are equal."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings

from tests.acceptance.both_sides_kept import KEPT
from tests.acceptance.both_sides_stage import Stage, stage
from tests.acceptance.both_sides_stories import Wave, waves
from tieline.store.pool import Store

#: Stories side by side: each is an example of its own, and all of them share one wait for quiet.
SIZE = 12
#: Longest that one wave may take in all.
WAVE_S = 90.0


def check(built: Stage, loop: asyncio.AbstractEventLoop, *, examples: int, other_ones: bool = False) -> None:
    """Let Hypothesis draw waves, in a thread of its own, while the stage runs in the test's loop: always the same, or
    other ones each time."""

    @settings(
        max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck),
        phases=(Phase.explicit, Phase.generate), derandomize=not other_ones, print_blob=False,
    )  # fmt: skip
    @given(waves(SIZE))
    def both_sides_end_equal(wave: Wave) -> None:
        wrong = asyncio.run_coroutine_threadsafe(asyncio.wait_for(built.play(wave), WAVE_S), loop).result()
        assert wrong == [], "\n".join(wrong)

    for wave in KEPT:
        both_sides_end_equal = example(wave)(both_sides_end_equal)
    both_sides_end_equal()


@pytest.mark.acceptance
@pytest.mark.timeout(400)
async def test_both_sides_end_equal_whatever_happens(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing lost, nothing twice, nothing put back; and no call once all is quiet."""
    async with stage(store, monkeypatch) as built:
        await asyncio.to_thread(check, built, asyncio.get_running_loop(), examples=14)
        assert built.stories >= 100


@pytest.mark.acceptance
@pytest.mark.nightly
@pytest.mark.timeout(3600)
async def test_both_sides_end_equal_two_thousand_times(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same, for a night."""
    async with stage(store, monkeypatch) as built:
        while built.stories < 2000:
            await asyncio.to_thread(check, built, asyncio.get_running_loop(), examples=40, other_ones=True)
        assert built.crashes > 0
