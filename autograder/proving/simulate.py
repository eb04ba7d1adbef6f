"""Writes a class of submissions whose true scores are known, on real release notebooks."""

from __future__ import annotations

import ast
import copy
import inspect
import re
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import nbformat
import numpy as np
from nbformat import NotebookNode

from autograder.authoring.checking import Alternative, Misconception
from autograder.authoring.conventions import grade_id_of
from autograder.authoring.material import CheckedQuestion, Material
from autograder.classroom.class_folder import ClassFolder
from autograder.proving.manifest import Manifest

FIRST_NAMES = (
    "ada alan alonzo annie barbara claude dana donald edsger evelyn frances grace hedy ida jean "
    "joan john karen katherine kurt lotfi margaret marie mary maurice niklaus noam radia robin "
    "shafi sophie stephen tony"
).split()


@dataclass(frozen=True)
class Simulated:
    """One simulated student.

    Parameters
    ----------
    name
        Tells what was done: ``ada-reference``, ``grace-wrong_1``.
    content
        The submitted file.
    points
        The true score of each question.
    """

    name: str
    content: str
    points: Mapping[str, float]

    @property
    def total(self) -> float:
        """The true score of the submission."""
        return sum(self.points.values())


KnownAnswer = Alternative | Misconception
Plan = tuple[str, str, dict[str, float]]
"""A label, the content of the file, and the points of each question."""


def simulate(material: Material, students: int, seed: int) -> list[Simulated]:
    """Return simulated submissions.

    The first ones are one of each kind: the reference, untouched and half-finished notebooks, a
    file that is no notebook, a syntax error, a crash, an endless loop, every alternative, and every
    misconception, one a question in each notebook. Where more are wanted, the others mix
    answers at random.

    Parameters
    ----------
    material
        The assignment.
    students
        How many.
    seed
        Of the mixture.
    """
    rng = np.random.default_rng(seed)
    plans = list(_plans(material))
    while len(plans) < students:
        plans.append(_mixture(material, rng))
    simulated = []
    for index, (label, content, points) in enumerate(plans[:students]):
        first_name = FIRST_NAMES[index % len(FIRST_NAMES)]
        serial = f"{index // len(FIRST_NAMES) + 1}" if index >= len(FIRST_NAMES) else ""
        simulated.append(Simulated(f"{first_name}{serial}-{label}", content, points))
    return simulated


def write_class(class_folder: ClassFolder, material: Material, simulated: list[Simulated]) -> None:
    """Write simulated submissions, replacing those of an earlier simulation of the assignment.

    Raises
    ------
    ForeignFiles
        The folder holds submissions that were not simulated, or were changed since.
    """
    class_folder.make()
    manifest, assignment = simulation(class_folder), material.assignment
    manifest.refuse_foreign(
        class_folder.path / "submitted",
        "Simulated students are not mixed with real ones. Name another folder: --class",
    )
    manifest.remove(lambda path: path.parts[2:3] == (assignment.name,))
    folders = ((class_folder.submitted(assignment.name, each.name), each) for each in simulated)
    file_name = f"{assignment.notebook_name}.ipynb"
    manifest.write({folder / file_name: each.content for folder, each in folders})


def simulation(class_folder: ClassFolder) -> Manifest:
    """Return the list of the submissions that were simulated, which may be replaced."""
    return Manifest(class_folder.path / "simulated.json")


def _plans(material: Material) -> Iterator[Plan]:
    """Yield one plan of each kind, those that show most first."""
    questions = material.checked
    full = {each.name: each.points for each in questions}
    none = dict.fromkeys(full, 0.0)
    references = {each.name: _reference_source(material, each.name) for each in questions}
    solved = {name: (source, full[name]) for name, source in references.items()}

    def plan(label: str, answers: Mapping[str, tuple[str, float]]) -> Plan:
        sources = {name: source for name, (source, _) in answers.items()}
        points = none | {name: score for name, (_, score) in answers.items()}
        return label, nbformat.writes(_fill(material, sources)), points

    def spoiled(label: str, question: str, source: str) -> Plan:
        return plan(label, {**solved, question: (source, 0.0)})

    first, last = questions[0].name, questions[-1].name
    yield plan("reference", solved)
    yield plan("untouched", {})
    yield "no_notebook", "%PDF-1.4 This is not a notebook.\n", none
    yield spoiled("syntax_error", last, f"def {last}(:\n    return 1\n")
    yield spoiled("crash", first, f"import os\n\n\ndef {first}(*args):\n    os._exit(1)\n")
    yield spoiled("endless_loop", first, f"def {first}(*args):\n    while True: pass\n")
    yield plan("half_finished", dict(list(solved.items())[: len(solved) // 2]))
    for number in range(max(len(each.alternatives) for each in questions)):
        chosen = {
            each.name: each.alternatives[number % len(each.alternatives)] for each in questions
        }
        answers = {name: (answer_source(known, name), full[name]) for name, known in chosen.items()}
        yield plan(f"right_{number + 1}", answers)
    for number in range(max(len(each.misconceptions) for each in questions)):
        answers = {
            each.name: (answer_source(mistake, each.name), _remaining(each, mistake))
            for each in questions
            for mistake in each.misconceptions[number : number + 1]
        }
        yield plan(f"wrong_{number + 1}", {**solved, **answers})


def _mixture(material: Material, rng: np.random.Generator) -> Plan:
    """Return a plan that answers each question with a known answer drawn at random."""
    sources, points = {}, {}
    for question in material.checked:
        known: list[KnownAnswer] = [*question.alternatives, *question.misconceptions]
        answer = known[int(rng.integers(len(known)))]
        sources[question.name] = answer_source(answer, question.name)
        points[question.name] = _remaining(question, answer)
    return "mixture", nbformat.writes(_fill(material, sources)), points


def _remaining(question: CheckedQuestion, answer: KnownAnswer) -> float:
    """Return the points that a known answer earns."""
    loses = answer.loses if isinstance(answer, Misconception) else frozenset()
    return sum(group.points for name, group in question.check.groups.items() if name not in loses)


def _fill(material: Material, sources: Mapping[str, str]) -> NotebookNode:
    """Return the release with some of its solution cells filled in."""
    notebook = copy.deepcopy(material.derived.release)
    for index, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{index}"
        grade_id = grade_id_of(cell)
        if grade_id is not None and grade_id in sources:
            cell.source = sources[grade_id]
    return notebook


def _reference_source(material: Material, question: str) -> str:
    cell = next(cell for cell in material.notebook.cells if grade_id_of(cell) == question)
    return re.sub(r" *### (BEGIN|END) SOLUTION\n?", "", cell.source)


def answer_source(answer: KnownAnswer, question: str) -> str:
    """Return a known answer as a student's cell, named as the question, with its own imports.

    Type annotations are dropped: they name what only the check's module imports.
    """
    tree = _Plain().visit(ast.parse(textwrap.dedent(inspect.getsource(answer.function))))
    function = tree.body[0]
    for node in ast.walk(function):
        if isinstance(node, ast.Name) and node.id == function.name:
            node.id = question
    function.decorator_list, function.name = [], question
    return ast.unparse(tree)


class _Plain(ast.NodeTransformer):
    """Drops type annotations, also those of functions inside."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        node.returns = None
        self.generic_visit(node)
        return node

    def visit_arg(self, node: ast.arg) -> ast.arg:
        node.annotation = None
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.Assign:
        value = node.value or ast.Constant(None)
        return ast.copy_location(ast.Assign([node.target], value), node)
