"""Drawings of the error surface follow the wall."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from nextword.dynamics.one_unit import ErrorSurface, OneUnitError
from nextword.pictures.surface_drawing import draw_error_map, draw_surface, points_along_wall


def test_points_fill_the_rectangle_and_one_row_lies_on_the_wall():
    surface = ErrorSurface()
    points = points_along_wall(surface, (4.5, 6.0), (-3.5, -2.1), n=20)
    assert points.shape == (41, 20, 2)
    w, b = points[..., 0], points[..., 1]
    assert (w[:, 0] == 4.5).all()
    assert (w[:, -1] == 6.0).all()
    assert b[0] == pytest.approx(-3.5)
    assert b[-1] == pytest.approx(-2.1)
    assert b[20] == pytest.approx(surface.wall(w[20]))
    assert (np.diff(b, axis=0) >= 0).all()


def test_points_stay_inside_where_the_wall_leaves_the_rectangle():
    b = points_along_wall(ErrorSurface(), (4.0, 7.0), (-3.0, -2.5), n=10)[..., 1]
    assert b.min() == pytest.approx(-3.0)
    assert b.max() == pytest.approx(-2.5)


@pytest.mark.parametrize(
    ("weights", "biases", "n"),
    [((5, 5), (-4, -2), 9), ((4, 7), (-2, -4), 9), ((4, 7), (-4, -2), 1)],
)
def test_says_what_is_wrong(weights, biases, n):
    with pytest.raises(OneUnitError, match="ascending ranges and n of 2 or more"):
        points_along_wall(ErrorSurface(), weights, biases, n)


@pytest.mark.parametrize(("weights", "walls"), [((4.0, 7.0), 1), ((2.0, 4.0), 0)])
def test_the_wall_is_drawn_where_there_is_one(weights, walls):
    figure = plt.figure()
    solid = figure.add_subplot(121, projection="3d", computed_zorder=False)
    flat = figure.add_subplot(122)
    draw_surface(solid, ErrorSurface(), weights, n=8)
    mesh = draw_error_map(flat, ErrorSurface(), weights, n=8)
    assert len(solid.lines) == len(flat.lines) == walls
    assert mesh.get_array().min() >= 0
    plt.close(figure)


def test_the_wall_can_be_left_out():
    figure, axis = plt.subplots()
    draw_error_map(axis, ErrorSurface(), n=8, wall=False)
    assert not axis.lines
    plt.close(figure)
