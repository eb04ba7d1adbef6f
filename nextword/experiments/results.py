"""What a grid's table says: how many runs solved their task, and which methods are told apart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from nextword.proportion import Proportion

ORDER = ("MSGD", "MSGD-C", "MSGD-CR")
"""From worst to best in 002, Fig. 7."""


class ResultsError(ValueError):
    """A table has not what is needed, or has a run twice."""


@dataclass(frozen=True, order=True)
class Place:
    """Where in a grid methods are compared.

    Attributes
    ----------
    task
        Its name, as the program knows it.
    length
        T, in steps.
    beginning
        The name of an initialisation.
    learning_rate, updates
        The same in all its runs.
    """

    task: str
    length: int
    beginning: str
    learning_rate: float
    updates: int

    def __str__(self) -> str:
        return f"T = {self.length}, {self.beginning.replace('-', ' ')}"


Solved = dict[Place, dict[str, Proportion]]


def solved_runs(rows: Iterable[Mapping[str, object]], within: int | None = None) -> Solved:
    """Count runs that solved their task, by place and method.

    Parameters
    ----------
    rows
        Of a table that `python -m nextword.experiments` wrote: as text, or as `recorded` reads it.
    within
        Count as solved what was solved after so many updates at most, as if no run had had more.
        Whoever looks at several such budgets and shows one says so. None: all that runs had.

    Raises
    ------
    ResultsError
        There is no row, one has no such column, a run stands twice, or runs had fewer updates.
    """
    counted: dict[tuple[Place, str], dict[int, bool]] = {}
    for row in rows:
        try:
            place = Place(
                str(row["task"]),
                _whole(row["length"]),
                str(row["beginning"]),
                float(str(row["learning_rate"])),
                _whole(row["updates"]),
            )
            runs = counted.setdefault((place, str(row["method"])), {})
            solved_at = row["solved_at"]
            seed = _whole(row["seed"])
            solved = solved_at != "" and (within is None or _whole(solved_at) <= within)
        except (KeyError, ValueError) as error:
            raise ResultsError(f"expected rows of a grid's table, got {dict(row)}") from error
        if within is not None and within > place.updates:
            raise ResultsError(f"expected updates of {within} or more, got {place.updates}")
        if seed in runs:
            raise ResultsError(f"expected each run once, got seed {seed} of {place} twice")
        runs[seed] = solved
    if not counted:
        raise ResultsError("expected rows of a grid's table, got none")
    found: Solved = {}
    for place, method in sorted(counted):
        runs = counted[place, method]
        found.setdefault(place, {})[method] = Proportion(sum(runs.values()), len(runs))
    return found


@dataclass(frozen=True)
class Comparison:
    """Of two methods, where the second solves more than the first.

    Attributes
    ----------
    lower, higher
        The methods, in the order that was expected.
    shown
        Where Wilson intervals lie apart, that of `higher` above.
    contrary
        Where they lie apart the other way round.
    open
        Where they overlap: not told apart by so many runs.
    missing
        Where one of the two was not run.
    """

    lower: str
    higher: str
    shown: tuple[Place, ...]
    contrary: tuple[Place, ...]
    open: tuple[Place, ...]
    missing: tuple[Place, ...]


def compared(
    solved: Mapping[Place, Mapping[str, Proportion]],
    lower: str,
    higher: str,
    confidence: float = 0.95,
) -> Comparison:
    """Compare two methods wherever both were run.

    Two intervals that do not overlap are a stricter demand than a difference at the same
    confidence; and each place is a comparison of its own: of many, some are apart by chance.

    Parameters
    ----------
    solved
        What `solved_runs` counted.
    lower, higher
        Which is expected to solve fewer, and which more.
    confidence
        Of each interval.
    """
    found: dict[str, list[Place]] = {"shown": [], "contrary": [], "open": [], "missing": []}
    for place, by_method in solved.items():
        if lower not in by_method or higher not in by_method:
            found["missing"].append(place)
            continue
        (low, up), (low_2, up_2) = (by_method[name].wilson(confidence) for name in (lower, higher))
        kind = "shown" if up < low_2 else "contrary" if up_2 < low else "open"
        found[kind].append(place)
    return Comparison(lower, higher, **{name: tuple(places) for name, places in found.items()})


def ordering_in_words(
    solved: Mapping[Place, Mapping[str, Proportion]], methods: Sequence[str] = ORDER
) -> str:
    """Return what Wilson intervals (95%) say of the order of methods, a sentence for each pair.

    Parameters
    ----------
    solved
        What `solved_runs` counted.
    methods
        From the one that is expected to solve fewest to the one that is to solve most.
    """
    said = []
    for lower, higher in pairwise(methods):
        found = compared(solved, lower, higher)
        parts = [
            f"{words} at {_listed(places, solved, lower, higher)}"
            for words, places in (
                ("intervals lie apart", found.shown),
                ("they lie apart the other way round", found.contrary),
                ("they overlap", found.open),
            )
            if places
        ]
        said.append(f"{lower} < {higher}: {'; '.join(parts) or 'not run beside each other'}.")
    return " ".join(said)


def _listed(
    places: Sequence[Place],
    solved: Mapping[Place, Mapping[str, Proportion]],
    lower: str,
    higher: str,
) -> str:
    return ", ".join(
        f"{place} ({_of(solved[place][lower])} and {_of(solved[place][higher])})"
        for place in places
    )


def _of(count: Proportion) -> str:
    return f"{count.successes} of {count.tries}"


def _whole(value: object) -> int:
    """Return a whole number that was read as text or as a float."""
    number = float(str(value))
    if number != int(number):
        raise ValueError(f"expected a whole number, got {value!r}")
    return int(number)
