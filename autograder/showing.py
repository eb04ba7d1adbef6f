"""Puts calls and outcomes into words short enough to read, and calls into Python that runs.

A call that cannot be run as it stands says so in its first line.
"""

from __future__ import annotations

import reprlib
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from autograder.checking import Case
from autograder.literals import literal
from autograder.testimony import Outcome
from nextword.evidence.recipes import Recipe

LONGEST = 1_600
LONGEST_CALL = 8_000
"""A call may be longer than an answer: shortened, it could not be pasted."""
NOT_PASTED = "# To be read, not to be pasted: "
_REPEATING = frozenset(["gradients", "moves", "order", "quantiles", "tally"])
"""Probes whose first argument is how often they call."""
_PASTED = frozenset(["call once", "fresh", "listed"])
"""Probes that come to what one call comes to."""
_LARGE = 4_000


def show_call(function: str, case: Case) -> str:
    """Return a call as a student would write it.

    It runs in the notebook as it stands, or its first line begins with `NOT_PASTED` and says why it
    does not.

    Examples
    --------
    >>> show_call("perplexity", Case("bases", ([-3.0],), {"base": 2}))
    'perplexity([-3.0], base=2)'
    """
    built = [value for value in (*case.args, *case.kwargs.values()) if isinstance(value, Recipe)]
    if case.probe not in _PASTED or any(recipe.name != "generator" for recipe in built):
        return NOT_PASTED + "it is described in words.\n" + _call(function, case, _show_argument)
    call = _call(function, case, _write_argument)
    if len(call) > LONGEST_CALL:
        why = "it is too long, and shortened here.\n"
        return NOT_PASTED + why + _call(function, case, _show_argument)
    return f"list({call})" if case.probe == "listed" else call


def _call(function: str, case: Case, write: Callable[[Any], str]) -> str:
    times, args = "", case.args
    if case.probe in _REPEATING:
        times, args = f", {args[0]:,} times" if args[0] > 1 else "", args[1:]
    elif case.probe == "tally rows":
        args = (np.tile(args[1], (args[0], 1)), *args[2:])
    elif case.probe in ("clipped training", "trained"):
        args = args[1:]
    elif case.probe == "torch steps":
        factors = list(args[2])
        times = f"\nfor {len(factors)} losses in turn, which are multiplied by {show(factors)}"
        args = (Recipe("small module"), Recipe("torch optimizer"), Recipe("loss"), args[4])
    elif case.probe == "module":
        times = (
            f"\nand the module that it returns, called with {show(args[3])}, before and after "
            f"{args[0]} step(s) of gradient descent with learning rate {args[1]:.6g} on the mean "
            f"loss of {show(args[4])}"
        )
        args = (args[2],)
    parts = [write(arg) for arg in args]
    parts += [f"{name}={write(value)}" for name, value in case.kwargs.items()]
    one_line = f"{function}({', '.join(parts)}){times}"
    if len(one_line) <= 100:
        return one_line
    lines = ",\n".join("    " + part.replace("\n", "\n    ") for part in parts)
    return f"{function}(\n{lines},\n){times}"


def show_outcome(outcome: Outcome, case: Case | None = None) -> str:
    """Return what a call came to: a value, an exception, or a sentence.

    Parameters
    ----------
    outcome
        Of the call.
    case
        What was called. Of some, the outcome holds more than the value that a student sees.
    """
    if outcome.failure is not None:
        return outcome.failure
    if outcome.error is not None:
        message = f": {outcome.error.message}" if outcome.error.message else ""
        return f"{outcome.error.types[0]}{message}"
    if case is not None and case.probe == "fresh" and _is_fresh(outcome.value):
        return _show_fresh(outcome.value)
    return show(outcome.value)


def _is_fresh(value: Any) -> bool:
    return isinstance(value, Mapping) and "returned" in value


def _show_fresh(found: Mapping[Any, Any]) -> str:
    """Return what the probe "fresh" found: what came back, and what else happened."""
    notes = {
        "with inputs as they were": "its input was changed",
        "with new arrays": "an array of its input is among what came back",
    }
    said = [f"\n# {words}" for key, words in notes.items() if found.get(key) is False]
    return show(found["returned"]) + "".join(said)


def show(value: Any) -> str:
    """Return a value as Python, cut in the middle where it is long."""
    if isinstance(value, np.ndarray) and value.ndim > 4 and value.size > _LARGE:
        return f"an array of shape {value.shape}"
    text = _brief(value) if _size(value) > _LARGE else literal(value)
    if isinstance(value, np.ndarray) and len(text) > LONGEST:
        text = _brief(value)
    return _cut(text)


