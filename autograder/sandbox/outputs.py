"""What is kept of the outputs that came out of a sandbox. Trusted code, untrusted outputs."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from nbformat import NotebookNode, from_dict

Output = dict[str, Any]
MOST_EXECUTIONS = 1_000_000
"""Of a cell: nobody has run one more often, and a number can be as long as a page."""
_SLACK = 2
"""How many times the kept size is let in. The sandbox counts sizes a little differently, and drops
what is too much; only code that has tampered with its counting sends nearly so much."""


def admitted(outputs: Any, kept_bytes: int) -> list[NotebookNode]:
    """Return the outputs that are well formed, and no more of them than are kept.

    Parameters
    ----------
    outputs
        Anything that JSON can hold.
    kept_bytes
        Output kept of a cell.
    """
    admitted: list[NotebookNode] = []
    size = 0
    for output in outputs if isinstance(outputs, list) else ():
        made = _made(output)
        if made is None:
            continue
        size += len(json.dumps(made, ensure_ascii=False))
        if size <= _SLACK * kept_bytes:
            admitted.append(from_dict(made))
    return admitted


def sane_count(number: Any) -> int | None:
    """Return how often something was run, None if that is no such number."""
    return number if type(number) is int and 0 <= number <= MOST_EXECUTIONS else None


def _made(output: Any) -> Output | None:
    """Return an output of nothing but what the notebook format asks for, None if it lacks it."""
    kind = output.get("output_type") if isinstance(output, Mapping) else None
    make = _MAKERS.get(kind) if isinstance(kind, str) else None
    return None if make is None else make(output)


def _stream(output: Output) -> Output | None:
    name, text = output.get("name"), output.get("text")
    if name not in ("stdout", "stderr") or not isinstance(text, str):
        return None
    return {"output_type": "stream", "name": name, "text": text}


def _error(output: Output) -> Output | None:
    name, value, traceback = (output.get(key) for key in ("ename", "evalue", "traceback"))
    texts = isinstance(traceback, list) and all(isinstance(line, str) for line in traceback)
    if not (isinstance(name, str) and isinstance(value, str) and texts):
        return None
    return {"output_type": "error", "ename": name, "evalue": value, "traceback": traceback}


def _display(output: Output) -> Output | None:
    data, metadata = output.get("data"), output.get("metadata")
    if not isinstance(data, dict) or not isinstance(metadata, dict) or not _is_json(metadata):
        return None
    if not all(map(_is_representation, data, data.values())):
        return None
    return {"output_type": "display_data", "data": data, "metadata": metadata}


def _result(output: Output) -> Output | None:
    made, number = _display(output), output.get("execution_count")
    if made is None:
        return None
    return made | {"output_type": "execute_result", "execution_count": sane_count(number)}


def _is_representation(kind: Any, content: Any) -> bool:
    """Return whether a form of a display is text, or data where its kind says so."""
    if not isinstance(kind, str):
        return False
    if kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json")):
        return _is_json(content)
    return isinstance(content, str)


def _is_json(value: Any) -> bool:
    """Return whether other programs can read what is written of a value."""
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        return False
    return True


_MAKERS: dict[str, Callable[[Output], Output | None]] = {
    "stream": _stream,
    "error": _error,
    "display_data": _display,
    "execute_result": _result,
}
