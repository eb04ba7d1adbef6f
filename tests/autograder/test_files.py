import os
import stat
from pathlib import Path

import pytest

from autograder.files import write_atomically


def test_a_new_file_gets_its_folder_content_and_mode(tmp_path):
    path = tmp_path / "a" / "b" / "secret.json"
    write_atomically(path, "zwölf\n", mode=0o600)
    assert path.read_bytes() == b"zw\xc3\xb6lf\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_an_old_file_is_replaced_and_nothing_else_is_left(tmp_path):
    path = tmp_path / "page.html"
    path.write_text("old, and longer than the new one")
    write_atomically(path, "new")
    assert path.read_text() == "new"
    assert [each.name for each in tmp_path.iterdir()] == ["page.html"]


def test_carriage_returns_are_kept(tmp_path):
    write_atomically(tmp_path / "table.csv", "a,b\r\n")
    assert (tmp_path / "table.csv").read_bytes() == b"a,b\r\n"


def test_a_lone_surrogate_is_written_as_its_escape(tmp_path):
    write_atomically(tmp_path / "page.html", "before \ud800 after")
    assert (tmp_path / "page.html").read_text() == "before \\ud800 after"


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_where_writing_fails_the_old_content_stays_and_no_half_file(tmp_path, monkeypatch, step):
    path = tmp_path / "verdict.json"
    path.write_text("old")

    def full(*args):
        raise OSError("No space left on device")

    monkeypatch.setattr(os if step == "fsync" else Path, step, full)
    with pytest.raises(OSError, match="No space left"):
        write_atomically(path, "new")
    assert path.read_text() == "old"
    assert [each.name for each in tmp_path.iterdir()] == ["verdict.json"]
