import csv
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from autograder.authoring.course import UnknownAssignment
from autograder.authoring.release import write_release
from autograder.classroom import gradebook
from autograder.classroom.class_folder import AnotherRun
from autograder.classroom.gathering import WITHOUT_SANDBOX
from autograder.classroom.session import Session
from autograder.cli import app as cli
from autograder.cli import commands, demo, doctor
from autograder.errors import CourseError
from autograder.files import InTheWay
from autograder.proving.guessing import Earned
from autograder.proving.mutant_gate import Gates, MutantProof, Survivor, Tally
from autograder.proving.verify import Finding, Proof
from autograder.sandbox.limits import ONE_THREAD
from autograder.sandbox.run import Mode


@pytest.fixture
def here(tiny_copy, monkeypatch):
    """The tiny course as the working folder. Its checks are not in `autograder.checks`."""
    monkeypatch.chdir(tiny_copy.assignment.course.root)
    monkeypatch.setattr(commands, "load_coursework", lambda assignment: tiny_copy)
    return tiny_copy


@pytest.fixture
def exam_of_the_session(session, monkeypatch):
    monkeypatch.setattr(Session, "of", lambda material, folder, cache, workers: session)
    monkeypatch.setattr(cli, "start_sandboxes", lambda *args: lambda: None)  # answers run without


@pytest.fixture
def command(monkeypatch):
    """Return a function that runs a command line in this process, errors and all."""
    monkeypatch.setattr(commands.console, "_width", 200, raising=False)

    def run(*words):
        return CliRunner().invoke(cli.app, [str(word) for word in words])

    return run


def shell(*words, **options):
    """Run the command as a shell does."""
    return subprocess.run(
        [sys.executable, "-m", "autograder", *map(str, words)],
        capture_output=True,
        text=True,
        **options,
    )


def test_an_error_is_words_on_stderr_and_exit_code_3(course, tmp_path):
    done = shell("grade", "01_countng", "--course", course.root, cwd=tmp_path)
    assert done.returncode == 3
    assert done.stdout == ""
    words = " ".join(done.stderr.split())
    assert words.startswith("autograder: No assignment '01_countng'. Known: 01_counting")
    assert "Did you mean 01_counting?" in words
    assert "Traceback" not in done.stderr


def test_a_course_may_be_named_before_the_command(command, tmp_path):
    (tmp_path / "source" / "ps1").mkdir(parents=True)
    (tmp_path / "source" / "ps1" / "p.ipynb").write_text("{}")
    result = command("--course", tmp_path, "grade", "ps2")
    assert isinstance(result.exception, UnknownAssignment)
    assert "Did you mean ps1" in str(result.exception)
    behind = command("--course", "nowhere", "grade", "ps2", "--course", tmp_path)
    assert "Did you mean ps1" in str(behind.exception)


def test_the_class_of_a_course_of_nbgraders_lies_in_its_folder(command, tmp_path, monkeypatch):
    monkeypatch.delenv("NEXTWORD_CLASS", raising=False)
    (tmp_path / "source" / "ps1").mkdir(parents=True)
    (tmp_path / "source" / "ps1" / "p.ipynb").write_text("{}")
    result = command("grade", "ps1", "--course", tmp_path)
    assert f"expected {tmp_path}/submitted/<student>/ps1/" in str(result.exception)


def test_a_mistyped_command_is_told_with_exit_code_2(tmp_path):
    done = shell("grad", cwd=tmp_path)
    assert done.returncode == 2
    assert "No such command 'grad'" in done.stderr


def test_markup_in_an_error_is_text(monkeypatch, capsys):
    def failing():
        raise CourseError("found [bold]x[/] in [/nowhere]")

    monkeypatch.setattr(cli, "app", failing)
    with pytest.raises(SystemExit) as caught:
        cli.run()
    assert caught.value.code == 3
    assert "found [bold]x[/] in [/nowhere]" in capsys.readouterr().err


