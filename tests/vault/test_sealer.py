"""One key at work: whatever is done to a sealed value, it opens as it was or not at all."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tieline.vault.seal import BrokenSeal, Sealer, UnknownKey, Vault

KEY = Sealer(b"k" * 32, 7)
PLACES = st.builds("{}.{}:{}:{}".format, st.sampled_from(["link", "item"]), st.sampled_from(["contact", "nimbata"]),
                   st.integers(1, 99), st.integers(1, 99))  # fmt: skip


@given(st.binary(max_size=2000), PLACES)
def test_what_is_sealed_opens_again_and_does_not_show(clear: bytes, place: str) -> None:
    """Round trip; equal values do not look equal."""
    sealed = KEY.seal(place, clear)
    assert KEY.open(place, sealed) == clear
    assert KEY.seal(place, clear) != sealed
    assert len(clear) < 8 or clear not in sealed


@given(st.binary(max_size=200), PLACES, PLACES)
def test_a_value_cannot_be_put_into_another_row_or_column(clear: bytes, place: str, other: str) -> None:
    """The place is part of the seal."""
    assume(place != other)
    with pytest.raises(BrokenSeal):
        KEY.open(other, KEY.seal(place, clear))


@given(st.binary(max_size=200), st.data())
def test_a_flipped_bit_is_noticed_wherever_it_is(clear: bytes, data: st.DataObject) -> None:
    """Nonce, text and tag."""
    sealed = bytearray(KEY.seal("x.y:1", clear))
    place = data.draw(st.integers(0, len(sealed) - 1))
    sealed[place] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(BrokenSeal):
        KEY.open("x.y:1", bytes(sealed))


@given(st.binary(max_size=200), st.data())
def test_a_value_that_was_cut_or_lengthened_is_noticed(clear: bytes, data: st.DataObject) -> None:
    """At either end, down to nothing."""
    sealed = KEY.seal("x.y:1", clear)
    kept = data.draw(st.integers(0, len(sealed) - 1))
    for wrong in (sealed[:kept], sealed[len(sealed) - kept :], sealed + b"\0", b"\0" + sealed):
        with pytest.raises(BrokenSeal):
            KEY.open("x.y:1", wrong)


@given(st.binary(max_size=200))
def test_another_key_opens_nothing(clear: bytes) -> None:
    """Nor does it say more than that."""
    with pytest.raises(BrokenSeal) as told:
        Sealer(b"o" * 32, 7).open("x.y:1", KEY.seal("x.y:1", clear))
    assert len(clear) < 8 or clear.decode("latin-1") not in str(told.value)


@given(st.binary(min_size=1, max_size=200), st.data())
def test_a_credential_under_a_numbered_key_is_as_safe(clear: bytes, data: st.DataObject) -> None:
    """Its mark and number too: no change of a bit yields another text."""
    vault = Vault(bytes(32))
    vault.take_over(look_ups=b"l" * 32, credentials={1: b"a" * 32, 9: b"b" * 32}, first=1, newest=9)
    sealed = bytearray(vault.seal(clear, context="connection crm"))
    assert vault.number_of(bytes(sealed)) == 9
    assert vault.unseal(bytes(sealed), context="connection crm") == clear
    sealed[data.draw(st.integers(0, len(sealed) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(BrokenSeal):
        vault.unseal(bytes(sealed), context="connection crm")


def test_what_a_newer_key_sealed_asks_for_that_key() -> None:
    """So that a process which has not read it yet reads it, and does not give up."""
    old, new = Vault(bytes(32)), Vault(bytes(32))
    old.take_over(look_ups=b"l" * 32, credentials={1: b"a" * 32}, first=1, newest=1)
    new.take_over(look_ups=b"l" * 32, credentials={1: b"a" * 32, 9: b"b" * 32}, first=1, newest=9)
    sealed = new.seal(b"pit", context="c")
    assert not old.knows(sealed)
    with pytest.raises(UnknownKey, match="key 9"):
        old.unseal(sealed, context="c")
    assert new.unseal(old.seal(b"pit", context="c"), context="c") == b"pit"


def test_what_was_sealed_before_there_were_numbers_stays_readable_until_its_key_is_dropped() -> None:
    """The first key is the one that was derived from the master key."""
    from tieline.vault.seal import first_credential_key, first_lookup_key

    before = Vault(b"m" * 32)
    sealed, digest = before.seal(b"pit", context="c"), before.digest("phone", "+1")
    first = first_credential_key(b"m" * 32)
    later = Vault(b"n" * 32)
    keys = {1: first, 2: b"b" * 32}
    later.take_over(look_ups=first_lookup_key(b"m" * 32), credentials=keys, first=1, newest=2)
    assert later.unseal(sealed, context="c") == b"pit"
    assert later.digest("phone", "+1") == digest
    later.take_over(look_ups=first_lookup_key(b"m" * 32), credentials={2: b"b" * 32}, first=-1, newest=2)
    with pytest.raises(UnknownKey):
        later.unseal(sealed, context="c")
