"""A class of submissions as they come, graded in one run with real kernels.

Each gets the marks that the rest of it still earns, and words. Between them sit two good ones, who
must not notice.
"""

import copy
import json
import zipfile
from html import unescape

import jupytext
import nbformat
import pytest

from autograder.classroom import gradebook
from autograder.classroom.class_folder import ClassFolder
from autograder.classroom.class_reports import write_reports
from autograder.classroom.report import notes
from autograder.classroom.session import Session
from autograder.classroom.submission import LARGEST
from autograder.sandbox.limits import Limits
from tests.running import grade_all

pytestmark = pytest.mark.needs_sandbox

GRADED, VISIBLE, ANSWER = "double-graded", "double-visible", "double"
TALK = (
    "import json, os, socket\n"
    "channel = socket.socket(fileno=os.dup(int(os.environ['AUTOGRADER_CASES'])))\n"
    "channel.sendall(2 * (json.dumps({'value': 1, 'after': ''}).encode() + b'\\n'))\n"
)


def own(source):
    """Put a student's own cell in front."""

    def change(notebook, cell_of):
        cell = {"cell_type": "code", "source": source, "metadata": {}, "outputs": []}
        notebook["cells"].insert(0, cell)

    return change


def cell(grade_id, **fields):
    """Change one cell."""

    def change(notebook, cell_of):
        cell_of(notebook, grade_id).update(fields)

    return change


def metadata(grade_id, **fields):
    """Change the metadata of one cell."""

    def change(notebook, cell_of):
        cell_of(notebook, grade_id)["metadata"].update(fields)

    return change


def deleted(grade_id):
    def change(notebook, cell_of):
        notebook["cells"].remove(cell_of(notebook, grade_id))

    return change


def doubled(grade_id):
    def change(notebook, cell_of):
        notebook["cells"].append(copy.deepcopy(cell_of(notebook, grade_id)))

    return change


def stripped(notebook, cell_of):
    notebook["metadata"] = {}
    for each in notebook["cells"]:
        each["metadata"] = {}


def in_lines(notebook, cell_of):
    for each in notebook["cells"]:
        each["source"] = each["source"].splitlines(keepends=True)


def with_garbage(notebook, cell_of):
    notebook["cells"] += [7, None, {"cell_type": ["code"]}, {"cell_type": "code", "source": 7}]


def with_surrogates(notebook, cell_of):
    notebook["cells"].insert(0, {"cell_type": "markdown", "source": "\ud800", "metadata": {}})


def field(**fields):
    return lambda notebook, cell_of: notebook.update(fields)


def format_3(notebook, cell_of):
    """The notebook as an editor of 2014 would have written it, which kept cell metadata."""
    new = nbformat.from_dict(copy.deepcopy(notebook))
    old = json.loads(json.dumps(nbformat.convert(new, 3)))
    notebook.clear()
    notebook.update(old)


def answer(source):
    return cell(ANSWER, source=source)


BASH = {"kernelspec": {"name": "bash", "display_name": "Bash", "language": "bash"}}
NO_TYPES = {"nbgrader": ["double"], "tags": {}, "editable": "no"}
FORGING = "def double(x):\n    " + TALK.replace("\n", "\n    ") + "return 2 * x"

RIGHT = "def double(x):\n    return 2 * x"
NO_PANDAS = "ModuleNotFoundError: No module named 'no_pandas'."
WITH = "stopped with "
EARLIER = "Your notebook is of an earlier release of the assignment"


def hidden_by_an_import(notebook, cell_of):
    own("import no_pandas\nimport numpy as np")(notebook, cell_of)
    answer("def double(x: np.ndarray):\n    return 2 * x")(notebook, cell_of)


def in_exploration(notebook, cell_of):
    answer("x = 1")(notebook, cell_of)
    notebook["cells"].append(
        {"cell_type": "code", "source": RIGHT, "metadata": {"tags": ["exploration"]}}
    )


def below_its_tests(notebook, cell_of):
    answer("x = 1")(notebook, cell_of)
    notebook["cells"].append({"cell_type": "code", "source": RIGHT, "metadata": {}})


def with_ends(end):
    """Give every line another end, as an editor of another system does, and the last line too."""

    def change(notebook, cell_of):
        for each in notebook["cells"]:
            each["source"] = each["source"].replace("\n", end) + end

    return change


def both(first, second):
    def change(notebook, cell_of):
        first(notebook, cell_of)
        second(notebook, cell_of)

    return change


