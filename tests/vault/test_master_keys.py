"""Where the master key is kept: each place gives it, makes it once, changes it in two steps, and says what is wrong."""

from __future__ import annotations

import base64
import os
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.vault.kv_server import Kv, kv_server
from tieline.errors import ConfigurationError
from tieline.vault.hashicorp import HashicorpKeys
from tieline.vault.keys import EnvironmentKeys, FileKeys, find_master_keys
from tieline.vault.master import MasterKeys, encode_key


@pytest.fixture
def kv() -> Iterator[Kv]:
    """A vault that works."""
    with kv_server() as running:
        yield running


@pytest.fixture(params=["file", "hashicorp"])
def place(request: pytest.FixtureRequest, tmp_path: Path, kv: Kv) -> MasterKeys:
    """The places that make keys themselves."""
    return FileKeys(tmp_path / "home") if request.param == "file" else HashicorpKeys(kv.url, kv.token)


def test_the_first_key_is_made_once_and_stays(place: MasterKeys) -> None:
    """Whoever makes one beside another gets the same."""
    assert place.read() == []
    with ThreadPoolExecutor(1) as pool:
        made = {place.make(), *pool.map(lambda _: place.make(), range(3))}
    assert [*made] == place.read()


def test_a_key_is_changed_in_two_steps(place: MasterKeys) -> None:
    """Between them both are there, the old one first; the steps can be taken twice."""
    old = place.make()
    following = place.prepare()
    assert place.prepare() == following != old
    assert place.read() == [old, following]
    place.promote(following)
    assert place.read() == [following]
    place.promote(following)
    place.promote(old)
    assert place.read() == [following]


def test_the_old_key_is_kept_for_older_backups(tmp_path: Path, kv: Kv) -> None:
    """In the same place, under another name, and as closed."""
    file = FileKeys(tmp_path)
    old = file.make()
    file.promote(file.prepare())
    kept = tmp_path / "master.key.old"
    assert kept.read_text().strip() == encode_key(old)
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o600}
    vault = HashicorpKeys(kv.url, kv.token)
    old = vault.make()
    vault.promote(vault.prepare())
    (versions,) = kv.secrets.values()
    assert versions[-1] is not None
    assert versions[-1]["old"] == encode_key(old)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_file_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    """With the command that mends it."""
    keys = FileKeys(tmp_path)
    keys.make()
    os.chmod(tmp_path / "master.key", mode)
    with pytest.raises(ConfigurationError, match=f"{mode:04o}.*chmod 600"):
        keys.read()


@pytest.mark.parametrize("text", [b"", b"short", "ü".encode() * 22, b"\xff" * 44])
def test_a_file_that_holds_no_key_is_refused_and_not_replaced(tmp_path: Path, text: bytes) -> None:
    """What stands there may be what somebody needs."""
    path = tmp_path / "master.key"
    path.write_bytes(text)
    path.chmod(0o600)
    with pytest.raises(ConfigurationError, match=r"master\.key must hold 32 bytes"):
        FileKeys(tmp_path).read()
    assert path.read_bytes() == text


def test_the_environment_is_changed_by_its_operator(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is told how, and told nothing of the keys."""
    first, second = (base64.b64encode(letter * 32).decode() for letter in (b"a", b"b"))
    monkeypatch.setenv("TIELINE_MASTER_KEY", first)
    keys = EnvironmentKeys()
    with pytest.raises(ConfigurationError, match="set it as TIELINE_MASTER_KEY_NEXT") as told:
        keys.prepare()
    assert first not in str(told.value)
    monkeypatch.setenv("TIELINE_MASTER_KEY_NEXT", second)
    assert keys.prepare() == b"b" * 32
    assert keys.read() == [b"a" * 32, b"b" * 32]
    keys.promote(b"b" * 32)


def test_one_place_alone_may_be_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kv: Kv) -> None:
    """Else nobody knows which key counts."""
    assert isinstance(find_master_keys(tmp_path), FileKeys)
    monkeypatch.setenv("TIELINE_VAULT_ADDR", kv.url)
    with pytest.raises(ConfigurationError, match="TIELINE_VAULT_TOKEN"):
        find_master_keys(tmp_path)
    (tmp_path / "token").write_text(f"{kv.token}\n")
    monkeypatch.setenv("TIELINE_VAULT_TOKEN_FILE", str(tmp_path / "token"))
    monkeypatch.setenv("TIELINE_VAULT_PATH", "hubs/one")
    keys = find_master_keys(tmp_path)
    keys.make()
    assert [*kv.secrets] == ["/v1/secret/data/hubs/one"]
    monkeypatch.setenv("TIELINE_VAULT_TOKEN_FILE", str(tmp_path / "no such file"))
    with pytest.raises(ConfigurationError, match="no such file"):
        find_master_keys(tmp_path)
    monkeypatch.setenv("TIELINE_MASTER_KEY", encode_key(b"a" * 32))
    with pytest.raises(ConfigurationError, match="one place only"):
        find_master_keys(tmp_path)


def test_each_failure_of_hashicorp_vault_says_the_next_step(kv: Kv) -> None:
    """Sealed, a token that is over, a policy that is too narrow, a secret that was deleted, nobody there."""
    keys = HashicorpKeys(kv.url, kv.token)
    keys.make()
    kv.sealed = True
    with pytest.raises(ConfigurationError, match="vault operator unseal"):
        keys.read()
    kv.sealed = False
    with pytest.raises(ConfigurationError, match=r"expired or was revoked.*vault token lookup") as told:
        HashicorpKeys(kv.url, "hvs.over").read()
    assert "hvs.over" not in str(told.value)
    kv.may_write = False
    with pytest.raises(ConfigurationError, match="read and write secret/data/tieline"):
        keys.prepare()
    kv.may_write = True
    kv.secrets["/v1/secret/data/tieline"].append(None)
    with pytest.raises(ConfigurationError, match="vault kv undelete"):
        keys.read()
    with pytest.raises(ConfigurationError, match="vault kv undelete"):
        keys.make()
    with pytest.raises(ConfigurationError, match="TIELINE_VAULT_ADDR"):
        HashicorpKeys("http://127.0.0.1:9", kv.token).read()
