"""How Canvas, Moodle, Gradescope and nbgrader's exchange name what students hand in.

The names are read as the programs write them (Canvas's ``content_zipper``, Moodle's ``downloader``,
nbgrader's ``submit``); for Gradescope, as programs do that read its exports.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from autograder.authoring.nbgrader_config import SECRET, TIME
from autograder.classroom.incoming import Arrived, Source, UnreadableFile, UnreadableSource
from autograder.classroom.receipt import parsed_time


class Scheme(StrEnum):
    """Who named the files."""

    canvas = "canvas"
    moodle = "moodle"
    gradescope = "gradescope"
    exchange = "exchange"
    folder = "folder"


_CANVAS = re.compile(
    r"(?:(?!anon_|LATE_anon_)(?P<name>.+?)_)?(?:(?P<late>LATE)_)?"
    r"(?P<id>\d+|anon_[^_]+)_(?P<attachment>\d+)_(?P<file>.+)"
)
_CANVAS_TEXT = re.compile(
    r"(?P<name>.+?)_(?:(?P<late>LATE)_)?(?P<id>\d+)_(?P<what>text|link)\.html"
)
_CANVAS_AGAIN = re.compile(r"(?P<stem>.+)-(?:\d|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\Z")
_MOODLE = re.compile(
    r"(?P<name>.+)_(?P<id>\d+)_assignsubmission_(?P<what>[a-z]+)(?:_(?P<file>.*))?"
)
_EXCHANGE = re.compile(
    r"(?P<student>.+)\+(?P<assignment>[^+]+)\+(?P<time>\d{4}-[^+]+?)(?:\+[^+]*)?"
)
_GRADESCOPE = "submission_metadata.yml"
_FRACTION = re.compile(r"(\.\d{6})\d+")
_ZONED = re.compile(r"(?:UTC|Z|[+-]\d\d:?\d\d)\Z")


@dataclass(frozen=True)
class Sender:
    """Who handed something in, as the source says.

    Parameters
    ----------
    label
        What staff recognise in the source.
    name
        A name, or a group's; on Canvas last name first, in lower case, without spaces.
    number
        The platform's number of the user, of the participant, or of the submission.
    sid, email
        Where the source says them.
    """

    label: str
    name: str = ""
    number: str = ""
    sid: str = ""
    email: str = ""


@dataclass(frozen=True)
class Attempt:
    """What one student, or group, handed in at once.

    Parameters
    ----------
    senders
        Who; several where they submitted together.
    files
        Under the names that they are laid down by.
    late
        Whether the platform calls it late.
    time
        When it came, in UTC and without a zone; None where the source does not say.
    remarks
        What was not as it should be.
    """

    senders: tuple[Sender, ...]
    files: Mapping[str, Arrived] = field(default_factory=dict)
    late: bool = False
    time: datetime | None = None
    remarks: tuple[str, ...] = ()


def scheme_of(source: Source) -> Scheme:
    """Return who named the files of a source, by the names."""
    paths = [file.path for file in source.files]
    if any(path.name == _GRADESCOPE and len(path.parts) <= 2 for path in paths):
        return Scheme.gradescope
    if any(_MOODLE.fullmatch(part) for path in paths for part in path.parts[:2]):
        return Scheme.moodle
    if any(_EXCHANGE.fullmatch(part) for path in paths for part in path.parts[:-1]):
        return Scheme.exchange
    flat = [path.name for path in paths if len(path.parts) <= 2]
    named = [name for name in flat if _CANVAS.fullmatch(name) or _CANVAS_TEXT.fullmatch(name)]
    if named and 2 * len(named) > len(flat):
        return Scheme.canvas
    return Scheme.folder


def attempts(source: Source, scheme: Scheme, assignment: str, notebook: str) -> list[Attempt]:
    """Return what was handed in.

    Parameters
    ----------
    source, scheme
        What was sent, and who named its files.
    assignment
        Of which; a folder and an exchange may hold several.
    notebook
        The name of its notebook, with its ending.

    Raises
    ------
    UnreadableSource
        Nothing in it is named like that.
    """
    readers: dict[Scheme, Callable[[Source, str, str], Iterator[Attempt]]] = {
        Scheme.canvas: _of_canvas,
        Scheme.moodle: _of_moodle,
        Scheme.gradescope: _of_gradescope,
        Scheme.exchange: _of_exchange,
        Scheme.folder: _of_folder,
    }
    if scheme is Scheme.folder and [f.path.suffix.lower() for f in source.files] == [".zip"]:
        raise UnreadableSource(
            f"{source.path} holds nothing but another zip file, {source.files[0].path}. Unpack "
            "it once, and name what comes out"
        )
    found = list(readers[scheme](source, assignment, notebook))
    if not found and not source.refused:
        raise UnreadableSource(
            f"{source.path}: nothing in it is named as {_EXPECTED[scheme]}. "
            f"Found: {', '.join(str(file.path) for file in source.files[:3]) or 'nothing'}"
        )
    return found


_EXPECTED = {
    Scheme.canvas: "Canvas names submissions (lovelaceada_4711_90001_counting.ipynb)",
    Scheme.moodle: "Moodle names submissions (Ada Lovelace_30101_assignsubmission_file/...)",
    Scheme.gradescope: f"Gradescope exports submissions ({_GRADESCOPE} and submission_12345/...)",
    Scheme.exchange: "nbgrader's exchange names submissions (ada+01_counting+TIME UTC+...)",
    Scheme.folder: "folders of students are (ada/01_counting/counting.ipynb, ada/counting.ipynb)",
}


def _grouped(pairs: Iterable[tuple[str, Any]]) -> dict[str, list[Any]]:
    groups: dict[str, list[Any]] = {}
    for key, value in pairs:
        groups.setdefault(key, []).append(value)
    return groups


def _laid(files: Iterable[tuple[str, Arrived]]) -> tuple[dict[str, Arrived], tuple[str, ...]]:
    """Return the files of an attempt by name, without those in which students would say a time."""
    laid: dict[str, Arrived] = {}
    remarks = []
    for name, file in files:
        if name.casefold() in (TIME, SECRET):  # some disks take all cases for one
            remarks.append(f"{name} was left out: that is for nbgrader's exchange to write")
        elif name.casefold() in (other.casefold() for other in laid):
            remarks.append(f"a second file called {name} was left out ({file.path})")
        else:
            laid[name] = file
    return laid, tuple(remarks)


def _of_canvas(source: Source, assignment: str, notebook: str) -> Iterator[Attempt]:
    matches: list[tuple[str, tuple[re.Match[str], Arrived]]] = []
    for file in source.files:
        found = _CANVAS.fullmatch(file.path.name)
        text = None if found else _CANVAS_TEXT.fullmatch(file.path.name)
        if found:
            matches.append((found["id"], (found, file)))
        elif text:
            sender = Sender(file.path.name, text["name"], text["id"])
            what = "a text typed" if text["what"] == "text" else "a link entered"
            yield Attempt(
                (sender,), late=bool(text["late"]), remarks=(f"{what} on Canvas, no file",)
            )
        else:
            yield _strange(file, Scheme.canvas)
    for number, group in _grouped(matches).items():
        group.sort(key=lambda pair: int(pair[0]["attachment"]), reverse=True)
        first = group[0][0]
        named = [(_without_number(match["file"], notebook), file) for match, file in group]
        laid, remarks = _laid(named)
        sender = Sender(group[0][1].path.name, first["name"] or "", number)
        yield Attempt((sender,), laid, bool(first["late"]), None, remarks)


def _without_number(name: str, notebook: str) -> str:
    """Return a file's name without what Canvas puts behind one that it has seen before."""
    path = PurePosixPath(name)
    again = _CANVAS_AGAIN.fullmatch(path.stem)
    if again and f"{again['stem']}{path.suffix}" == notebook:
        return notebook
    return name