def written_below(notebook, cell_of):
    given = cell_of(notebook, "why-written")
    given["source"] = "*Your answer here.*"
    place = notebook["cells"].index(given) + 1
    own_cell = {"cell_type": "markdown", "source": "Because.", "metadata": {}}
    notebook["cells"].insert(place, own_cell)


# A change to a good notebook, the points it still earns, and words that it gets.
CHANGES = {
    "format 5": (field(nbformat=5), 0, "is in notebook format 5; expected format 4"),
    "format 3": (format_3, 2, ""),
    "cells are no list": (field(cells={"a": 1}), 0, "is no notebook: it has no cells"),
    "garbage cells": (with_garbage, 2, "4 cells were damaged and were left out."),
    "surrogates": (with_surrogates, 2, ""),
    "sources in lines": (in_lines, 2, ""),
    "test deleted": (deleted(GRADED), 2, f"{GRADED} had been deleted; it was put back"),
    "test doubled": (doubled(GRADED), 2, f"{GRADED} stood there twice; one copy was used"),
    "test edited": (cell(VISIBLE, source="exit()"), 2, f"{VISIBLE} had been edited; ours"),
    "test as markdown": (cell(GRADED, cell_type="markdown"), 2, f"{GRADED} had been edited; ours"),
    "test tagged": (metadata(GRADED, tags=["skip-execution"]), 2, ""),
    "answer deleted": (deleted(ANSWER), 0, "The cell double for your answer had been deleted."),
    "answer doubled": (doubled(ANSWER), 2, "double stood there twice; both were run, in order"),
    "answer as markdown": (cell(ANSWER, cell_type="markdown"), 0, "had become a markdown cell"),
    "stripped": (stripped, 2, ""),
    "bash kernel": (field(metadata=BASH), 2, ""),
    "metadata of no type": (metadata(ANSWER, **NO_TYPES), 2, ""),
    "number as grade_id": (metadata(ANSWER, nbgrader={"grade_id": 7, "points": -3}), 2, ""),
    "negative points": (metadata(GRADED, nbgrader={"grade_id": GRADED, "points": -3}), 2, ""),
    "other folder": (own("import os; os.chdir('/')"), 2, ""),
    "exit": (own("exit()"), 2, "Cell 1 ('exit()') was left out: it ended the Python process"),
    "system exit": (own("raise SystemExit"), 2, "Cell 1 (raise SystemExit) with SystemExit."),
    "endless loop": (own("while True: pass"), 2, "than 5 s, and was at line 1: while True: pass."),
    "memory hog": (own("import numpy as np; np.ones(10**11)"), 2, "with MemoryError: Unable to"),
    "flood": (own("print('x' * 10**7)"), 2, ""),
    "forging": (own(TALK), 2, ""),
    "forging in the function": (
        answer(FORGING),
        0,
        "The evidence could not be read",
    ),
    "killer": (own("import os; os.kill(os.getppid(), 9)"), 2, ""),
    "no such package": (
        answer(f"import no_pandas\n{RIGHT}"),
        0,
        f"double) stopped with {NO_PANDAS}",
    ),
    "no such package in front": (
        own("import no_pandas\nx = 1"),
        2,
        f"(import no_pandas) with {NO_PANDAS}",
    ),
    "first import hides the rest": (
        hidden_by_an_import,
        0,
        f"(import no_pandas) {WITH}{NO_PANDAS}",
    ),
    "file beside it": (
        answer(f"from helper import pad\n{RIGHT}"),
        0,
        "beside the notebook are not",
    ),
    "odd spaces": (answer("def double(x):\n\u00a0\u00a0return 2 * x"), 0, "not ordinary ones"),
    "timed": (answer(f"%%timeit\n{RIGHT}"), 0, "begins with %%timeit, which runs the cell in"),
    "captured": (answer(f"%%capture\n{RIGHT}"), 2, ""),
    "in exploration": (in_exploration, 0, "is tagged `exploration`, and such cells are not run"),
    "below its tests": (below_its_tests, 0, "stands below the test cell"),
    "as raw": (cell(ANSWER, cell_type="raw"), 0, "had become a raw cell; expected code"),
    "nowhere": (answer("x = 1"), 0, "No cell of your notebook defines it."),
    "line ends": (with_ends("\r\n"), 2, ""),
    "old line ends": (with_ends("\r"), 2, ""),
    "space at ends": (with_ends("  \n"), 2, ""),
    "line ends stripped": (both(with_ends("\r\n"), stripped), 2, ""),
    "written below": (written_below, 2, "The written answer why-written goes on in cells below"),
    "written as code": (cell("why-written", cell_type="code"), 2, "is read as text."),
    "written as raw": (cell("why-written", cell_type="raw"), 2, "is read as text."),
    "other points": (cell(GRADED, source="# 7 points, graded when you submit."), 2, EARLIER),
    "script": (answer("def double(x): raise ValueError('<script>1</script>')"), 0, ""),
}


