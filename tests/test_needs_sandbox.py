"""Where no sandbox can be built, tests that need one are never red, never silent."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MACHINE = """
from tests import needs_sandbox

needs_sandbox.sandbox_problem = lambda: {problem!r}
needs_sandbox.confinement_problem = lambda: {inside!r}
"""
TESTS = """
import pytest

@pytest.mark.needs_sandbox
@pytest.mark.parametrize("number", range(3))
def test_in_a_sandbox(number): assert False, "it was run"

@pytest.mark.skip("another reason")
def test_skipped_otherwise(): pass

def test_anything_else(): pass
"""


@pytest.fixture
def session(tmp_path):
    """Run a small suite on a machine that has a sandbox or none; return its end."""

    def run(*options, problem="no user namespaces here", inside=None, **environment):
        (tmp_path / "conftest.py").write_text(MACHINE.format(problem=problem, inside=inside))
        (tmp_path / "test_suite.py").write_text(TESTS)
        (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = needs_sandbox\n")
        plugins = ["-p", "xdist", "-p", "tests.needs_sandbox", "-p", "no:cacheprovider"]
        command = [sys.executable, "-m", "pytest", *plugins, "-ra", *options, str(tmp_path)]
        plain = {name: value for name, value in os.environ.items() if name != "CI"}
        return subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=False,
            cwd=tmp_path,
            env=plain
            | {"PYTHONPATH": str(ROOT), "COLUMNS": "200", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
            | environment,
        )

    return run


@pytest.mark.parametrize("options", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_one_line_counts_them_and_says_why(session, options):
    done = session(*options)
    assert done.returncode == 0, done.stdout
    assert re.findall(r".*no user namespaces here.*", done.stdout) == [
        "3 skipped: no sandbox can be built here: no user namespaces here (see `autograder doctor`)"
    ]
    assert re.search(r"1 passed, 1 skipped, 3 without a sandbox in", done.stdout)


def test_in_ci_they_fail_the_session_and_the_line_says_so(session):
    done = session("-n", "2", CI="1")
    assert done.returncode == 1, done.stdout
    (line,) = re.findall(r"3 skipped: .*", done.stdout)
    assert "no user namespaces here" in line
    assert "With CI set this fails the session" in line


def test_a_sandbox_without_its_second_wall_is_told_as_such(session):
    (line,) = re.findall(r"3 skipped: .*", session(problem=None, inside="unshare refused").stdout)
    assert "no second wall can be built in a sandbox here: unshare refused" in line


def test_in_ci_skips_for_another_reason_fail_nothing(session):
    assert session("--deselect", "test_suite.py::test_in_a_sandbox", CI="1").returncode == 0


def test_where_there_is_a_sandbox_they_are_run(session):
    done = session("-k", "in_a_sandbox", problem=None)
    assert done.returncode == 1
    assert "it was run" in done.stdout
    assert "see `autograder doctor`" not in done.stdout
