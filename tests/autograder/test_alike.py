"""A class in which some have copied: they are found; who worked alone, or together, is not."""

import dataclasses
import itertools
import json

import nbformat
import numpy as np
import pytest
from typer.testing import CliRunner

from autograder.authoring.conventions import grade_id_of
from autograder.authoring.coursework import Coursework
from autograder.authoring.material import load_material
from autograder.classroom import given_code
from autograder.classroom.alike import OWN_CELLS, Answers, alike, answers_of
from autograder.classroom.alike_page import side_by_side, write_alike
from autograder.classroom.class_page import Links
from autograder.classroom.given_code import code_of, given_hashes
from autograder.cli import app as cli
from autograder.cli import similar as command
from autograder.cli.similar import groups_of
from autograder.proving.disguise import disguised
from autograder.proving.simulate import answer_source

ASSIGNMENTS = ("01_counting", "02_loglinear")


@pytest.fixture(scope="module")
def ways(course):
    """By question, solutions as different people write them."""
    found = {}
    for name in ASSIGNMENTS:
        for question in load_material(course.assignment(name)).checked:
            sources = [answer_source(each, question.name) for each in question.alternatives]
            if len(sources) >= 3:
                found[question.name] = sources
    return found


@pytest.fixture(scope="module")
def given_here(course):
    return given_hashes(load_material(course.assignment("01_counting")))


def student(name, ways, number):
    """Return somebody who writes the questions in ways of his own."""
    return Answers(name, {q: sources[number % len(sources)] for q, sources in ways.items()})


@pytest.fixture(scope="module")
def alone(ways):
    """A class of three, who share no answer: as many as there are ways of every question."""
    return [student(name, ways, number) for number, name in enumerate(("ada", "bob", "cyd"))]


def names_of(found):
    return [(pair.one, pair.other) for pair in found.pairs]


def test_who_worked_alone_is_alike_to_nobody(alone, given_here):
    found = alike(alone, given_here)
    assert names_of(found) == []
    assert found.compared == 3


def test_a_disguised_copy_is_found(alone, given_here):
    copied = {name: disguised(code) for name, code in alone[0].code.items()}
    found = alike([*alone, Answers("eve", copied)], given_here)
    assert names_of(found) == [("ada", "eve")]
    (pair,) = found.pairs
    assert pair.share > 0.9
    assert len(pair.questions) > len(copied) / 2


def test_two_answers_of_many_are_found_and_named(alone, ways, given_here):
    longest = sorted(ways, key=lambda q: -len(alone[1].code[q]))[:2]
    code = dict(alone[2].code) | {q: disguised(alone[1].code[q]) for q in longest}
    found = alike([*alone[:2], Answers("eve", code)], given_here)
    assert names_of(found) == [("bob", "eve")]
    assert set(longest) <= set(found.pairs[0].questions)


def test_who_shares_most_comes_first(alone, given_here):
    whole = Answers("eve", {name: disguised(code) for name, code in alone[0].code.items()})
    half = list(alone[1].code.items())[::2]
    part = Answers("fay", {name: disguised(code, "z") for name, code in half})
    assert names_of(alike([*alone, part, whole], given_here)) == [("ada", "eve"), ("bob", "fay")]


def test_a_group_is_not_compared_within_and_counts_once(alone, given_here):
    eve = Answers("eve", dict(alone[0].code))
    fay = Answers("fay", dict(alone[0].code))
    groups = {"ada": "red", "eve": "red"}
    assert names_of(alike([*alone, eve], given_here, groups)) == []
    # Who is in no group with them is told so of both.
    assert names_of(alike([*alone, eve, fay], given_here, groups)) == [
        ("ada", "fay"),
        ("eve", "fay"),
    ]


def test_what_the_course_gave_makes_nobody_alike(course, given_here):
    work = load_material(course.assignment("01_counting"))
    lecture = nbformat.read(course.lectures / "01_counting.ipynb", as_version=4)
    library = (course.root / "nextword" / "models" / "ngram.py").read_text()
    reference = "\n\n".join(code_of(work.notebook))
    copied = {"a": "\n".join(code_of(lecture)), "b": library, "c": reference}
    everybody = [Answers(name, copied) for name in ("ada", "bob")]
    assert names_of(alike(everybody)) == [("ada", "bob")]
    assert names_of(alike(everybody, given_here)) == []


