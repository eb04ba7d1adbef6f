"""Flow graphs are drawn where they are put, with arrows that end at the boxes' edges."""

from __future__ import annotations

import io

import matplotlib.pyplot as plt
import numpy as np
import pytest

from nextword.pictures import plots
from nextword.pictures.graph_drawing import Arrow, Box, UnknownBoxError, draw_flow_graph

BOXES = {"x": Box(0, 0, "x = 2"), "y": Box(2, 1, "y = 4", plots.RED)}


@pytest.fixture
def axis():
    figure, axis = plt.subplots()
    yield axis
    plt.close(figure)


def test_boxes_stand_where_they_are_put(axis):
    draw_flow_graph(axis, BOXES, [])
    assert [(text.get_text(), text.get_position()) for text in axis.texts] == [
        ("x = 2", (0, 0)),
        ("y = 4", (2, 1)),
    ]
    assert axis.get_xlim() == (-0.5, 2.5)


def test_an_arrow_shows_its_head_at_the_edge_of_its_box(axis):
    boxes = {"x": Box(0, 0, "x"), "y": Box(2, 0, "wide enough to hide it")}
    draw_flow_graph(axis, boxes, [Arrow("x", "y", colour="#ff0000")])
    # As notebooks save it: cut to what is drawn, which moves every box.
    pixels = plt.imread(io.BytesIO(plots.png(axis.figure)))
    red = (pixels[..., 0] > 0.9) & (pixels[..., 1:3] < 0.3).all(-1)
    thickness = red.sum(0)[red.any(0)]
    assert thickness.max() > 2 * np.median(thickness)


def test_a_text_stands_on_its_arrow_where_it_is_wanted(axis):
    draw_flow_graph(axis, BOXES, [Arrow("x", "y", "2x", at=0.25)])
    assert axis.texts[-1].get_text() == "2x"
    assert axis.texts[-1].get_position() == (0.5, 0.25)


@pytest.mark.parametrize("side", ["above", "below"])
def test_a_text_beside_its_arrow_leaves_the_arrow_whole(axis, side):
    draw_flow_graph(axis, BOXES, [Arrow("x", "y", "a long text along it", side=side)])
    axis.figure.canvas.draw()
    text = axis.texts[-1]
    assert text.get_bbox_patch() is None  # nothing white that would hide the arrow
    x, y = text.get_transform().transform(text.get_position())
    start, end = axis.transData.transform([(0, 0), (2, 1)])
    slope = np.degrees(np.arctan2(*(end - start)[::-1]))
    assert text.get_rotation() == pytest.approx(slope)
    middle = (start + end) / 2
    assert x == pytest.approx(middle[0])
    assert (y > middle[1]) == (side == "above")


def test_an_arrow_without_text_has_none(axis):
    draw_flow_graph(axis, BOXES, [Arrow("x", "y")])
    assert [text.get_text() for text in axis.texts] == ["x = 2", "y = 4", ""]


@pytest.mark.parametrize("arrow", [Arrow("x", "z"), Arrow("z", "y")])
def test_an_arrow_to_no_box_is_refused(axis, arrow):
    with pytest.raises(UnknownBoxError, match=r"two of the boxes x, y.*'z'"):
        draw_flow_graph(axis, BOXES, [arrow])
