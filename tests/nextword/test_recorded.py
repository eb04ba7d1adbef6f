import numpy as np
import pytest
import torch

from nextword import corpora
from nextword.models.recurrent import RecurrentNetwork
from nextword.models.sequence_models import sequence_model
from nextword.recorded import NoRecordingError, made, recorded, recorded_arrays
from nextword.text.vocabulary import Vocabulary


def test_a_recorded_table_has_numbers_where_numbers_stand():
    rows = recorded("03_window/windows")
    assert {row["grammar"] for row in rows} == {"near", "out of sight"}
    assert all(isinstance(row["perplexity"], float) for row in rows)


def test_a_recording_says_where_it_comes_from():
    for lecture in ("03_window", "04_recurrent", "08_where_this_leads"):
        assert made(lecture).startswith(f"recordings/{lecture}.py, seeds 0, 1, 2, ")


def test_a_recorded_network_is_the_one_of_its_lecture():
    weights = recorded_arrays("04_recurrent/network")
    network = RecurrentNetwork(496, rng=np.random.default_rng(0))
    assert {name: each.shape for name, each in weights.items()} == {
        name: tuple(each.shape) for name, each in network.state_dict().items()
    }
    assert all(np.isfinite(each).all() for each in weights.values())


def test_runs_recorded_update_by_update_agree_with_their_table():
    race = recorded_arrays("06_clipping/race")
    for method in ("MSGD", "MSGD-C"):
        table = {
            row["seed"]: row["solved_at"]
            for row in recorded("06_clipping/lengths")
            if (row["length"], row["learning_rate"], row["method"]) == (30, 0.05, method)
        }
        assert race[f"{method} losses"].shape == race[f"{method} norms"].shape == (8, 3000)
        never = [table[seed] == "" or table[seed] > 3000 for seed in race["seeds"]]
        solved = race[f"{method} solved_at"]
        assert abs(np.isnan(solved).sum() - np.sum(never)) <= 2  # of another machine's rounding


@pytest.mark.parametrize("kind", ["attention", "LSTM"])
def test_a_recorded_network_of_lecture_08_scores_what_its_table_says(kind):
    """Its weights are rounded to 16 bits, which costs less than a thousandth."""
    text = corpora.load("grammar")
    model = sequence_model(kind, Vocabulary.build(text.train), text.train)
    arrays = recorded_arrays(f"08_where_this_leads/{kind}")
    model.network.load_state_dict(
        {name: torch.from_numpy(each.astype(np.float32)) for name, each in arrays.items()}
    )
    (row,) = [
        row
        for row in recorded("08_where_this_leads/ladder")
        if (row["model"], row["grammar"], row["seed"]) == (kind, "near", 0)
        and (row["tokens"], row["updates"]) == (280_000, 1500)
        and (row["from"], row["to"]) == (0, 1000)
    ]
    assert model.n_parameters == row["parameters"]
    assert model.perplexity(text.test) == pytest.approx(row["perplexity"], rel=1e-3)


def test_missing_arrays_are_named_with_those_that_exist():
    with pytest.raises(NoRecordingError, match="04_recurrent/network"):
        recorded_arrays("04_recurrent/nothing")


def test_a_missing_table_is_named_with_those_that_exist():
    with pytest.raises(NoRecordingError, match="03_window/windows"):
        recorded("03_window/nothing")
    with pytest.raises(NoRecordingError, match="nothing"):
        made("nothing")
