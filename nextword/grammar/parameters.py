"""What a lecture sets: how surely the noun returns, how far away, how uneven frequencies are."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

# NOUN verb and the NOUN: what lies between the two nouns of a sentence without any phrase.
SHORTEST_DISTANCE = 4
LONGEST_MIN_DISTANCE = 1000


class ParameterError(ValueError):
    """A parameter of the grammar is outside its range."""


@dataclass(frozen=True, kw_only=True)
class Parameters:
    """How surely the noun returns, how far away, and how uneven the frequencies are.

    The *distance* of a sentence is the number of tokens from its first noun to the noun after
    "and the": the difference of their indices, 4 in "the old cook eats and the cook smiles .". A
    model that looks at the last w tokens sees the first noun where the distance is at most w, and
    the verb, which betrays topic and number of the noun, where it is at most w + 1.

    Parameters
    ----------
    returning : float
        Probability, 0 to 1, that the second noun is the first one again, in the same form.
        Otherwise it is another noun of the same topic, in either number.
    stop : float
        Probability, above 0 and up to 1, that "and" comes next, wherever the distance allows it.
    min_distance : int
        The smallest distance, 4 to 1000: "and" cannot come earlier.
    skew : float
        Exponent of Zipf's law, 0 to 5: in a list without probabilities of its own, the word of rank
        r is drawn in proportion to r^-skew. 0 makes all equal.

    Raises
    ------
    ParameterError
        A parameter is outside its range.
    """

    returning: float = 0.85
    stop: float = 0.4
    min_distance: int = SHORTEST_DISTANCE
    skew: float = 0.7

    def __post_init__(self) -> None:
        _check_range("returning", self.returning, 0, 1)
        _check_range("stop", self.stop, 0, 1)
        _check_range("skew", self.skew, 0, 5)
        _check_range("min_distance", self.min_distance, SHORTEST_DISTANCE, LONGEST_MIN_DISTANCE)
        if self.stop == 0:
            raise ParameterError("expected stop above 0, got 0: no sentence would ever end")
        if self.min_distance != int(self.min_distance):
            raise ParameterError(
                f"expected min_distance as a whole number of tokens, got {self.min_distance}"
            )


def _check_range(name: str, value: float, lowest: float, highest: float) -> None:
    is_number = not isinstance(value, bool | str | bytes) and hasattr(value, "__float__")
    if not is_number or not math.isfinite(value) or not lowest <= value <= highest:
        raise ParameterError(f"expected {name} from {lowest} to {highest}, got {value!r}")


NEAR = Parameters()
FAR = Parameters(stop=0.18)
OUT_OF_SIGHT = Parameters(stop=0.65, min_distance=10)

# Mean distances 7.7, 15.5 and 11.9; in the last, a window of 8 sees neither the noun nor its verb.
PRESETS: Mapping[str, Parameters] = MappingProxyType(
    {"near": NEAR, "far": FAR, "out of sight": OUT_OF_SIGHT}
)