def _cut(text: str) -> str:
    if len(text) <= LONGEST:
        return text
    return f"{text[: LONGEST // 2]} ... {text[-LONGEST // 2 :]}"


def _brief(value: Any) -> str:
    """Return the beginning of what may be as large, and as odd, as an answer can be."""
    if isinstance(value, np.ndarray):
        rounded = np.array2string(value, threshold=40, precision=6)
        return f"an array of shape {value.shape}, rounded:\n{rounded}"
    brief = reprlib.Repr()
    brief.maxlist = brief.maxtuple = brief.maxdict = brief.maxset = brief.maxfrozenset = 40
    brief.maxstring = brief.maxother = LONGEST
    return brief.repr(_without_counters(value))


def _without_counters(value: Any) -> Any:
    """Return a value with dicts for Counters, which sort their counts before they show them."""
    if isinstance(value, Mapping):
        return {key: _without_counters(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        parts = [_without_counters(part) for part in value]
        return tuple(parts) if isinstance(value, tuple) else parts
    return value


def _size(value: Any) -> int:
    """Return about how many characters a value takes to write."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, np.ndarray):
        return int(value.size)
    if isinstance(value, Mapping):
        return sum(_size(key) + _size(part) for key, part in value.items())
    if isinstance(value, (list, tuple, frozenset)):
        return 1 + sum(_size(part) for part in value)
    return 1


def _write_argument(value: Any) -> str:
    """Return an argument whole, as Python."""
    return _show_recipe(value) if isinstance(value, Recipe) else literal(value)


def _show_argument(value: Any) -> str:
    return _show_recipe(value) if isinstance(value, Recipe) else show(value)


def _show_recipe(recipe: Recipe) -> str:
    """Return what a recipe builds, in a student's words."""
    match recipe:
        case Recipe("generator", (seed,)):
            return f"np.random.default_rng({seed})"
        case Recipe("table model", (memory, table)):
            lines = [
                f"  {show(list(context))}: {show(dict(zip(words, probs, strict=True)))}"
                for context, (words, probs) in table.items()
            ]
            what = f"next_probs, which looks at the last {memory} token(s) and gives"
            return "\n".join([what, *lines])
        case Recipe("graph", (specs,)):
            names = [spec[0] for spec in specs]
            lines = [_show_node(spec, names) for spec in specs]
            return "\n".join([f"{names[-1]}, the last of these nodes", *lines])
        case Recipe("clock loss", (losses,)):
            return f"a loss that is {show(losses)} after 0, 1, 2 ... steps of rate 1"
        case Recipe("clock gradients", ()):
            return "gradients by which a step of rate 1 counts as one"
        case Recipe("position loss" | "position gradients" as name, ()):
            return f"the {name.split()[1]} of a small model"
        case Recipe("spiking gradients", (factor,)):
            spike = (
                f"multiplied by {factor:g}"
                if np.isfinite(factor)
                else f"given {factor} as the first entry of bias"
            )
            return (
                "the gradients of a small model; those of a batch whose first id is 0 are " + spike
            )
        case Recipe("cliff gradient", (c, bottom, h, k, n, place)):
            return (
                f"the gradient of {c:.6g} ((w - {bottom[0]:.6g})^2 + (b - {bottom[1]:.6g})^2) / 2 "
                f"+ {h:.6g} logistic({k:.6g} ({n[0]:.6g} w + {n[1]:.6g} b - {place:.6g}))"
            )
        case Recipe("waves", (a, b, w, scribbles)):
            what = (
                f"f, where f(x) is sum(a sin(20 x)) + b sin(sum(w x)), a = {show(a)}, "
                f"b = {b:.6g}, w = {show(w)}"
            )
            return what + (", and f changes the array that it gets" if scribbles else "")
    return f"a {recipe.name}"


def _show_node(spec: tuple[Any, ...], names: list[str]) -> str:
    name, value, parents, derivatives, grad = spec
    arcs = ", ".join(
        f"{names[place]} (derivative {slope:.6g})"
        for place, slope in zip(parents, derivatives, strict=True)
    )
    old = f", grad {grad:.6g}" if grad else ""
    return f"  {name} = {value:.6g}{old}" + (f", from {arcs}" if arcs else ", an input")
