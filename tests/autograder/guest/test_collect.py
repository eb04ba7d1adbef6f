"""The hidden line answers what is asked over its socket, and does nothing where nobody asks."""

import json
import socket
import threading

import pytest

from autograder.guest.codec import encode
from autograder.guest.collect import CASES_VARIABLE, collect
from autograder.guest.witness import laid_ready


@pytest.fixture
def ask(monkeypatch):
    """Return what asks `collect` these cases while it runs, and what it said."""
    ours, theirs = socket.socketpair()
    monkeypatch.setenv(CASES_VARIABLE, str(theirs.fileno()))

    def asking(function, *values):
        lines = [
            json.dumps(
                {"case": laid_ready(encode((value,)), encode({})), "seconds": 1, "longest": 999}
            )
            for value in values
        ]
        heard = []

        def run():
            with ours.makefile("r") as file:
                for line in [*lines, ""]:
                    heard.append(json.loads(file.readline()))
                    ours.sendall(f"{line}\n".encode())

        asker = threading.Thread(target=run)
        asker.start()
        collect("double", function)
        asker.join()
        return heard

    with ours, theirs:
        yield asking


def refuse(*args):
    raise AssertionError("called")


def test_outside_grading_nothing_is_called(monkeypatch):
    monkeypatch.delenv(CASES_VARIABLE, raising=False)
    collect("double", refuse)


def test_the_first_word_is_the_questions_name_and_then_comes_an_answer_a_case(ask):
    name, first, second = ask(lambda x: 2 * x, 2, 3)
    assert (name, first["value"], second["value"]) == ("double", 4, 6)


def test_a_function_that_fails_does_not_stop_the_cell(ask):
    _, said = ask(refuse, 1)
    assert said["error"]["message"] == "called"


def test_who_asks_may_be_gone_and_the_cell_ends(monkeypatch):
    ours, theirs = socket.socketpair()
    monkeypatch.setenv(CASES_VARIABLE, str(theirs.fileno()))
    with theirs:
        ours.shutdown(socket.SHUT_WR)
        collect("double", refuse)
        assert ours.recv(99) == b'"double"\n'
    ours.close()