def no_json(path):
    path.write_bytes(b"%PDF-1.4")


def no_notebook(path):
    path.write_text('{"grades": [2, 2]}')


def no_utf8(path):
    path.write_bytes(b'{"nbformat": 4, "cells": ["\xff"]}')


def nothing(path):
    path.unlink(missing_ok=True)


def renamed(path):
    path.rename(path.with_name("tiny (1).ipynb"))


def two_renamed(path):
    path.with_name("a.ipynb").write_bytes(path.read_bytes())
    path.rename(path.with_name("b.ipynb"))


def link_outside(path):
    path.rename(path.parents[4] / "outside.ipynb")
    path.symlink_to(path.parents[4] / "outside.ipynb")


def dangling(path):
    path.unlink()
    path.symlink_to(path.parent / "nowhere")


def folder_instead(path):
    path.unlink()
    path.mkdir()


def huge(path):
    with path.open("r+b") as file:
        file.truncate(LARGEST + 1)


def in_utf_16(path):
    path.write_bytes(path.read_text().encode("utf-16"))


def in_a_macs_zip(path):
    with zipfile.ZipFile(path.with_name("Archive.zip"), "w") as archive:
        archive.write(path, "hand in/tiny.ipynb")
        archive.writestr("__MACOSX/hand in/._tiny.ipynb", "Mac OS X")
    path.unlink()


def with_a_macs_other_half(path):
    renamed(path)
    path.with_name("._tiny (1).ipynb").write_bytes(b"Mac OS X")


def as_percent_text(path):
    path.with_suffix(".py").write_text(jupytext.writes(nbformat.read(path, 4), fmt="py:percent"))
    path.unlink()


def as_script(path):
    path.with_suffix(".py").write_text("# In[1]:\n" + RIGHT)
    path.unlink()


def named(name):
    return lambda path: path.rename(path.with_name(name))


def holding(content):
    return lambda path: path.write_bytes(content)


