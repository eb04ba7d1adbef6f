import os

import pytest

from autograder.classroom.receipt import spare_secret, submission_time, write_receipt

SECRET = "0123456789abcdef" * 8


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "submitted"
    folder.mkdir()
    return folder


@pytest.mark.parametrize(
    ("words", "time"),
    [
        ("2026-10-05 14:00:00.123456 UTC", "2026-10-05T14:00:00.123456"),  # the exchange's
        ("2026-10-05 14:00:00", "2026-10-05T14:00:00"),  # zip_collect's
        ("2026-10-05 14:00:00+02:00\n", "2026-10-05T12:00:00"),
        ("2026-10-05 14:00:00 +0200", "2026-10-05T12:00:00"),
        ("2026-10-05 14:00:00.5 -0700", "2026-10-05T21:00:00.500000"),
        ("2026-10-05T14:00Z", "2026-10-05T14:00:00"),
    ],
)
def test_a_timestamp_is_read_in_utc(folder, words, time):
    (folder / "timestamp.txt").write_text(words)
    found, remarks = submission_time(folder)
    assert (found.isoformat(), remarks) == (time, ())


def test_no_timestamp_is_no_remark(folder):
    assert submission_time(folder) == (None, ())


@pytest.mark.parametrize(
    "content",
    [
        b"garbage",
        b"",
        b"\xff\xfe",
        b"1e999",
        b"0001-01-01 00:00:00 +0200",
        b"9999-12-31 23:59:59 -0700",
        b"1999-12-31 23:59:59 UTC",
        b"2100-01-01 00:00:00 UTC",
        b"2026-10-05 23:30 CEST",
        b"2026-10-05 23:30:00 PDT",
        b"05/10/2026",
        b"2026-10-05",
        b"2026-99-99 10:00",
        b"2026-10-05 25:00:00",
        b"2026-10-05 14:00:00 +9999",
        b"9" * 100,
        "\u0662\u0660\u0662\u0666-10-05 14:00".encode(),
        b"2026-10-05 14:00:00 " + b"9" * 30,
        b"x" * 10**6,
        b"<script>",
    ],
)
def test_a_timestamp_that_is_none_is_told_and_ignored(folder, content):
    (folder / "timestamp.txt").write_bytes(content)
    time, (remark,) = submission_time(folder)
    assert time is None
    assert remark.startswith(
        "timestamp.txt: expected a time such as 2026-10-05 14:00:00 UTC or "
        "2026-10-05 16:00:00 +0200, between the years 2000 and 2099, found"
    )
    assert remark.endswith("which was ignored.")
    assert len(remark) < 700


def written(folder, tmp_path):
    destination = tmp_path / "autograded"
    write_receipt(folder, destination, "spare")
    return [
        (destination / f"{name}.txt").read_text() for name in ("timestamp", "submission_secret")
    ]


def test_time_and_secret_are_laid_beside_what_is_released(folder, tmp_path):
    (folder / "timestamp.txt").write_text("2026-10-05 16:00:00 +0200")
    (folder / "submission_secret.txt").write_text(SECRET)
    assert written(folder, tmp_path) == ["2026-10-05 14:00:00.000000 UTC", SECRET]


@pytest.mark.parametrize("secret", [None, "", "short", "../" * 20, "A" * 64, "a" * 500, "\0" * 40])
def test_a_submission_without_them_does_not_stop_the_release_of_the_others(
    folder, tmp_path, secret
):
    (folder / "timestamp.txt").write_text("1e999")
    if secret is not None:
        (folder / "submission_secret.txt").write_text(secret)
    assert written(folder, tmp_path) == ["", "spare"]


def test_links_and_devices_are_not_read(folder, tmp_path):
    (tmp_path / "elsewhere").write_text(SECRET)
    (folder / "submission_secret.txt").symlink_to(tmp_path / "elsewhere")
    os.mkfifo(folder / "timestamp.txt")
    assert written(folder, tmp_path) == ["", "spare"]


def test_a_spare_secret_is_the_same_at_every_run_and_another_for_everybody():
    secrets = {spare_secret("s", "01", name) for name in ("ada", "bob")}
    secrets |= {spare_secret("s", "02", "ada"), spare_secret("t", "01", "ada")}
    assert len(secrets) == 4
    assert spare_secret("s", "01", "ada") in secrets