def test_another_run_is_told_by_a_code_of_its_own_so_that_a_program_tries_again(monkeypatch):
    def failing():
        raise AnotherRun("wait")

    monkeypatch.setattr(cli, "app", failing)
    with pytest.raises(SystemExit) as caught:
        cli.run()
    assert caught.value.code == 75


GROUP = typer.main.get_command(cli.app)


@pytest.mark.parametrize("name", sorted(GROUP.commands))
def test_every_command_has_help_with_an_example_that_it_understands(name):
    command = GROUP.commands[name]
    assert command.help
    assert all(each.help for each in command.params)
    example = re.fullmatch(r"Example: autograder (.*)", command.epilog)
    words = shlex.split(example[1])
    assert words.pop(0) == name
    with command.make_context(name, words) as context:
        assert context.params


def test_the_help_of_all_has_an_example_and_says_what_exit_codes_mean(command):
    told = " ".join(command("--help").stdout.split())
    assert "Example: autograder grade 01_counting" in told
    for code in cli.Ending:
        assert re.search(rf"\b{code.value} ", told), code


PEOPLE_ONLY = {"demo", "mark", "new-course", "new-question"}
"""Commands that a person follows: a show, a page, and files to be edited."""


def test_programs_can_read_what_every_other_command_came_to():
    told = {
        name
        for name, each in GROUP.commands.items()
        if any("--json" in option.opts for option in each.params)
    }
    assert told == set(GROUP.commands) - PEOPLE_ONLY


def completed(words, folder):
    """Return what bash would offer for the last of some words."""
    program = Path(sys.executable).with_name("autograder")
    told = {"COMP_WORDS": " ".join(words), "COMP_CWORD": str(len(words) - 1)}
    done = subprocess.run(
        [program],
        cwd=folder,
        env=os.environ | told | {"_AUTOGRADER_COMPLETE": "complete_bash"},
        capture_output=True,
        text=True,
    )
    assert done.stderr == ""
    return done.stdout.split()


def test_a_shell_completes_commands_assignments_students_and_options(here, submit, class_folder):
    root = here.assignment.course.root
    assert completed(["autograder", "rej"], root) == ["rejudge"]
    assert completed(["autograder", "grade", "0"], root) == ["01_tiny"]
    assert "--scheduler" in completed(["autograder", "grade", "01_tiny", "--sch"], root)
    submit(class_folder, "ada", "{}")
    submit(class_folder, "eve", "{}")
    words = ["autograder", "grade", "01_tiny", "--class", str(class_folder.path)]
    assert completed([*words, "--student", "a"], root) == ["ada"]
    assert completed(["autograder", "grade", "0"], class_folder.path) == [], "no course, no words"


def test_the_shells_own_script_is_printed():
    program = Path(sys.executable).with_name("autograder")
    done = subprocess.run(
        [program],
        env=os.environ | {"_AUTOGRADER_COMPLETE": "source_bash"},
        capture_output=True,
        text=True,
    )
    assert "_AUTOGRADER_COMPLETE=complete_bash" in done.stdout


def test_another_error_keeps_its_traceback(monkeypatch):
    def failing():
        raise ZeroDivisionError

    monkeypatch.setattr(cli, "app", failing)
    with pytest.raises(ZeroDivisionError):
        cli.run()


@pytest.mark.parametrize(
    "words", [["release"], ["grade", "01_tiny"], ["sync"], ["verify", "01_tiny"], ["demo"]]
)
def test_outside_of_a_course_every_command_says_so(command, tmp_path, monkeypatch, words):
    monkeypatch.chdir(tmp_path)
    result = command(*words)
    assert result.exit_code == 1
    assert isinstance(result.exception, CourseError)
    assert "has no folder solutions/. Run this from the course's folder" in str(result.exception)
    assert list(tmp_path.iterdir()) == []


def test_sync_says_what_it_did(command, here):
    result = command("sync")
    assert result.exit_code == 0
    assert result.stdout.endswith("tiny.py: in step\n")
    here.assignment.notebook_path.unlink()
    assert "notebook written from text" in command("sync", here.assignment.text_path).stdout
    assert here.assignment.notebook_path.exists()


