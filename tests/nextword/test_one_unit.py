"""One unit: orbits, fixed points and error surface agree with their definitions and with facts."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextword.dynamics.one_unit import ErrorSurface, FixedPointCurve, OneUnit, OneUnitError


def squash(x):
    return 1 / (1 + np.exp(-x))


weights = st.floats(0.1, 8)
biases = st.floats(-5, 5)
starts = st.floats(-6, 6)


class TestOrbit:
    @given(weights, biases, starts)
    def test_each_state_is_the_map_of_the_one_before(self, w, b, start):
        path = OneUnit(w, b).orbit(start, 5)
        assert path[0] == start
        assert path[1:] == pytest.approx(w * squash(path[:-1]) + b, abs=1e-12)

    def test_has_a_column_for_each_start(self):
        assert OneUnit(5, -2.5).orbit(np.array([[0.0, 1.0]]), 3).shape == (4, 1, 2)

    def test_no_steps_give_the_start(self):
        assert OneUnit(5, -2.5).orbit(0.5, 0).tolist() == [0.5]

    def test_inputs_are_added_after_the_map(self):
        path = OneUnit(5, -2.5).orbit(0.0, 2, [1.0, -0.5])
        assert path[1] == pytest.approx(1.0)
        assert path[2] == pytest.approx(5 * squash(1.0) - 3.0)

    def test_ends_at_the_attractors_of_the_facts(self):
        assert OneUnit(5, -2.5).orbit([-0.1, 0.1], 300)[-1] == pytest.approx(
            [-1.776, 1.776], abs=1e-3
        )

    @pytest.mark.parametrize(
        ("wrong", "said"),
        [
            (lambda: OneUnit(0, 1), "above 0"),
            (lambda: OneUnit(-3, 1), "above 0"),
            (lambda: OneUnit(np.nan, 1), "weight w to be finite"),
            (lambda: OneUnit(1, np.inf), "bias b to be finite"),
            (lambda: OneUnit("five", 1), "as numbers"),
            (lambda: OneUnit(5, 1).orbit(0.5, -1), "0 steps or more"),
            (lambda: OneUnit(5, 1).orbit([0, np.nan], 2), "starts to be finite"),
            (lambda: OneUnit(5, 1).orbit(0.5, 3, [1.0]), "one input for each of 3 steps"),
        ],
    )
    def test_says_what_is_wrong(self, wrong, said):
        with pytest.raises(OneUnitError, match=said):
            wrong()


class TestFixedPoints:
    @given(weights)
    def test_every_point_of_the_curve_stays_where_it_is(self, w):
        curve = FixedPointCurve(w, n=101)
        assert w * squash(curve.x) + curve.b == pytest.approx(curve.x, abs=1e-9)

    @given(weights.filter(lambda w: abs(w - 4) > 0.05))
    def test_the_curve_turns_exactly_where_stability_changes_and_only_above_4(self, w):
        curve = FixedPointCurve(w, n=20_000)
        changes = np.flatnonzero(np.diff(curve.stable))
        turns = np.flatnonzero(np.diff(np.sign(np.diff(curve.b))))
        assert len(changes) == (2 if w > 4 else 0)
        assert np.abs(changes - turns).max(initial=0) <= 1

    def test_folds_at_5_are_those_of_the_facts(self):
        curve = FixedPointCurve(5, span=(-4, 4), n=800_000)
        turns = np.flatnonzero(np.diff(curve.stable))
        assert curve.x[turns] == pytest.approx([-0.96242, 0.96242], abs=2e-5)
        assert curve.b[turns] == pytest.approx([-2.34439, -2.65561], abs=1e-5)

    @given(weights, starts)
    def test_stable_points_attract_and_others_do_not(self, w, x):
        curve = FixedPointCurve(w, span=(x, x + 1), n=3)
        if abs(curve.slope[0] - 1) < 1e-2:
            return
        near = OneUnit(w, curve.b[0]).orbit(x + 1e-6, 1)[1] - x
        assert (abs(near) < 1e-6) == curve.stable[0]

    @pytest.mark.parametrize(
        ("wrong", "said"),
        [
            (lambda: FixedPointCurve(0), "above 0"),
            (lambda: FixedPointCurve(5, n=2), "3 states or more"),
            (lambda: FixedPointCurve(5, span=(1, 1)), "ascending span"),
            (lambda: FixedPointCurve(5, span=(0, np.nan)), "span to be finite"),
        ],
    )
    def test_says_what_is_wrong(self, wrong, said):
        with pytest.raises(OneUnitError, match=said):
            wrong()


class TestErrorSurface:
    @given(weights, biases)
    def test_its_errors_are_those_of_the_orbit(self, w, b):
        last = OneUnit(w, b).orbit(0.5, 50)[-1]
        found = ErrorSurface().look([w, b])
        assert found.states == pytest.approx(last)
        assert found.errors == pytest.approx((squash(last) - 0.7) ** 2)

    @given(st.floats(-4, 4), biases, st.integers(0, 6))
    def test_slopes_and_curvatures_are_those_of_differences(self, w, b, n_steps):
        surface, point, eps = ErrorSurface(n_steps, start=-0.3, target=0.4), np.array([w, b]), 1e-5
        found = surface.look(point)
        for axis in (0, 1):
            step = np.eye(2)[axis] * eps
            ahead, behind = surface.look(point + step), surface.look(point - step)
            assert (ahead.errors - behind.errors) / (2 * eps) == pytest.approx(
                found.slopes[axis], abs=1e-7
            )
            assert (ahead.slopes - behind.slopes) / (2 * eps) == pytest.approx(
                found.curvatures[axis], abs=1e-6
            )

    def test_no_steps_make_it_flat(self):
        found = ErrorSurface(0).look([5.0, -2.0])
        assert found.states == 0.5
        assert not found.slopes.any()

    @pytest.mark.parametrize(
        ("w", "on_line", "largest", "at"),
        [
            (4.5, 9.75, 134, -1.9e-3),
            (5.0, 662, 5_751, -4.5e-5),
            (5.5, 46_489, 330_122, -7.8e-7),
            (6.0, 2.6e6, 1.7e7, -1.6e-8),
        ],
    )
    def test_the_wall_is_as_steep_as_the_facts_say(self, w, on_line, largest, at):
        surface = ErrorSurface()
        here = np.abs(surface.look([w, surface.wall(w)]).slopes[1])
        assert here == pytest.approx(on_line, rel=0.02)
        offsets = -np.geomspace(1e-10, 0.1, 20_000)
        points = surface.mesh([w], offsets, from_wall=True)[:, 0]
        steepness = np.abs(surface.look(points).slopes[:, 1])
        assert steepness.max() == pytest.approx(largest, rel=0.03)
        assert offsets[steepness.argmax()] == pytest.approx(at, rel=0.03)

    def test_the_wall_begins_where_the_start_stops_to_be_an_attractor(self):
        surface = ErrorSurface()
        assert surface.wall_begins == pytest.approx(4.2553, abs=1e-4)
        assert surface.wall([5.0, 6.0]) == pytest.approx(0.5 - 0.62246 * np.array([5, 6]), abs=1e-4)
        with pytest.raises(OneUnitError, match=r"above 4\.2553, where the wall begins, got 4"):
            surface.wall([5.0, 4.0])

    def test_mesh_has_a_row_for_each_bias(self):
        points = ErrorSurface().mesh([4.0, 5.0, 6.0], [-3.0, -2.0])
        assert points.shape == (2, 3, 2)
        assert points[1, 2].tolist() == [6.0, -2.0]

    def test_looks_at_nothing(self):
        assert ErrorSurface().look(np.empty((0, 2))).errors.shape == (0,)

    @pytest.mark.parametrize(
        ("wrong", "said"),
        [
            (lambda: ErrorSurface(-1), "0 steps or more"),
            (lambda: ErrorSurface(start=np.nan), "start to be finite"),
            (lambda: ErrorSurface(target=np.inf), "target to be finite"),
            (lambda: ErrorSurface().look([1.0, 2.0, 3.0]), "pairs"),
            (lambda: ErrorSurface().look(5.0), "pairs"),
            (lambda: ErrorSurface().look([np.nan, 0.0]), "points to be finite"),
            (lambda: ErrorSurface(2000, start=0.0).look([9.0, -4.5]), "overflow"),
        ],
    )
    def test_says_what_is_wrong(self, wrong, said):
        with pytest.raises(OneUnitError, match=said):
            wrong()
