"""Several workers take the dearest tests first, and those of a file apart by their parameters."""

import os
import subprocess
import sys
from pathlib import Path

from tests.dearest_first import APART, DEAREST

ROOT = Path(__file__).parents[1]
TWO_WORKERS = """
import os
from tests import dearest_first

dearest_first.DEAREST = ("test_last.py", "test_apart.py")
dearest_first.APART = ("test_apart.py",)

def pytest_runtest_setup(item):
    print(item.name, os.environ["PYTEST_XDIST_WORKER"], file=open("order", "a"))
"""
SUITE = {
    "test_apart.py": """
import pytest

@pytest.mark.parametrize("name", ["a", "b"])
def test_one(name): pass

@pytest.mark.parametrize("name", ["a", "b"])
def test_two(name): pass
""",
    "test_first.py": "".join(f"def test_{number}(): pass\n" for number in range(5)),
    "test_last.py": "def test_dear(): pass",
}


def test_every_name_is_that_of_a_file():
    names = {name.partition("::")[0] for name in (*DEAREST, *APART)}
    assert [name for name in sorted(names) if not (ROOT / name).is_file()] == []


def test_the_dearest_begin_first_and_a_parameter_stays_with_one_worker(tmp_path):
    for name, source in (SUITE | {"conftest.py": TWO_WORKERS}).items():
        (tmp_path / name).write_text(source)
    plugins = ["-p", "xdist", "-p", "tests.dearest_first", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *plugins, "-n", "2", "--dist", "loadfile"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    order = [line.split() for line in (tmp_path / "order").read_text().splitlines()]
    of = [[name for name, by in order if by == worker] for worker in ("gw0", "gw1")]
    one, other = sorted(of, key=lambda names: "test_dear" not in names)  # either may be the first
    assert one == ["test_dear", "test_one[b]", "test_two[b]"]
    assert other[:3] == ["test_one[a]", "test_two[a]", "test_0"]