def _strange(file: Arrived, scheme: Scheme) -> Attempt:
    sender = Sender(str(file.path))
    return Attempt((sender,), remarks=(f"not named as {_EXPECTED[scheme]}",))


def _of_moodle(source: Source, assignment: str, notebook: str) -> Iterator[Attempt]:
    files: list[tuple[str, tuple[re.Match[str], str, Arrived]]] = []
    for file in source.files:
        parts = file.path.parts
        places = ((i, _MOODLE.fullmatch(part)) for i, part in enumerate(parts[:2]))
        place, found = next(((i, match) for i, match in places if match), (0, None))
        if found is None:
            yield _strange(file, Scheme.moodle)
            continue
        inner = "/".join(parts[place + 1 :]) or found["file"] or ""
        key = f"{found['name']}_{found['id']}"
        if found["what"] == "file" and inner:
            files.append((key, (found, inner.rpartition("/")[2], file)))
        elif found["what"] == "onlinetext":
            files.append((key, (found, "", file)))
        else:
            yield _strange(file, Scheme.moodle)
    for label, group in _grouped(files).items():
        first = group[0][0]
        laid, remarks = _laid((name, file) for _, name, file in group if name)
        if not laid:
            remarks = (*remarks, "a text typed on Moodle, no file")
        sender = Sender(label, first["name"], first["id"])
        yield Attempt((sender,), laid, remarks=remarks)


