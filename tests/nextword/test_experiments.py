"""A grid is trained as a program: it may be killed and goes on to the same table."""

import csv
import errno
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from nextword.experiments import cell as cells
from nextword.experiments.__main__ import main
from nextword.experiments.cell import Cell, CheckpointError, run_cell
from tests.patience import PATIENCE

SMALL = Cell("temporal-order", 10, "MSGD-CR", "basic-tanh", 0.05, 60, 2, check_every=20)


def command(folder, *more):
    return [
        *("temporal-order", "--length", "10", "--method", "MSGD", "MSGD-CR"),
        *("--beginning", "basic-tanh", "smart-tanh", "--updates", "500", "--seeds", "2"),
        *("--out", str(folder / "out.csv"), "--checkpoints", str(folder / "kept"), *more),
    ]


def rows(folder):
    with (folder / "out.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_table_has_a_row_a_run_with_settings_and_versions(tmp_path, capsys):
    assert main(command(tmp_path)) == 0
    found = rows(tmp_path)
    assert [(row["beginning"], row["method"], row["seed"]) for row in found] == [
        (beginning, method, seed)
        for beginning in ("basic-tanh", "smart-tanh")
        for method in ("MSGD", "MSGD-CR")
        for seed in "01"
    ]
    assert {row["numpy"] for row in found} == {np.__version__}
    assert "cells 4, runs of each 2" in capsys.readouterr().out


def test_a_program_that_is_killed_goes_on_to_the_same_table(tmp_path):
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    three = ["--beginning", "basic-tanh", "--method", "MSGD", "MSGD-C", "MSGD-CR"]
    assert main(command(whole, *three)) == 0
    program = [sys.executable, "-m", "nextword.experiments", *command(killed, *three)]
    for number in range(3):
        running = subprocess.Popen(program, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + PATIENCE
        while len(list(killed.glob("kept/*.npz"))) <= number and running.poll() is None:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        running.send_signal(signal.SIGKILL)
        running.wait()
    assert main(command(killed, *three)) == 0
    assert (killed / "out.csv").read_bytes() == (whole / "out.csv").read_bytes()


def test_a_checkpoint_of_other_settings_is_refused_and_the_difference_named(tmp_path):
    run_cell(SMALL, tmp_path)
    other = Cell(*(SMALL.task, SMALL.length, SMALL.method, SMALL.beginning, 0.05, 80, 2))
    with pytest.raises(CheckpointError, match="updates 60, not 80; check_every 20, not 250"):
        run_cell(other, tmp_path)


def test_a_damaged_checkpoint_is_named(tmp_path):
    run_cell(SMALL, tmp_path)
    (path,) = tmp_path.iterdir()
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(CheckpointError, match="cannot be read as a checkpoint"):
        run_cell(SMALL, tmp_path)


def test_a_full_disk_stops_it_and_leaves_the_checkpoint_before(tmp_path, monkeypatch):
    whole = run_cell(SMALL, tmp_path / "whole")
    real, written = cells.np.savez, []

    def full(file, **arrays):
        if len(written) == 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        written.append(file)
        real(file, **arrays)

    monkeypatch.setattr(cells.np, "savez", full)
    with pytest.raises(CheckpointError, match=r"No space left.*goes on from there"):
        run_cell(SMALL, tmp_path / "full")
    monkeypatch.setattr(cells.np, "savez", real)
    assert [path.suffix for path in (tmp_path / "full").iterdir()] == [".npz"]
    assert run_cell(SMALL, tmp_path / "full") == whole


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--method", "SGD"], "'MSGD', 'MSGD-C', 'MSGD-R', 'MSGD-CR'"),
        (["--beginning", "best"], "'sigmoid', 'basic-tanh', 'smart-tanh', 'identity'"),
    ],
)
def test_what_is_not_known_is_answered_with_what_is(more, words, capsys, tmp_path):
    with pytest.raises(SystemExit):
        main(command(tmp_path, *more))
    assert words in capsys.readouterr().err


def test_an_unknown_task_is_answered_with_those_that_are_known(capsys):
    with pytest.raises(SystemExit):
        main(["riddles", "--length", "10"])
    said = capsys.readouterr().err
    assert all(f"'{task}'" in said for task in cells.TASKS)


@pytest.mark.parametrize("task", cells.TASKS)
def test_every_task_is_trained_by_every_way_of_the_program(task, tmp_path):
    for method in ("MSGD", "MSGD-CR"):
        small = Cell(task, 40, method, "basic-tanh", 0.01, 2, 1, check_every=2)
        (row,) = run_cell(small, tmp_path)
        assert (row["task"], row["seed"]) == (task, 0)
        assert row["solved_at"] == row["broken_at"] == ""
        assert run_cell(small, tmp_path) == [row]  # from its checkpoint


def test_a_cell_that_fails_leaves_the_table_of_those_before(tmp_path, monkeypatch, capsys):
    def full(cell, folder, watch=None):
        if cell.method == "MSGD-CR":
            raise CheckpointError("no room")
        return run_cell(cell, folder, watch)

    monkeypatch.setattr("nextword.experiments.__main__.run_cell", full)
    assert main(command(tmp_path, "--updates", "20")) == 1
    assert "no room" in capsys.readouterr().err
    assert [(row["method"], row["seed"]) for row in rows(tmp_path)] == [
        ("MSGD", "0"),
        ("MSGD", "1"),
    ]


@pytest.mark.parametrize("more", [["--updates", "0"], ["--length", "5"], ["--seeds", "0"]])
def test_a_setting_out_of_range_is_said_before_anything_is_trained(more, capsys, tmp_path):
    assert main(command(tmp_path, *more)) == 1
    assert "expected" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_cells_may_be_trained_by_several_processes(tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    small = ["--method", "MSGD-C", "--updates", "50"]
    assert main(command(one, *small)) == 0
    assert main(command(two, *small, "--workers", "2")) == 0
    assert (one / "out.csv").read_bytes() == (two / "out.csv").read_bytes()