def test_sync_lets_a_side_win(command, here):
    path = here.assignment.text_path
    path.write_text(path.read_text().replace("A tiny assignment", "Edited"))
    os.utime(path, ns=(2**62, 2**62))
    assert "text written" in command("sync", "--from", "notebook").stdout
    assert "Edited" not in path.read_text()


def test_sync_of_a_path_that_is_not_there_is_refused(command, here):
    result = command("sync", "solutions/01_tiny/other.ipynb")
    assert result.exit_code == 1
    assert "other.py: neither the text nor the notebook exists" in str(result.exception)


def test_release_writes_and_check_finds_it_current_or_stale(command, here):
    result = command("release", "01_tiny", "--check")
    assert result.exit_code == 1
    assert "is missing. Run: autograder release 01_tiny" in str(result.exception)
    assert "tiny.ipynb: written" in command("release").stdout
    assert "tiny.ipynb: current" in command("release", "--check").stdout
    here.assignment.release_path.write_text(
        here.assignment.release_path.read_text().replace("A tiny", "An")
    )
    assert "is not what tiny.py gives today" in str(command("release", "--check").exception)


def test_new_question_says_what_to_edit(command, here, monkeypatch):
    asked = []

    def fake(assignment, name, points):
        asked.append((assignment.name, name, points))
        return assignment.text_path, "total.py"

    monkeypatch.setattr(commands, "new_question", fake)
    result = command("new-question", "total", "--points", 3)
    assert asked == [("01_tiny", "total", 3.0)]
    assert "total.py" in result.stdout
    assert "autograder verify 01_tiny" in result.stdout


def test_new_question_wants_the_assignment_where_there_are_several(command, here):
    (here.assignment.course.solutions / "02_more").mkdir()
    result = command("new-question", "total", "--points", 3)
    assert result.exit_code == 2
    assert "name the assignment: --assignment 01_counting" in result.output


@pytest.mark.parametrize("fair", [True, False])
def test_verify_exits_with_the_verdict_and_prints_json(command, here, monkeypatch, fair):
    finding = Finding(0, "double", "reference", "reference", 2.0, 2.0, (), None, fair)
    monkeypatch.setattr(commands, "verify", lambda *args: Proof("01_tiny", 1, (finding,), ()))
    result = command("verify", "01_tiny", "--json")
    assert result.exit_code == (0 if fair else 1)
    data = json.loads(result.stdout)
    assert data["fair"] is fair
    assert data["findings"][0]["question"] == "double"
    words = command("verify", "01_tiny").stdout
    assert ("NOT FAIR" in words) is not fair


def test_verify_tells_where_guessing_pays(command, here, monkeypatch):
    little, much = (Earned("double", "returns 0", each, 5.0, ("edges",)) for each in (0.5, 2.0))
    for guess, told in ((little, False), (much, True)):
        proof = Proof("01_tiny", 1, (), (), guesses=(guess,))
        monkeypatch.setattr(commands, "verify", lambda *args, proof=proof: proof)
        words = " ".join(command("verify", "01_tiny").stdout.split())
        assert ("a function that returns 0 earns 2 of 5 points (edges)" in words) is told
        (row,) = json.loads(command("verify", "01_tiny", "--json").stdout)["guesses"]
        assert (row["guess"], row["points"]) == ("returns 0", guess.points)


@pytest.mark.parametrize("closed", [True, False])
def test_verify_by_mutants_exits_with_the_verdict_and_shows_survivors(
    command, here, monkeypatch, closed
):
    survivor = Survivor("double", "reference", "return 2 * x", "return 2 / x", (0, 2))
    tally = Tally("double", 1, 9, 8, 0, 0, 1)
    proof = MutantProof("01_tiny", 3, (tally,), () if closed else (survivor,), ())
    gates, asked = Gates("01_tiny", 3), []
    monkeypatch.setattr(Gates, "proof", lambda *args: proof)
    monkeypatch.setattr(commands, "gates_of", lambda work, *args: asked.append(args) or gates)
    words = ("verify", "01_tiny", "--mutants", "--sample", 9, "--seed", 5, "--workers", 1)
    words = (*words, "--question", "double", "--no-cache")
    result = command(*words)
    assert result.exit_code == (0 if closed else 1)
    assert asked == [(3, 1, 9, 5, None, "double")]
    shown = "double, reference: full marks in exams 0, 2\n  - return 2 * x\n  + return 2 / x"
    assert (shown in result.stdout) is not closed
    assert ("NOT CLOSED" in result.stdout) is not closed
    assert json.loads(command(*words, "--json").stdout)["closed"] is closed


