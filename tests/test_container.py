"""What goes into the container's image: what grading needs, and nothing of a class."""

import re
import subprocess
from pathlib import Path

import pytest
from pathspec import GitIgnoreSpec

ROOT = Path(__file__).parents[1]
LEFT_OUT = GitIgnoreSpec.from_lines((ROOT / ".dockerignore").read_text().splitlines())
"""The file's rules are written so that git's reading of them is Docker's as well."""
CONTAINERFILE = (ROOT / "Containerfile").read_text()


def listed(*options):
    """Return what git lists."""
    command = ["git", "ls-files", "-z", *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return [name for name in done.stdout.split("\0") if name]


@pytest.mark.parametrize(
    "path",
    [
        "class/submitted/ada/01_counting/counting.ipynb",
        "class/secret.json",
        "class/gradebook.db",
        "class-of-last-year/secret.json",
        "demo/class/secret.json",
        ".venv/bin/python",
        ".git/config",
        ".env",
        ".pypirc",
        "dist/nextword-0.1.0-py3-none-any.whl",
        "autograder/__pycache__/cli.cpython-311.pyc",
        "solutions/01_counting/.ipynb_checkpoints/counting-checkpoint.ipynb",
    ],
)
def test_nothing_of_a_class_or_a_machine_goes_in(path):
    assert LEFT_OUT.match_file(path)


def test_nothing_that_git_ignores_goes_in():
    ignored = listed("--others", "--ignored", "--exclude-standard", "--directory")
    assert [path for path in ignored if not LEFT_OUT.match_file(path)] == []


@pytest.mark.parametrize("folder", ["autograder", "nextword", "data", "solutions", "assignments"])
def test_all_that_grading_needs_goes_in(folder):
    tracked = listed("--", folder)
    assert tracked
    assert [path for path in tracked if LEFT_OUT.match_file(path)] == []


def test_what_pip_reads_goes_in():
    for name in ("pyproject.toml", "README.md", "constraints.txt"):
        assert (ROOT / name).is_file()
        assert not LEFT_OUT.match_file(name)


def test_torch_comes_from_the_index_of_cpu_builds_in_the_version_that_is_pinned():
    pins = re.findall(r"^torch==\S+$", (ROOT / "constraints.txt").read_text(), re.MULTILINE)
    assert len(pins) == 1, "the Containerfile reads this line, which has no marker"
    (first,) = re.findall(r"^RUN pip install .*torch==.*?$", _joined(), re.MULTILINE)
    assert "--index-url https://download.pytorch.org/whl/cpu" in first
    assert _joined().index(first) < _joined().index('-e ".[staff')


def _joined():
    """Return the Containerfile with its continued lines as one."""
    return re.sub(r"\\\n\s*", "", CONTAINERFILE)
