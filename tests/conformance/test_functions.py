"""Every function of our own does what its entry shows: the example that goes in, and the one that comes out."""

from __future__ import annotations

import pytest

from tests.conformance.proving import prove
from tieline.catalogue.builtins import FUNCTIONS, AnyFunction
from tieline.catalogue.fields import example_of
from tieline.server.catalogue import catalogue


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda one: one.id)
def test_the_shown_example_comes_of_the_shown_input(function: AnyFunction) -> None:
    """All fields at once, and those alone that are required."""
    entry = catalogue().get(function.id)
    assert entry is not None
    assert entry.function is function
    wanted = example_of(entry.output_fields, all_of_them=True)
    assert function.call(example_of(entry.fields, all_of_them=True)) == wanted
    assert function.call(example_of(entry.fields)).keys() == wanted.keys()
    prove(function.id, "gave its example out of its example")
