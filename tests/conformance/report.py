"""Hooks of the test run: exchanges are recorded during it, held against the specs after it, and counted."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import pytest

from tests.conformance import numbers, specs
from tests.conformance.exchanges import hold, known_gaps
from tests.conformance.proving import settle
from tieline.connectors import CONNECTORS
from tieline.sandbox.exchanges import VARIABLE

_folder = pytest.StashKey[Path]()


def pytest_configure(config: pytest.Config) -> None:
    """Before any worker starts: where exchanges and numbers go."""
    if hasattr(config, "workerinput"):
        return
    folder = Path(tempfile.mkdtemp(prefix="tieline-exchanges-"))
    config.stash[_folder] = folder
    os.environ[numbers.VARIABLE] = str(folder)
    if specs.available():
        os.environ[VARIABLE] = str(folder)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """After the last test: an exchange that deviates from the vendor's specs fails the run."""
    folder = session.config.stash.get(_folder, None)
    if folder is None:
        return
    held = hold(folder) if specs.available() else None
    counted = numbers.collected(folder)
    session.config.stash[_lines] = lines = []
    operations = [operation for connector in CONNECTORS for operation in connector.operations]
    triggers = sum(len(connector.triggers) for connector in CONNECTORS)
    lines.append(f"operations implemented: {len(operations)}, triggers: {triggers}")
    lines.append(f"methods of the vendor's own client exchanged: {len(counted['sdk'])}")
    lines.append(f"negative cases refused: {len(counted['refused'])}")
    lines.append(f"webhook events sent, signed and recognised: {len(counted['events'])}")
    lines += [f"who is who, {one}" for one in sorted(counted["identity"])]
    proved, unproved = settle(counted["proved"], passed=not session.testsfailed)
    lines.append(f"entries of the catalogue proved: {proved}")
    lines += [f"PROOFS OUT OF DATE: {problem}; run: make prove" for problem in unproved[:20]]
    if unproved and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
    if held is None:
        lines.append(
            "validated against the vendor's specs: skipped, the reference is not beside this checkout"
        )
    else:
        lines.append(
            f"validated against the vendor's specs: {held.exchanges} exchanges of {len(held.operations)} operations"
        )
        unmet = [gap for number, gap in enumerate(known_gaps()) if number not in held.gaps_met]
        if held.exchanges and session.testscollected > 500 and unmet:
            lines += [f"known gap that nothing meets: {gap.operation} {gap.part} {gap.at}" for gap in unmet]
        for problem, times in held.problems.most_common(60):
            lines.append(f"DEVIATION, {times} times: {problem}")
        if held.problems and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
    shutil.rmtree(folder, ignore_errors=True)


_lines = pytest.StashKey[list[str]]()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """The figures, where the run's result is."""
    for line in config.stash.get(_lines, []):
        terminalreporter.write_line(line)