@pytest.mark.parametrize(("words", "cached"), [((), True), (("--no-cache",), False)])
def test_known_answers_are_kept_unless_it_is_told_otherwise(
    command, here, submitted, session, exam_of_the_session, ran, monkeypatch, words, cached
):
    asked = []
    monkeypatch.setattr(
        commands, "verify", lambda *args: asked.append(args[3]) or Proof("01_tiny", 1, (), ())
    )
    monkeypatch.setattr(
        Session, "of", lambda material, folder, cache, workers: asked.append(cache) or session
    )
    command("verify", "01_tiny", *words)
    command("grade", "01_tiny", "--class", submitted.path, "--workers", 1, *words)
    assert [bool(each) for each in asked] == [cached, cached]


def test_simulate_writes_a_class_and_its_true_scores(command, here, tmp_path):
    result = command("simulate", "01_tiny", "--students", 3, "--class", tmp_path / "[new] class")
    assert result.exit_code == 0
    assert "   2  ada-reference" in result.stdout
    assert "[new] class/submitted" in result.stdout
    assert len(list((tmp_path / "[new] class" / "submitted").iterdir())) == 3


@pytest.fixture
def submitted(session, submit, fill, tiny):
    submit(session.class_folder, "ada", fill(tiny, double="def double(x): return x + x"))
    submit(session.class_folder, "[bold]bob", b"%PDF")
    return session.class_folder


def test_grade_prints_the_table_and_writes_reports(
    command, here, submitted, exam_of_the_session, ran
):
    result = command("grade", "01_tiny", "--class", submitted.path, "--workers", 1)
    assert result.exit_code == 0, result.output
    assert "[bold]bob" in result.stdout
    assert f"feedback  {submitted.path}/feedback/<student>/01_tiny/" in result.stdout
    assert "next      autograder mark" not in result.stdout, "the release's answer is untouched"
    assert submitted.report_path("01_tiny", ".csv").is_file()
    assert submitted.report_path("01_tiny", ".html").is_file()
    again = command("rejudge", "01_tiny", "--class", submitted.path)
    assert "changed   no mark" in again.stdout
    assert "2 of 2 had not changed and were judged from evidence" in again.stdout
    assert len(ran) == 1


def test_where_written_answers_wait_the_next_step_is_named(
    command, here, submitted, exam_of_the_session, ran, submit, right
):
    submit(submitted, "ada", right)
    said = command("grade", "01_tiny", "--class", submitted.path, "--workers", 1).stdout
    assert "next      autograder mark 01_tiny: 1 written answer without a mark" in said


def test_what_came_of_grading_is_printed_as_json_and_nothing_else(
    command, here, submitted, exam_of_the_session, ran, submit, fill, tiny
):
    words = ("01_tiny", "--class", submitted.path, "--json")
    found = json.loads(command("grade", *words, "--workers", 1).stdout)
    rows = {each["student"]: each for each in found["students"]}
    assert (rows["ada"]["points"], rows["ada"]["gradebook"]) == ({"double": 2.0}, 2.0)
    assert "PDF" in " ".join(rows["[bold]bob"]["notes"])
    assert found["not_graded"] == found["changed"] == {}
    assert [Path(path).suffix for path in found["files"]] == [".html", ".csv"]
    again = json.loads(command("rejudge", *words, "--student", "ada").stdout)
    assert [each["student"] for each in again["students"]] == ["ada"]
    submit(submitted, "eve", fill(tiny, double="raise MemoryError('the machine')"))
    result = command("grade", *words, "--workers", 1)
    assert result.exit_code == 1
    assert "MemoryError" in json.loads(result.stdout)["not_graded"]["eve"]


