"""The embedded PostgreSQL of a home: shared by its commands, stopped by the last one out."""

from __future__ import annotations

import secrets
import shutil
import threading
import time
from pathlib import Path
from urllib.parse import quote

import psycopg
import structlog
from psycopg import sql

from tieline.errors import StoreError
from tieline.store.binaries import Binaries, copy_for, find_binaries
from tieline.store.cluster import USER, data_major, initialise
from tieline.store.home import Home, write_private
from tieline.store.locks import FileLock
from tieline.store.place import SYSTEM_BASE, Place
from tieline.store.postmaster import Postmaster, Running
from tieline.store.refusal import cannot_write, explain

log = structlog.get_logger(__name__)

DATABASE = "tieline"
#: How long a command waits while another one starts or stops the server, seconds.
_TURN_S = 120
#: How often a server that dies under our hands is started again before we give up.
_DYING = 5


class EmbeddedServer:
    """One process's part in the server of a home. Blocking: call it from a thread.

    The server is detached. Starting, attaching and stopping happen under the start lock; whoever uses it shares the
    attach lock, which the system frees when its holder is killed. So the last one out knows that it is the last.
    """

    def __init__(self, home: Path | None = None, *, base: Path = SYSTEM_BASE) -> None:
        self.home = Home.find(home)
        self._base = base
        self._attached = FileLock(self.home.attach_lock)
        self._mutex = threading.Lock()

    def attach(self) -> str:
        """The URL of database `tieline` on the running server; made and started when missing. Raises StoreError."""
        with self._mutex:
            self.home.prepare()
            turn = self._take_turn()
            try:
                url = self._ensure()
                self._attached.take(shared=True)
            except BaseException:
                self._stop_if_unused()
                raise
            finally:
                turn.release()
            return url

    def ensure_running(self) -> bool:
        """Start it again if it was killed while we are attached; whether that was needed. Raises StoreError."""
        with self._mutex:
            if not self._attached.held or self._postmaster().running() is not None:
                return False
            turn = self._take_turn()
            try:
                self._ensure()
            finally:
                turn.release()
            return True

    def detach(self, *, remove: bool = False) -> None:
        """Leave; the last one out stops the server, and with `remove` deletes its database (throwaway homes)."""
        with self._mutex:
            if not self._attached.held:
                return
            try:
                turn = self._take_turn()
            except StoreError:
                # It keeps running, and the next command to end will stop it.
                self._attached.release()
                raise
            try:
                self._attached.release()
                if self._stop_if_unused() and remove:
                    shutil.rmtree(self.place.folder)
                    for path in (self.home.location, self.home.password):
                        path.unlink(missing_ok=True)
            finally:
                turn.release()

    @property
    def place(self) -> Place:
        """Where the server's files are."""
        return Place.of(self.home, base=self._base)

    def _postmaster(self) -> Postmaster:
        return Postmaster(self.place)

    def _take_turn(self) -> FileLock:
        turn = FileLock(self.home.start_lock)
        if not turn.take(wait_s=_TURN_S):
            raise StoreError(
                f"another command has been starting or stopping the database for over {_TURN_S} s."
                f" End it (it holds {self.home.start_lock}), then start again"
            )
        return turn

    def _stop_if_unused(self) -> bool:
        alone = FileLock(self.home.attach_lock)
        if not alone.take():
            return False
        try:
            self._postmaster().stop()
        finally:
            alone.release()
        return True

    def _ensure(self) -> str:
        place = self.place
        place.prepare()
        postmaster = Postmaster(place)
        password = self._password(place, postmaster)
        for _ in range(_DYING):
            running = postmaster.running()
            if running is None or not running.ready:
                binaries = self._binaries(place)
                if not place.data.exists():
                    initialise(place, binaries, password)
                running = postmaster.start(binaries)
            if not self.home.location.exists() or self.home.location.read_text("utf-8") != str(place.folder):
                write_private(self.home.location, str(place.folder))
            try:
                _require_database(_url(running, password, "postgres"), _url(running, password, DATABASE))
            except psycopg.OperationalError as error:
                refused = error
                # One that was being killed as we came looks ready for another moment.
                time.sleep(0.05)
                if postmaster.running() == running:
                    break
            except psycopg.Error as error:
                raise StoreError(explain(error)) from error
            else:
                return _url(running, password, DATABASE)
        raise StoreError(
            f"the embedded database server does not take connections; see {place.log}. ({refused})"
        ) from refused

    def _binaries(self, place: Place) -> Binaries:
        binaries = find_binaries(major=data_major(place))
        if place.base is not None:
            return copy_for(binaries, place.base, place.uid, place.gid)
        return binaries

    def _password(self, place: Place, postmaster: Postmaster) -> str:
        """The stored one; a new one for a new database. Refuses to begin an empty database in place of a lost one."""
        home = self.home
        known, exists = home.location.exists(), place.data.exists()
        if known and not exists:
            if home.location.read_text("utf-8") == str(place.folder):
                raise StoreError(
                    f"the database of this home was in {place.folder} and is gone. Restore that folder from a backup;"
                    f" or, to begin with an empty database, remove {home.location}"
                )
            raise StoreError(
                f"the database of this home was in {home.location.read_text('utf-8')} and now belongs in"
                f" {place.folder}, where there is none. If the home was moved, move that folder too; if it is a copy or"
                f" another user's, or to begin with an empty database, remove {home.location}"
            )
        if home.password.exists():
            return home.password.read_text("utf-8").strip()
        if known:
            raise StoreError(
                f"{home.password} is missing, and without it the database cannot be opened. Restore it from a backup"
            )
        if exists:
            # The home was deleted and made again: its old database must not come back, nor be lost.
            postmaster.stop()
            aside = place.data.with_name(f"data.aside-{time.time_ns()}")
            try:
                place.data.rename(aside)
            except OSError as error:
                raise cannot_write(aside, error) from error
            log.warning("the database of a deleted home was set aside", folder=str(aside))
        password = secrets.token_urlsafe(24)
        write_private(home.password, password)
        return password


def _url(running: Running, password: str, database: str) -> str:
    folder = quote(str(running.socket_folder), safe="")
    return f"postgresql://{USER}:{password}@/{database}?host={folder}&port=5432"


def _require_database(maintenance: str, url: str) -> None:
    try:
        psycopg.connect(url, connect_timeout=5).close()
    except psycopg.OperationalError as error:
        if "does not exist" not in str(error):
            raise
        with psycopg.connect(maintenance, autocommit=True, connect_timeout=5) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