def _of_gradescope(source: Source, assignment: str, notebook: str) -> Iterator[Attempt]:
    listed = next(file for file in source.files if file.path.name == _GRADESCOPE)
    try:
        # Every scalar stays text, as nothing in the file may decide on a type.
        data = yaml.load(listed.content(), Loader=getattr(yaml, "CBaseLoader", yaml.BaseLoader))  # noqa: S506
        entries = {str(key): value for key, value in data.items() if isinstance(value, dict)}
    except (UnreadableFile, yaml.YAMLError, AttributeError, UnicodeDecodeError) as error:
        raise UnreadableSource(
            f"{source.path}: {listed.path} cannot be read as Gradescope writes it ({error})"
        ) from error
    inside = len(listed.path.parts) - 1
    there = _grouped(
        (file.path.parts[inside], file)
        for file in source.files
        if len(file.path.parts) > inside + 1
    )
    for key, entry in entries.items():
        senders = tuple(_gradescope_senders(key, entry.get(":submitters")))
        laid, remarks = _laid((file.path.name, file) for file in there.pop(key, ()))
        if not laid:
            remarks = (*remarks, "no file of it is in the archive")
        time, more = _gradescope_time(entry.get(":created_at"))
        yield Attempt(senders or (Sender(key),), laid, False, time, (*remarks, *more))
    for key in there:
        yield Attempt((Sender(key),), remarks=(f"{listed.path.name} does not name it",))


def _gradescope_senders(key: str, submitters: object) -> Iterator[Sender]:
    for each in submitters if isinstance(submitters, list) else ():
        if isinstance(each, dict):
            keys = ("name", "sid", "email")
            said = {key: str(each.get(f":{key}") or "").strip() for key in keys}
            label = said["email"] or said["name"] or key
            yield Sender(label, said["name"], key, said["sid"], said["email"])


def _gradescope_time(words: object) -> tuple[datetime | None, tuple[str, ...]]:
    text = _FRACTION.sub(r"\1", str(words or "")).strip()
    if not _ZONED.search(text):
        return None, (f"its time {text!r} has no zone, and was not read",) if text else ()
    try:
        return parsed_time(text), ()
    except (ValueError, OverflowError):
        return None, (f"its time {text!r} was not understood",)


def _of_exchange(source: Source, assignment: str, notebook: str) -> Iterator[Attempt]:
    folders = _grouped(
        (str(PurePosixPath(*file.path.parts[: place + 1])), (file, place))
        for file in source.files
        if (place := _exchange_place(file.path)) is not None
    )
    for folder, group in folders.items():
        found = _EXCHANGE.fullmatch(PurePosixPath(folder).name)
        if found is None or found["assignment"] != assignment:
            continue
        time, remarks = _exchange_time(found["time"])
        files = {file.path.name: file for file, place in group if len(file.path.parts) == place + 2}
        said = (*remarks, *_whose(source.path / folder, found["student"]))
        yield Attempt((Sender(folder, found["student"]),), files, False, time, said)


def _whose(folder: Path, student: str) -> tuple[str, ...]:
    """Return a remark where a folder of an exchange does not belong to whom it names."""
    try:
        owner = folder.owner()
    except (KeyError, OSError, NotImplementedError):
        return ()  # in a zip file, or on a system without owners
    if owner == student:
        return ()
    return (f"LOOK AT: it says {student}, and belongs to the user {owner}",)


def _exchange_place(path: PurePosixPath) -> int | None:
    return next((i for i, part in enumerate(path.parts[:-1]) if _EXCHANGE.fullmatch(part)), None)


def _exchange_time(words: str) -> tuple[datetime | None, tuple[str, ...]]:
    try:
        return parsed_time(words), ()
    except (ValueError, OverflowError):
        return None, (f"its time {words!r} was not understood",)


def _of_folder(source: Source, assignment: str, notebook: str) -> Iterator[Attempt]:
    """Yield ``ada/01_counting/*``, ``ada/*`` and ``ada.ipynb``; other assignments are passed by."""
    files: list[tuple[str, tuple[str, Arrived]]] = []
    around = _around(source, assignment)
    for file in source.files:
        parts = file.path.parts[around:]
        if len(parts) == 1 and file.path.suffix.lower() in (".ipynb", ".zip", ".py"):
            name = f"{PurePosixPath(notebook).stem}{file.path.suffix}"
            files.append((file.path.stem, (name, file)))
        elif len(parts) == 2 or (len(parts) == 3 and parts[1] == assignment):
            files.append((parts[0], (parts[-1], file)))
        elif len(parts) == 1:
            yield _strange(file, Scheme.folder)
    for student, group in _grouped(files).items():
        yield Attempt((Sender(student, student),), dict(group))


def _around(source: Source, assignment: str) -> int:
    """Return how many folders lie around all students: one where a folder was zipped as such."""
    paths = [file.path.parts for file in source.files]
    one = len({parts[0] for parts in paths}) == 1 and all(len(parts) > 2 for parts in paths)
    return 1 if one and all(parts[1] != assignment for parts in paths) else 0
