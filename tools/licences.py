"""The licences of all that is locked, held against those that may be (licences.toml), and written as a list.

licences.py          fails on a licence that is not allowed or not known, and where docs/third-party.md is another list
licences.py --write  writes that list
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path
from typing import Any

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/third-party.md"
_PIN = re.compile(r"^(?P<name>[a-z0-9][a-z0-9._-]*)==(?P<version>[^\s;\\]+)", re.MULTILINE)
_HEAD = """# What others made

Every package that Tieline needs, with its licence; `make lock` writes this list, and `make check` finds where it is
another than what is locked. Which licences may be, and why, stands in `tools/licences.toml`.
"""


@dataclass(frozen=True)
class Package:
    """One that is locked."""

    name: str
    version: str
    #: SPDX expression; None where nobody knows.
    licence: str | None
    #: What it brings along that is not its own, with the licence of that.
    carried: tuple[str, str] | None = None


def main(arguments: list[str]) -> int:
    """The exit code."""
    rules = tomllib.loads((ROOT / "tools/licences.toml").read_text("utf-8"))
    shipped = locked((ROOT / "requirements.lock").read_text("utf-8"), rules)
    names = {one.name for one in shipped}
    everything = locked((ROOT / "requirements-dev.lock").read_text("utf-8"), rules)
    text = page(shipped, [one for one in everything if one.name not in names])
    wrong = judge({one.name: one for one in (*shipped, *everything)}.values(), rules)
    if "--write" in arguments:
        PAGE.write_text(text, "utf-8")
    elif not PAGE.exists() or PAGE.read_text("utf-8") != text:
        wrong.append("docs/third-party.md is not what is locked; `make lock` writes it")
    for line in wrong:
        print(f"licences: {line}", file=sys.stderr)
    if not wrong:
        print(f"licences: {len(everything)} packages, all of them allowed")
    return 1 if wrong else 0


def locked(lock: str, rules: Mapping[str, Any]) -> list[Package]:
    """The packages of a lock file's text."""
    return [
        Package(
            found["name"],
            found["version"],
            said(found["name"]) or rules["read"].get(found["name"]),
            (one["what"], one["licence"]) if (one := rules["carried"].get(found["name"])) else None,
        )
        for found in _PIN.finditer(lock)
    ]


def said(name: str) -> str | None:
    """The SPDX expression that an installed package gives of itself; None where it gives none."""
    try:
        told = metadata(name)
    except PackageNotFoundError:
        return None
    for field in ("License-Expression", "License"):
        try:
            if words := (told.get_all(field) or [""])[0]:
                return canonicalize_license_expression(words)
        except InvalidLicenseExpression:
            # Words of its own; what its file says was read by a person.
            continue
    return None


def judge(packages: Iterable[Package], rules: Mapping[str, Any]) -> list[str]:
    """What is wrong, a line each."""
    wrong = []
    seen = set()
    for one in packages:
        seen.add(one.name)
        for licence in (one.licence, one.carried[1] if one.carried else ""):
            if licence is None:
                wrong.append(
                    f"{one.name} {one.version} does not say its licence; read it, and write it down in licences.toml"
                )
            elif licence and not is_allowed(licence, rules["allowed"]):
                wrong.append(
                    f"{one.name} {one.version} is under {licence}, which licences.toml does not allow"
                )
    gone = [name for kind in ("read", "carried") for name in rules[kind] if name not in seen]
    return [*wrong, *(f"licences.toml tells of {name}, which is not locked" for name in gone)]


def is_allowed(expression: str, allowed: Iterable[str]) -> bool:
    """Whether one way to read it holds: all of AND, one of OR. What stands in brackets is for a person to read."""
    if "(" in expression:
        return False
    fine = set(allowed)
    return any(all(one in fine for one in every.split(" AND ")) for every in expression.split(" OR "))


def page(shipped: Iterable[Package], tools: Iterable[Package]) -> str:
    """docs/third-party.md."""
    return "\n".join([_HEAD, "## Installed with it", "", *_table(shipped), "", "## For tests and checks alone", "",
                      *_table(tools), ""])  # fmt: skip


def _table(packages: Iterable[Package]) -> list[str]:
    lines = ["| package | version | licence | brings along |", "|---|---|---|---|"]
    for one in packages:
        carried = f"{one.carried[0]} ({one.carried[1]})" if one.carried else ""
        lines.append(
            f"| [{one.name}](https://pypi.org/project/{one.name}/) | {one.version} | {one.licence} | {carried} |"
        )
    return lines


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
