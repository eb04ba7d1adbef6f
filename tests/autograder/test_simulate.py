import dataclasses
import importlib
import json

import pytest

from autograder.authoring.checking import alternative, misconception
from autograder.authoring.conventions import grade_id_of
from autograder.classroom.class_folder import ClassFolder
from autograder.classroom.stage import stage
from autograder.classroom.submission import UnreadableSubmission, parse_notebook
from autograder.judging.judge import judge
from autograder.proving.manifest import ForeignFiles
from autograder.proving.simulate import _plans, answer_source, simulate, write_class

KINDS = "reference untouched no_notebook syntax_error crash endless_loop half_finished".split()


@pytest.fixture(scope="module")
def simulated(material):
    return simulate(material, len(list(_plans(material))) + 8, seed=1)


def label(student):
    return student.name.partition("-")[2]


def test_there_is_one_of_each_kind_and_every_known_answer(material, simulated):
    labels = [label(student) for student in simulated]
    assert labels[: len(KINDS)] == KINDS
    most_right = max(len(question.alternatives) for question in material.checked)
    most_wrong = max(len(question.misconceptions) for question in material.checked)
    kinds = KINDS + [f"right_{i + 1}" for i in range(most_right)]
    kinds += [f"wrong_{i + 1}" for i in range(most_wrong)]
    assert labels == kinds + ["mixture"] * (len(simulated) - len(kinds))


def test_names_differ_also_in_a_large_class(material):
    names = [student.name for student in simulate(material, 90, seed=0)]
    assert len(set(names)) == 90


def test_the_seed_decides(material, simulated):
    students = len(simulated)
    assert simulate(material, students, seed=1) == simulated
    other = simulate(material, students, seed=2)
    assert [s.content for s in other[-8:]] != [s.content for s in simulated[-8:]]


def test_fewer_students_are_the_first_of_many(material, simulated):
    assert simulate(material, 5, seed=1) == simulated[:5]


def answers(material, content):
    """Return the source of every answer in a submission, as it would be staged."""
    notebook, remarks = parse_notebook(content.encode(), "counting.ipynb")
    assert remarks == []
    staged, remarks = stage(notebook, material.derived)
    assert remarks == ()
    return {grade_id_of(cell): cell.source for cell in staged.cells if grade_id_of(cell)}


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # a warning of numpy's is no error of theirs
def test_true_scores_are_what_the_judge_gives(material, simulated, exam):
    """Answers are called in this process, so those that end or hang it are left to the demo."""
    importlib.import_module("torch")  # else its import is counted as time of the first call
    checked = 0
    for student in simulated:
        if label(student) in ("no_notebook", "syntax_error", "crash", "endless_loop"):
            continue
        sources = answers(material, student.content)
        for each in exam.questions:
            namespace = {}
            exec(sources["imports-given"], namespace)
            exec(sources[each.question.name], namespace)
            evidence = each.evidence_of(namespace[each.question.name])
            verdict = judge(each, evidence)
            assert verdict.points == student.points[each.question.name], (
                student.name,
                each.question.name,
                verdict.says,
            )
            checked += 1
    assert checked > 30


def test_true_scores_of_what_cannot_run_are_zero_for_it_alone(material, simulated):
    full = {question.name: question.points for question in material.checked}
    by_label = {label(student): student for student in simulated}
    assert by_label["reference"].points == full
    assert set(by_label["untouched"].points.values()) == {0.0}
    assert set(by_label["no_notebook"].points.values()) == {0.0}
    first, last = material.checked[0].name, material.checked[-1].name
    assert by_label["crash"].points == full | {first: 0.0}
    assert by_label["endless_loop"].points == full | {first: 0.0}
    assert by_label["syntax_error"].points == full | {last: 0.0}
    with pytest.raises(UnreadableSubmission):
        parse_notebook(by_label["no_notebook"].content.encode(), "x")
    with pytest.raises(SyntaxError):
        compile(answers(material, by_label["syntax_error"].content)[last], "cell", "exec")


