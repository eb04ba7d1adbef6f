import numpy as np
import pytest

from nextword.dynamics.descent import Descent, DescentError
from nextword.dynamics.one_unit import ErrorSurface

SURFACE = ErrorSurface()


def test_one_step_goes_down_the_gradient():
    start = np.array([4.5, -2.5])
    slopes = SURFACE.look(start).slopes
    path = Descent(SURFACE, start, learning_rate=0.1, n_steps=1)
    assert path.points[1] == pytest.approx(start - 0.1 * slopes)
    assert path.norms[0] == pytest.approx(np.linalg.norm(slopes))
    assert path.errors[0] == SURFACE.look(start).errors


def test_no_clipped_step_is_longer_than_the_rate_times_the_longest_gradient():
    path = Descent(SURFACE, [5.0, -2.2], learning_rate=0.1, n_steps=200, longest=1.0)
    assert path.farthest_step == pytest.approx(0.1)
    assert path.norms.max() > 1


@pytest.mark.parametrize(
    ("start", "rate", "length", "end", "error", "tame_below"),
    [
        ([5.0, -2.2], 0.1, 39.10, [25.17, 30.89], 0.09, 1e-3),
        ([6.25, -3.625], 0.3, 56.53, [-24.48, -50.84], 0.49, 1.5e-3),
    ],
)
def test_the_starts_of_the_lecture_end_where_they_should(
    start, rate, length, end, error, tame_below
):
    """Facts measured with independent programs. Beside the wall rounding decides the details."""
    wild = Descent(SURFACE, start, learning_rate=rate, n_steps=200)
    assert wild.farthest_step == pytest.approx(length, abs=0.05)
    assert wild.points[-1] == pytest.approx(end, abs=0.1)
    assert wild.errors[-1] == pytest.approx(error, abs=1e-3)
    tame = Descent(SURFACE, start, learning_rate=rate, n_steps=500, longest=1.0)
    assert tame.errors[-1] < tame_below


def test_many_paths_are_those_of_each_alone():
    starts = np.array([[[5.0, -2.2], [4.5, -3.0]], [[6.0, -3.6], [4.2, -2.5]]])
    together = Descent(SURFACE, starts, learning_rate=0.1, n_steps=20, longest=0.5)
    alone = Descent(SURFACE, starts[1, 0], learning_rate=0.1, n_steps=20, longest=0.5)
    assert together.points.shape == (21, 2, 2, 2)
    assert together.points[:, 1, 0] == pytest.approx(alone.points, rel=1e-6)
    assert together.farthest_step.shape == (2, 2)


def test_paths_may_have_their_own_rates_and_longest_gradients():
    start, rates, longest = np.array([5.0, -2.2]), np.array([[0.1], [0.2]]), np.array([0.5, np.inf])
    together = Descent(SURFACE, start, rates, n_steps=8, longest=longest)
    assert together.points.shape == (9, 2, 2, 2)
    for row, rate in enumerate((0.1, 0.2)):
        for column, most in enumerate((0.5, np.inf)):
            alone = Descent(SURFACE, start, rate, n_steps=8, longest=most)
            assert together.points[:, row, column] == pytest.approx(alone.points)


def test_rates_that_fit_no_starts_are_refused():
    with pytest.raises(DescentError, match=r"that broadcast, got shapes \(3,\), \(2,\)"):
        Descent(SURFACE, np.full((3, 2), 5.0), np.array([0.1, 0.2]), n_steps=1)


def test_no_step_stays_where_it_began():
    path = Descent(SURFACE, [5.0, -2.2], learning_rate=0.1, n_steps=0)
    assert path.points.tolist() == [[5.0, -2.2]]
    assert path.farthest_step == 0


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"learning_rate": 0.0}, "learning rate above 0, got 0.0"),
        ({"learning_rate": float("nan")}, "learning rate above 0, got nan"),
        ({"n_steps": -1}, "0 steps or more, got -1"),
        ({"longest": 0.0}, "longest gradient above 0, got 0.0"),
        ({"longest": float("nan")}, "longest gradient above 0, got nan"),
    ],
)
def test_settings_out_of_range_are_refused(wrong, message):
    with pytest.raises(DescentError, match=message):
        Descent(SURFACE, [5.0, -2.2], **{"learning_rate": 0.1, "n_steps": 3, **wrong})
