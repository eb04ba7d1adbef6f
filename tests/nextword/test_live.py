import pytest
from IPython.display import Image

from nextword.learning.training import History
from nextword.pictures import live

HISTORY = History(updates_per_epoch=10, losses=[3.0] * 25, valid_losses=[3.0, 2.0, 1.5])


def test_a_curve_is_drawn_once_and_then_in_the_same_place(monkeypatch):
    shown, updated = [], []

    class Place:
        def update(self, image):
            updated.append(image)

    def display(image, display_id):
        shown.append(image)
        return Place()

    monkeypatch.setattr(live, "display", display)
    watch = live.LiveLoss(floor=1.2, title="here")
    for _ in range(3):
        watch(HISTORY)
    assert len(shown) == 1
    assert len(updated) == 2
    assert all(isinstance(image, Image) for image in [*shown, *updated])
    assert "from 3.00 to 1.50" in shown[0].alt
    assert "floor is 1.20" in shown[0].alt


def test_without_a_notebook_a_drawing_is_a_word_each(capsys):
    watch = live.LiveLoss()
    watch(HISTORY)
    watch(HISTORY)
    assert capsys.readouterr().out.count("Image object") == 2


@pytest.mark.parametrize("floor", [0.2, 1.2])
def test_the_floor_is_in_sight_however_far_below_the_curve(monkeypatch, floor):
    limits = []

    def png(figure):
        limits.append(figure.axes[0].get_ylim())
        return b""

    monkeypatch.setattr(live.plots, "png", png)
    long = History(updates_per_epoch=10, losses=[3.0] * 250, valid_losses=[6.0, 2.0, 1.5])
    live.LiveLoss(floor=floor)(long)
    ((bottom, top),) = limits
    assert bottom < floor < top < 6
