"""How long comparing a class takes, and whether planted copies come first; copydetect beside it.

Run it from the repository with `python benchmarks/similarity.py`; it prints a table in Markdown.
The class is simulated: everybody mixes known answers to `01_counting`, so that many have answers in
common by chance, and ten hand in a disguised copy of somebody's whole notebook (other names, layout
and order, see `autograder.proving.disguise`). copydetect compares the same code.
"""

from __future__ import annotations

import argparse
import io
import itertools
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

import nbformat
from tables import Table, begun, finished, options, table

from autograder.authoring.conventions import grade_id_of
from autograder.authoring.course import Course
from autograder.authoring.material import Material, load_material
from autograder.classroom.alike import Answers, alike, answers_of
from autograder.classroom.class_folder import ClassFolder
from autograder.classroom.given_code import given_hashes
from autograder.proving.disguise import disguised
from autograder.proving.simulate import simulate, write_class

T = TypeVar("T")
NAME = "01_counting"
COPIES = 10
PEER = 100
"""Students whom copydetect compares: its time grows with the number of pairs."""


def a_class(folder: ClassFolder, material: Material, students: int) -> set[tuple[str, str]]:
    """Write a class, ten copies in it; return who has copied whom."""
    simulated = simulate(material, students, 0)
    write_class(folder, material, simulated)
    pairs = set()
    last = [each.name for each in simulated[-2 * COPIES :]]
    for source, copy in zip(last[::2], last[1::2], strict=True):
        notebook = nbformat.read(_path(folder, source), as_version=4)
        for cell in notebook.cells:
            if cell.cell_type == "code" and grade_id_of(cell) in _questions(material):
                cell.source = disguised(cell.source)
        nbformat.write(notebook, _path(folder, copy))
        pairs.add((min(source, copy), max(source, copy)))
    return pairs


def _questions(material: Material) -> set[str]:
    return {question.name for question in material.questions}


def _path(folder: ClassFolder, student: str) -> Path:
    return folder.submitted(NAME, student) / "counting.ipynb"


def by_copydetect(everybody: list[Answers]) -> list[tuple[str, str]]:
    """Return copydetect's pairs, the most alike first."""
    from copydetect import CodeFingerprint, compare_files

    prints = {
        each.student: CodeFingerprint(
            "answers.py", 25, 1, fp=io.StringIO("\n\n".join(each.code.values()))
        )
        for each in everybody
        if each.code
    }
    found = []
    for pair in itertools.combinations(sorted(prints), 2):
        _, shares, _ = compare_files(prints[pair[0]], prints[pair[1]])
        found.append((-max(shares), pair))
    return [pair for _, pair in sorted(found)]


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--students", type=int, default=500)
    options(parser)
    chosen = parser.parse_args()
    material = load_material(Course.at(Path(__file__).parents[1]).assignment(NAME))
    spent, first = table("what", ("CPU s", "{:.2f}")), table("pairs", ("copies", "{}"))
    with tempfile.TemporaryDirectory() as place:
        folder = ClassFolder(Path(place) / "class")
        planted = a_class(folder, material, chosen.students)
        seconds, given = timed(lambda: given_hashes(material))
        spent.add("the course's own code", seconds)
        names = folder.students(NAME)
        seconds, everybody = timed(lambda: [answers_of(folder, material, name) for name in names])
        spent.add(f"reading {len(names)} submissions", seconds)
    few = [each for each in everybody if each.student in _some(everybody, planted)]
    for compared in (everybody, few):
        ours, found = timed(partial(alike, compared, given))
        spent.add(f"comparing {len(compared)}", ours)
        pairs = [(pair.one, pair.other) for pair in found.pairs]
        _count(first, f"ours, of {len(compared)}", pairs, planted)
    theirs, pairs = timed(lambda: by_copydetect(few))
    spent.add(f"copydetect, comparing {len(few)}", theirs)
    _count(first, f"copydetect's, of {len(few)}", pairs, planted)
    results = begun("similarity", chosen, "copydetect")
    results.about = f"{NAME}; {len(planted)} copies are planted, and so many first pairs looked at."
    results.tables += [spent, first]
    results.ratios[f"copydetect's time to ours, {len(few)} students"] = theirs / ours
    print(f"\n{results.markdown}")
    finished(results, chosen)


def timed(what: Callable[[], T]) -> tuple[float, T]:
    """Return the processor seconds that a call takes, and what it returns."""
    began = time.process_time()
    came = what()
    return time.process_time() - began, came


def _count(
    shown: Table, whose: str, pairs: list[tuple[str, str]], planted: set[tuple[str, str]]
) -> None:
    """Add how many of the first pairs are planted copies."""
    shown.add(f"the first {len(planted)} of {whose}", len(planted & set(pairs[: len(planted)])))


def _some(everybody: list[Answers], planted: set[tuple[str, str]]) -> set[str]:
    """Return some students, those who copied and were copied from among them."""
    copied = [name for pair in planted for name in pair]
    others = [each.student for each in everybody if each.student not in copied]
    return {*copied, *others[: PEER - len(copied)]}


if __name__ == "__main__":
    main()