def test_author_commands_print_json(command, here, tmp_path):
    path = str(here.assignment.text_path)
    assert json.loads(command("sync", "--json").stdout)[path] == "in step"
    assert list(json.loads(command("release", "--json").stdout).values()) == ["written"]
    assert list(json.loads(command("release", "--check", "--json").stdout).values()) == ["current"]
    words = ("simulate", "01_tiny", "--students", 2, "--class", tmp_path / "new", "--json")
    assert json.loads(command(*words).stdout)["ada-reference"] == {"double": 2.0}


def test_the_doctor_prints_json(command, monkeypatch, class_folder):
    ill = doctor.Symptom("sandbox", "none", "install it", ("apt install bubblewrap",), True)
    monkeypatch.setattr(commands, "examine", lambda *args: [ill])
    result = command("doctor", "--json", "--class", class_folder.path)
    assert result.exit_code == 1
    assert json.loads(result.stdout)[0]["commands"] == ["apt install bubblewrap"]


def test_one_question_is_run_again_where_nothing_has_changed(
    command, here, submitted, exam_of_the_session, ran
):
    words = ("grade", "01_tiny", "--class", submitted.path, "--workers", 1)
    command(*words)
    ran.clear()
    result = command(*words, "--student", "ada", "--question", "double")
    assert result.exit_code == 0, result.output
    assert ran == ["def double(x): return x + x"]
    assert lines(submitted)["ada"]["points"] == "2"


def test_an_unknown_question_is_refused_before_anything_is_run(
    command, here, submitted, exam_of_the_session, ran
):
    words = ("--class", submitted.path, "--question", "triple")
    result = command("grade", "01_tiny", *words)
    assert result.exit_code == 2
    assert "no question 'triple' with a check; there" in " ".join(result.output.split())
    assert ran == []
    assert not submitted.evidence_path("01_tiny", "ada").exists()


def lines(class_folder):
    with class_folder.report_path("01_tiny", ".csv").open(newline="") as file:
        return {line["student"]: line for line in csv.DictReader(file)}


def test_misplaced_submissions_are_named_in_table_and_report_and_the_others_are_graded(
    command, here, submitted, exam_of_the_session, ran, monkeypatch
):
    monkeypatch.setenv("NEXTWORD_CLASS", str(submitted.path))
    folder = submitted.path / "submitted"
    (folder / ("x" * 240) / "01_tiny").mkdir(parents=True)
    (folder / "gus" / "01_Tiny").mkdir(parents=True)
    (folder / "hal").mkdir()
    (folder / "hal" / "tiny.ipynb").write_text("{}")
    result = command("grade", "01_tiny")
    assert result.exit_code == 1
    said = " ".join(result.output.split())
    assert "gus: NOT GRADED: There is '01_Tiny' instead of '01_tiny'" in said
    assert "hal: NOT GRADED: There is tiny.ipynb in the student's own folder" in said
    assert "has 240 bytes" in said
    found = lines(submitted)
    assert found["ada"]["points"] == "2"
    assert "instead of" in found["gus"]["notes"]
    assert command("grade", "01_tiny", "--student", "ada").exit_code == 0
    assert "instead of" in lines(submitted)["gus"]["notes"]


