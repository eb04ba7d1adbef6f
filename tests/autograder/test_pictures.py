import base64

import pytest

from autograder.pictures import LARGEST, MOST, admitted_attachments, admitted_picture


def encoded(content):
    return base64.b64encode(content).decode()


PNG = encoded(b"\x89PNG\r\n\x1a\n...")


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("image/png", b"\x89PNG\r\n\x1a\n."),
        ("image/jpeg", b"\xff\xd8\xff."),
        ("image/gif", b"GIF89a"),
    ],
)
def test_a_picture_of_its_kind_is_admitted(kind, content):
    assert admitted_picture(kind, encoded(content)) == encoded(content)


def test_a_picture_on_several_lines_becomes_one():
    assert admitted_picture("image/png", f"{PNG[:4]}\n{PNG[4:]}\n") == PNG


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("image/png", encoded(b"<svg onload=x>")),
        ("image/jpeg", PNG),
        ("image/svg+xml", encoded(b"<svg/>")),
        ("text/html", PNG),
        ("image/png", 'x" onerror="y'),
        ("image/png", PNG + "=\u200b"),
        ("image/png", ""),
        ("image/png", None),
        ("image/png", [PNG]),
        ("image/png", PNG + "A" * LARGEST),
    ],
)
def test_what_is_none_is_not(kind, content):
    assert admitted_picture(kind, content) is None


def test_pictures_are_kept_of_attachments_and_only_so_many():
    many = {f"{number}.png": {"image/png": PNG} for number in range(MOST + 5)}
    assert len(admitted_attachments(many)) == MOST
    mixed = {"a": {"text/html": "x", "image/png": PNG}, "b": {"text/html": "x"}, "c": "x"}
    assert admitted_attachments(mixed) == {"a": {"image/png": PNG}}


@pytest.mark.parametrize("attachments", [None, [], "x", 3, {"a": [1]}, {"a": {"image/png": {}}}])
def test_attachments_of_another_shape_are_none(attachments):
    assert admitted_attachments(attachments) == {}
