"""The catalogue as pages of the docs: made from the registry, never by hand. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from tieline.catalogue.entry import OWN, Entry
from tieline.catalogue.fields import Field, example_of
from tieline.catalogue.registry import Catalogue

_APPS = {"contacts_api": "the CRM", "nimbata": "the call-tracking account", OWN: "Tieline itself"}
_KINDS = {"action": "Actions", "trigger": "Triggers", "logic": "Steps"}
_MADE = "<!-- Made by `tieline catalogue docs`; changes by hand are lost. -->"
#: Levels of what an entry gives that a table shows; the rest is for `tieline catalogue show`.
_LEVELS = 3
#: Characters that nobody reaches without meaning to.
_LONG = 200


def pages(catalogue: Catalogue) -> dict[str, str]:
    """By file name, every page."""
    groups: dict[tuple[str, str], list[Entry]] = {}
    for entry in catalogue.list():
        groups.setdefault((entry.app, entry.kind), []).append(entry)
    found = {f"{_file(app, kind)}.md": _page(app, kind, entries) for (app, kind), entries in groups.items()}
    return {"README.md": _index(groups), **found}


def _file(app: str, kind: str) -> str:
    return f"{app.replace('_', '-')}-{_KINDS[kind].lower()}"


def _index(groups: Mapping[tuple[str, str], Sequence[Entry]]) -> str:
    lines = [
        _MADE, "", "# The catalogue", "",
        "Everything that a workflow can be made of. The same by command line (`tieline catalogue list`), and by",
        "`GET /api/catalogue`.", "",
        "| of | kind | entries | of the mission | proved |", "|---|---|---|---|---|",
    ]  # fmt: skip
    for (app, kind), entries in sorted(groups.items(), key=lambda one: (one[0][0] == OWN, one[0])):
        mission, proved = (
            sum(map(bool, one)) for one in zip(*((e.mission, e.proved) for e in entries), strict=True)
        )
        link = f"[{_KINDS[kind].lower()}]({_file(app, kind)}.md)"
        lines.append(f"| {_APPS.get(app, app)} | {link} | {len(entries)} | {mission or '–'} | {proved} |")
    lines += [
        "", "*Of the mission*: one of the 126 that are promised. *Proved*: the conformance suite carried it out as it",
        "stands here; a change of its call or its fields takes the proof away until the suite ran again.", "",
    ]  # fmt: skip
    return "\n".join(lines)


def _page(app: str, kind: str, entries: Iterable[Entry]) -> str:
    lines = [_MADE, "", f"# {_KINDS[kind]} of {_APPS.get(app, app)}", ""]
    for entry in entries:
        lines += [
            f"## {entry.title}",
            "",
            f"`{entry.id}` · {' · '.join(_facts(entry))}",
            "",
            entry.description,
            "",
        ]
        if entry.fields:
            lines += ["| field | type | | |", "|---|---|---|---|", *_input_rows(entry.fields), ""]
            if example := example_of(entry.fields):
                lines += [f"Example: `{_json(example)}`", ""]
        if entry.output_fields:
            lines += ["Gives " + ", ".join(_output_names(entry.output_fields)) + ".", ""]
    return "\n".join(lines)


def _facts(entry: Entry) -> Iterator[str]:
    if entry.mission:
        yield "of the mission"
    if entry.operation is not None:
        yield f"`{entry.operation.method} {entry.operation.path}`"
        yield (
            "sending it twice is harmless"
            if entry.idempotent
            else f"not idempotent, look-up: {entry.look_up}"
        )
    if entry.scopes:
        yield "needs " + ", ".join(f"`{scope}`" for scope in entry.scopes)
    if entry.instant is not None:
        every = "" if entry.checked_every_s is None else f"checked every {entry.checked_every_s:.0f} s"
        yield (
            ", also ".join(part for part in ("at once" if entry.instant else "", every) if part)
            or "when asked"
        )
    if entry.status == "assumption":
        yield "assumed"
    yield "proved" if entry.proved else "not proved yet"


def _input_rows(fields: Iterable[Field], before: str = "") -> Iterator[str]:
    for one in fields:
        kind = one.type.replace("_", " ") + (f" of {one.of.replace('_', ' ')}" if one.of else "")
        needed = "required" if one.required else "of the connection" if one.account else ""
        told = [one.help.rstrip(".")]
        if one.choices:
            told.append("one of " + ", ".join(f"`{choice}`" for choice in one.choices))
        if one.options:
            told.append(f"choices from the account ({one.options.replace('_', ' ')})")
        if limits := _limits(one):
            told.append(limits)
        if one.clears:
            told.append("null clears it")
        yield f"| `{before}{one.name}` | {kind} | {needed} | {_cell('; '.join(told))} |"
        yield from _input_rows(one.fields, f"{before}{one.name}.")


def _limits(one: Field) -> str:
    what = "of them" if one.type == "list" else "entries" if one.type == "object" else "characters"
    parts = [
        "" if one.least is None else f"at least {one.least:g}",
        "" if one.most is None else f"at most {one.most:g}",
        "" if one.longest is None or one.longest >= _LONG else f"at most {one.longest} {what}",
    ]
    return ", ".join(filter(None, parts))


def _output_names(fields: Iterable[Field], before: str = "", level: int = 1) -> Iterator[str]:
    for one in fields:
        at = f"{before}{one.name}" + ("[]" if one.type == "list" else "")
        if one.fields and level < _LEVELS:
            yield from _output_names(one.fields, f"{at}.", level + 1)
        else:
            yield f"`{at}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
