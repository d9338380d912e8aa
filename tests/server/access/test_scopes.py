"""What a scope covers, and that nobody gives away more than they have."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tieline.errors import ConfigurationError
from tieline.server.access.scopes import (
    ALL,
    MAY,
    ROLES,
    SCOPES,
    SUBJECTS,
    beyond,
    grants,
    needs,
    require_scopes,
)

scopes = st.sampled_from([*SCOPES, "*:read", ALL])
held = st.lists(scopes, max_size=5)
needed = st.sampled_from(SCOPES)


@given(held, needed)
def test_a_scope_is_covered_only_by_its_own_subject_or_by_all_of_them(own: list[str], wanted: str) -> None:
    """Said anew, one subject at a time."""
    subject, deed = wanted.split(":")
    enough = {wanted, f"{subject}:write", f"*:{deed}", "*:write"}
    assert grants(own, wanted) == bool(enough & set(own))


@given(held, needed, scopes)
def test_more_scopes_never_take_anything_away(own: list[str], wanted: str, more: str) -> None:
    """Whatever is granted stays so."""
    assert not grants(own, wanted) or grants([*own, more], wanted)


@given(held, held, needed)
def test_whoever_passes_on_what_is_not_beyond_them_passes_on_nothing_new(
    own: list[str], given_: list[str], wanted: str
) -> None:
    """No chain of tokens leads further than its beginning."""
    if not beyond(own, given_):
        assert not grants(given_, wanted) or grants(own, wanted)


@given(st.text(max_size=20))
def test_what_is_no_scope_grants_nothing_and_is_not_stored(text: str) -> None:
    """However it is written."""
    if text not in (*SCOPES, "*:read", ALL):
        with pytest.raises(ConfigurationError):
            require_scopes([text])


def test_a_route_cannot_need_what_there_is_not() -> None:
    """A slip of the pen would be a route that only admins reach, or nobody."""
    with pytest.raises(ValueError, match="no scope"):
        needs("itmes:read")


def test_the_written_table_of_roles_is_the_one_in_force() -> None:
    """docs/access.md, cell by cell."""
    page = (Path(__file__).parents[3] / "docs" / "access.md").read_text("utf-8")
    told = {}
    for line in page.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 5 and cells[0].strip("`") in SUBJECTS:
            told[cells[0].strip("`")] = cells[2:]
    assert told.keys() == SUBJECTS.keys()
    for subject, cells in told.items():
        for role, cell in zip(reversed(ROLES), cells, strict=True):
            may = [deed for deed in SUBJECTS[subject] if grants(MAY[role], f"{subject}:{deed}")]
            assert cell == (", ".join(may) or "–"), (subject, role)
