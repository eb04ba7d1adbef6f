"""Calls one function on the case that it is given, and writes down what came back.

This runs beside the student's code and is therefore trusted by nobody: it holds no right answer,
and the judge checks every byte it writes.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import linecache
import pickle
import signal
import sysconfig
import traceback
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

from autograder.guest.catalogue import GENERIC, PACKAGE, Catalogue
from autograder.guest.codec import NotEncodable, decode, encode

_LONGEST_MESSAGE = 400
_LIBRARIES = (
    str(Path(__file__).resolve().parent),
    *(sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib")),
    "<frozen",
    f"<{PACKAGE}",
)


class CaseTimeout(BaseException):
    """The student's function ran longer than one case may.

    A BaseException, so that `except Exception` in the student's code does not swallow it.
    """


def answer(function: Callable[..., Any], asked: str, catalogue: Catalogue = GENERIC) -> str:
    """Return what `function` returned, or how it failed, on one case.

    Parameters
    ----------
    function
        The student's function.
    asked
        JSON text: ``case``, which has encoded ``args`` and ``kwargs``, and perhaps the name of a
        ``probe``; ``seconds``, which the call may take; and ``longest``, the characters that the
        answer may have.
    catalogue
        What can be asked and built.

    Returns
    -------
    said
        One line of JSON: one of ``value``, ``error``, ``timeout``, ``too_large``, and ``after``,
        the digest of the arguments after the call.
    """
    question = json.loads(asked)
    with _silence():
        record = _call(function, question["case"], question["seconds"], catalogue)
    said = json.dumps(record, allow_nan=False)
    if len(said) <= question["longest"]:
        return said
    return json.dumps({"too_large": "all answers are too large together", "after": record["after"]})


def digest_of(args: Any, kwargs: Any) -> str:
    """Return the digest of encoded arguments."""
    return hashlib.sha256(json.dumps([args, kwargs]).encode()).hexdigest()


def _call(
    function: Callable[..., Any], case: dict[str, Any], seconds: float, catalogue: Catalogue
) -> dict[str, Any]:
    """Return the record of one case: fresh arguments in, outcome out."""
    args, kwargs = decode(case["args"]), decode(case["kwargs"])
    before = pickle.dumps((args, kwargs))
    probe, build = catalogue.probe(case.get("probe", "call once")), catalogue.build
    record: dict[str, Any] = {}
    try:
        with _alarm(seconds):
            built = {name: build(value) for name, value in kwargs.items()}
            # Encoded inside: a value of the student's own class runs the student's code.
            value = encode(probe.ask(function, *(build(value) for value in args), **built))
        record["value"] = value
    except CaseTimeout as late:
        record["timeout"] = seconds
        record |= _own_line(late)
    except NotEncodable as error:
        record["too_large"] = str(error)
    except BaseException as error:  # noqa: BLE001 - whatever the student's code raises is evidence
        record["error"] = _describe(error)
    record["after"] = _digest_after(case, args, kwargs, before)
    return record


def _digest_after(case: dict[str, Any], args: Any, kwargs: Any, before: bytes) -> str:
    """Return the digest of arguments after the call, nothing where they cannot be written any more.

    Equal bytes settle quickly that they are as they came. Bytes also differ where equal values are
    other objects, so that only the encoding says that something has changed.
    """
    try:
        if pickle.dumps((args, kwargs)) == before:
            return digest_of(case["args"], case["kwargs"])
        return digest_of(encode(args), encode(kwargs))
    except Exception:  # noqa: BLE001 - whatever was put in, it was not there before
        return ""


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """Discard what a call prints: it could carry the cases to the student.

    Warnings cost nothing, also where the notebook has turned them into errors.
    """
    with (
        contextlib.redirect_stdout(_Discard()),
        contextlib.redirect_stderr(_Discard()),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        yield


class _Discard(io.TextIOBase):
    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        return len(text)


@contextlib.contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    """Raise `CaseTimeout` in the main thread after `seconds`."""

    def ring(signal_number: int, frame: FrameType | None) -> None:
        raise CaseTimeout

    previous = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)


def _describe(error: BaseException) -> dict[str, Any]:
    """Return an exception's types, message, and the student's own line."""
    try:
        message = str(error)[:_LONGEST_MESSAGE]
    except Exception:  # noqa: BLE001 - a student's exception may fail to print itself
        message = "(its message could not be printed)"
    types = [str(kind.__name__) for kind in type(error).__mro__]
    return {"types": types, "message": message, **_own_line(error)}


def _own_line(error: BaseException) -> dict[str, Any]:
    """Return the innermost line that is neither ours nor a library's, and its number.

    A cell's own lines come before those of packages that it imports, wherever they lie.
    """
    places = list(traceback.walk_tb(error.__traceback__))
    cells = [each for each in places if each[0].f_globals.get("__name__") == "__main__"]
    frames = traceback.StackSummary.extract(iter(cells or places), lookup_lines=False)
    own = [frame for frame in frames if not frame.filename.startswith(_LIBRARIES)]
    if not own:
        return {}
    line = linecache.getline(own[-1].filename, own[-1].lineno or 0).strip()[:200]
    return {"line_number": own[-1].lineno, "line": line}
