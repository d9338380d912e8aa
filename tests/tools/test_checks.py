"""What `make check` asks beside the linters: it fails where it should, and says what it could not ask."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tools import audit, licences, scan

FINDING = {
    "test_id": "B602", "filename": "src/tieline/cli/db.py", "line_number": 3, "issue_text": "A shell is used.",
}  # fmt: skip
RULES: dict[str, Any] = {
    "allowed": {"MIT": "keep the notice", "Apache-2.0": "our own"}, "read": {}, "carried": {},
}  # fmt: skip


def meant(test: str, path: str, why: str = "it is meant") -> dict[str, str]:
    """An entry of scan.toml."""
    return {"test": test, "path": path, "why": why}


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        ([], ["src/tieline/cli/db.py:3: B602"]),
        ([meant("B602", "src/tieline/cli")], []),
        ([meant("B602", "src/tieline/cli/db.py")], []),
        ([meant("B602", "src/tieline/cl")], ["db.py:3", "not found in src/tieline/cl any more"]),
        ([meant("B603", "src/tieline/cli")], ["db.py:3", "B603 is not found"]),
        ([meant("B602", "src/tieline/cli", " ")], ["gives no reason"]),
    ],
)
def test_a_finding_is_meant_by_its_test_and_place_or_fails(
    entries: list[dict[str, str]], words: list[str]
) -> None:
    """And a reason that nothing needs fails too."""
    wrong = scan.judge([FINDING], entries)
    assert len(wrong) == len(words)
    for line, word in zip(wrong, words, strict=True):
        assert word in line


def test_bandit_itself_finds_a_shell_also_where_somebody_hushed_it(tmp_path: Path) -> None:
    """The run is a real one."""
    (tmp_path / "code").mkdir()
    (tmp_path / "code/bad.py").write_text("import os\nos.system(input())  # nosec\n")
    found = scan.scanned(("code",), tmp_path)
    assert [(one["test_id"], one["line_number"]) for one in found] == [("B605", 2)]
    (tmp_path / "code/worse.py").write_text("def (:\n")
    with pytest.raises(RuntimeError, match=r"worse\.py"):
        scan.scanned(("code",), tmp_path)


@pytest.mark.parametrize(
    ("expression", "fine"),
    [
        ("MIT", True),
        ("GPL-3.0-only", False),
        ("MIT AND GPL-3.0-only", False),
        ("MIT OR GPL-3.0-only", True),
        ("GPL-3.0-only OR MIT AND Apache-2.0", True),
        ("(MIT OR Apache-2.0) AND GPL-3.0-only", False),
        ("", False),
    ],
)
def test_a_licence_is_allowed_by_all_of_and_and_one_of_or(expression: str, fine: bool) -> None:
    """What stands in brackets is for a person to read."""
    assert licences.is_allowed(expression, RULES["allowed"]) == fine


def test_a_licence_that_is_unknown_or_forbidden_fails_and_so_does_one_that_is_carried_along() -> None:
    """Each is named."""
    rules = {**RULES, "read": {"hidden": "GPL-2.0-only", "gone": "MIT"}, "carried": {
        "carrier": {"what": "a library", "licence": "SSPL-1.0"},
    }}  # fmt: skip
    lock = "hidden==1.0 \\\n    --hash=sha256:00\nunknown==2 ; python_version < '3.12'\ncarrier==3\nrich==15.0.0\n"
    packages = licences.locked(lock, rules)
    assert [(one.name, one.version) for one in packages] == [
        ("hidden", "1.0"), ("unknown", "2"), ("carrier", "3"), ("rich", "15.0.0"),
    ]  # fmt: skip
    wrong = licences.judge(packages, rules)
    assert [line.split()[0] for line in wrong] == ["hidden", "unknown", "carrier", "carrier", "licences.toml"]
    assert "SSPL-1.0" in wrong[3]
    assert "gone" in wrong[4]


def test_all_that_is_locked_is_allowed_and_the_written_list_is_of_it() -> None:
    """docs/third-party.md, as `make check` asks."""
    done = subprocess.run(
        [sys.executable, "tools/licences.py"], cwd=licences.ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_a_known_weakness_is_told_with_what_mends_it_and_what_was_not_asked_is_named() -> None:
    """As pip-audit tells them."""
    weak, unknown = audit.judge(
        {
            "dependencies": [
                {"name": "a", "version": "1", "vulns": [{"id": "PYSEC-1", "fix_versions": ["2", "3"]}]},
                {"name": "b", "version": "1", "vulns": [{"id": "PYSEC-2", "fix_versions": []}]},
                {"name": "c", "skip_reason": "not found"},
                {"name": "d", "version": "1", "vulns": []},
            ]
        }
    )
    assert weak == ["a 1: PYSEC-1, mended in 2, 3", "b 1: PYSEC-2, not mended yet"]
    assert unknown == ["c"]


def test_without_a_network_the_check_passes_but_says_that_it_knows_nothing(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And fails where it must know. The way out is a port that nobody listens on."""
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    assert audit.main([]) == 0
    assert "NOT CHECKED" in capfd.readouterr().err
    assert audit.main(["--strict"]) == 1
