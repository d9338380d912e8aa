"""`tieline sync`: which account is carried over to which location, and by which rules."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tieline.cli import output, sync_backfill, sync_drift, sync_files, sync_preview
from tieline.cli.session import opened_hub, run
from tieline.errors import ConfigurationError

if TYPE_CHECKING:
    from tieline.server.syncs import NewSync, ShownSync

app = typer.Typer(help="Syncs: make, list, show, change, remove.", no_args_is_help=True)
app.command("validate")(sync_files.validate)
app.command("test")(sync_files.try_examples)
app.command("plan")(sync_files.plan)
app.command("apply")(sync_files.apply)
app.command("diff")(sync_files.diff)
app.command("schema")(sync_files.schema)
app.command("backfill")(sync_backfill.backfill)
app.command("reconcile")(sync_backfill.reconcile)
app.command("preview")(sync_preview.preview)
app.command("drift")(sync_drift.drift)

Json = Annotated[bool, output.JSON_OPTION]
SyncName = Annotated[str, typer.Argument(metavar="NAME")]


@app.command("add")
def add(
    name: Annotated[str, typer.Option(help="what you call it")],
    source: Annotated[str, typer.Option("--from", help="connection of the call-tracking account")],
    target: Annotated[str, typer.Option("--to", help="connection of the CRM location")],
    project: Annotated[str, typer.Option(help="only this project; default: all of the account")] = "",
    definition: Annotated[
        Path | None, typer.Option(help="rules in YAML; default: tieline sync default", dir_okay=False)
    ] = None,
    as_json: Json = False,
) -> None:
    """Join an account to a location."""
    from tieline.server.syncs import NewSync
    from tieline.sync.files.definition import default_text

    text = default_text() if definition is None else sync_files.rules_of(str(definition))
    run(_add(NewSync(name=name, source=source, project=project, target=target, definition=text)))
    output.show(
        {"name": name, "from": source, "project": project, "to": target},
        as_json,
        lambda: output.out.print(f"{source} is carried over to {target} from now on."),
    )


@app.command("list")
def list_(as_json: Json = False) -> None:
    """All syncs."""
    found = run(_list(None))
    output.show(
        found,
        as_json,
        lambda: output.table(
            ("name", "from", "project", "to", "version"),
            [(one.name, one.source, one.project or "all", one.target, one.version) for one in found],
            empty="no syncs yet: tieline sync add",
        ),
    )


@app.command("show")
def show(name: SyncName, as_json: Json = False) -> None:
    """One sync with its rules."""
    import msgspec

    from tieline.server.sync_files import differs_of

    one = _one(name)
    differs = differs_of(one.definition)

    def people() -> None:
        joined = [("from", one.source), ("project", one.project or "all"), ("to", one.target)]
        output.pairs([*joined, ("has otherwise", ", ".join(differs))] if differs else joined)
        print(one.definition)

    output.show({**msgspec.structs.asdict(one), "differs": differs}, as_json, people)


@app.command("default")
def default(as_json: Json = False) -> None:
    """The rules that hold where none are given: a beginning for your own."""
    from tieline.sync.files.definition import default_text

    output.show({"definition": default_text()}, as_json, lambda: print(default_text(), end=""))


@app.command("remove")
def remove(name: SyncName, as_json: Json = False) -> None:
    """End a sync; what it wrote stays."""
    if not run(_remove(name)):
        raise output.NotThere(f"there is no sync named {name}; see: tieline sync list")
    output.show({"removed": name}, as_json, lambda: output.out.print(f"Removed {name}."))


@app.command("fields")
def fields(
    name: SyncName,
    create: Annotated[bool, typer.Option("--create", help="make those that are missing")] = False,
    as_json: Json = False,
) -> None:
    """The custom fields that the rules write, and whether the location has them."""
    found = run(_fields(_one(name), create))
    output.show(
        found,
        as_json,
        lambda: output.table(
            ("custom field", "at the location"), found.items(), empty="the rules write no custom fields"
        ),
    )
    if any(state == "missing" for state in found.values()):
        raise output.Failed(
            f"some are missing, and stay empty; make them: tieline sync fields {name} --create"
        )


def _one(name: str) -> ShownSync:
    found = run(_list(name))
    if not found:
        raise output.NotThere(f"there is no sync named {name}; see: tieline sync list")
    return found[0]


async def _add(new: NewSync) -> None:
    from tieline.server.syncs import save_sync

    async with opened_hub() as hub:
        await save_sync(hub.store, new)


async def _list(name: str | None) -> list[ShownSync]:
    from tieline.server.syncs import list_syncs

    async with opened_hub() as hub:
        return await list_syncs(hub.store, name)


async def _remove(name: str) -> bool:
    from tieline.server.syncs import remove_sync

    async with opened_hub() as hub:
        return await remove_sync(hub.store, name)


async def _fields(one: ShownSync, create: bool) -> dict[str, str]:
    """Key → "there", "missing" or "made"; what the location has is read anew and remembered."""
    import msgspec

    from tieline.server.accounts.connections import (
        NewConnection,
        NewPoll,
        opened,
        read_location,
        save_connection,
    )
    from tieline.server.accounts.shown import list_connections
    from tieline.server.syncs import create_field, custom_fields_of
    from tieline.sync.files.definition import parse_definition

    wanted = custom_fields_of(parse_definition(one.definition, name=one.name))
    async with opened_hub() as hub, hub.gateway() as (gateway, _):
        stored = hub.directory.connection(one.target)
        if stored is None:
            raise ConfigurationError(f"the connection {one.target} is gone")
        country = stored.settings.get("location", {}).get("country")
        facts = await read_location(gateway, opened(stored), country=country)
        found = {key: "there" if key in facts.custom_fields else "missing" for key in wanted}
        if create:
            for key in [key for key, state in found.items() if state == "missing"]:
                made = await create_field(gateway, opened(stored), key)
                found[key] = "made"
                if made != key:
                    raise ConfigurationError(
                        f"the location made {made} where {key} was wanted; write {made} in the definition"
                    )
            facts = await read_location(gateway, opened(stored), country=country)
        (shown,) = await list_connections(hub.store, one.target)
        settings: dict[str, Any] = {**stored.settings, "location": msgspec.to_builtins(facts)}
        await save_connection(
            hub.store,
            hub.vault,
            NewConnection(
                name=stored.name, connector=stored.connector, base_url=stored.base_url, account=stored.account,
                credential=stored.credential, settings=settings,
                polls=tuple(
                    NewPoll(stream=poll.stream, project=poll.project, every_s=poll.every_s) for poll in shown.polls
                ),
            ),
        )  # fmt: skip
    return found
