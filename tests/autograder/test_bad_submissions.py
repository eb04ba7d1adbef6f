"""A class of submissions as they come, graded in one run with real kernels.

Each gets the marks that the rest of it still earns, and words. Between them sit two good ones, who
must not notice.
"""

import copy
import json

import nbformat
import pytest

from autograder import gradebook as books
from autograder.class_folder import ClassFolder
from autograder.engine.limits import Limits
from autograder.grading import Session
from autograder.report import notes
from autograder.submission import LARGEST
from tests.running import grade_all

pytestmark = pytest.mark.needs_sandbox

GRADED, VISIBLE, ANSWER = "double-graded", "double-visible", "double"
TALK = (
    "import json, os, socket\n"
    "channel = socket.socket(fileno=os.dup(int(os.environ['NEXTWORD_CASES'])))\n"
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
    "system exit": (own("raise SystemExit"), 2, "with SystemExit"),
    "endless loop": (own("while True: pass"), 2, "than 5 s, and was at line 1: while True: pass."),
    "memory hog": (own("import numpy as np; np.ones(10**11)"), 2, "with MemoryError"),
    "flood": (own("print('x' * 10**7)"), 2, ""),
    "forging": (own(TALK), 2, ""),
    "forging in the function": (
        answer(FORGING),
        0,
        "The evidence could not be read",
    ),
    "killer": (own("import os; os.kill(os.getppid(), 9)"), 2, ""),
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


def bad_time(path):
    path.with_name("timestamp.txt").write_text("<b>soon</b>")


def shadowing(path):
    path.with_name("numpy.py").write_text("1 / 0")
    path.with_name("nextword.py").write_text("1 / 0")


# What happened to the file, the points that it still earns, and words that it gets.
FILES = {
    "no JSON": (no_json, 0, "tiny.ipynb is no notebook: it is a PDF document"),
    "no notebook": (no_notebook, 0, "it is JSON, but says no nbformat"),
    "no UTF-8": (no_utf8, 0, "tiny.ipynb is no notebook: expected JSON, which it is not"),
    "missing": (nothing, 0, "Expected tiny.ipynb, found an empty folder."),
    "renamed": (renamed, 2, "found tiny (1).ipynb, which was graded instead."),
    "two renamed": (two_renamed, 0, "found several other notebooks (a.ipynb, b.ipynb)"),
    "link outside": (link_outside, 0, "tiny.ipynb is no regular file."),
    "dangling link": (dangling, 0, "tiny.ipynb is no regular file."),
    "folder": (folder_instead, 0, "tiny.ipynb is no regular file."),
    "huge": (huge, 0, "tiny.ipynb has 50 MB; at most 50 are read."),
    "bad time": (bad_time, 2, "found '<b>soon</b>', which was ignored."),
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
    results = grade_all(session, folder.students("01_tiny"), workers=2, limits=limits)
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
    assert books.scores(session.class_folder, "01_tiny") == expected


def test_what_was_sent_is_not_changed_and_nothing_lies_outside(graded):
    _, session = graded
    submitted = session.class_folder.path / "submitted"
    assert submitted.joinpath("no JSON", "01_tiny", "tiny.ipynb").read_bytes() == b"%PDF-1.4"
    assert sorted(path.name for path in session.class_folder.path.iterdir()) == [
        "autograded",
        "evidence",
        "feedback",
        "gradebook.db",
        "secret.json",
        "submitted",
        "verdicts",
    ]


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
