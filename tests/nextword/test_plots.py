"""What a lecture says of its results is displayed as Markdown, figures with a text beside them."""

import io
from unittest import mock

import matplotlib.pyplot as plt
from PIL import Image

from nextword.pictures import plots


def test_a_sentence_with_computed_numbers_is_displayed_as_markdown():
    with mock.patch("nextword.pictures.plots.display") as display:
        plots.say(f"at the noun **{4.7123:.1f}**")
    (shown,), _ = display.call_args
    assert shown._repr_markdown_() == "at the noun **4.7**"


def test_a_figure_carries_its_text_and_is_closed():
    figure, _ = plt.subplots()
    with mock.patch("nextword.pictures.plots.display") as display:
        plots.show(figure, "an empty figure")
    (shown,), _ = display.call_args
    _, metadata = shown._repr_png_()
    assert metadata["alt"] == "an empty figure"
    assert not plt.fignum_exists(figure.number)


def test_a_picture_knows_how_small_its_text_is():
    with plots.course_style():
        figure, axes = plt.subplots(1, 2, sharey=True)
        axes[0].set_ylabel("no text is smaller", fontsize=9)
        axes[1].annotate("", (0, 0), fontsize=2)
        axes[1].annotate("unseen", (0, 0), fontsize=2, visible=False)
    written = Image.open(io.BytesIO(plots.png(figure)))
    assert written.info[plots.SMALLEST_TEXT] == f"{9 * 110 / 72:.1f}"
