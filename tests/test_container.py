"""What goes into the container's image: what grading needs, and nothing of a class."""

import io
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from dockerfile_parse import DockerfileParser
from pathspec import GitIgnoreSpec

from tests.fresh_environment import Environment

ROOT = Path(__file__).parents[1]
LEFT_OUT = GitIgnoreSpec.from_lines((ROOT / ".dockerignore").read_text().splitlines())
"""The file's rules are written so that git's reading of them is Docker's as well."""
CONTAINERFILE = (ROOT / "Containerfile").read_text()


STEPS = [
    (step["instruction"], step["value"])
    for step in DockerfileParser(fileobj=io.BytesIO(CONTAINERFILE.encode())).structure
    if step["instruction"] != "COMMENT"
]


def values(instruction):
    return [value for name, value in STEPS if name == instruction]


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


def test_the_file_says_what_builders_understand_in_an_order_that_can_be_built():
    names = [name for name, _ in STEPS]
    assert names[0] == "FROM"
    assert set(names) <= {"FROM", "RUN", "WORKDIR", "COPY", "CMD"}
    assert names.index("COPY") < len(names) - 1 - names[::-1].index("RUN")
    assert values("CMD") == ['["autograder", "doctor"]']


def test_every_copied_source_is_there_and_not_left_out():
    sources = [source for value in values("COPY") for source in value.split()[:-1]]
    assert sources
    for source in sources:
        assert (ROOT / source).exists()
        assert source == "." or not LEFT_OUT.match_file(source)


def copied():
    """Return what COPY puts into the image: of all files, those that are not left out."""
    files = listed("--cached", "--others", "--exclude-standard")
    return [name for name in files if (ROOT / name).is_file() and not LEFT_OUT.match_file(name)]


def test_the_python_of_the_image_is_one_that_the_course_supports():
    (image,) = values("FROM")
    lock = (ROOT / "Makefile").read_text().partition("--python-version ")[2].split()[0]
    assert image == f"docker.io/library/python:{lock}-slim"


def known_to_apt():
    """Tell whether apt has lists of packages here."""
    if shutil.which("apt-cache") is None:
        return False
    done = subprocess.run(["apt-cache", "pkgnames", "git"], capture_output=True, check=False)
    return bool(done.stdout.strip())


@pytest.mark.skipif(not known_to_apt(), reason="apt has no lists of packages here")
def test_debian_has_what_the_image_installs():
    (line,) = [value for value in values("RUN") if "apt-get install" in value]
    packages = line.partition("--no-install-recommends ")[2].partition(" &&")[0].split()
    assert packages == ["bubblewrap", "git", "make"]
    command = ["apt-cache", "show", "--no-all-versions", *packages]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert re.findall(r"^Package: (\S+)", done.stdout, re.MULTILINE) == packages


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    """The steps of the file, taken here: a copy of what goes in, and pip's lines in an environment.

    Where the image is Debian's Python and has a network, here it is this one, without.
    """
    folder = tmp_path_factory.mktemp("image")
    course = folder / "course"
    for name in copied():
        (course / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, course / name)
    environment = Environment.made(folder)
    lines = [value for value in values("RUN") if value.startswith("pip install")]
    assert len(lines) == 2
    for line in lines:
        done = environment.shell(line, course)
        assert done.returncode == 0, done.stdout + done.stderr
    return environment, course


@pytest.mark.long
def test_its_steps_give_a_grader_of_its_own_copy_that_grades(image, tmp_path):
    environment, course = image
    imported = "import autograder, nextword; print(autograder.__file__, nextword.__file__)"
    where = environment.run([environment.python, "-c", imported], course).stdout.split()
    assert where == [f"{course}/{name}/__init__.py" for name in ("autograder", "nextword")]
    of_class = f"01_counting --class {tmp_path / 'class'}"
    for line in (
        "autograder release --check",
        f"autograder simulate {of_class} --students 3",
        f"autograder grade {of_class} --workers 1 --no-sandbox",
    ):
        done = environment.shell(line, course)
        assert done.returncode == 0, done.stdout + done.stderr
    report = (tmp_path / "class" / "reports" / "01_counting.csv").read_text()
    assert len(report.splitlines()) == 4


@pytest.mark.long
def test_what_it_runs_by_itself_is_there(image):
    environment, course = image
    (command,) = values("CMD")
    words = re.findall(r'"([^"]*)"', command)
    done = environment.run([environment.folder / "bin" / words[0], *words[1:]], course)
    assert "Traceback" not in done.stderr
    assert "sandbox" in done.stdout


def builder():
    """Return the command of a program that builds images here, None where none can."""
    for name, asked in (("podman", "info"), ("docker", "info"), ("buildah", "info")):
        path = shutil.which(name)
        if path and subprocess.run([path, asked], capture_output=True, check=False).returncode == 0:
            return path
    return None


@pytest.mark.long
def test_it_builds_where_something_builds_images():
    found = builder()
    if found is None:
        pytest.skip("neither podman nor docker nor buildah works here")
    (base,) = values("FROM")
    if subprocess.run([found, "pull", base], capture_output=True, check=False).returncode != 0:
        pytest.skip(f"{base} cannot be fetched here")
    build = [found, "build", "--file", "Containerfile", "--tag", "nextword-test", "."]
    done = subprocess.run(build, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
