"""What students install holds no answers, and says so to who would need them."""

import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml
from hatchling.builders.sdist import SdistBuilder
from hatchling.builders.wheel import WheelBuilder

ROOT = Path(__file__).parents[1]
ASSIGNMENT = "01_counting"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel, built from this checkout."""
    (path,) = WheelBuilder(str(ROOT)).build(directory=str(tmp_path_factory.mktemp("wheel")))
    return Path(path)


@pytest.fixture(scope="module")
def in_wheel(wheel):
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.fixture(scope="module")
def in_sdist(tmp_path_factory):
    (path,) = SdistBuilder(str(ROOT)).build(directory=str(tmp_path_factory.mktemp("sdist")))
    with tarfile.open(path) as archive:
        return {name.partition("/")[2] for name in archive.getnames()}


def test_it_holds_what_students_import_and_its_data(in_wheel):
    assert {
        "nextword/models/ngram.py",
        "autograder/cli/app.py",
        "autograder/guest/server.py",
    } <= in_wheel
    assert any(name.startswith("nextword/_data/grammar/") for name in in_wheel)
    assert any(name.startswith("autograder/classroom/templates/") for name in in_wheel)


@pytest.mark.parametrize("archive", ["in_wheel", "in_sdist"])
def test_it_holds_no_check_and_no_solution(archive, request):
    names = request.getfixturevalue(archive)
    assert any(name.startswith("autograder/") for name in names)
    withheld = re.compile(r"(^|/)(checks|solutions|class|tests|demo)/")
    others = [name for name in names if not name.startswith("autograder/authoring/templates/")]
    assert [name for name in others if withheld.search(name)] == []


@pytest.fixture
def installed(wheel, tmp_path):
    """Run a command with what the wheel holds, in the folder of a course of one assignment."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "installed")
    course = tmp_path / "course"
    shutil.copytree(
        ROOT / "solutions" / ASSIGNMENT,
        course / "solutions" / ASSIGNMENT,
        ignore=shutil.ignore_patterns("checks"),
    )
    shutil.copy(ROOT / "jupytext.toml", course)
    start = f"import sys; sys.path.insert(0, {str(tmp_path / 'installed')!r})"

    def run(*words):
        return subprocess.run(
            [
                sys.executable,
                "-c",
                f"{start}; from autograder.__main__ import main; main()",
                *words,
            ],
            capture_output=True,
            text=True,
            check=False,
            cwd=course,
        )

    return run


@pytest.mark.parametrize("command", ["verify", "release"])
def test_commands_that_need_the_checks_say_which_is_missing(installed, command):
    done = installed(command, ASSIGNMENT)
    assert done.returncode == 3
    said = " ".join((done.stdout + done.stderr).split())
    assert "Question 'count_ngrams' has no check: expected" in said
    assert "Traceback" not in said


def test_commands_that_need_none_go_on(installed):
    done = installed("sync")
    assert done.returncode == 0, done.stderr


def test_the_licences_come_with_what_is_installed(in_wheel, in_sdist):
    licences = {"LICENSE", "LICENSE-CC-BY-4.0", "NOTICE.md"}
    assert licences <= in_sdist
    assert licences <= {Path(name).name for name in in_wheel if ".dist-info/licenses/" in name}


def test_version_stands_the_same_where_people_look_for_it():
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["version"] == version
    released = f"\n## {version} ({citation['date-released']})\n"
    assert released in (ROOT / "CHANGELOG.md").read_text()


def test_how_to_cite_is_said_in_the_format_of_its_name():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["cff-version"] == "1.2.0"
    assert {"message", "title", "authors"} <= citation.keys()
    assert isinstance(citation["date-released"], str), "a date in quotes, as the format wants it"
    assert citation["license"] == "BSD-3-Clause", "a list would mean: whichever you like"
    assert "CC BY 4.0" in citation["abstract"]
    assert 5 <= len(citation["abstract"].split()) < 120
