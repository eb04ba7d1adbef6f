"""Puts calls and outcomes into words short enough to read."""

from __future__ import annotations

import pprint
from collections.abc import Mapping
from typing import Any

import numpy as np

from autograder.checking import Case
from autograder.testimony import Outcome
from nextword.evidence.codec import Opaque

LONGEST = 600


def show_call(function: str, case: Case) -> str:
    """Return a call as a student would write it.

    Examples
    --------
    >>> show_call("perplexity", Case("bases", ([-3.0],), {"base": 2}))
    'perplexity([-3.0], base=2)'
    """
    parts = [show(arg) for arg in case.args]
    parts += [f"{name}={show(value)}" for name, value in case.kwargs.items()]
    one_line = f"{function}({', '.join(parts)})"
    if len(one_line) <= 100:
        return one_line
    lines = ",\n".join("    " + part.replace("\n", "\n    ") for part in parts)
    return f"{function}(\n{lines},\n)"


def show_outcome(outcome: Outcome) -> str:
    """Return what a call came to: a value, an exception, or a sentence."""
    if outcome.failure is not None:
        return outcome.failure
    if outcome.error is not None:
        message = f": {outcome.error.message}" if outcome.error.message else ""
        return f"{outcome.error.types[0]}{message}"
    return show(outcome.value)


def show(value: Any) -> str:
    """Return a value's text, cut in the middle where it is long."""
    if isinstance(value, Opaque):
        return f"a {value.type_name}"
    if isinstance(value, (bool, np.generic)) or value is None:
        return str(value)
    if isinstance(value, np.ndarray):
        text = np.array2string(value, threshold=40, precision=6)
    elif isinstance(value, Mapping):
        text = _show_mapping(value)
    else:
        text = pprint.pformat(value, width=90, compact=True)
    if len(text) <= LONGEST:
        return text
    return f"{text[: LONGEST // 2]} ... {text[-LONGEST // 2 :]}"


def _show_mapping(value: Mapping[Any, Any]) -> str:
    """Return a mapping with its first entries, the others counted."""
    shown = 6
    parts = [f"{key!r}: {show(part)}" for key, part in list(value.items())[:shown]]
    if len(value) > shown:
        parts.append(f"... {len(value) - shown} more")
    return "{" + ", ".join(parts) + "}"
