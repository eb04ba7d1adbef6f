import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextword.proportion import CountError, Proportion


@given(st.integers(1, 200).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_interval_lies_in_0_to_1_around_the_share_and_has_a_width(counts):
    low, high = Proportion(*counts).wilson()
    assert 0 <= low <= Proportion(*counts).share + 1e-12
    assert Proportion(*counts).share - 1e-12 <= high <= 1
    assert high - low > 0.005


@pytest.fixture(autouse=True, scope="module")
def scipy_is_imported():
    """It takes longer than Hypothesis gives a single example."""
    Proportion(1, 2).wilson()


def test_ends_agree_with_the_formula():
    n, share, z = 16, 13 / 16, 1.959963984540054
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * (share * (1 - share) / n + z**2 / (4 * n**2)) ** 0.5
    assert Proportion(13, 16).wilson() == pytest.approx((centre - half, centre + half))


def test_more_confidence_is_wider():
    narrow, wide = (Proportion(3, 10).wilson(confidence) for confidence in (0.8, 0.99))
    assert wide[0] < narrow[0] < narrow[1] < wide[1]


@pytest.mark.parametrize(("successes", "tries"), [(1, 0), (-1, 5), (6, 5)])
def test_counts_that_cannot_be_are_refused(successes, tries):
    with pytest.raises(CountError, match="expected 1 try or more"):
        Proportion(successes, tries)


@pytest.mark.parametrize("confidence", [0.0, 1.0, 95.0])
def test_a_confidence_that_is_no_share_is_refused(confidence):
    with pytest.raises(CountError, match="between 0 and 1"):
        Proportion(1, 2).wilson(confidence)
