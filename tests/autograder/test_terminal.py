import dataclasses
import io

import pytest
from rich.console import Console

from autograder.classroom.gathering import WITHOUT_SANDBOX
from autograder.classroom.recording import Graded
from autograder.classroom.scoring import Standing
from autograder.cli.terminal import closing_table, proof_table, with_progress
from autograder.judging.judge import Verdict
from autograder.proving.verify import Finding, Proof


def printed(renderable, width=120):
    console = Console(file=io.StringIO(), width=width, force_terminal=False)
    console.print(renderable)
    return console.file.getvalue()


def graded(student, points=2.0, remarks=()):
    return Graded(student, (Verdict("double", points, 2.0, ""),), remarks)


def test_the_table_has_a_line_a_student_and_the_notes_below(tiny):
    text = printed(closing_table(tiny, [graded("bob", 0.5, ("a remark",)), graded("ada")]))
    assert "01_tiny: 2 submissions" in text
    assert "Q1 double" in text
    lines = [line for line in text.splitlines() if "│" in line]
    assert [line.split()[1] for line in lines] == ["ada", "bob"]
    assert lines[1].split()[3:8:2] == ["0.5", "0.5", "1"]
    assert "bob: a remark" in text


def test_who_was_run_without_a_sandbox_is_counted_in_one_line_and_marked_in_the_table(tiny):
    results = [graded(f"s{n:03}", remarks=(WITHOUT_SANDBOX,)) for n in range(144)]
    text = printed(closing_table(tiny, [*results, graded("ada")]))
    assert text.count(WITHOUT_SANDBOX) == 1
    assert f"144 of 145: {WITHOUT_SANDBOX}" in text
    marked = [line for line in text.splitlines() if "│ s" in line and line.split()[-2] == "1"]
    assert len(marked) == 144


def test_a_note_that_was_said_already_is_not_said_again(tiny):
    results = [graded("ada", remarks=(WITHOUT_SANDBOX, "a remark"))]
    text = printed(closing_table(tiny, results, said=(WITHOUT_SANDBOX,)))
    assert WITHOUT_SANDBOX not in text
    assert "ada: a remark" in text


@pytest.mark.parametrize(("width", "each"), [(60, False), (80, False), (140, True)])
def test_whose_row_it_is_stands_there_also_in_a_narrow_terminal(tiny, width, each):
    many = dataclasses.replace(tiny, checked=tiny.checked * 15)
    text = printed(closing_table(many, [graded("ada-lovelace"), graded("bob", 0.5)]), width)
    rows = [line.split("│") for line in text.splitlines() if "│" in line]
    assert [(row[1].strip(), row[-3].strip()) for row in rows] == [
        ("ada-lovelace", "2"),
        ("bob", "0.5"),
    ]
    assert ("Q15" in text) is each
    assert ("a wider terminal shows them" in " ".join(text.split())) is not each


def test_a_long_name_folds_and_hides_no_question(tiny):
    text = printed(closing_table(tiny, [graded("n" * 100)]), width=60)
    assert "Q1" in text
    folded = [line.split("│")[1].strip() for line in text.splitlines() if "│" in line]
    assert "".join(folded) == "n" * 100


def test_one_submission_is_one(tiny):
    assert "01_tiny: 1 submission " in printed(closing_table(tiny, [graded("ada")]))


def test_the_gradebooks_number_stands_beside_the_automatic_one_with_a_word(tiny):
    marked = dataclasses.replace(graded("ada", 1.0), standing=Standing(4.0, 5.0))
    text = printed(closing_table(tiny, [marked, Graded("bob", failure="no memory")]))
    assert "automatic" in text
    assert "gradebook: with written answers" in text
    lines = [line.split() for line in text.splitlines() if "│" in line]
    assert [line[3:8:2] for line in lines] == [["1", "1", "4"], ["-", "-", "-"]]


def test_who_could_not_be_graded_has_no_total(tiny):
    text = printed(closing_table(tiny, [Graded("ada", failure="no memory")]))
    assert "ada: NOT GRADED: no memory" in text
    (line,) = [line for line in text.splitlines() if "│ ada" in line]
    assert line.split()[3:6:2] == ["-", "-"]


@pytest.mark.parametrize(
    "name",
    [
        "[bold]x[/bold]",
        "[/]",
        "[link=http://x]y",
        "<script>",
        "=HYPERLINK(1)",
        "Anna Maria",
        "Zoë 李",
    ],
)
def test_markup_in_names_and_remarks_is_text(tiny, name):
    text = printed(closing_table(tiny, [graded(name, remarks=(f"found {name}",))]))
    assert f"│ {name}" in text
    assert f"{name}: found {name}" in text


def test_nothing_in_a_name_steers_the_terminal(tiny):
    text = printed(
        closing_table(tiny, [graded("\x1b[31mred\x07\udcff", remarks=("\x1b]0;t\x07",))])
    )
    assert "\x1b" not in text
    assert "\x07" not in text
    assert "�[31mred" in text
    text.encode()


def test_progress_returns_every_result_in_order(tiny):
    console = Console(file=io.StringIO(), width=80, force_terminal=True)
    results = [graded("ada"), graded("bob")]
    assert with_progress(iter(results), 2, console) == results
    assert "2/2" in console.file.getvalue()


def test_an_error_while_grading_comes_through_the_progress_bar():
    def failing():
        yield graded("ada")
        raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        with_progress(failing(), 2, Console(file=io.StringIO()))


def test_no_empty_progress_bar_stands_above_an_error():
    def failing():
        raise RuntimeError("stop")
        yield

    for terminal in (True, False):
        console = Console(file=io.StringIO(), width=80, force_terminal=terminal)
        with pytest.raises(RuntimeError, match="stop"):
            with_progress(failing(), None, console, "collecting class.zip")
        shown = console.file.getvalue()
        if terminal:  # what was drawn is wiped out
            assert shown.rfind("\x1b[2K") > shown.rfind("collecting class.zip") > -1
        else:
            assert shown == ""


def test_in_a_log_progress_is_one_line():
    console = Console(file=io.StringIO(), width=80, force_terminal=False)
    with_progress(iter([graded("ada")]), None, console, "collecting class.zip")
    assert console.file.getvalue() == "collecting class.zip 1/1\n"


def test_a_proof_shows_the_first_exam_and_what_is_unfair_in_any():
    def finding(seed, way, fair):
        return Finding(seed, "double", "misconception", way, 1.0, 0.0, (), None, fair)

    proof = Proof(
        "01_tiny",
        2,
        (
            finding(0, "squared", True),
            finding(1, "squared", False),
            finding(0, "negated", True),
            finding(1, "negated", True),
        ),
        (),
    )
    lines = printed(proof_table(proof)).splitlines()
    assert sum("squared" in line for line in lines) == 1
    assert any("squared" in line and "unfair" in line for line in lines)
    assert any("negated" in line and " ok " in line for line in lines)
    assert not any("negated" in line and "unfair" in line for line in lines)


@pytest.mark.parametrize(("seeds", "words"), [(1, "1 exam;"), (3, "3 exams;")])
def test_one_exam_is_no_plural(seeds, words):
    assert words in printed(proof_table(Proof("01_tiny", seeds, (), ())))
