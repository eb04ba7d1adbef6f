"""The command ``collect``: submissions from platforms, the exchange and folders."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from autograder.authoring.course import Assignment
from autograder.classroom.class_file import read_class_file
from autograder.classroom.class_folder import ClassFolder
from autograder.classroom.collecting import Collected, Collection, Fate, alike
from autograder.classroom.roster import names_on, read_roster
from autograder.classroom.schemes import Scheme
from autograder.cli.terminal import as_text, counted, with_progress

console = Console()
complaints = Console(stderr=True)
_ORDER = (Fate.not_matched, Fate.refused, Fate.beyond, Fate.older, Fate.newer, Fate.new)


def collect(
    class_folder: ClassFolder,
    assignment: Assignment,
    sources: Sequence[Path],
    scheme: str | None,
    worksheet: Path | None,
    as_json: bool,
) -> bool:
    """Collect, and say what became of everything; return whether all of it is somebody's."""
    rules = read_class_file(class_folder, assignment.course, names_on(class_folder))
    collection = Collection(class_folder, assignment, rules, worksheet)
    kind = None if scheme is None else Scheme(scheme)
    found: list[Collected] = []
    for source in sources:
        came = collection.from_source(source, kind)
        found += with_progress(came, None, complaints, f"collecting {source.name}")
    if as_json:
        print(json.dumps([_as_data(each) for each in found], indent=1))
    else:
        _say_all(found, class_folder, assignment, {} if rules is None else rules.groups)
    return all(each.well for each in found)


def _say_all(
    found: Sequence[Collected],
    class_folder: ClassFolder,
    assignment: Assignment,
    groups: dict[str, list[str]],
) -> None:
    console.print(_table(found, assignment.name))
    for words in alike(found, groups):
        console.print(as_text(words, "yellow"))
    times = Counter(each.fate for each in found)
    console.print(", ".join(f"{fate.value}: {number}" for fate, number in times.items()))
    people = read_roster(class_folder)
    submitted = {
        path.parent.name for path in class_folder.path.glob(f"submitted/*/{assignment.name}")
    }
    if people is None:
        words = (
            "There is no roster: students are called as the source calls them, and nobody knows "
            "who is missing. See: autograder roster --help"
        )
        console.print(as_text(words, "yellow"))
    else:
        lacking = [person.student for person in people if person.student not in submitted]
        who = f": {', '.join(lacking)}" if lacking else ""
        console.print(as_text(f"not submitted ({len(lacking)} of {len(people)}){who}"))
    where = f"{class_folder.path}/submitted/<student>/{assignment.name}/"
    console.print(as_text(f"submissions  {where}"), soft_wrap=True)
    console.print(as_text(f"next         autograder grade {assignment.name}"), soft_wrap=True)


def _table(found: Sequence[Collected], name: str) -> Table:
    """Return what became of everything; what a person must see stands last, by the prompt."""
    table = Table(title=f"{name}: {counted(len(found), 'attempt')}")
    for heading in ("student", "from", "came (UTC)", "what became of it", "remarks"):
        table.add_column(heading, overflow="fold")
    for each in sorted(found, key=lambda each: (_rank(each.fate), each.student, each.source)):
        when = f"{each.time:%Y-%m-%d %H:%M:%S}" if each.time else ""
        late = "LATE" if each.late else ""
        style = "bold red" if not each.well else ""
        table.add_row(
            as_text(each.student),
            as_text(each.source),
            as_text(" ".join(filter(None, (when, late)))),
            as_text(each.fate.value, style),
            as_text("; ".join(each.remarks)),
        )
    return table


def _rank(fate: Fate) -> int:
    return -_ORDER.index(fate) if fate in _ORDER else -len(_ORDER)


def _as_data(each: Collected) -> dict[str, object]:
    time = None if each.time is None else f"{each.time.isoformat()}Z"
    return vars(each) | {"fate": each.fate.name, "time": time, "remarks": list(each.remarks)}
