"""`tieline catalogue`: what can be picked, and trying it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from tieline.cli import output
from tieline.cli.session import opened_hub, run
from tieline.errors import ConfigurationError

if TYPE_CHECKING:
    from tieline.catalogue.entry import Entry
    from tieline.catalogue.fields import Field
    from tieline.catalogue.listing import Listed, ShownEntry
    from tieline.server.catalogue.tried import Tried

app = typer.Typer(help="The catalogue: list, show, try, docs.", no_args_is_help=True)

Json = Annotated[bool, output.JSON_OPTION]
EntryId = Annotated[str, typer.Argument(metavar="ID", help="as `catalogue list` shows it")]


@app.command("list")
def list_(
    app_: Annotated[
        str | None, typer.Option("--app", help="only of this app: contacts_api, nimbata, …")
    ] = None,
    kind: Annotated[
        Literal["action", "trigger", "logic"] | None, typer.Option(help="only of this kind")
    ] = None,
    mission: Annotated[bool, typer.Option("--mission", help="only the 126 that are promised")] = False,
    search: Annotated[str | None, typer.Option(help="words in id, title or description")] = None,
    as_json: Json = False,
) -> None:
    """Everything that can be picked."""
    from tieline.catalogue.listing import Filters, chosen, listed
    from tieline.server.catalogue import catalogue

    filters = Filters(app=app_, kind=kind, mission=True if mission else None, search=search)
    found = [listed(entry) for entry in chosen(catalogue(), filters)]
    output.show(
        found,
        as_json,
        lambda: output.table(
            ("id", "kind", "title", "mission", "how", "proved"),
            [(one.id, one.kind, one.title, "yes" if one.mission else None, _how(one), "yes" if one.proved else None)
             for one in found],
            empty="nothing fits",
        ),
    )  # fmt: skip


@app.command("show")
def show(entry: EntryId, as_json: Json = False) -> None:
    """One entry: the fields that it asks for, and what it gives."""
    from tieline.catalogue.listing import shown

    found = shown(_entry(entry))
    output.show(found, as_json, lambda: _draw(found))


@app.command("try")
def try_(
    entry: EntryId,
    connection: Annotated[str | None, typer.Option(help="through which; functions need none")] = None,
    given: Annotated[
        str, typer.Option("--input", help="the fields as JSON; - reads it from standard input")
    ] = "{}",
    yes: Annotated[bool, typer.Option("--yes", help="also where it writes to what is no sandbox")] = False,
    wait_s: Annotated[float, typer.Option(min=1, max=110, help="how long to wait for the answer")] = 30.0,
    as_json: Json = False,
) -> None:
    """Carry out one operation, in the connection's lane: a hub must be up. Prints what was sent and answered."""
    found = _entry(entry)
    done = run(_try(found, connection, _read(given), confirmed=yes, within_s=wait_s))
    output.show(done, as_json, lambda: _draw_tried(done))
    if done.outcome != "done":
        raise output.Failed(done.reason or f"the outcome is {done.outcome}")


@app.command("docs")
def docs(
    to: Annotated[Path, typer.Option(help="the folder", file_okay=False)] = Path("docs/catalogue"),
    check: Annotated[
        bool, typer.Option("--check", help="write nothing; fail where a page is not as it should be")
    ] = False,
    as_json: Json = False,
) -> None:
    """Write the pages of the catalogue."""
    from tieline.catalogue.pages import pages
    from tieline.server.catalogue import catalogue

    made = pages(catalogue())
    stale = sorted(
        name for name in {*made, *(one.name for one in to.glob("*.md"))}
        if not (to / name).is_file() or (to / name).read_text("utf-8") != made.get(name)
    )  # fmt: skip
    if check and stale:
        raise output.Failed(f"not as the catalogue has them: {', '.join(stale)}; run: tieline catalogue docs")
    to.mkdir(parents=True, exist_ok=True)
    for name in stale:
        if name in made:
            (to / name).write_text(made[name], "utf-8")
        else:
            (to / name).unlink()
    told = {"pages": sorted(made), "changed": stale}
    output.show(told, as_json, lambda: output.out.print(f"{len(made)} pages, {len(stale)} of them changed"))


async def _try(
    entry: Entry, connection: str | None, given: dict[str, Any], *, confirmed: bool, within_s: float
) -> Tried:
    from tieline.server.catalogue.trying import try_entry

    async with opened_hub() as hub:
        return await try_entry(
            hub, entry, given, connection=connection, confirmed=confirmed, within_s=within_s
        )


def _entry(name: str) -> Entry:
    from tieline.mapping.suggest import suggest
    from tieline.server.catalogue import catalogue

    found = catalogue().get(name)
    if found is None:
        known = [one.id for one in catalogue().list()]
        raise output.NotThere(f"there is no {name} in the catalogue; {suggest(name, known)}")
    return found


def _read(text: str) -> dict[str, Any]:
    import sys

    import msgspec

    raw = sys.stdin.read() if text == "-" else text
    try:
        return msgspec.json.decode(raw, type=dict[str, Any])
    except msgspec.DecodeError as error:
        raise ConfigurationError(f"--input is no JSON object: {error}") from None


def _how(one: Listed) -> str | None:
    if one.instant is None:
        return None
    checked = "" if one.checked_every_s is None else f"checked every {one.checked_every_s:.0f} s"
    return ", also ".join(filter(None, ("instant" if one.instant else "", checked)))


def _draw(one: ShownEntry) -> None:
    output.pairs(
        [
            ("id", one.id), ("title", one.title), ("what it does", one.description), ("app", one.app),
            ("kind", one.kind), ("mission", "yes" if one.mission else None), ("how", _how(one)),
            ("scopes", ", ".join(one.scopes)), ("quota", one.quota_cost or None),
            ("sent twice", "harmless" if one.idempotent else f"not so; look-up: {one.look_up}"),
            ("known from", f"{one.source} ({one.status})" if one.source else None),
            ("proved", "yes" if one.proved else "not as it stands"),
        ]
    )  # fmt: skip
    output.table(("field", "type", "required", "help"), list(_rows(one.fields)), empty="it asks for nothing")
    output.table(
        ("gives", "type", "example"),
        [(name, kind, example) for name, kind, example in _given(one.output_fields)],
        empty="it gives nothing",
    )


def _rows(fields: tuple[Field, ...], before: str = "") -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = []
    for one in fields:
        choices = f" ({', '.join(one.choices)})" if one.choices else ""
        found.append((before + one.name, one.type, "yes" if one.required else None, one.help + choices))
        found += _rows(one.fields, f"{before}{one.name}.")
    return found


def _given(fields: tuple[Field, ...], before: str = "") -> list[tuple[str, str, Any]]:
    found: list[tuple[str, str, Any]] = []
    for one in fields:
        if not one.fields:
            found.append((before + one.name, one.type, one.example))
        found += _given(one.fields, f"{before}{one.name}{'[]' if one.type == 'list' else ''}.")
    return found


def _draw_tried(done: Tried) -> None:
    import msgspec

    sent = done.exchange
    output.pairs(
        [
            ("operation", done.operation), ("connection", done.connection), ("outcome", done.outcome),
            ("status", done.status), ("reason", done.reason),
            ("sent", f"{sent.method} {sent.path}" if sent else None), ("request", sent.request if sent else None),
            ("took", f"{sent.duration_ms:.0f} ms" if sent else None), ("trace", sent.trace_id if sent else None),
            ("answer", sent.response if sent else None),
        ]
    )  # fmt: skip
    if done.value is not None:
        output.out.print(msgspec.json.format(msgspec.json.encode(done.value)).decode(), markup=False)
