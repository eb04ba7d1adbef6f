"""A grid that is trained on a Dask cluster has the same table as one that is trained here."""

import pytest

from nextword.experiments.__main__ import main

pytestmark = pytest.mark.long


def test_a_cluster_makes_the_same_table(tmp_path):
    distributed = pytest.importorskip("distributed")
    grid = ["temporal-order", "--length", "10", "--beginning", "basic-tanh", "smart-tanh"]
    grid += ["--method", "MSGD", "MSGD-CR", "--updates", "50", "--seeds", "2"]

    def made(name, *more):
        out = tmp_path / name / "out.csv"
        kept = ["--out", str(out), "--checkpoints", str(tmp_path / name / "kept")]
        assert main([*grid, *kept, *more]) == 0
        return out.read_bytes()

    settings = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
    with distributed.LocalCluster(silence_logs=50, **settings) as cluster:
        assert made("there", "--scheduler", cluster.scheduler_address) == made("here")


def test_no_scheduler_is_said_in_a_line(tmp_path, capsys):
    pytest.importorskip("distributed")
    kept = ["--out", str(tmp_path / "out.csv"), "--checkpoints", str(tmp_path / "kept")]
    asked = ["temporal-order", "--length", "10", "--updates", "1", "--seeds", "1", *kept]
    assert main([*asked, "--scheduler", "tcp://127.0.0.1:9"]) == 1
    assert "tcp://127.0.0.1:9" in capsys.readouterr().err
    assert not (tmp_path / "out.csv").exists()
