import contextlib
import copy
import dataclasses
import os

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from autograder.authoring.conventions import grade_id_of
from autograder.classroom.stage import stage
from autograder.classroom.submission import parse_notebook
from autograder.judging.judge import judge
from autograder.judging.outcomes import MAX_BYTES
from autograder.sandbox import run
from autograder.sandbox.ending import Ending
from autograder.sandbox.limits import Limits
from autograder.sandbox.run import Mode

TALK = (
    "import json, os, socket\n"
    "channel = socket.socket(fileno=os.dup(int(os.environ['AUTOGRADER_CASES'])))\n"
    "channel.sendall(2 * (json.dumps({'value': 1, 'after': ''}).encode() + b'\\n'))"
)
"""Says something to whoever asks, past the witness."""
ENDED = "it ended the Python process (it crashed, called exit, or ran out of memory)"


@pytest.fixture(
    params=[pytest.param(m, marks=pytest.mark.needs_sandbox) for m in (Mode.WARM, Mode.COLD)]
)
def execute(request):
    """Return `execute` in one of the sandboxes."""

    def in_mode(notebook, inputs, limits):
        return run.execute(notebook, inputs, limits, request.param)

    in_mode.mode = request.param
    return in_mode


@pytest.fixture
def notebook(tiny, right):
    """A good submission, staged."""
    parsed, _ = parse_notebook(nbformat.writes(nbformat.from_dict(right)).encode(), "tiny.ipynb")
    return stage(parsed, tiny.derived)[0]


def with_own(notebook, *sources):
    """Put a student's own cells in front of all others."""
    own = [new_code_cell(source, id=f"own-{i}") for i, source in enumerate(sources)]
    notebook = copy.deepcopy(notebook)
    notebook.cells[:0] = own
    return notebook


def answering(notebook, source):
    notebook = copy.deepcopy(notebook)
    next(cell for cell in notebook.cells if grade_id_of(cell) == "double").source = source
    return notebook


def output_of(execution, index):
    return "".join(
        str(output.get("text", output.get("evalue", output.get("data"))))
        for output in execution.notebook.cells[index].outputs
    )


def assert_full_marks(execution, exam):
    (question,) = exam.questions
    assert judge(question, execution.evidence["double"]).points == 2
    assert execution.absences == {}


def test_a_good_notebook_gives_one_piece_of_evidence_and_a_clean_copy(
    execute, notebook, tiny_exam, quick
):
    before = copy.deepcopy(notebook)
    execution = execute(notebook, tiny_exam.inputs, quick)
    assert_full_marks(execution, tiny_exam)
    assert execution.incidents == ()
    assert notebook == before
    nbformat.validate(execution.notebook)
    counts = {cell.source: cell.get("execution_count") for cell in execution.notebook.cells}
    assert counts["double(21)"] is None, "a cell for exploration is not run"
    assert counts["import math"] == 1


def test_mischief_in_own_cells_is_bounded_told_and_costs_nothing(
    execute, notebook, tiny_exam, quick
):
    mischief = {
        "flood": "for _ in range(1000): print('x' * 10_000)",
        "steps": "import sys\nfor _ in range(400): print('y' * 100); sys.stdout.flush()",
        "talk": TALK,
        "leave": "raise SystemExit",
        "memory": "import numpy as np; np.ones(10**11)",
        "wrong": "1 / 0",
        "syntax": "def (",
        "null": "x = '\0'",
        "display": "from IPython.display import display\nh = display('small', display_id='h')",
        "outgrow": "h.update('z' * 10**7)",
        "warn": "print('a warning', file=sys.stderr)",
        "shadow": "open('numpy.py', 'w').write('1/0'); open('secrets.py', 'w').write('1/0')",
    }
    bounded = dataclasses.replace(quick, output_bytes=20_000)
    execution = execute(with_own(notebook, *mischief.values()), tiny_exam.inputs, bounded)
    assert_full_marks(execution, tiny_exam)
    assert all(words.startswith("Stopped with an error: ") for words in execution.incidents)
    shown = {name: output_of(execution, index) for index, name in enumerate(mischief)}
    assert {name for name, text in shown.items() if len(text) > 20_000} == set()
    assert len(shown["steps"]) > 10_000, "what there is room for is kept"
    assert "Unable to allocate" in shown["memory"]
    assert "small" in shown["display"]
    assert shown["warn"] == "a warning\n"
    nbformat.validate(execution.notebook)


