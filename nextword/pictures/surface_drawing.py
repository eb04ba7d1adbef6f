"""Drawings of the error surface of one unit, with its wall."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.ticker import MaxNLocator

from nextword.dynamics.one_unit import ErrorSurface, OneUnitError
from nextword.pictures import plots

if TYPE_CHECKING:
    from jaxtyping import Float
    from matplotlib.axes import Axes
    from matplotlib.collections import QuadMesh
    from mpl_toolkits.mplot3d import Axes3D  # type: ignore[import-untyped]

WEIGHTS, BIASES = (4.0, 7.0), (-4.0, -2.0)
"""What is drawn by default: where Fig. 6 of Pascanu et al. 2013 has its wall."""


def points_along_wall(
    surface: ErrorSurface,
    weights: tuple[float, float] = WEIGHTS,
    biases: tuple[float, float] = BIASES,
    n: int = 120,
) -> Float[np.ndarray, "rows columns 2"]:
    """Return points that fill a rectangle of the (w, b) plane, with one row along the wall.

    Rows lie ever closer to each other towards the wall, so that drawings show a sharp edge where a
    regular grid shows stairs.

    Parameters
    ----------
    surface
        Whose wall.
    weights, biases
        First and last of each, ascending.
    n
        How many columns, and how many rows on each side of the wall.

    Raises
    ------
    OneUnitError
        A range is not ascending, or n is below 2.

    Examples
    --------
    >>> points = points_along_wall(ErrorSurface(), n=3)
    >>> points.shape
    (7, 3, 2)
    >>> points[3, :, 1].round(2)
    array([-2.  , -2.92, -3.86])
    """
    if n < 2 or weights[0] >= weights[1] or biases[0] >= biases[1]:
        raise OneUnitError(
            f"expected ascending ranges and n of 2 or more, got weights {weights}, "
            f"biases {biases}, n {n}"
        )
    w = np.linspace(*weights, n)
    line = np.clip(surface.mesh(w, np.zeros(1), from_wall=True)[0, :, 1], *biases)
    towards = np.geomspace(1, 1e-12, n)
    below = line + towards[:, None] * (biases[0] - line)
    above = line + towards[::-1, None] * (biases[1] - line)
    b = np.concatenate([below, line[None], above])
    return np.stack([np.broadcast_to(w, b.shape), b], axis=-1)


def _wall_line(
    surface: ErrorSurface, weights: tuple[float, float], biases: tuple[float, float]
) -> Float[np.ndarray, "points 2"]:
    first = max(weights[0], surface.wall_begins + 1e-6)
    if first >= weights[1]:
        return np.empty((0, 2))
    w = np.linspace(first, weights[1], 200)
    line = np.stack([w, surface.wall(w)], axis=-1)
    inside: Float[np.ndarray, "points 2"] = line[
        (line[:, 1] >= biases[0]) & (line[:, 1] <= biases[1])
    ]
    return inside


def draw_surface(
    axis: Axes3D,
    surface: ErrorSurface,
    weights: tuple[float, float] = WEIGHTS,
    biases: tuple[float, float] = BIASES,
    *,
    n: int = 90,
    wall: bool = True,
    **drawing: Any,
) -> None:
    """Draw an error surface in three dimensions, and the line of its wall on top.

    Parameters
    ----------
    axis
        With projection "3d". Make it with `computed_zorder=False`, so that what is drawn later,
        such as a path, is seen.
    surface
        What is drawn.
    weights, biases
        First and last of each, ascending.
    n
        How fine; see `points_along_wall`.
    wall
        Whether to draw the wall's line.
    **drawing
        Goes to `plot_surface`.

    Raises
    ------
    OneUnitError
        A range is not ascending.
    """
    points = points_along_wall(surface, weights, biases, n)
    options = {"cmap": "cividis", "rcount": 2 * n + 1, "ccount": n, "linewidth": 0} | drawing
    errors = surface.look(points).errors
    axis.plot_surface(points[..., 0], points[..., 1], errors, **options)
    line = _wall_line(surface, weights, biases)
    if wall and len(line):
        height = surface.look(line).errors
        axis.plot(line[:, 0], line[:, 1], height, color=plots.RED, linewidth=3, zorder=5)
    axis.set(xlim=weights, ylim=biases)
    for side in (axis.xaxis, axis.yaxis):
        side.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10], prune="upper"))
    axis.locator_params("z", nbins=5)
    axis.set_xlabel("w", labelpad=10)
    axis.set_ylabel("b", labelpad=12)
    axis.set_zlabel("error", labelpad=10)
    axis.view_init(elev=30, azim=55)  # before the wall, a little to the side


def draw_error_map(
    axis: Axes,
    surface: ErrorSurface,
    weights: tuple[float, float] = WEIGHTS,
    biases: tuple[float, float] = BIASES,
    *,
    n: int = 120,
    wall: bool = True,
) -> QuadMesh:
    """Draw an error surface from above, the error as colour, and the line of its wall.

    Parameters
    ----------
    axis, surface, weights, biases, n, wall
        As for `draw_surface`.

    Returns
    -------
    QuadMesh
        For a colour bar.

    Raises
    ------
    OneUnitError
        A range is not ascending.
    """
    points = points_along_wall(surface, weights, biases, n)
    errors = surface.look(points).errors
    mesh = axis.pcolormesh(
        points[..., 0], points[..., 1], errors, cmap="cividis", shading="gouraud", vmin=0
    )
    line = _wall_line(surface, weights, biases)
    if wall and len(line):
        axis.plot(line[:, 0], line[:, 1], color=plots.RED, linewidth=2.5)
    axis.set(xlabel="w", ylabel="b", xlim=weights, ylim=biases)
    axis.grid(visible=False)
    return mesh
