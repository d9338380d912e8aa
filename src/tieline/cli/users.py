"""`tieline users`: who may log in, and as what."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tieline.cli import output
from tieline.cli.secret_input import read_secret
from tieline.cli.session import opened_hub, run

if TYPE_CHECKING:
    from tieline.server.access.users import Removed, User

app = typer.Typer(help="Users: list, add, role, password, remove.", no_args_is_help=True)

Json = Annotated[bool, output.JSON_OPTION]
Name = Annotated[str, typer.Argument(metavar="NAME")]
RoleName = Annotated[str, typer.Argument(metavar="ROLE", help="admin, operator or viewer")]
PasswordStdin = Annotated[
    bool,
    typer.Option(
        "--password-stdin", help="read it from standard input; default: a new one is made and shown"
    ),
]


@app.command("list")
def list_(as_json: Json = False) -> None:
    """All users."""
    found = run(_list())
    output.show(
        found,
        as_json,
        lambda: output.table(
            ("name", "role", "since (UTC)", "password since"),
            [(one.name, one.role, one.created_at, one.password_at) for one in found],
            empty="no users yet: tieline up makes the first, or tieline users add",
        ),
    )


@app.command("add")
def add(
    name: Name,
    role: Annotated[str, typer.Option(help="admin, operator or viewer")] = "viewer",
    password_stdin: PasswordStdin = False,
    as_json: Json = False,
) -> None:
    """Make a user."""
    password, made = _password(password_stdin)
    one = run(_add(name, role, password))
    _tell({"name": name, "role": one.role}, f"{name} may log in as {one.role}.", password, made, as_json)


@app.command("role")
def change_role(name: Name, role: RoleName, as_json: Json = False) -> None:
    """Give a user another role; it holds at once, and the user logs in again."""
    if run(_role(name, role)) is None:
        raise output.NotThere(f"there is no user {name}; see: tieline users list")
    output.show(
        {"name": name, "role": role}, as_json, lambda: output.out.print(f"{name} is {role} from now on.")
    )


@app.command("password")
def change_password(name: Name, password_stdin: PasswordStdin = False, as_json: Json = False) -> None:
    """Give a user another password, who is logged out everywhere; pauses after wrong tries end."""
    password, made = _password(password_stdin)
    if run(_change_password(name, password)) is None:
        raise output.NotThere(f"there is no user {name}; see: tieline users list")
    _tell({"name": name}, f"{name} has another password.", password, made, as_json)


@app.command("remove")
def remove(name: Name, as_json: Json = False) -> None:
    """Remove a user, who is logged out everywhere."""
    gone = run(_remove(name))
    if gone is None:
        raise output.NotThere(f"there is no user {name}; see: tieline users list")

    def people() -> None:
        output.out.print(f"Removed {name}.")
        if gone.tokens:
            output.out.print(
                f"Tokens that {name} made, and that still work: {', '.join(gone.tokens)}."
                " Revoke those that nobody else needs: tieline tokens revoke NAME"
            )

    output.show(gone, as_json, people)


def _password(from_stdin: bool) -> tuple[str, bool]:
    """The password, and whether we made it."""
    from tieline.server.access.passwords import new_password

    if not from_stdin:
        return new_password(), True
    return read_secret("Password", None, from_stdin=True, option="password"), False


def _tell(told: dict[str, Any], text: str, password: str, made: bool, as_json: bool) -> None:
    def people() -> None:
        output.out.print(text)
        if made:
            output.out.print(f"Password, shown this once: {password}", markup=False)

    output.show({**told, "password": password} if made else told, as_json, people)
    sys.stdout.flush()


async def _list() -> list[User]:
    from tieline.server.access.users import Users

    async with opened_hub() as hub:
        return await Users(hub.store, hub.clock).all()


async def _add(name: str, role: str, password: str) -> User:
    from tieline.server.access.scopes import require_role
    from tieline.server.access.users import Users

    wanted = require_role(role)
    async with opened_hub() as hub:
        return await Users(hub.store, hub.clock).add(name, wanted, password)


async def _role(name: str, role: str) -> User | None:
    from tieline.server.access.scopes import require_role
    from tieline.server.access.users import Users

    wanted = require_role(role)
    async with opened_hub() as hub:
        return await Users(hub.store, hub.clock).change_role(name, wanted)


async def _change_password(name: str, password: str) -> User | None:
    from tieline.server.access.throttle import Throttle
    from tieline.server.access.users import Users

    async with opened_hub() as hub:
        changed = await Users(hub.store, hub.clock).change_password(name, password)
        async with hub.store.transaction() as db:
            await Throttle(hub.store, hub.vault.digest, hub.clock).forgive(db, name)
    return changed


async def _remove(name: str) -> Removed | None:
    from tieline.server.access.users import Users

    async with opened_hub() as hub:
        return await Users(hub.store, hub.clock).remove(name)
