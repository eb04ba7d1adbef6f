"""Nonlinearities know their slopes, and recurrent weights begin as they are said to."""

import numpy as np
import pytest

from nextword.dynamics.recurrent_units import INCOMING, RADIUS, STARTS, UNITS


@pytest.mark.parametrize("unit", UNITS)
def test_slopes_are_those_of_the_nonlinearity(unit):
    squash, slopes_of = UNITS[unit]
    sums = np.array([-3.0, -0.5, 0.25, 2.0])
    states, above, below = sums.copy(), sums + 1e-6, sums - 1e-6
    for each in (states, above, below):
        squash(each)
    slopes = np.empty_like(states)
    slopes_of(states, slopes)
    np.testing.assert_allclose(slopes, (above - below) / 2e-6, atol=1e-8)


def test_a_sparse_start_has_so_many_connections_into_each_unit_and_its_radius():
    weights = STARTS["sparse"](np.random.default_rng(0), 50)
    assert np.count_nonzero(weights, axis=0).tolist() == 50 * [INCOMING]
    assert len(set(np.count_nonzero(weights, axis=1))) > 1  # out of a unit go more or fewer
    assert np.abs(np.linalg.eigvals(weights)).max() == pytest.approx(RADIUS)


def test_the_identity_is_the_identity():
    assert (STARTS["identity"](np.random.default_rng(0), 5) == np.eye(5)).all()