def half(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def bad_time(path):
    path.with_name("timestamp.txt").write_text("<b>soon</b>")


def shadowing(path):
    path.with_name("numpy.py").write_text("1 / 0")
    path.with_name("nextword.py").write_text("1 / 0")


# What happened to the file, the points that it still earns, and words that it gets.
FILES = {
    "no JSON": (no_json, 0, "tiny.ipynb is no notebook: it is a PDF document."),
    "no notebook": (no_notebook, 0, "it is JSON, but says no nbformat"),
    "no UTF-8": (no_utf8, 0, "tiny.ipynb is no notebook: expected JSON, which it is not."),
    "missing": (nothing, 0, "Expected tiny.ipynb, found an empty folder."),
    "renamed": (renamed, 2, "found tiny (1).ipynb, which was graded instead."),
    "two renamed": (two_renamed, 0, "found several other notebooks (a.ipynb, b.ipynb)"),
    "link outside": (link_outside, 0, "tiny.ipynb is no regular file."),
    "dangling link": (dangling, 0, "tiny.ipynb is no regular file."),
    "folder": (folder_instead, 0, "tiny.ipynb is no regular file."),
    "huge": (huge, 0, "tiny.ipynb has 50 MB; at most 50 are read."),
    "bad time": (bad_time, 2, "found '<b>soon</b>', which was ignored."),
    "UTF-16": (in_utf_16, 2, ""),
    "a Mac's zip": (in_a_macs_zip, 2, "hand in/tiny.ipynb was taken out of the zip file Archive."),
    "a Mac's other half": (with_a_macs_other_half, 2, "found tiny (1).ipynb, which was graded"),
    "percent text": (as_percent_text, 2, "found tiny.py, which was graded instead."),
    "Python script": (as_script, 0, "tiny.py is Python without the cells of a notebook"),
    "ipynb.json": (named("tiny.ipynb.json"), 2, "found tiny.ipynb.json, which was graded"),
    "ipynb.txt": (named("tiny.ipynb.txt"), 2, "found tiny.ipynb.txt, which was graded"),
    "json": (named("tiny.json"), 2, "found tiny.json, which was graded"),
    "upper case": (named("tiny.IPYNB"), 2, "found tiny.IPYNB, which was graded"),
    "empty": (holding(b""), 0, "it is an empty file."),
    "half": (half, 0, "it is only the first part of a file"),
    "login page": (holding(b"<!DOCTYPE html><p>Log in"), 0, "it is a web page"),
    "pointer": (holding(b"version https://git-lfs.github.com/spec/v1"), 0, "Git LFS keeps"),
    "merge": (holding(b"{\n<<<<<<< a\n=======\n>>>>>>> b\n}"), 0, "the marks of a merge"),
    "shadowing files": (shadowing, 2, ""),
}
NAMES = ["[bold]name[red]", "<script>name<", "=HYPERLINK(1)", "Zoë Ω"]
EXPECTED = {
    **{name: (points, words) for name, (_, points, words) in (CHANGES | FILES).items()},
    **dict.fromkeys(NAMES, (2, "")),
    "a good one": (2, ""),
    "zz good one": (2, ""),
}


@pytest.fixture(scope="module")
def graded(tiny, tiny_exam, tiny_gradebook, right, cell_of, submit, tmp_path_factory):
    """The results of the class by student, and its session."""
    folder = ClassFolder(tmp_path_factory.mktemp("bad") / "class")
    folder.set_secret("tests")
    folder.gradebook_path.write_bytes(tiny_gradebook.read_bytes())
    for name in EXPECTED:
        notebook = copy.deepcopy(right)
        if name in CHANGES:
            CHANGES[name][0](notebook, cell_of)
        path = submit(folder, name, notebook)
        if name in FILES:
            FILES[name][0](path)
    session = Session(tiny, folder, tiny_exam)
    limits = Limits(cell_seconds=5, notebook_seconds=60)
    results = list(grade_all(session, folder.students("01_tiny"), workers=2, limits=limits))
    write_reports(session, results)
    return {result.student: result for result in results}, session


def test_everyone_is_graded(graded):
    results, _ = graded
    assert results.keys() == EXPECTED.keys()
    assert [name for name, result in results.items() if result.failure] == []


@pytest.mark.parametrize("name", EXPECTED)
def test_each_gets_the_marks_it_still_earns_and_its_words(graded, name):
    results, session = graded
    points, words = EXPECTED[name]
    result = results[name]
    said = " ".join([*notes(result), *(verdict.says for verdict in result.verdicts)])
    assert result.points == points, said
    assert words in said
    if not words and points:
        assert notes(result) == []
    page = session.class_folder.feedback_path("01_tiny", name, "tiny")
    assert page.exists()


def test_the_gradebook_says_the_same(graded):
    _, session = graded
    expected = {name: points for name, (points, _) in EXPECTED.items()}
    assert gradebook.scores(session.class_folder, "01_tiny") == expected


def test_what_was_sent_is_not_changed_and_nothing_lies_outside(graded):
    _, session = graded
    submitted = session.class_folder.path / "submitted"
    assert submitted.joinpath("no JSON", "01_tiny", "tiny.ipynb").read_bytes() == b"%PDF-1.4"
    assert sorted(path.name for path in session.class_folder.path.iterdir()) == [
        "autograded",
        "evidence",
        "feedback",
        "gradebook.db",
        "marks.jsonl",
        "reports",
        "secret.json",
        "submitted",
        "verdicts",
    ]


def test_a_package_that_is_not_there_is_named_to_student_and_staff(graded):
    """From the cell to the verdict, the student's page, and the class's table and page."""
    results, session = graded
    result = results["no such package"]
    reason = "ModuleNotFoundError: No module named 'no_pandas'."
    (verdict,) = result.verdicts
    assert f"double) stopped with {reason}" in verdict.says
    assert "only the packages that its first cell names are there" in verdict.says
    folder = session.class_folder
    page = folder.feedback_path("01_tiny", "no such package", "tiny")
    for path in (
        page,
        folder.report_path("01_tiny", ".csv"),
        folder.report_path("01_tiny", ".html"),
    ):
        assert reason in unescape(path.read_text())


def test_no_page_holds_a_students_markup(graded):
    _, session = graded
    pages = list((session.class_folder.path / "feedback").rglob("*.html"))
    assert len(pages) == len(EXPECTED)
    for page in pages:
        assert "<script>" not in page.read_text()
        assert "<b>" not in page.read_text()


def test_what_is_kept_of_a_flood_is_bounded(graded):
    _, session = graded
    assert session.class_folder.evidence_path("01_tiny", "flood").stat().st_size < 500_000
