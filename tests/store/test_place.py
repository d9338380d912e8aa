"""The server's own folder and its socket: nobody else may enter, and nobody can be there first."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from tieline.errors import StoreError
from tieline.store.home import Home
from tieline.store.place import Place


def _ours(folder: Path) -> Place:
    return Place(folder=folder, uid=os.geteuid(), gid=os.getegid())


@pytest.fixture
def long_place(tmp_path: Path) -> Place:
    """A place whose path is too long for a socket."""
    folder = tmp_path / ("x" * 120)
    folder.mkdir()
    return _ours(folder)


def test_socket_lies_in_the_place_where_its_path_is_short(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The usual case: nothing outside the home is touched."""
    place = _ours(tmp_path_factory.mktemp("p"))
    folder = place.socket_folder()
    assert folder == place.folder / "run"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert place.socket_folder() == folder


def test_long_path_gets_a_private_folder_elsewhere(
    long_place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a runtime folder of the session, one of our own in /tmp, closed to others."""
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    folder = long_place.socket_folder()
    try:
        assert folder.parent == Path("/tmp")
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert long_place.socket_folder() == folder
    finally:
        folder.rmdir()


def test_runtime_folder_of_the_session_is_preferred(
    long_place: Place, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """$XDG_RUNTIME_DIR is used when it is ours alone, and passed over when others may enter it."""
    runtime = Path(f"/tmp/tl-{os.getpid()}")
    runtime.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    elsewhere = Path("/nowhere")
    try:
        folder = long_place.socket_folder()
        assert folder.parent == runtime
        folder.rmdir()
        runtime.chmod(0o755)
        elsewhere = long_place.socket_folder()
        assert elsewhere.parent == Path("/tmp")
    finally:
        runtime.rmdir()
        if elsewhere.exists():
            elsewhere.rmdir()


@pytest.mark.parametrize("plant", ["open to others", "a link", "a file", "another user's"])
def test_planted_socket_folder_is_refused(
    long_place: Place, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, plant: str
) -> None:
    """Somebody who knows the name of our folder in /tmp gets no server, and no password, by making it first."""
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    folder = long_place.socket_folder()
    folder.rmdir()
    match plant:
        case "open to others":
            folder.mkdir()
            folder.chmod(0o777)
        case "a link":
            (tmp_path / "target").mkdir(mode=0o700)
            folder.symlink_to(tmp_path / "target")
        case "a file":
            folder.touch(mode=0o700)
        case _:
            if os.geteuid() != 0:
                pytest.skip("only root can make a folder of another user")
            folder.mkdir(mode=0o700)
            os.chown(folder, 65534, 65534)
    try:
        with pytest.raises(StoreError, match=r"alone controls.*Remove it"):
            long_place.socket_folder()
    finally:
        folder.rmdir() if folder.is_dir() and not folder.is_symlink() else folder.unlink()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's servers live outside the home")
def test_place_that_others_may_enter_is_refused_not_changed(tmp_path: Path) -> None:
    """A folder that was there keeps its permissions; one that is not safe is not used."""
    base = tmp_path / "base"
    place = Place.of(Home(tmp_path / "home"), base=base)
    place.prepare()
    place.folder.chmod(0o755)
    with pytest.raises(StoreError, match="alone controls"):
        place.prepare()
    assert stat.S_IMODE(place.folder.stat().st_mode) == 0o755
    assert stat.S_IMODE(base.stat().st_mode) == 0o711


def test_programs_get_an_environment_of_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stray PGDATA or a secret of ours never reaches the server, and its files are private from the start."""
    monkeypatch.setenv("PGDATA", "/elsewhere")
    monkeypatch.setenv("TIELINE_SECRET", "hidden")
    process = _ours(tmp_path).spawn("/bin/sh", "-c", "env; umask; pwd; cat")
    said, _ = process.communicate(timeout=10)
    assert "PGDATA" not in said
    assert "hidden" not in said
    assert f"HOME={tmp_path}" in said
    assert "0077" in said


def test_home_is_found_by_variable_then_by_xdg(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """$TIELINE_HOME wins; then $XDG_DATA_HOME where it is absolute; then ~/.local/share."""
    monkeypatch.setenv("HOME", str(tmp_path / "me"))
    monkeypatch.delenv("TIELINE_HOME", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", "relative")
    assert Home.find().path == tmp_path / "me/.local/share/tieline"
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert Home.find().path == tmp_path / "data/tieline"
    monkeypatch.setenv("TIELINE_HOME", str(tmp_path / "mine"))
    assert Home.find().path == tmp_path / "mine"
    assert Home.find(tmp_path / "named").path == tmp_path / "named"


def test_home_has_one_name(tmp_path: Path) -> None:
    """Two spellings of a folder are one home, so that they share its locks."""
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    assert Home.find(tmp_path / "link" / ".." / "link") == Home.find(tmp_path / "real")
