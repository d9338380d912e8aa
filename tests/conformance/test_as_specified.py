"""Every operation of the CRM as the vendor's specs have it: method, path, parameters, required fields, version."""

from __future__ import annotations

import re

import msgspec
import pytest

from tests.conformance import specs
from tests.conformance.exchanges import known_gaps
from tests.conformance.specs import Documented
from tieline.catalogue.fields import ACCOUNT_FIELDS
from tieline.catalogue.spec import AnyOperation
from tieline.connectors.contacts_api import CONNECTOR

pytestmark = pytest.mark.skipif(
    not specs.available(), reason="the vendor's specs are not beside this checkout"
)
_PLACE = re.compile(r"\{(\w+)\}")


def documented(operation: AnyOperation) -> Documented:
    """What the operation's source names."""
    file, _, name = operation.source.partition("#")
    found = [
        one
        for one in specs.dated().all()
        if f"{one.module}.json" == file and one.operation.get("operationId") == name
    ]
    assert len(found) == 1, f"{operation.id}: {operation.source} names {len(found)} operations"
    return found[0]


@pytest.mark.parametrize("operation", CONNECTOR.operations, ids=lambda one: one.id)
def test_it_is_the_call_that_its_source_names(operation: AnyOperation) -> None:
    """By the same method, to the same place, with places of the same names."""
    spec = documented(operation)
    assert (operation.method, operation.path.rstrip("/")) == (spec.method, spec.path.rstrip("/"))
    fields = {one.encode_name: one for one in msgspec.structs.fields(operation.input)}
    places = set(_PLACE.findall(operation.path))
    assert places == set(_PLACE.findall(spec.path))
    for place in places - ACCOUNT_FIELDS:
        assert fields[place].required or place in ACCOUNT_FIELDS, f"{place} may be left out"


@pytest.mark.parametrize("operation", CONNECTOR.operations, ids=lambda one: one.id)
def test_it_gives_whatever_is_required_and_nothing_unknown(operation: AnyOperation) -> None:
    """Query and body; what the connection fills in, or a spec is known to be wrong about, is required of nobody."""
    spec = documented(operation)
    fields = {one.encode_name: one for one in msgspec.structs.fields(operation.input)}
    query = {name.removesuffix("[]"): one for name, one in spec.parameters("query").items()}
    assert operation.query - query.keys() == set()
    wanted = [name for name, one in query.items() if one.get("required")] + spec.required(spec.body())
    for name in wanted:
        if not wrong_about(spec, name):
            assert name in fields, f"{name} is required, and cannot be given"
            ready = fields[name].required or fields[name].default is not msgspec.UNSET
            assert ready or name in ACCOUNT_FIELDS, f"{name} is required, and may be left out"
    if operation.version:
        versions = spec.parameters("header").get("Version", {}).get("schema", {}).get("enum")
        assert versions is None or operation.version in versions


def wrong_about(spec: Documented, name: str) -> bool:
    """Whether known_gaps.toml has it that the field is not required in life."""
    told = f'"{name}" is a required property'
    return any(
        gap.operation == spec.name and gap.part == "request" and gap.version != "v3" and gap.at == "/"
        and gap.says in told
        for gap in known_gaps()
    )  # fmt: skip