def test_what_everybody_writes_makes_nobody_alike(ways):
    """The same answer by all: what half of a class has is common."""
    code = {q: sources[0] for q, sources in ways.items()}
    assert names_of(alike([Answers(f"s{i:02}", code) for i in range(30)])) == []


def test_a_ring_is_found_in_a_large_class(ways, given_here):
    """Honest ones mix the known ways; three share what nobody else wrote."""
    rng = np.random.default_rng(0)
    honest = [
        Answers(f"s{i:02}", {q: sources[rng.integers(len(sources))] for q, sources in ways.items()})
        for i in range(40)
    ]
    rare = {q: disguised(code) + "\n" + EXTRA for q, code in honest[0].code.items()}
    ring = [Answers(name, rare) for name in ("x1", "x2", "x3")]
    found = names_of(alike([*honest, *ring], given_here))
    assert found[:3] == list(itertools.combinations(("x1", "x2", "x3"), 2))


EXTRA = """
def spread(values, wanted):
    kept = [each for each in values if each not in wanted and each > min(values)]
    while len(kept) > 3 and not any(round(each) for each in kept):
        kept.pop(kept.index(max(kept)))
    return {each: kept.count(each) / len(kept) for each in sorted(kept, reverse=True)}
"""


def test_nothing_to_compare_is_said(given_here):
    found = alike([Answers("ada", {"a": EXTRA}), Answers("bob", {"a": ""}), Answers("cyd", {})])
    assert (names_of(found), found.compared, found.empty) == ([], 1, ("bob", "cyd"))


# --- submissions -------------------------------------------------------------------------------


def test_answers_are_the_students_own_code(tiny, class_folder, right, submit, cell_of):
    cell_of(right, "double")["metadata"] = {}  # known by what it defines
    right["cells"].append(nbformat.v4.new_code_cell("def helper(x):\n    return x"))
    right["cells"].append(nbformat.v4.new_markdown_cell("def prose(): ..."))
    submit(class_folder, "ada", right)
    found = answers_of(class_folder, tiny, "ada").code
    assert found == {
        "double": "def double(x):\n    return x + x\n",
        OWN_CELLS: "def helper(x):\n    return x",
    }


def test_of_several_notebooks_each_answer_is_known_by_both_names(tiny, class_folder, fill, submit):
    sheets = tuple(
        dataclasses.replace(tiny, assignment=dataclasses.replace(tiny.assignment, notebook=name))
        for name in ("one", "two")
    )
    for name in ("one", "two"):
        submit(
            class_folder, "ada", fill(tiny, double=f"def double({name}): ..."), name=f"{name}.ipynb"
        )
    assert answers_of(class_folder, Coursework(tiny.assignment, sheets), "ada").code == {
        "one/double": "def double(one): ...",
        "two/double": "def double(two): ...",
    }


@pytest.mark.parametrize("content", [b"\x00\xff", "{}", "[1]"])
def test_what_cannot_be_read_is_empty(tiny, class_folder, submit, content):
    submit(class_folder, "ada", content)
    assert answers_of(class_folder, tiny, "ada").code == {}


# --- the page ----------------------------------------------------------------------------------

EVIL = "<script>alert(1)</script>"


def test_what_is_shared_is_marked_on_both_sides():
    mine = f"a = 1\nb = 2\n\n\n\n\n\n{EXTRA}"
    theirs = disguised(EXTRA)
    one, other = side_by_side(mine, theirs)
    assert next(line.text for line in one if line.shared).startswith("def spread")
    assert one[0].number == 0, "what is far from it is left out"
    assert all(line.shared for line in other if line.text.strip() and "mine" not in line.text)


def test_what_was_given_is_not_marked():
    given = frozenset(gram.hash for gram in given_code.grams(EXTRA))
    one, other = side_by_side(EXTRA, EXTRA, given)
    assert not any(line.shared for line in (*one, *other))


