"""Every operation of the connector works against the sandbox, from its example to the audit."""

from __future__ import annotations

import pytest

from tests.conformance.examples import EXAMPLES
from tests.conformance.proving import prove
from tests.conformance.ready import ready
from tieline.connectors.contacts_api import CONNECTOR

BY_ID = {operation.id: operation for operation in CONNECTOR.operations}


@pytest.mark.parametrize("name", sorted(EXAMPLES))
async def test_the_operation_is_taken_and_answered_as_its_types_say(name: str) -> None:
    """A write changes something; what was written is what the audit saw."""
    operation = BY_ID[name]
    async with ready() as location:
        given = await EXAMPLES[name](location)
        audit = location.sandbox.contacts.audit
        before = audit.effects[name]
        answer = await location.api.answer(operation, given)
        assert 200 <= answer.status < 300
        assert audit.calls[-1].operation == name
        if audit.calls[-1].write and name not in _LEAVE_THINGS_AS_THEY_ARE:
            assert audit.effects[name] == before + 1
        changed = audit.effects[name] - before
        prove(name, f"sent as its example, answered as typed, seen in the audit, effects: {changed}")


#: Their example asks for what is so already.
_LEAVE_THINGS_AS_THEY_ARE = frozenset({"contacts.remove_followers"})


def test_every_operation_has_an_example() -> None:
    """So that a new one cannot be forgotten."""
    assert set(BY_ID) - set(EXAMPLES) == set()
