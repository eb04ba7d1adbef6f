"""Calls one function on inputs laid ready and writes down what came back.

This runs beside the student's code and is therefore trusted by nobody: it holds no right answer,
and the judge checks every byte it writes.
"""

from __future__ import annotations

import contextlib
import io
import json
import linecache
import pickle
import signal
import sysconfig
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

from nextword.evidence.codec import MAX_BYTES, NotEncodable, decode, encode
from nextword.evidence.probes import probe
from nextword.evidence.recipes import build

TIMEOUTS_BEFORE_GIVING_UP = 2
_BYTES_PER_CASE = 8_000
"""Reserved for what is written of a case besides its value."""
_LONGEST_MESSAGE = 400
_LIBRARIES = (
    str(Path(__file__).resolve().parents[1]),
    *(sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib")),
    "<frozen",
)


class CaseTimeout(BaseException):
    """The student's function ran longer than one case may.

    A BaseException, so that `except Exception` in the student's code does not swallow it.
    """


def interrogate(function: Callable[..., Any], inputs: str) -> str:
    """Return evidence: what `function` returned, or how it failed, on every case.

    Parameters
    ----------
    function
        The student's function.
    inputs
        JSON text: ``question``, ``seconds_per_case``, ``seconds`` (for all cases together), and
        ``cases``, each an ``id``, encoded ``args`` and ``kwargs``, and perhaps the name of a
        ``probe``.

    Returns
    -------
    evidence
        JSON text: ``question``, and ``cases`` in the order of the inputs, each an ``id`` and one of
        ``value``, ``error``, ``timeout``, ``too_large``, ``not_run``, with ``changed`` where the
        function altered its arguments.
    """
    asked = json.loads(inputs)
    deadline = time.monotonic() + asked["seconds"]
    timeouts = 0
    room = MAX_BYTES - _BYTES_PER_CASE * len(asked["cases"])
    records = []
    for case in asked["cases"]:
        if timeouts >= TIMEOUTS_BEFORE_GIVING_UP or time.monotonic() > deadline:
            records.append({"id": case["id"], "not_run": "the time for this question was used up"})
            continue
        with _silence():
            record = _call(function, case, asked["seconds_per_case"])
        timeouts += "timeout" in record
        length = len(json.dumps(record.get("value")))
        if length > room:
            record = {"id": case["id"], "too_large": "all answers together are too large"}
        else:
            room -= length
        records.append(record)
    return json.dumps({"question": asked["question"], "cases": records}, allow_nan=False)


def _call(function: Callable[..., Any], case: dict[str, Any], seconds: float) -> dict[str, Any]:
    """Return the record of one case: fresh arguments in, outcome out."""
    args, kwargs = decode(case["args"]), decode(case["kwargs"])
    before = pickle.dumps((args, kwargs))
    question = probe(case.get("probe", "call once"))
    record: dict[str, Any] = {"id": case["id"]}
    try:
        with _alarm(seconds):
            built = {name: build(value) for name, value in kwargs.items()}
            # Encoded inside: a value of the student's own class runs the student's code.
            value = encode(question(function, *(build(value) for value in args), **built))
        record["value"] = value
    except CaseTimeout as late:
        record["timeout"] = seconds
        record |= _own_line(late)
    except NotEncodable as error:
        record["too_large"] = str(error)
    except BaseException as error:  # noqa: BLE001 - whatever the student's code raises is evidence
        record["error"] = _describe(error)
    if _is_changed(case, args, kwargs, before):
        record["changed"] = True
    return record


def _is_changed(case: dict[str, Any], args: Any, kwargs: Any, before: bytes) -> bool:
    """Return whether arguments are not what they were.

    Equal bytes settle it quickly. Bytes also differ where equal values are other objects, so that
    only the encoding says that something has changed.
    """
    try:
        if pickle.dumps((args, kwargs)) == before:
            return False
        return bool(
            encode([args, kwargs]) != encode([decode(case["args"]), decode(case["kwargs"])])
        )
    except Exception:  # noqa: BLE001 - whatever was put in, it was not there before
        return True


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """Discard what is printed meanwhile: it could carry the cases to the student.

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
    """Return the innermost line that is neither this package's nor a library's, and its number."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if not frame.filename.startswith(_LIBRARIES)]
    if not own:
        return {}
    line = linecache.getline(own[-1].filename, own[-1].lineno or 0).strip()[:200]
    return {"line_number": own[-1].lineno, "line": line}
