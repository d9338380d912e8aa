"""The first admin of a hub, and the one moment in which the password is told."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from tieline.cli import output
from tieline.cli.session import home_path

if TYPE_CHECKING:
    from tieline.server.access.principal import Clock
    from tieline.store.pool import Store

_FILE = "admin-password"


class FirstAdmin(msgspec.Struct, frozen=True, kw_only=True):
    """Who may come in from now on."""

    name: str
    password: str
    #: Where the password stands, since nobody watches; None = it is shown.
    file: Path | None

    def tell(self) -> None:
        """On the terminal. Anything else that takes our output may be a log, and is told the file alone."""
        where = f"password [bold]{self.password}[/]" if self.file is None else f"password in {self.file}"
        output.err.print(
            f"First start: log in as [bold]{self.name}[/], {where}. It is told this once; change it with"
            f" tieline users password {self.name}",
            soft_wrap=True,
        )

    def __repr__(self) -> str:
        return f"FirstAdmin({self.name})"


async def first_admin(store: Store, clock: Clock) -> FirstAdmin | None:
    """Make the first admin; None where there are users."""
    from tieline.server.access.users import FIRST, Users

    password = await Users(store, clock).first()
    if password is None:
        return None
    file = None if sys.stderr.isatty() else _written(password)
    return FirstAdmin(name=FIRST, password=password, file=file)


def _written(password: str) -> Path:
    """For its owner alone. One of an earlier database is replaced."""
    path = home_path() / _FILE
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(password + "\n")
    return path
