import matplotlib.pyplot as plt
import numpy as np
import pytest

from nextword.pictures.coloured_text import ColourCountError, coloured_text


def drawn(text, values, **options):
    figure = coloured_text(text, values, **options)
    (axis,) = figure.axes
    plt.close(figure)
    return axis


def lines_of(axis):
    lines = {}
    for shown in axis.texts:
        column, row = shown.get_position()
        lines.setdefault(int(row), {})[int(column)] = shown.get_text()
    return ["".join(line[column] for column in sorted(line)) for _, line in sorted(lines.items())]


def test_lines_end_where_the_text_says_or_at_a_space():
    axis = drawn("to be or not\nabcdefghij", np.zeros(23), columns=8)
    assert lines_of(axis) == ["to be ", "or not", "abcdefgh", "ij"]


def test_high_is_red_and_low_is_blue_and_what_is_beyond_the_limit_is_no_darker():
    axis = drawn("abcd", np.array([1.0, -1.0, 0.0, 5.0]))
    grounds = [patch.get_facecolor()[:3] for patch in axis.patches]
    assert grounds[0][0] > grounds[0][2]
    assert grounds[1][2] > grounds[1][0]
    assert min(grounds[2]) > 0.95
    assert grounds[3] == grounds[0]
    assert [text.get_color() for text in axis.texts] == ["white", "white", "#000000", "white"]


def test_every_character_needs_a_number():
    with pytest.raises(ColourCountError, match="a number for each of 3 characters, got 2"):
        coloured_text("abc", np.zeros(2))