def test_the_reports_are_of_the_class_whoever_was_graded_just_now(
    command, here, submitted, exam_of_the_session, ran, submit, fill, tiny, monkeypatch
):
    monkeypatch.setenv("NEXTWORD_CLASS", str(submitted.path))
    submit(submitted, "eve", fill(tiny, double="raise MemoryError('the machine')"))
    submit(submitted, "fay", "{}")
    with gradebook.open_gradebook(submitted) as gb:
        gb.add_student("zoe", first_name="Zoe", last_name="Last")
    assert command("grade", "01_tiny", "--student", "ada", "--student", "eve").exit_code == 1
    assert lines(submitted)["ada"]["points"] == "2"
    submit(submitted, "ada", fill(tiny, double="def double(x): return abs(2 * x)"))
    assert command("grade", "01_tiny", "--student", "ada").exit_code == 0
    found = lines(submitted)
    assert {student: line["points"] for student, line in found.items()} == {
        "[bold]bob": "",
        "ada": "1",
        "eve": "",
        "fay": "",
        "zoe": "",
    }
    assert found["eve"]["notes"] == "NOT GRADED: It could not be run: MemoryError: the machine"
    assert "NOT GRADED: No verdicts" in found["fay"]["notes"]
    assert found["zoe"]["notes"] == "not submitted"
    page = submitted.report_path("01_tiny", ".html").read_text()
    assert "not submitted" in page
    assert "MemoryError: the machine" in page
    submit(submitted, "eve", fill(tiny))
    assert command("grade", "01_tiny").exit_code == 0
    assert lines(submitted)["eve"]["points"] == "0", "a failure does not outlive a good run"


def test_an_answer_marked_by_a_person_is_in_the_reports_of_the_next_rejudgement(
    command, here, submitted, exam_of_the_session, ran
):
    command("grade", "01_tiny", "--class", submitted.path)
    with gradebook.open_gradebook(submitted) as gb:
        grade = gb.find_grade("why-written", "tiny", "01_tiny", "ada")
        grade.manual_score, grade.needs_manual_grade = 2.5, False
        gb.db.commit()
    command("rejudge", "01_tiny", "--class", submitted.path, "--student", "[bold]bob")
    line = lines(submitted)["ada"]
    assert (line["points"], line["gradebook_points"]) == ("2", "4.5")
    assert line["made_of"] == "automatic 2 of 2, written answers 2.5 of 3"


def test_a_folder_in_a_reports_place_is_told_in_words(
    command, here, submitted, exam_of_the_session, ran
):
    submitted.report_path("01_tiny", ".csv").mkdir(parents=True)
    result = command("grade", "01_tiny", "--class", submitted.path)
    assert result.exit_code == 1
    assert isinstance(result.exception, InTheWay)
    assert "Move away what lies there" in str(result.exception)


def test_an_unknown_student_is_refused_before_anything_is_run(
    command, here, submitted, exam_of_the_session, ran
):
    for name in ("grade", "rejudge"):
        result = command(
            name, "01_tiny", "--class", submitted.path, "--student", "ada", "--student", "eve"
        )
        assert result.exit_code == 1
        assert str(result.exception) == (
            "No submission of 01_tiny by 'eve'. There are 2: [bold]bob, ada"
        )
    assert ran == []
    assert not (submitted.path / "evidence").exists()


def test_an_unknown_assignment_is_refused_and_nothing_is_written(command, here, tmp_path):
    for name in ("grade", "rejudge", "simulate", "verify", "release"):
        result = command(name, "07_tiny")
        assert result.exit_code == 1
        assert isinstance(result.exception, UnknownAssignment)
        assert "Did you mean 01_tiny?" in str(result.exception)
    assert not (here.assignment.course.root / "class").exists()


def test_a_class_without_submissions_is_refused(command, here, tmp_path):
    result = command("grade", "01_tiny", "--class", tmp_path / "empty")
    assert result.exit_code == 1
    assert "Nothing to grade: expected" in str(result.exception)
    assert not (tmp_path / "empty").exists()


def test_who_could_not_be_graded_is_named_with_exit_code_1(
    command, here, submitted, exam_of_the_session, ran, submit, fill, tiny
):
    submit(submitted, "[red]eve", fill(tiny, double="raise MemoryError"))
    result = command("grade", "01_tiny", "--class", submitted.path, "--workers", 1)
    assert result.exit_code == 1
    assert "not graded: [red]eve" in result.stderr
    assert gradebook.scores(submitted, "01_tiny") == {"ada": 2.0, "[bold]bob": 0.0}


