"""A proof that is not given any more is missed, and one that is given otherwise is told."""

from __future__ import annotations

import pytest

from tests.conformance.proving import VARIABLE, settle
from tieline.catalogue.proof import proofs

GIVEN = [f"{name}\t{proof.shown}" for name, proof in proofs().items()]


@pytest.fixture(autouse=True)
def _held(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is written, also where the run itself writes."""
    monkeypatch.delenv(VARIABLE, raising=False)


def test_the_same_proofs_are_no_news() -> None:
    """In any order."""
    assert settle(reversed(GIVEN), passed=True) == (len(GIVEN), [])


def test_a_proof_of_something_else_is_told() -> None:
    """Other words, other deeds."""
    name = sorted(proofs())[0]
    changed = [f"{name}\tseen in a dream", *(one for one in GIVEN if not one.startswith(f"{name}\t"))]
    assert settle(changed, passed=True)[1] == [f"{name} is proved otherwise"]


def test_a_proof_that_no_test_gives_is_told() -> None:
    """Unless only some tests ran, or one failed."""
    lost = GIVEN[0].partition("\t")[0]
    assert settle(GIVEN[1:], passed=True)[1] == [f"{lost} was proved by no test"]
    assert settle(GIVEN[1:], passed=False)[1] == settle(GIVEN[:20], passed=True)[1] == []


def test_only_entries_can_be_proved() -> None:
    """A slip of the pen in a test would otherwise prove nothing."""
    with pytest.raises(AssertionError, match=r"tasks\.paint"):
        settle(["tasks.paint\tit was blue"], passed=True)
