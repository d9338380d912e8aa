"""The bookkeeping of sweeps, against a far side that is edited, hides rows, and is looked at now and then."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tieline.domain.swept import GONE, Row, Swept
from tieline.sync.swept import MISSED_FOR, compare, missing

START = datetime(2026, 11, 2, tzinfo=UTC)
_ids = st.sampled_from(["a", "b", "c"])
#: edit: a new state, or an earlier one again; hide: the list leaves it out though it is there.
_steps = st.lists(
    st.one_of(
        st.tuples(st.just("edit"), _ids, st.sampled_from([b"1", b"2", b"3"])),
        st.tuples(st.sampled_from(["delete", "hide", "show"]), _ids, st.just(b"")),
        st.tuples(st.just("look"), _ids, st.sampled_from([b"1", b"5", b"15"])),
    ),
    max_size=60,
)


@given(_steps, st.dictionaries(_ids, st.sampled_from([b"1", b"2"])))
def test_every_state_is_told_once_and_no_end_too_soon(
    steps: list[tuple[str, str, bytes]], before: dict[str, bytes]
) -> None:
    """What was there at first is history. From then on a listener that believes what it is told knows each record as
    the looks showed it, and hears of an end only after ten minutes without a row."""
    there, hidden, now = dict(before), set[str](), START
    made = {name: START - timedelta(days=1) for name in there}
    known: dict[str, Swept] = {}
    heard: dict[str, bytes | None] = dict(before)
    missed_since: dict[str, datetime] = {}
    for number, (what, name, value) in enumerate([("look", "a", b"0"), *steps]):
        match what:
            case "edit":
                made.setdefault(name, now)
                there[name] = value
            case "delete":
                there.pop(name, None)
                made.pop(name, None)
            case "hide":
                hidden.add(name)
            case "show":
                hidden.discard(name)
            case "look":
                now += timedelta(minutes=int(value), seconds=1)
                listed = {name: digest for name, digest in there.items() if name not in hidden}
                rows = [
                    Row(record_id=name, contact_id="p", digest=digest, added_at=made[name])
                    for name, digest in listed.items()
                ]
                look = compare(known, rows, since=START, first=number == 0, now=now)
                assert look.news == {name for name, digest in listed.items() if heard.get(name) != digest}
                absent = missing((one for name, one in known.items() if name not in listed), now=now)
                for one in (*look.remember, *absent.remember):
                    known[one.record_id] = one
                for name in listed:
                    heard[name] = listed[name]
                    missed_since.pop(name, None)
                for one in absent.vanished:
                    assert heard[one.record_id] is not None, "its end was told before"
                    assert now - missed_since[one.record_id] >= MISSED_FOR
                    heard[one.record_id] = None
                for name in known.keys() - listed.keys():
                    since = missed_since.setdefault(name, now)
                    # Whatever is missed for so long was told as gone.
                    assert now - since < MISSED_FOR or heard[name] is None


def test_a_row_without_a_date_is_history_on_the_first_look_alone() -> None:
    """Lists that show no dates would else tell a location's whole past, or nothing at all."""
    row = Row(record_id="a", contact_id=None, digest=b"1", added_at=None)
    assert not compare({}, [row], since=START, first=True, now=START).news
    assert compare({}, [row], since=START, first=False, now=START).news == {"a"}


def test_a_row_that_two_pages_show_is_one() -> None:
    """Pages shift while they are read."""
    row = Row(record_id="a", contact_id=None, digest=b"1", added_at=START)
    assert len(compare({}, [row, row], since=START, first=False, now=START).remember) == 1


def test_a_row_that_says_itself_that_it_is_gone_is_told_once() -> None:
    """Its end is no second one when the list leaves it out."""
    row = Row(record_id="a", contact_id=None, digest=b"1", added_at=START)
    known = {one.record_id: one for one in compare({}, [row], since=START, first=True, now=START).remember}
    ended = Row(record_id="a", contact_id=None, digest=GONE, added_at=START)
    look = compare(known, [ended], since=START, first=False, now=START)
    assert look.news == {"a"}
    known = {one.record_id: one for one in look.remember}
    assert not compare(known, [ended], since=START, first=False, now=START).news
    for hours in (1, 2):
        absent = missing(known.values(), now=START + timedelta(hours=hours))
        assert absent.vanished == ()
        known = {one.record_id: one for one in absent.remember}
