import sys

import pytest
from tqdm import tqdm

from nextword.learning import progress


@pytest.fixture
def place(monkeypatch):
    """What was shown first, and every update of it."""
    shown = []

    class Place:
        def update(self, data, raw):
            assert raw
            shown.append(data["text/plain"])

    def display(data, raw, display_id):
        assert raw
        assert display_id
        shown.append(data["text/plain"])
        return Place()

    monkeypatch.setattr(progress, "display", display)
    return shown


def test_a_bar_in_a_notebook_is_one_line_that_changes(place):
    with tqdm(total=3, file=progress.NotebookLine(), mininterval=0, ncols=60) as bar:
        for _ in range(3):
            bar.update()
        bar.set_postfix_str("done")
    assert len(place) >= 3
    assert all("\r" not in line and "\n" not in line for line in place)
    assert "3/3" in place[-1]
    assert place[-1].endswith("done]")


def test_the_same_line_is_not_shown_twice(place):
    line = progress.NotebookLine()
    for _ in range(2):
        line.write("\rhalf")
        line.flush()
    line.flush()
    assert place == ["half"]


@pytest.mark.parametrize("kind", ["ZMQInteractiveShell", "Shell"])
def test_in_a_notebook_a_bar_has_its_place(monkeypatch, kind):
    monkeypatch.setattr(progress, "get_ipython", type(kind, (), {}))
    assert isinstance(progress.progress_file(), progress.NotebookLine)


def test_elsewhere_a_bar_goes_to_standard_output(monkeypatch):
    assert progress.progress_file() is sys.stdout
    monkeypatch.setattr(progress, "get_ipython", type("TerminalInteractiveShell", (), {}))
    assert progress.progress_file() is sys.stdout