@pytest.mark.parametrize(
    "own",
    [
        "print('x' * 60_000_000)",
        "raise ValueError('x' * 60_000_000)",
        "type('E' * 60_000_000, (Exception,), {})",
        "'x' * 60_000_000",
        "from IPython.display import HTML, display\ndisplay(HTML('x' * 60_000_000))",
    ],
    ids=["print", "error", "name", "result", "display"],
)
def test_one_huge_output_costs_nothing_but_itself(execute, notebook, tiny_exam, own):
    execution = execute(with_own(notebook, own, "y = 2"), tiny_exam.inputs, Limits())
    assert_full_marks(execution, tiny_exam)
    assert all(words.startswith("Stopped with an error: ") for words in execution.incidents)
    assert len(output_of(execution, 0)) <= Limits.output_bytes
    assert execution.notebook.cells[1].execution_count == 2


def test_outputs_that_nobody_can_take_cost_their_cell(execute, notebook, tiny_exam, quick):
    if execute.mode is Mode.WARM:
        pytest.skip("in warm mode nothing arrives piece by piece")
    own = (
        "kernel = get_ipython().kernel\nsession, parent = kernel.session, kernel.get_parent()\n"
        "huge = session.msg('stream', {'name': 'stdout', 'text': 'x' * 60_000_000}, parent)\n"
        "kernel.iopub_socket.send_multipart(session.serialize(huge))"
    )
    execution = execute(with_own(notebook, own), tiny_exam.inputs, quick)
    assert_full_marks(execution, tiny_exam)
    words = "more came out of it than can be taken"
    assert execution.incidents == (
        f"Cell 1 ('kernel = get_ipython().kernel') was left out: {words}.",
    )


def test_another_working_folder_costs_nothing(execute, notebook, tiny_exam, quick):
    own = "import os; os.chdir('/')"
    assert_full_marks(execute(with_own(notebook, own), tiny_exam.inputs, quick), tiny_exam)


def test_an_emptied_environment_costs_the_evidence_and_is_told(execute, notebook, tiny_exam, quick):
    own = "import os; os.environ.clear()"
    execution = execute(with_own(notebook, own), tiny_exam.inputs, quick)
    assert execution.absences == {"double": "The test cell ran, but nothing came back from it."}


@pytest.mark.parametrize("own", ["exit()", "quit()\nx = 1", "import os; os._exit(0)"])
def test_a_cell_that_exits_costs_only_itself(execute, notebook, tiny_exam, quick, own):
    execution = execute(with_own(notebook, own, "y = 2"), tiny_exam.inputs, quick)
    assert_full_marks(execution, tiny_exam)
    first_line = own.partition("\n")[0]
    assert execution.incidents == (f"Cell 1 ({first_line!r}) was left out: {ENDED}.",)
    assert execution.notebook.cells[1].execution_count == 1


def test_an_endless_loop_costs_only_itself(execute, notebook, tiny_exam):
    limits = Limits(cell_seconds=3, notebook_seconds=60)
    execution = execute(with_own(notebook, "while True: pass"), tiny_exam.inputs, limits)
    assert_full_marks(execution, tiny_exam)
    line = ", and was at line 1: while True: pass" if execute.mode is Mode.WARM else ""
    assert execution.incidents == (
        f"Cell 1 ('while True: pass') was left out: it ran longer than 3 s{line}.",
    )