def test_submissions_hold_no_mark_of_a_solution(simulated):
    for student in simulated:
        assert "SOLUTION" not in student.content
        assert "HIDDEN" not in student.content


@alternative
def with_annotations(x: "np.ndarray", *, scale: "Unknown" = 1) -> "Unknown":
    total: Unknown = 0
    nothing: Unknown  # noqa: F842 - an annotation alone is dropped too

    def inner(y: Unknown) -> Unknown:
        return y

    for _ in range(int(x)):
        total += inner(scale)
    return total


@misconception("all", hint="")
def calls_itself(n):
    return 1 if n < 1 else calls_itself(n - 1)


def test_a_known_answer_becomes_a_cell_under_the_questions_name():
    source = answer_source(with_annotations, "double")
    assert "Unknown" not in source
    assert "alternative" not in source
    namespace = {}
    exec(source, namespace)
    assert namespace["double"](3, scale=2) == 6


def test_a_known_answer_that_calls_itself_still_does():
    namespace = {}
    exec(answer_source(calls_itself, "steps"), namespace)
    assert namespace["steps"](3) == 1


@pytest.fixture
def few(tiny):
    return simulate(tiny, 3, seed=0)


def test_a_class_is_written_and_replaced(tiny, few, class_folder):
    write_class(class_folder, tiny, few)
    assert class_folder.students("01_tiny") == sorted(student.name for student in few)
    write_class(class_folder, tiny, few[:1])
    assert class_folder.students("01_tiny") == [few[0].name]
    path = class_folder.submitted("01_tiny", few[0].name) / "tiny.ipynb"
    assert json.loads(path.read_text())["nbformat"] == 4


def test_another_assignment_of_a_simulated_class_stays(tiny, few, class_folder):
    other = dataclasses.replace(
        tiny, assignment=dataclasses.replace(tiny.assignment, name="02_other")
    )
    for material in (tiny, other, tiny):
        write_class(class_folder, material, few)
    for name in ("01_tiny", "02_other"):
        assert class_folder.students(name) == sorted(student.name for student in few)


def test_submissions_of_real_students_are_never_replaced(tiny, few, class_folder, submit):
    path = submit(class_folder, "ada", "my work")
    with pytest.raises(ForeignFiles, match="holds what this command did not write"):
        write_class(class_folder, tiny, few)
    assert path.read_text() == "my work"
    assert class_folder.students("01_tiny") == ["ada"]


@pytest.mark.parametrize(
    ("who", "assignment", "name"),
    [
        ("zoe", "01_tiny", "tiny.ipynb"),  # a student beside the simulated ones
        ("ada-reference", "01_tiny", "tiny.ipynb"),  # in the place of one
        ("ada-reference", "01_tiny", "timestamp.txt"),  # beside what was simulated
        ("zoe", "02_other", "other.ipynb"),  # of another assignment
    ],
)
def test_a_real_submission_in_a_simulated_class_is_named_and_stays(
    tiny, few, class_folder, submit, who, assignment, name
):
    write_class(class_folder, tiny, few)
    path = submit(class_folder, who, "my work", assignment, name)
    before = {path: path.read_bytes() for path in class_folder.path.rglob("*") if path.is_file()}
    with pytest.raises(ForeignFiles, match=f"{who}/{assignment}/{name}") as caught:
        write_class(class_folder, tiny, few)
    assert "Name another folder: --class" in str(caught.value)
    after = {path: path.read_bytes() for path in class_folder.path.rglob("*") if path.is_file()}
    assert after == before
    assert path.read_text() == "my work"


def test_an_empty_class_may_be_filled(tiny, few, tmp_path):
    folder = ClassFolder(tmp_path / "new")
    (folder.path / "submitted").mkdir(parents=True)
    write_class(folder, tiny, few)
    assert len(folder.students("01_tiny")) == 3
