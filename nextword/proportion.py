"""How much a share of successes says, when it comes from few runs."""

from __future__ import annotations

from dataclasses import dataclass


class CountError(ValueError):
    """Counts of runs that cannot be."""


@dataclass(frozen=True)
class Proportion:
    """So many successes of so many independent tries.

    Parameters
    ----------
    successes
        From 0 to `tries`.
    tries
        1 or more.

    Raises
    ------
    CountError
        Otherwise.

    Examples
    --------
    >>> print(Proportion(16, 16))
    16 of 16 (0.81 to 1.00)
    """

    successes: int
    tries: int

    def __post_init__(self) -> None:
        if self.tries < 1 or not 0 <= self.successes <= self.tries:
            raise CountError(
                f"expected 1 try or more and from 0 to as many successes, got {self.successes} of "
                f"{self.tries}"
            )

    @property
    def share(self) -> float:
        """Successes by tries."""
        return self.successes / self.tries

    def wilson(self, confidence: float = 0.95) -> tuple[float, float]:
        """Return the ends of the Wilson interval for the chance of success.

        It holds at 0 of n and n of n, where share ± 2 standard errors has no width.

        Parameters
        ----------
        confidence
            How often such an interval contains the chance, about.

        Raises
        ------
        CountError
            The confidence is not between 0 and 1.

        References
        ----------
        Wilson 1927, computed by scipy.
        """
        if not 0 < confidence < 1:
            raise CountError(f"expected a confidence between 0 and 1, got {confidence}")
        # It takes a second to import, and few need it.
        from scipy.stats import binomtest  # type: ignore[import-untyped]

        found = binomtest(self.successes, self.tries).proportion_ci(confidence, method="wilson")
        return float(found.low), float(found.high)

    def __str__(self) -> str:
        low, high = self.wilson()
        return f"{self.successes} of {self.tries} ({low:.2f} to {high:.2f})"
