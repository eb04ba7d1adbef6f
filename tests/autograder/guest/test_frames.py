import json
import socket
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.guest import frames

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@pytest.fixture
def pair():
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    with ours, theirs:
        yield ours, theirs


def framed(body):
    return struct.pack("!I", len(body)) + body


@given(VALUES)
def test_json_is_read_as_it_was_written(value):
    assert frames.parse(json.dumps(value).encode()) == value


@pytest.mark.parametrize(
    "body",
    [
        b"[" + b",".join([b"{}"] * 2_000_001) + b"]",
        b"[" + b",".join([b'""'] * 1_000_001) + b"]",
        b'["\\\\",' + b",".join([b"0"] * 2_000_001) + b"]",
        b'["\\"",' + b",".join([b"0"] * 2_000_001) + b"]",
        b"[" * 2_000_001,
    ],
    ids=["objects", "texts", "behind a backslash", "behind a quote", "nested"],
)
def test_what_is_small_as_text_and_huge_as_objects_is_refused(body):
    with pytest.raises(ValueError, match="more than 2,000,000 parts"):
        frames.parse(body)


@pytest.mark.parametrize("text", ["[],{}" * 10**6, '\\"' * 10**6, '","' * 10**6, "\\" * 10**6])
def test_a_long_text_is_one_part(text):
    assert frames.parse(json.dumps([text]).encode()) == [text]


def test_a_message_arrives(pair):
    ours, theirs = pair
    frames.send(theirs, {"cell": 1, "text": "\ud800 ü"})
    theirs.close()
    assert frames.receive(ours, 1000) == {"cell": 1, "text": "\ud800 ü"}
    assert frames.receive(ours, 1000) is None


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        (struct.pack("!I", 1001), "1,001 bytes, where 1,000 are allowed"),
        (framed(b"[]"), "no JSON object"),
        (framed(b"{"), "no JSON"),
        (framed(b"[" * 900), "no JSON"),
        (framed(b"\xff"), "no JSON"),
        (framed(b'{"a": 1}')[:-1], "ended within a message"),
    ],
)
def test_what_is_no_message_is_told(pair, sent, words):
    ours, theirs = pair
    theirs.sendall(sent)
    theirs.close()
    with pytest.raises(frames.BrokenFrame, match=words):
        frames.receive(ours, 1000)