def test_memory_beyond_the_limit_costs_only_the_cell(execute, notebook, tiny_exam, quick):
    limits = dataclasses.replace(quick, memory_bytes=2 * 2**30, cell_seconds=30)
    hog = "hog = []\nwhile True: hog.append(bytearray(2**26))"
    execution = execute(with_own(notebook, hog, "del hog"), tiny_exam.inputs, limits)
    assert_full_marks(execution, tiny_exam)
    assert all(words.startswith("Stopped with an error: ") for words in execution.incidents)
    assert execution.notebook.cells[0].outputs[0].ename == "MemoryError"


def test_a_widget_cannot_take_over_the_output_of_other_cells(execute, notebook, tiny_exam, quick):
    taking_over = (
        "from comm import create_comm\n"
        "state = {'_model_module': '@jupyter-widgets/output', '_model_name': 'OutputModel'}\n"
        "comm = create_comm(target_name='jupyter.widget', data={'state': state})\n"
        "parent = get_ipython().kernel.get_parent()['header']['msg_id']\n"
        "comm.send({'method': 'update', 'state': {'msg_id': parent}})\n"
        "print('still here')"
    )
    execution = execute(with_own(notebook, taking_over), tiny_exam.inputs, quick)
    assert_full_marks(execution, tiny_exam)
    if execute.mode is Mode.WARM:
        assert "no attribute 'kernel'" in output_of(execution, 0)
    else:
        assert output_of(execution, 0) == "still here\n"


def test_a_function_that_crashes_costs_its_question_and_is_told(
    execute, notebook, tiny_exam, quick
):
    crashing = answering(notebook, "import os\ndef double(x):\n    os._exit(1)")
    execution = execute(crashing, tiny_exam.inputs, quick)
    assert execution.evidence == {}
    assert execution.absences == {
        "double": f"Your function was stopped when it was called: {ENDED}."
    }
    assert execution.incidents == (
        f"Cell 4 ('double-visible') was left out: {ENDED}.",
        f"The test of double was stopped: {ENDED}.",
    )


def test_after_so_many_restarts_the_run_ends_and_what_came_before_counts(
    execute, notebook, tiny_exam, quick
):
    limits = dataclasses.replace(quick, restarts=1)
    ends = [new_code_cell("import os; os._exit(1)", id=f"end-{i}") for i in range(3)]
    notebook = copy.deepcopy(notebook)
    notebook.cells += ends
    execution = execute(notebook, tiny_exam.inputs, limits)
    assert_full_marks(execution, tiny_exam)
    assert execution.incidents[-1] == "The notebook was stopped 2 times and not started again."


def test_a_notebook_that_takes_too_long_is_stopped_and_says_what_was_not_reached(
    execute, notebook, tiny_exam
):
    limits = Limits(cell_seconds=30, notebook_seconds=4)
    slow = with_own(notebook, "import time; time.sleep(3.5)", "time.sleep(3.5)")
    execution = execute(slow, tiny_exam.inputs, limits)
    assert execution.absences == {
        "double": "The test cell was not reached: the run ended before it."
    }
    assert execution.incidents == ("The notebook ran longer than 4 s and was stopped.",)


class SlowToStart:
    """A session whose process takes 100 s to start, and 2 s for each cell; the first one dies."""

    def __init__(self):
        self.now, self.started, self.given = 0.0, 0, []

    @contextlib.contextmanager
    def session(self, *_):
        self.started += 1
        self.now += 100
        yield self

    def run(self, index, cell, graded, seconds):
        self.now += 2
        self.given.append(seconds)
        return Ending("it died") if self.started == 1 and len(self.given) == 2 else None


def test_time_is_counted_from_when_a_process_is_there_and_over_restarts(monkeypatch):
    slow = SlowToStart()
    monkeypatch.setattr(run, "_session", slow.session)
    monkeypatch.setattr(run.time, "monotonic", lambda: slow.now)
    cells = new_notebook(cells=[new_code_cell(f"x = {i}") for i in range(4)])
    execution = run.execute(cells, {}, Limits(cell_seconds=30, notebook_seconds=20), Mode.WARM)
    assert slow.given == [20, 18, 16, 14, 12]
    assert execution.incidents == ("Cell 2 ('x = 1') was left out: it died.",)


