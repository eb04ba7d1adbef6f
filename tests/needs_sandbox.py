"""Tests that need a sandbox, on machines that can build none: skipped, counted, and told why.

Mark what needs one with ``@pytest.mark.needs_sandbox``. One line closes the session with the number
of tests that were skipped for want of a sandbox. With the environment variable `CI` set, in which
nothing may be left out, that line is a failure.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from autograder.sandbox.isolation import confinement_problem, sandbox_problem

_CATEGORY = "without a sandbox"
_LACKS = ("no sandbox can be built here: ", "no second wall can be built in a sandbox here: ")


@pytest.hookimpl(tryfirst=True)  # before any fixture looks for a sandbox
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test that needs what this machine cannot build."""
    if item.get_closest_marker("needs_sandbox"):
        for lack, problem in zip(_LACKS, (sandbox_problem, confinement_problem), strict=True):
            if words := problem():
                pytest.skip(lack + words)


def pytest_report_teststatus(report: pytest.TestReport) -> tuple[str, str, str] | None:
    """Count these apart from tests that are skipped for other reasons."""
    if report.skipped and isinstance(report.longrepr, tuple):
        reason = report.longrepr[2].removeprefix("Skipped: ")
        if reason.startswith(_LACKS):
            return _CATEGORY, "s", "SKIPPED (no sandbox)"
    return None


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> Iterator[None]:
    """Say in one line, below all others, how many were skipped, and why."""
    yield
    skipped = terminalreporter.getreports(_CATEGORY)
    if skipped:
        reason = skipped[0].longrepr[2].removeprefix("Skipped: ")
        failing = ". With CI set this fails the session" if _in_ci() else ""
        line = f"{len(skipped)} skipped: {reason} (see `autograder doctor`){failing}"
        colour = {"red": True} if _in_ci() else {"yellow": True}
        terminalreporter.write_line(line, **colour)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Let the session fail in CI where a test was skipped for want of a sandbox."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter and _in_ci() and reporter.getreports(_CATEGORY) and not session.exitstatus:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _in_ci() -> bool:
    return bool(os.environ.get("CI"))
