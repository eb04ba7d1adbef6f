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
import json
import tempfile
import time
from pathlib import Path

import nbformat
from machine import machine

from autograder.authoring.conventions import grade_id_of
from autograder.authoring.course import Course
from autograder.authoring.material import Material, load_material
from autograder.classroom.alike import Answers, alike, answers_of
from autograder.classroom.class_folder import ClassFolder
from autograder.classroom.given_code import given_hashes
from autograder.proving.disguise import disguised
from autograder.proving.simulate import simulate, write_class

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


def by_copydetect(everybody: list[Answers]) -> tuple[float, list[tuple[str, str]]]:
    """Return the processor seconds that copydetect takes, and its pairs, the most alike first."""
    from copydetect import CodeFingerprint, compare_files

    began = time.process_time()
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
    return time.process_time() - began, [pair for _, pair in sorted(found)]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--students", type=int, default=500)
    parser.add_argument("--json", action="store_true", help="print the numbers as JSON")
    options = parser.parse_args()
    material = load_material(Course.at(Path(__file__).parents[1]).assignment(NAME))
    with tempfile.TemporaryDirectory() as place:
        folder = ClassFolder(Path(place) / "class")
        planted = a_class(folder, material, options.students)
        rows = {}
        began = time.process_time()
        given = given_hashes(material)
        rows["the course's own code"] = time.process_time() - began
        began = time.process_time()
        names = folder.students(NAME)
        everybody = [answers_of(folder, material, name) for name in names]
        rows[f"reading {len(names)} submissions"] = time.process_time() - began
        began = time.process_time()
        found = alike(everybody, given)
        rows[f"comparing {len(names)}"] = time.process_time() - began
        first = [(pair.one, pair.other) for pair in found.pairs[: len(planted)]]
        hits = len(planted & set(first))
        few = [each for each in everybody if each.student in _some(everybody, planted)]
        began = time.process_time()
        ours = alike(few, given)
        rows[f"comparing {len(few)}"] = time.process_time() - began
        first_of_few = [(pair.one, pair.other) for pair in ours.pairs[: len(planted)]]
        seconds, theirs = by_copydetect(few)
        rows[f"copydetect 0.5.0, comparing {len(few)}"] = seconds
    places = {
        f"planted copies among our first {len(planted)}, of {len(names)}": hits,
        f"the same of {len(few)}": len(planted & set(first_of_few)),
        f"the same by copydetect of {len(few)}": len(planted & set(theirs[: len(planted)])),
        "pairs listed": len(found.pairs),
    }
    if options.json:
        print(json.dumps({"seconds": rows, "found": places}, indent=1))
        return
    print(machine())
    print("\n| what | CPU s |\n|---|---:|")
    for what, spent in rows.items():
        print(f"| {what} | {spent:.2f} |")
    print("\n| what | how many |\n|---|---:|")
    for what, count in places.items():
        print(f"| {what} | {count} |")


def _some(everybody: list[Answers], planted: set[tuple[str, str]]) -> set[str]:
    """Return some students, those who copied and were copied from among them."""
    copied = [name for pair in planted for name in pair]
    others = [each.student for each in everybody if each.student not in copied]
    return {*copied, *others[: PEER - len(copied)]}


if __name__ == "__main__":
    main()