def test_a_function_that_uses_up_the_notebooks_time_is_told(execute, notebook, tiny_exam):
    limits = Limits(cell_seconds=30, notebook_seconds=15)
    sleeping = (
        "import time, sys\ndef double(x):\n"
        "    asked = 'witness' in sys._getframe(2).f_code.co_filename\n"
        "    while asked:\n        try: time.sleep(1)\n        except BaseException: pass\n"
        "    return 2 * x"
    )
    execution = execute(answering(notebook, sleeping), tiny_exam.inputs, limits)
    words = "The notebook ran longer than 15 s and was stopped"
    assert execution.incidents == (f"{words}.",)
    assert execution.absences == {"double": f"{words} while your function was called."}


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("", "There is no function double when its test cell runs."),
        ("def double(x:\n    return", "There is no function double when its test cell runs."),
    ],
)
def test_a_function_that_is_not_there_is_told(execute, notebook, tiny_exam, quick, source, words):
    execution = execute(answering(notebook, source), tiny_exam.inputs, quick)
    assert execution.evidence == {}
    assert execution.absences["double"].startswith(words)


def test_an_import_that_is_spoiled_is_told(execute, notebook, tiny_exam, quick):
    own = "import sys; sys.modules['autograder.guest.collect'] = None"
    execution = execute(with_own(notebook, own), tiny_exam.inputs, quick)
    assert execution.absences == {
        "double": "The test cell stopped with ModuleNotFoundError before it could call your "
        "function."
    }


def test_an_answer_that_nobody_asked_for_is_refused(execute, notebook, tiny_exam, quick):
    forging = f"def double(x):\n    {TALK.replace(chr(10), chr(10) + '    ')}\n    return 2 * x"
    execution = execute(answering(notebook, forging), tiny_exam.inputs, quick)
    (question,) = tiny_exam.questions
    verdict = judge(question, execution.evidence["double"])
    assert verdict.points == 0
    assert "before it was asked" in (verdict.flag or "")


def test_an_answer_beyond_its_size_is_refused(execute, notebook, tiny_exam, quick):
    spoiling = (
        "import sys, autograder.guest.collect\n"
        f"long = 'x' * {2 * MAX_BYTES}\n"
        "sys.modules['autograder.guest.collect'].answer = lambda *asked: long"
    )
    execution = execute(with_own(notebook, spoiling), tiny_exam.inputs, quick)
    (question,) = tiny_exam.questions
    verdict = judge(question, execution.evidence["double"])
    assert verdict.points == 0
    assert "an answer of more than" in verdict.says
    assert len(execution.evidence["double"]) < 1_000


def test_nothing_of_ours_is_seen(execute, notebook, tiny_exam, quick, monkeypatch):
    monkeypatch.setenv("NEXTWORD_CLASS", "/classes/2026")
    monkeypatch.setenv("API_KEY", "hunter2")
    look = "import os\nprint(os.getcwd(), os.environ['HOME']); print(sorted(os.environ))"
    execution = execute(with_own(notebook, look), tiny_exam.inputs, quick)
    folders, names = output_of(execution, 0).splitlines()
    assert folders == "/scratch /scratch"
    assert "API_KEY" not in names
    assert "NEXTWORD_CLASS" not in names
    assert os.environ["API_KEY"] == "hunter2"


def test_two_answers_of_a_name_run_in_order(execute, notebook, tiny_exam, quick):
    notebook = copy.deepcopy(notebook)
    again = new_code_cell("def double(x):\n    return 0", id="again")
    place = [grade_id_of(cell) for cell in notebook.cells].index("double")
    notebook.cells.insert(place, again)
    assert_full_marks(execute(notebook, tiny_exam.inputs, quick), tiny_exam)
