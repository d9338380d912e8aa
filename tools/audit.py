"""Known weaknesses of what we ship with, as PyPI tells them.

A weakness fails the check. What could not be asked does not, since nobody's build depends on the network of the day; it
is told each time, and fails with `--strict`, as before a release.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements.lock"
#: For all packages together; pip-audit itself gives up a single answer after 15 s.
WITHIN_S = 240


def main(arguments: list[str]) -> int:
    """The exit code."""
    strict = "--strict" in arguments
    try:
        told = asked(LOCK)
    except (Unanswered, subprocess.TimeoutExpired) as error:
        print(f"pip-audit: NOT CHECKED, nothing is known about weaknesses: {error}", file=sys.stderr)
        return 1 if strict else 0
    weak, unknown = judge(told)
    for line in weak:
        print(f"pip-audit: {line}", file=sys.stderr)
    if unknown:
        named = ", ".join(unknown[:5]) + (" and others" if len(unknown) > 5 else "")
        print(
            f"pip-audit: NOT CHECKED, PyPI told nothing of {len(unknown)} packages: {named}", file=sys.stderr
        )
    print(f"pip-audit: {len(told['dependencies']) - len(unknown)} packages checked, {len(weak)} weaknesses")
    return 1 if weak or (strict and unknown) else 0


class Unanswered(Exception):
    """The service could not be reached, or said nothing that could be read."""


def asked(lock: Path, *options: str) -> dict[str, Any]:
    """What pip-audit says of a lock. Raises Unanswered."""
    command: tuple[str | Path, ...] = (
        sys.executable, "-m", "pip_audit", "--requirement", lock, "--require-hashes", "--disable-pip",
        "--progress-spinner", "off", "--format", "json", *options,
    )  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=WITHIN_S)
    try:
        told: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        last = done.stderr.strip().rpartition("\n")[2]
        raise Unanswered(last or f"it ended with {done.returncode}") from None
    return told


def judge(told: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """(weaknesses, a line each; packages that nothing is known of)."""
    weak = []
    unknown = []
    for package in told["dependencies"]:
        if "skip_reason" in package:
            unknown.append(package["name"])
        for one in package.get("vulns", ()):
            mended = (
                f"mended in {', '.join(one['fix_versions'])}" if one["fix_versions"] else "not mended yet"
            )
            weak.append(f"{package['name']} {package['version']}: {one['id']}, {mended}")
    return weak, unknown


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
