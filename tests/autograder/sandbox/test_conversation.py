"""Whatever comes over the socket for cases costs its question, and nothing else."""

import contextlib
import json
import threading

import pytest

from autograder.guest.codec import MalformedEvidence, encode
from autograder.judging.cases import read_cases
from autograder.judging.outcomes import read_outcomes
from autograder.sandbox.conversation import Conversation

CASES = [{"id": f"case-{n}", "args": encode((n,)), "kwargs": encode({})} for n in range(3)]
INPUTS = json.dumps({"question": "q", "cases": CASES, "seconds_per_case": 9.0, "seconds": 99.0})
BEGIN, ANSWER = '"q"\n', '{"value": 5, "after": ""}\n'


@pytest.fixture
def conversation():
    made = Conversation()
    yield made
    made.close()


class Witness:
    """The other end, which says what it is told to say."""

    def __init__(self, conversation):
        self._socket = conversation.theirs
        self.lines = self._socket.makefile("r", newline="\n")

    def say(self, words):
        self._socket.sendall(words.encode())

    def hear(self):
        return self.lines.readline()

    def answer(self, value=1):
        """Do what a witness of ours does; return what it was asked."""
        self.say(BEGIN)
        heard = []
        while (line := self.hear()).strip():
            heard.append(json.loads(line)["case"])
            self.say(json.dumps({"value": value, "after": ""}) + "\n")
        return heard


@pytest.fixture
def witness(conversation):
    made = Witness(conversation)
    yield made
    made.lines.close()


def values(evidence):
    return [outcome.value for outcome in read_outcomes(evidence, read_cases(INPUTS)).values()]


def why_broken(evidence):
    with pytest.raises(MalformedEvidence) as error:
        read_outcomes(evidence, read_cases(INPUTS))
    return str(error.value)


def test_a_witness_is_asked_every_case_and_then_sent_away(conversation, witness):
    with conversation.about("q", INPUTS) as talk:
        assert len(witness.answer()) == 3
    assert values(talk.evidence) == [1, 1, 1]


def test_one_question_is_asked_after_the_other(conversation, witness):
    for value in (1, 2):
        with conversation.about("q", INPUTS) as talk:
            witness.answer(value)
        assert values(talk.evidence) == [value] * 3


def test_a_cell_that_ends_before_all_is_asked_gives_no_evidence(conversation, witness):
    with conversation.about("q", INPUTS) as talk:
        witness.say(BEGIN)
        witness.hear()
    assert talk.evidence is None


def test_a_cell_that_says_nothing_gives_no_evidence(conversation):
    with conversation.about("q", INPUTS) as talk:
        pass
    assert talk.evidence is None


def test_a_process_that_is_gone_gives_no_evidence(conversation):
    with conversation.about("q", INPUTS) as talk:
        conversation.theirs.close()
    assert talk.evidence is None


@pytest.mark.parametrize("said", ['"p"\n', "q\n", "\n", "x" * 2_000 + "\n", "x" * 2_000])
def test_who_does_not_begin_with_the_question_is_sent_away(conversation, witness, said):
    with conversation.about("q", INPUTS) as talk:
        witness.say(said)
        assert witness.hear() == "\n"
    assert why_broken(talk.evidence)


def test_what_was_said_before_the_cell_began_is_heard_by_nobody(conversation, witness):
    witness.say(BEGIN + 9 * ANSWER)
    with conversation.about("q", INPUTS) as talk:
        witness.answer()
    assert values(talk.evidence) == [1, 1, 1]


def test_what_is_said_before_it_is_asked_breaks_the_protocol(conversation, witness):
    with conversation.about("q", INPUTS) as talk:
        witness.say(BEGIN)
        witness.hear()
        witness.say(2 * ANSWER)
        assert witness.hear() == "\n"
    assert "before it was asked" in why_broken(talk.evidence)


def test_an_answer_without_end_is_not_read_to_its_end(conversation, witness):
    def pour():
        with contextlib.suppress(OSError):  # as nobody is there any more
            while True:
                witness.say("x" * 2**16)

    with conversation.about("q", INPUTS) as talk:
        witness.say(BEGIN)
        witness.hear()
        pouring = threading.Thread(target=pour)
        pouring.start()
        assert witness.hear() == "\n"
    conversation.close()
    pouring.join()
    assert "an answer of more than" in why_broken(talk.evidence)


def test_who_never_reads_what_it_is_asked_is_waited_for_no_longer_than_its_cell(
    conversation, witness
):
    args = encode(("x" * 2**21,))  # more than a socket holds
    long = json.dumps({**json.loads(INPUTS), "cases": [{**CASES[0], "args": args}]})
    with conversation.about("q", long) as talk:
        witness.say(BEGIN)
        assert witness.lines.read(1)  # it is being asked
    assert talk.evidence is None