def test_a_page_of_hostile_students_is_text(tmp_path):
    code = f"{EXTRA}\nx = '{EVIL}' + \"<img src=x onerror=alert(1)>\"  # \u202e\x1b[31m\n"
    name = f"ada{EVIL}"
    everybody = [Answers(name, {EVIL: code}), Answers("bob", {EVIL: disguised(code)})]
    found = alike(everybody)
    assert len(found.pairs) == 1
    path = tmp_path / "alike.html"
    answers = {each.student: each for each in everybody}
    links = {name: Links(notebooks={EVIL: "a%22b.html"})}
    write_alike(path, f"01{EVIL}", found, answers, frozenset(), found.pairs, links)
    html = path.read_text()
    assert "<script" not in html
    assert "<img" not in html
    assert "\u202e" not in html
    assert "\x1b" not in html
    assert "default-src 'none'" in html
    assert "&lt;script&gt;" in html
    assert path.stat().st_mode & 0o077 == 0


def test_the_page_never_judges(tmp_path):
    everybody = [Answers(name, {"a": EXTRA}) for name in ("ada", "bob")]
    path = tmp_path / "alike.html"
    found = alike(everybody)
    answers = {each.student: each for each in everybody}
    write_alike(path, "01", found, answers, frozenset(), found.pairs)
    words = path.read_text().lower()
    assert not [bad for bad in ("plagiar", "cheat", "copied", "suspic", "guilty") if bad in words]
    assert "nothing about who wrote what" in words


# --- the command -------------------------------------------------------------------------------


@pytest.fixture
def a_class(tiny, class_folder, fill, submit, monkeypatch):
    monkeypatch.setattr(command, "load_coursework", lambda assignment: tiny)
    code = "def double(x):\n    return x + x\n" + EXTRA
    for name, source in (
        ("ada", code),
        ("bob", disguised(code)),
        ("cyd", "def double(x): return 2"),
    ):
        submit(class_folder, name, fill(tiny, double=source))
    return class_folder


def run(tiny, folder, *options):
    course = ["--course", str(tiny.assignment.course.root), "--class", str(folder.path)]
    return CliRunner().invoke(cli.app, ["similar", "01_tiny", *course, *options])


def test_the_command_writes_a_page_and_says_that_it_is_no_verdict(tiny, a_class):
    done = run(tiny, a_class)
    assert done.exit_code == 0, done.output
    assert "ada and bob" in done.output
    assert "no verdict" in " ".join(done.output.split())
    assert "nothing of their own to compare: cyd" in done.output
    page = a_class.report_path("01_tiny", "-alike.html").read_text()
    assert "ada and bob" in page
    assert "cyd" in page


def test_the_command_speaks_json_and_knows_groups(tiny, a_class):
    said = json.loads(run(tiny, a_class, "--json").stdout)
    (pair,) = said["pairs"]
    assert pair["students"] == ["ada", "bob"]
    assert pair["questions"]["double"] > 0.6
    rules = 'time_zone = "Europe/Zurich"\n[groups]\n"team red" = ["ada", "bob"]\n'
    (a_class.path / "class.toml").write_text(rules)
    assert groups_of(a_class) == {"ada": "team red", "bob": "team red"}
    assert json.loads(run(tiny, a_class, "--json").stdout)["pairs"] == []


def test_further_code_that_was_given_is_left_out(tiny, a_class, tmp_path):
    helper = tmp_path / "helper.py"
    helper.write_text("def double(x):\n    return x + x\n" + EXTRA)
    assert json.loads(run(tiny, a_class, "--json", "--given", str(helper)).stdout)["pairs"] == []
    done = run(tiny, a_class, "--given", str(tmp_path / "none.py"))
    assert done.exit_code == 1


def test_the_tiny_release_is_given(tiny):
    stub = next(c for c in tiny.derived.release.cells if grade_id_of(c) == "double")
    assert {gram.hash for gram in given_code.grams(stub.source)} <= given_hashes(tiny)