def test_ctrl_c_says_that_what_is_done_is_kept_and_waits_for_nothing(
    command, here, submitted, exam_of_the_session, ran, submit, fill, tiny, monkeypatch
):
    def end(code):
        raise SystemExit(code)

    monkeypatch.setattr(os, "_exit", end)
    path = submit(submitted, "eve", fill(tiny, double="raise KeyboardInterrupt"))
    result = command("grade", "01_tiny", "--class", submitted.path, "--workers", 1)
    assert result.exit_code == 130
    assert "Stopped. What is done is kept: run this again" in result.stderr
    path.unlink()
    result = command("grade", "01_tiny", "--class", submitted.path, "--workers", 1)
    assert result.exit_code == 0
    assert "2 of 3 had not changed" in result.stdout


def test_rejudging_what_was_never_run_is_told_with_exit_code_1(
    command, here, submitted, exam_of_the_session
):
    result = command("rejudge", "01_tiny", "--class", submitted.path)
    assert result.exit_code == 1
    assert "not graded: [bold]bob, ada" in result.stderr
    assert "Run: autograder grade" in " ".join(result.stdout.split())


def test_a_demonstration_without_a_sandbox_says_so_once(command, here, tmp_path, monkeypatch):
    monkeypatch.setattr(demo, "load_material", lambda assignment: here)
    write_release(here)
    monkeypatch.setattr(demo, "trusted_mode", lambda: Mode.OPEN)
    result = command("demo", "--folder", tmp_path / "demo", "--students", 2, "--workers", 1)
    assert result.exit_code == 0, result.output
    assert result.output.count("no sandbox on this machine") == 1
    assert WITHOUT_SANDBOX not in result.output
    assert "all 2 scores equal the true ones" in result.output
    report = (tmp_path / "demo" / "class" / "reports" / "01_tiny.csv").read_text()
    assert report.count(WITHOUT_SANDBOX) == 2


