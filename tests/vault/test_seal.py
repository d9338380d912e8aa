"""Sealing: nothing readable at rest, nothing swapped, nothing opened with another key."""

from __future__ import annotations

import base64
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tieline.errors import ConfigurationError
from tieline.vault.keys import load_master_key
from tieline.vault.seal import Vault

VAULT = Vault(b"k" * 32)


@given(st.binary(max_size=2000))
def test_what_is_sealed_opens_again_and_does_not_show(clear: bytes) -> None:
    """Round trip; the clear text does not stand in the sealed one."""
    sealed = VAULT.seal(clear, context="connection crm")
    assert VAULT.unseal(sealed, context="connection crm") == clear
    assert len(clear) < 8 or clear not in sealed


def test_a_sealed_value_cannot_be_moved_to_another_connection() -> None:
    """The context is part of the seal."""
    sealed = VAULT.seal(b"pit-secret", context="connection a")
    with pytest.raises(ConfigurationError, match="connection b"):
        VAULT.unseal(sealed, context="connection b")


@given(st.integers(0, 37), st.integers(0, 7))
def test_a_flipped_bit_is_noticed(place: int, bit: int) -> None:
    """Tampering never yields another text."""
    sealed = bytearray(VAULT.seal(b"pit-secret", context="c"))
    sealed[place] ^= 1 << bit
    with pytest.raises(ConfigurationError):
        VAULT.unseal(bytes(sealed), context="c")


def test_digests_need_the_key() -> None:
    """Equal values give equal digests under one key, and others under another; kinds do not collide."""
    assert VAULT.digest("phone", "+1") == VAULT.digest("phone", "+1")
    assert VAULT.digest("phone", "+1") != VAULT.digest("email", "+1")
    assert VAULT.digest("phone", "+1") != Vault(b"x" * 32).digest("phone", "+1")


def test_the_first_start_makes_a_key_for_its_owner_alone(tmp_path: Path) -> None:
    """Mode 0600, and the same key at the next start."""
    home = tmp_path / "a home"
    key = load_master_key(home)
    assert load_master_key(home) == key
    assert stat.S_IMODE((home / "master.key").stat().st_mode) == 0o600
    assert [path.name for path in home.iterdir()] == ["master.key"]


def test_a_key_from_the_environment_is_preferred(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hubs that share a database share the key so."""
    monkeypatch.setenv("TIELINE_MASTER_KEY", base64.b64encode(b"e" * 32).decode())
    assert load_master_key(tmp_path) == b"e" * 32
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", ["", "short", base64.b64encode(b"x" * 31).decode(), "ü" * 44])
def test_a_key_that_is_none_is_refused_with_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    """Never a start with a weak or broken key."""
    monkeypatch.setenv("TIELINE_MASTER_KEY", text)
    with pytest.raises(ConfigurationError, match="TIELINE_MASTER_KEY"):
        load_master_key(tmp_path)
