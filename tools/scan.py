"""What bandit finds in our code, held against what is meant (scan.toml).

`# nosec` is not used: each exception stands with its reason in one list, and goes when it is needed no more.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("src", "bench", "tools")


def main() -> int:
    """The exit code: 1 where something is found that is not meant."""
    meant = tomllib.loads((ROOT / "tools/scan.toml").read_text("utf-8"))["meant"]
    found = scanned(FOLDERS)
    wrong = judge(found, meant)
    for line in wrong:
        print(f"bandit: {line}", file=sys.stderr)
    if not wrong:
        print(f"bandit: {len(found)} findings, all of them meant")
    return 1 if wrong else 0


def scanned(folders: Sequence[str], root: Path = ROOT) -> list[dict[str, Any]]:
    """Every finding. Raises RuntimeError where a file could not be read."""
    command = (
        sys.executable,
        "-m",
        "bandit",
        "--quiet",
        "--ignore-nosec",
        "--recursive",
        "--format",
        "json",
        *folders,
    )
    told = json.loads(subprocess.run(command, cwd=root, capture_output=True, text=True).stdout)
    if told["errors"]:
        raise RuntimeError(f"bandit could not read {told['errors']}")
    found: list[dict[str, Any]] = told["results"]
    return found


def judge(found: Sequence[dict[str, Any]], meant: Sequence[dict[str, str]]) -> list[str]:
    """What is wrong, a line each: findings that nobody meant, and reasons that nothing needs."""
    needed = set()
    wrong = []
    for one in found:
        covered = next((number for number, entry in enumerate(meant) if _covers(entry, one)), None)
        if covered is None:
            wrong.append(
                f"{one['filename']}:{one['line_number']}: {one['test_id']} {one['issue_text']} Mend it, or say in"
                " tools/scan.toml why it is meant"
            )
        needed.add(covered)
    for number, entry in enumerate(meant):
        if not entry["why"].strip():
            wrong.append(f"tools/scan.toml: {entry['test']} in {entry['path']} gives no reason")
        if number not in needed:
            wrong.append(
                f"tools/scan.toml: {entry['test']} is not found in {entry['path']} any more; take it out"
            )
    return wrong


def _covers(entry: dict[str, str], finding: dict[str, Any]) -> bool:
    path = PurePosixPath(finding["filename"])
    return entry["test"] == finding["test_id"] and path.is_relative_to(entry["path"])


if __name__ == "__main__":
    sys.exit(main())