def tree(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_a_demonstration_replaces_nothing_but_a_demonstration(command, here, tmp_path):
    folder = tmp_path / "thesis"
    folder.mkdir()
    (folder / "chapter.tex").write_text("years of work")
    result = command("demo", "--folder", folder)
    assert result.exit_code == 1
    assert "chapter.tex" in str(result.exception)
    assert tree(folder) == {"chapter.tex": b"years of work"}
    result = command("demo", "--folder", folder / "chapter.tex")
    assert "would be replaced, but holds what this command did not write" in str(result.exception)
    assert tree(folder) == {"chapter.tex": b"years of work"}


def test_a_demonstration_in_the_courses_own_folder_deletes_nothing(command, here):
    command("simulate", "01_tiny", "--students", 1)
    before = tree(here.assignment.course.root)
    assert "class/submitted/ada-reference/01_tiny/tiny.ipynb" in before
    result = command("demo", "--folder", ".")
    assert result.exit_code == 1
    assert "delete it yourself" in str(result.exception)
    assert tree(here.assignment.course.root) == before


@pytest.fixture
def demonstrate(command, here, ran, monkeypatch, tmp_path):
    """Return a function that demonstrates a class of two, whose code is run in this process."""
    command("release")
    monkeypatch.setattr(demo, "load_material", lambda assignment: here)
    words = ("demo", "--folder", tmp_path / "demo", "--students", 2, "--workers", 1)
    return lambda: command(*words)


def test_a_demonstration_is_replaced_unless_something_was_added_or_changed(demonstrate, tmp_path):
    """All in one test, as a demonstration takes seconds."""
    folder = tmp_path / "demo"
    assert demonstrate().exit_code == 0
    for name in (
        "notes.txt",
        "assignments/01_tiny/tiny.ipynb",
        "class/gradebook.db",
        "class/submitted/zoe/01_tiny/tiny.ipynb",
    ):
        path = folder / name
        written = path.read_bytes() if path.exists() else None
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("mine")
        before = tree(folder)
        result = demonstrate()
        assert result.exit_code == 1
        assert str(path) in str(result.exception)
        assert tree(folder) == before
        path.unlink() if written is None else path.write_bytes(written)
    (folder / "class" / "evidence" / "01_tiny" / "ada-reference.json").unlink()
    result = demonstrate()
    assert result.exit_code == 0, result.output
    assert (folder / "class" / "evidence" / "01_tiny" / "ada-reference.json").is_file()


@pytest.mark.parametrize("package", ["typer", "nbgrader"])
def test_without_the_staff_extra_the_command_says_what_to_install(package):
    blocked = (
        f"import sys; sys.modules[{package!r}] = None; from autograder.__main__ import main; main()"
    )
    command = [sys.executable, "-c", blocked, "release", "--check"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1
    assert f"autograder needs {package}, which is not installed." in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(("set_before", "then"), [({}, "1"), ({"OMP_NUM_THREADS": "4"}, "4")])
def test_the_command_computes_with_one_thread_unless_it_is_told_otherwise(set_before, then):
    shown = (
        "import atexit, os; atexit.register(lambda: print(os.environ['OMP_NUM_THREADS'])); "
        "from autograder.__main__ import main; main()"
    )
    others = {name: value for name, value in os.environ.items() if name not in ONE_THREAD}
    command = [sys.executable, "-c", shown, "--help"]
    done = subprocess.run(command, capture_output=True, text=True, env=others | set_before)
    assert done.stdout.splitlines()[-1] == then


QUOTED = re.compile(r"\bautograder (?P<command>[a-z][a-z-]+)(?P<options>(?: --[a-z-]+)*)")
TOLD = re.compile(r"(?:Run: |`|then: |see |, )autograder [^`\"]*")


def told_commands():
    """Yield every command that the program tells to type, with its options, and where."""
    folder = Path(cli.__file__).parents[1]
    for path in [*folder.rglob("*.py"), *folder.rglob("*.j2")]:
        for told in TOLD.findall(path.read_text(encoding="utf-8")):
            for found in QUOTED.finditer(told):
                yield path.name, found["command"], found["options"].split()


def test_every_command_that_is_told_exists_with_its_options():
    known = {
        command.name: {option for parameter in command.params for option in parameter.opts}
        for command in typer.main.get_command(cli.app).commands.values()
    }
    told = list(told_commands())
    assert len(told) > 10
    for where, command, options in told:
        assert command in known, where
        assert set(options) <= known[command], (where, command)


def test_a_class_file_with_a_typo_stops_a_run_before_it_begins(
    command, here, submitted, exam_of_the_session, ran
):
    (submitted.path / "class.toml").write_text('time_zne = "UTC"\n')
    result = command("grade", "01_tiny", "--class", submitted.path, "--workers", 1)
    assert "line 1: time_zne: no such key. Did you mean time_zone?" in str(result.exception)
    assert ran == []


def test_a_deadline_that_moves_is_told_in_the_table_and_answers_a_request(
    command, here, submitted, exam_of_the_session, ran
):
    (submitted.submitted("01_tiny", "ada") / "timestamp.txt").write_text("2026-10-06 12:00 UTC")
    rules = submitted.path / "class.toml"
    late = 'time_zone = "UTC"\nlate = {policy = "per_day", percent = 10}\n[assignments.01_tiny]\n'
    rules.write_text(f"{late}due = 2026-10-05\n")
    command("grade", "01_tiny", "--class", submitted.path, "--workers", 1)
    assert lines(submitted)["ada"]["gradebook_points"] == "1.8"
    rules.write_text(f"{late}due = 2026-10-06\n")
    request = submitted.path / "requests" / "01_tiny" / "ada.md"
    request.parent.mkdir(parents=True)
    request.write_text("Please.\n")
    result = command("rejudge", "01_tiny", "--class", submitted.path, "--student", "ada")
    assert "changed   ada: mark 1.8 → 2" in result.stdout
    assert f"answered  {request}" in result.stdout
    assert "Judged again: mark 1.8 → 2." in request.read_text()
    assert lines(submitted)["ada"]["gradebook_points"] == "2"
