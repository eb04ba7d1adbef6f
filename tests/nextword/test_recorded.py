import pytest

from nextword.recorded import NoRecordingError, made, recorded


def test_a_recorded_table_has_numbers_where_numbers_stand():
    rows = recorded("03_window/windows")
    assert {row["grammar"] for row in rows} == {"near", "out of sight"}
    assert all(isinstance(row["perplexity"], float) for row in rows)


def test_a_recording_says_where_it_comes_from():
    for lecture in ("03_window", "04_recurrent"):
        assert made(lecture).startswith(f"recordings/{lecture}.py, seeds 0, 1, 2, ")


def test_a_missing_table_is_named_with_those_that_exist():
    with pytest.raises(NoRecordingError, match="03_window/windows"):
        recorded("03_window/nothing")
    with pytest.raises(NoRecordingError, match="nothing"):
        made("nothing")
