"""The command ``watch``: practice cases answered seconds after a submission comes."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from rich.console import Console

from autograder.authoring.course import Assignment
from autograder.authoring.coursework import load_coursework
from autograder.classroom.class_folder import ClassFolder, one_run
from autograder.classroom.gathering import RunOptions
from autograder.classroom.program import newest_change
from autograder.classroom.watching import Event, Inbox, NoInbox, Watch, watch_on
from autograder.cli.terminal import as_text
from autograder.errors import CourseError
from autograder.sandbox.limits import Limits
from autograder.sandbox.run import Mode

console = Console()
PATIENCE = 60.0
"""Seconds that a look waits for another run on the class, such as `grade`."""
_BETWEEN = 0.5
"""Seconds between looks while there is something to do, in which another run may begin."""
_RESTS = 20
"""How often what does not come to rest is waited for, where the watch is to end."""


class CourseChanged(CourseError):
    """The course was edited while it was watched."""


@dataclass(frozen=True)
class How:
    """How submissions are run.

    Parameters
    ----------
    executor, at_once
        What runs them, and how many at the same time.
    mode, limits
        See `autograder.sandbox.run.execute`.
    every
        Seconds between looks; None ends the watch when there is nothing left to do.
    """

    executor: Executor
    at_once: int
    mode: Mode
    limits: Limits
    every: float | None


def watch(
    assignment: Assignment,
    class_folder: ClassFolder,
    path: Path,
    how: How,
    as_json: bool,
    wait: Callable[[float], None] = time.sleep,
) -> bool:
    """Watch an inbox, and say what happens; return whether nothing waits for a person.

    Parameters
    ----------
    assignment, class_folder, path
        What is watched, for whom, and where.
    how
        How submissions are run.
    as_json
        Whether each event is a line of JSON.
    wait
        Waits for some seconds.
    """
    inbox = Inbox.at(path)
    if inbox.feedback is None and path == class_folder.exchange:
        raise NoInbox(
            f"Nothing was released through nbgrader's exchange in {path}. Name where submissions "
            f"come: autograder watch {assignment.name} FOLDER"
        )
    program = newest_change(assignment.course)
    with one_run(class_folder, PATIENCE):
        watched = watch_on(load_coursework(assignment), class_folder, inbox)
    if not as_json:
        words = f"watching {inbox.path} for {assignment.name}; feedback in {class_folder.path}"
        console.print(as_text(f"{words}/practice/feedback/"), soft_wrap=True)
    well, rests = True, _RESTS
    while True:
        if newest_change(assignment.course) != program:
            raise CourseChanged(
                "The course, or the grader, has changed since this was started. Start it again: "
                "what is done will not be done twice"
            )
        for event in _one_look(watched, how):
            _say(event, as_json)
            well = well and event.well
        if watched.behind:
            wait(_BETWEEN)
        elif how.every is not None:
            wait(how.every)
        elif watched.restless and rests > 0:
            rests -= 1
            wait(_BETWEEN)
        else:
            return well


def _one_look(watched: Watch, how: How) -> Iterator[Event]:
    """Yield what one look comes to; what keeps it from working is said, where it goes on."""
    options = RunOptions(how.mode, how.limits)
    try:
        with one_run(watched.class_folder, PATIENCE):
            yield from watched.look(how.executor, how.at_once, options)
    except CourseError as error:
        if how.every is None:
            raise
        yield from watched.once(iter([Event("", "WAITING", str(error), False)]))


def _say(event: Event, as_json: bool) -> None:
    now = datetime.now().astimezone()
    if as_json:
        print(json.dumps({"at": now.isoformat(timespec="seconds"), **asdict(event)}), flush=True)
        return
    who = f" {event.student}" if event.student else ""
    words = f"{now:%H:%M:%S}{who}  {event.what}: {event.words}"
    console.print(as_text(words, "" if event.well else "bold red"), soft_wrap=True)
