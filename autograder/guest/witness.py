"""Calls one function on the case that it is given, and writes down what came back.

This runs beside the student's code and is therefore trusted by nobody: it holds no right answer,
and the judge checks every byte it writes.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import inspect
import io
import json
import linecache
import pickle
import signal
import sysconfig
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

from autograder.guest.catalogue import GENERIC, PACKAGE, Catalogue
from autograder.guest.codec import NotEncodable, decode, encode

_LONGEST_MESSAGE = 400
_RINGS_AGAIN = 0.2
"""Seconds after which an alarm that was not heard rings again."""
_handle = inspect.unwrap(signal.signal)
"""`signal.signal` without the names that it looks up, which take longer than a call of most
functions."""
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


def laid_ready(args: Any, kwargs: Any, **more: Any) -> dict[str, Any]:
    """Return a case as a witness gets it: arguments as a pickle, and the digest of them encoded.

    A pickle is read several times as fast as the closed format, and may cross in this direction
    only: who reads it is trusted by nobody.

    Parameters
    ----------
    args, kwargs
        Encoded (see `autograder.guest.codec`).
    more
        What else belongs to the case.
    """
    shared = (
        tuple(map(_sharing, decode(args))),
        {name: _sharing(value) for name, value in decode(kwargs).items()},
    )
    # Read and written once more, as the witness will: what is shared in it settles by that.
    settled = pickle.loads(pickle.dumps(shared))  # noqa: S301 - our own, just written
    pickled = base64.b64encode(pickle.dumps(settled)).decode("ascii")
    return more | {"arguments": pickled, "digest": digest_of(args, kwargs)}


def _sharing(value: Any) -> Any:
    """Return an argument in which equal words are one object, and so are equal tuples of words.

    A table of counts has each of them many times, and its pickle then only once: it is read and
    written in half the time. Nobody can tell but by ``is``, and that not between arguments.
    """
    return _share(value, {})


def _share(value: Any, known: dict[Any, Any]) -> Any:
    kind = type(value)
    if kind is str:
        return known.setdefault(value, value)
    if kind is tuple:
        parts = tuple(_share(part, known) for part in value)
        # Of words only: 1, 1.0 and True are equal, and not the same.
        return known.setdefault(parts, parts) if all(type(p) is str for p in parts) else parts
    if kind is list:
        return [_share(part, known) for part in value]
    if kind is dict or kind is Counter:
        pairs = {_share(key, known): _share(part, known) for key, part in value.items()}
        return pairs if kind is dict else Counter(pairs)
    return value


def answer(function: Callable[..., Any], asked: str, catalogue: Catalogue = GENERIC) -> str:
    """Return what `function` returned, or how it failed, on one case.

    Parameters
    ----------
    function
        The student's function.
    asked
        JSON text: ``case`` (see `laid_ready`), perhaps with the name of a ``probe``; ``seconds``,
        which the call may take; and ``longest``, the characters that the answer may have.
    catalogue
        What can be asked and built.

    Returns
    -------
    said
        One line of JSON: one of ``value``, ``error``, ``timeout``, ``too_large``, and ``after``,
        the digest of the arguments after the call.
    """
    question = json.loads(asked)
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
    came = base64.b64decode(case["arguments"])
    args, kwargs = pickle.loads(came)  # noqa: S301 - from outside, where all is trusted in here
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
    record["after"] = _digest_after(case["digest"], args, kwargs, came)
    return record


def _digest_after(digest: str, args: Any, kwargs: Any, came: bytes) -> str:
    """Return the digest of arguments after the call, nothing where they cannot be written any more.

    Equal bytes settle quickly that they are as they came. Bytes also differ where equal values are
    other objects, so that only the encoding says that something has changed.
    """
    try:
        if pickle.dumps((args, kwargs)) == came:
            return digest
        return digest_of(encode(args), encode(kwargs))
    except Exception:  # noqa: BLE001 - whatever was put in, it was not there before
        return ""


@contextlib.contextmanager
def silence() -> Iterator[None]:
    """Discard what is printed while a question is asked: it could carry the cases to the student.

    Warnings cost nothing, also where the notebook has turned them into errors. All that takes as
    long as a call of most functions, and is done once for all calls.
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

    def close(self) -> None:
        """Stay open: a function that closes what it prints to prints in its next call too."""


@contextlib.contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    """Raise `CaseTimeout` in the main thread after `seconds`, and again until it is heard.

    What is raised within a callback of the interpreter, such as the garbage collector's, is lost.
    """

    def ring(signal_number: int, frame: FrameType | None) -> None:
        raise CaseTimeout

    previous = _handle(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds, _RINGS_AGAIN)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        _handle(signal.SIGALRM, previous)


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
    cells: list[tuple[str, int]] = []
    others: list[tuple[str, int]] = []
    step = error.__traceback__
    while step is not None:
        in_cell = step.tb_frame.f_globals.get("__name__") == "__main__"
        (cells if in_cell else others).append((step.tb_frame.f_code.co_filename, step.tb_lineno))
        step = step.tb_next
    own = [place for place in cells or others if not place[0].startswith(_LIBRARIES)]
    if not own:
        return {}
    filename, number = own[-1]
    return {"line_number": number, "line": linecache.getline(filename, number or 0).strip()[:200]}
