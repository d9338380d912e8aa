"""`tieline sync validate, test, plan, apply, diff, schema`: definitions kept as files."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tieline.cli import output
from tieline.cli.session import opened_hub, run
from tieline.errors import ConfigurationError

if TYPE_CHECKING:
    from tieline.server.sync_files import Step
    from tieline.sync.files.sync_file import SyncFile

Json = Annotated[bool, output.JSON_OPTION]
File = Annotated[str, typer.Argument(metavar="FILE", help="a definition in YAML; - = standard input")]
Files = Annotated[list[str], typer.Argument(metavar="FILE…", help="definitions in YAML; - = standard input")]

_WORDS = {
    "create": "made", "change": "changed", "text": "text only", "same": "as it is",
    "left": "not in the file any more; tieline sync remove",
}  # fmt: skip


def validate(files: Files, as_json: Json = False) -> None:
    """Look definitions over; every mistake is told with its line and column. No hub is needed."""
    wrong = []
    for file in files:
        try:
            parsed(file)
        except ConfigurationError as error:
            wrong.append(str(error))
    if wrong:
        raise ConfigurationError("\n".join(wrong))
    output.show({"valid": True, "files": files}, as_json, lambda: output.out.print("No mistakes."))


def try_examples(files: Files, as_json: Json = False) -> None:
    """Run the examples that definitions hold; each difference is shown. No hub is needed."""
    from tieline.sync.files.run_examples import run_examples

    read = [(file, parsed(file)) for file in files]
    tried = [(file, one) for file, whole in read for one in run_examples(whole.definition, whole.examples)]
    failed = [(file, one) for file, one in tried if one.failures]

    def people() -> None:
        for file, one in failed:
            print(f"{file}:{one.line}: {one.name}")
            for failure in one.failures:
                print("  " + failure.replace("\n", "\n  "))
        print(f"{len(tried) - len(failed)} as expected, {len(failed)} not")

    shown = [
        {"file": file, "name": one.name, "line": one.line, "failures": one.failures} for file, one in tried
    ]
    output.show(shown, as_json, people)
    if failed:
        raise output.Failed(f"{len(failed)} of {len(tried)} examples came out otherwise")


def plan(file: File, as_json: Json = False) -> None:
    """What `apply` would make and change, without doing it."""
    _shown(run(_apply(parsed(file), plan_only=True)), as_json, done=False)


def apply(
    arguments: Annotated[
        list[str],
        typer.Argument(metavar="[NAME] FILE", help="a file that names its sync; or a sync, and its rules"),
    ],
    as_json: Json = False,
) -> None:
    """Put a file in force, from the next event on: shows what changes, and does it; a second time changes nothing.

    With NAME the file needs no `sync:` of its own: its rules become those of that sync.
    """
    match arguments:
        case [file]:
            _shown(run(_apply(parsed(file), plan_only=False)), as_json, done=True)
        case [name, file]:
            _apply_to(name, rules_of(file), as_json)
        case _:
            raise typer.BadParameter("a FILE is wanted, or NAME and FILE")


def diff(name: Annotated[str, typer.Argument(metavar="NAME")], file: File, as_json: Json = False) -> None:
    """The rules by which a sync and a file differ: in force → in the file."""
    from tieline.sync.files.definition import parse_definition
    from tieline.sync.files.diff import differences

    stored = run(_stored(name))
    if stored is None:
        raise output.NotThere(f"there is no sync named {name}; see: tieline sync list")
    read = parsed(file)
    own = next((one.definition for one in read.syncs if one.name == name), read.definition)
    found = differences(parse_definition(stored, name=name), own)

    def people() -> None:
        for one in found:
            print(one)
        if not found:
            print("No rule differs.")

    output.show(found, as_json, people)


def schema() -> None:
    """The JSON Schema of definition files, for editors."""
    print(schema_text(), end="")


def schema_text() -> str:
    """As it stands in docs/sync.schema.json."""
    import msgspec

    from tieline.sync.files.schema import definition_schema

    return msgspec.json.format(msgspec.json.encode(definition_schema()), indent=1).decode() + "\n"


def parsed(file: str) -> SyncFile:
    """A file, read. Raises ConfigurationError, DefinitionError among them."""
    from tieline.sync.files.sync_file import parse_sync_file

    return parse_sync_file(text_of(file), name=file)


def rules_of(file: str) -> str:
    """The text of a file that has the same rules for every location. Raises ConfigurationError."""
    from tieline.sync.files.sync_file import parse_sync_file

    text = text_of(file)
    if any(one.differs for one in parse_sync_file(text, name=file).syncs):
        raise ConfigurationError(
            f"{file} has differences by location: put it in force by tieline sync apply {file}"
        )
    return text


def text_of(file: str) -> str:
    """The text of a file, or standard input. Raises ConfigurationError."""
    try:
        return sys.stdin.read() if file == "-" else Path(file).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{file}: {getattr(error, 'strerror', None) or error}") from error


def _shown(steps: list[Step], as_json: bool, *, done: bool) -> None:
    def people() -> None:
        for one in steps:
            whose = f"project {one.project}" if one.project else "every project"
            word = (
                _WORDS[one.what] if done or one.what in ("same", "left") else f"would be {_WORDS[one.what]}"
            )
            print(f"{one.name} ({whose} → {one.to}): {word}")
            if one.differs:
                print(f"  has otherwise: {', '.join(one.differs)}")
            for change in one.changes:
                print(f"  {change}")

    output.show(steps, as_json, people)


def _apply_to(name: str, text: str, as_json: bool) -> None:
    version = run(_change(name, text))
    if version is None:
        raise output.NotThere(f"there is no sync named {name}; see: tieline sync list")
    output.show(
        {"name": name, "version": version},
        as_json,
        lambda: output.out.print(f"Version {version} is in force."),
    )


async def _apply(file: SyncFile, *, plan_only: bool) -> list[Step]:
    from tieline.server.sync_files import apply_file

    async with opened_hub() as hub:
        return await apply_file(hub.store, file, plan_only=plan_only)


async def _change(name: str, definition: str) -> int | None:
    from tieline.server.syncs import change_definition

    async with opened_hub() as hub:
        return await change_definition(hub.store, name, definition)


async def _stored(name: str) -> str | None:
    from tieline.server.syncs import list_syncs

    async with opened_hub() as hub:
        found = await list_syncs(hub.store, name)
    return found[0].definition if found else None
