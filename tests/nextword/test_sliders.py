"""Sliders draw again when they are let go, and their output carries a picture as well."""

import base64
from unittest import mock

import matplotlib.pyplot as plt
import pytest

from nextword.pictures.sliders import Slider, SliderError, show_live


def line(slope):
    figure, axis = plt.subplots(figsize=(2, 2))
    axis.plot([0, 1], [0, slope])
    return figure


@pytest.fixture
def shown():
    plt.close("all")
    with mock.patch("nextword.pictures.sliders.display") as display:
        box = show_live(line, {"slope": Slider(0, 4, 1, 0.5, "how steep")}, "a line")
    (bundle,), options = display.call_args
    return box, bundle, options


def test_a_moved_slider_changes_the_picture_and_leaves_no_figure_open(shown):
    box, _, _ = shown
    picture, sliders = box.children
    before = bytes(picture.value)
    sliders.children[0].value = 3
    assert picture.value != before
    assert plt.get_fignums() == []  # `shown` has closed what other tests left open


def test_the_output_holds_the_widget_the_still_and_the_words(shown):
    box, bundle, options = shown
    assert bundle["application/vnd.jupyter.widget-view+json"]["model_id"] == box.model_id
    still = bundle["image/png"]
    still = base64.b64decode(still) if isinstance(still, str) else still
    assert still.startswith(b"\x89PNG")
    assert bundle["text/plain"] == "a line"
    assert options["metadata"] == {"image/png": {"alt": "a line"}}


def test_the_slider_is_as_it_was_asked_for(shown):
    (slider,) = shown[0].children[1].children
    assert (slider.min, slider.max, slider.value, slider.step) == (0, 4, 1, 0.5)
    assert slider.description == "how steep"


@pytest.mark.parametrize("wrong", [(1, 1, 1), (0, 1, 2), (0, 1, -1), (0, 1, 0.5, 0), (2, 1, 1.5)])
def test_a_slider_without_room_is_refused(wrong):
    with pytest.raises(SliderError, match="low <= start <= high"):
        Slider(*wrong)


def test_no_slider_is_refused():
    with pytest.raises(SliderError, match=r"use plots\.show"):
        show_live(line, {}, "a line")
