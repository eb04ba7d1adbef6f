"""The grammar against itself written a second time, choice by choice, with nothing shared."""

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from nextword.data_folder import data_folder
from nextword.grammar import PRESETS, Grammar, Parameters
from nextword.grammar.lexicon import Lexicon, read_lexicon
from nextword.grammar.lexicon_file import Entry

LEXICON = data_folder() / "grammar" / "lexicon.txt"
SETTINGS = [
    *PRESETS.values(),
    Parameters(returning=0.3, stop=0.5, min_distance=4, skew=0),
    Parameters(returning=1, stop=1, min_distance=12, skew=2.5),
    Parameters(returning=0, stop=0.9, min_distance=4, skew=1),
]


class ByHand:
    """The rules as the lexicon's header tells them: draws a sentence, or tries all derivations."""

    def __init__(self, lexicon: Lexicon, parameters: Parameters) -> None:
        self.lexicon, self.parameters = lexicon, parameters
        self.topics = self.weigh([topic.name for topic in lexicon.topics])
        self.nouns = {topic.name: self.weigh_entries(topic.nouns) for topic in lexicon.topics}
        self.verbs = {topic.name: self.weigh_entries(topic.verbs) for topic in lexicon.topics}
        self.hints = {topic.name: self.weigh_entries(topic.adjectives) for topic in lexicon.topics}
        self.prepositions = self.weigh(list(lexicon.settings))

    def weigh(self, items: list[str]) -> dict[str, float]:
        weights = np.arange(1, len(items) + 1, dtype=float) ** -self.parameters.skew
        return dict(zip(items, (weights / weights.sum()).tolist(), strict=True))

    def weigh_entries(self, entries: tuple[Entry, ...]) -> dict[str, float]:
        """By the entry's forms, joined by a blank."""
        if entries[0].probability is not None:
            return {" ".join(entry.words): entry.probability or 0 for entry in entries}
        return self.weigh([" ".join(entry.words) for entry in entries])

    def kinds(self, last: str) -> dict[str, float]:
        if last == "adverb":
            return {"preposition": 1.0}
        return dict(self.lexicon.rules["phrase"])

    def prepositions_after(self, last: str) -> dict[str, float]:
        rest = {word: p for word, p in self.prepositions.items() if word != last}
        return {word: p / sum(rest.values()) for word, p in rest.items()}

    def draw(self, rng: np.random.Generator) -> tuple[list[str], float]:
        """Draw a sentence; return it and the sum of the log-probabilities of what was chosen."""
        lexicon, parameters, total = self.lexicon, self.parameters, 0.0

        def choose(options: dict[str, float]) -> str:
            nonlocal total
            chosen = list(options)[int(rng.choice(len(options), p=list(options.values())))]
            total += math.log(options[chosen])
            return chosen

        determiner, asked = choose(self.weigh_entries(lexicon.determiners)).split()
        kind = choose(dict(lexicon.rules["adjective"]))
        if kind == "any":
            adjective = choose(self.weigh_entries(lexicon.adjectives))
        topic = choose(self.topics)
        if kind == "topic":
            adjective = choose(self.hints[topic])
        numbers = dict(lexicon.rules["number"])
        number = choose(numbers) if asked == "either" else asked
        form = ["singular", "plural"].index(number)
        noun = choose(self.nouns[topic])
        sentence = [determiner, adjective, noun.split()[form]]
        sentence.append(choose(self.verbs[topic]).split()[form])
        last = "verb"
        while True:
            # The noun is at index 2; with "and the" now, the second comes at len(sentence) + 2.
            may_stop = len(sentence) + 2 - 2 >= parameters.min_distance
            stop = {"stop": parameters.stop, "go on": 1 - parameters.stop}
            if may_stop and choose(stop) == "stop":
                break
            if choose(self.kinds(last)) == "adverb":
                last = "adverb"
                sentence.append(choose(self.weigh_entries(lexicon.adverbs)))
            else:
                last = choose(self.prepositions_after(last))
                setting = choose(self.weigh_entries(lexicon.settings[last]))
                sentence += [last, "the", setting]
        returns = {"yes": parameters.returning, "no": 1 - parameters.returning}
        if choose(returns) == "no":
            others = {other: p for other, p in self.nouns[topic].items() if other != noun}
            noun = choose({other: p / sum(others.values()) for other, p in others.items()})
            form = ["singular", "plural"].index(choose(numbers))
        closing = choose(self.weigh_entries(lexicon.closing_verbs)).split()[form]
        return [*sentence, "and", "the", noun.split()[form], closing, "."], total

    def derivations(self, sentence: list[str]) -> list[float]:
        """Probability of every way in which the rules can make this sentence, all cases tried."""
        found = []
        for topic in self.topics:
            for form, number in enumerate(("singular", "plural")):
                for p_head in self.heads(sentence[:4], topic, form, number):
                    for end, p_middle in self.middles(sentence, 4, "verb"):
                        noun = sentence[2]
                        p = self.topics[topic] * p_head * p_middle
                        found += [p * p_tail for p_tail in self.tails(sentence[end:], topic, noun)]
        return [p for p in found if p > 0]

    def heads(self, head: list[str], topic: str, form: int, number: str) -> Iterator[float]:
        if len(head) < 4:
            return
        rules = self.lexicon.rules
        for determiner, p_determiner in self.weigh_entries(self.lexicon.determiners).items():
            word, asked = determiner.split()
            if word != head[0] or asked not in ("either", number):
                continue
            p_number = rules["number"][number] if asked == "either" else 1.0
            p_noun = self.of_form(self.nouns[topic], head[2], form)
            p_verb = self.of_form(self.verbs[topic], head[3], form)
            p_any = self.weigh_entries(self.lexicon.adjectives).get(head[1], 0.0)
            p_hint = self.hints[topic].get(head[1], 0.0)
            for p_adjective in (
                rules["adjective"]["any"] * p_any,
                rules["adjective"]["topic"] * p_hint,
            ):
                yield p_determiner * p_number * p_adjective * p_noun * p_verb

    def middles(self, sentence: list[str], at: int, last: str) -> Iterator[tuple[int, float]]:
        rest, may_stop = sentence[at:], at >= self.parameters.min_distance
        if rest[:2] == ["and", "the"] and may_stop:
            yield at + 2, self.parameters.stop
        p_on = 1 - self.parameters.stop if may_stop else 1.0
        kinds = self.kinds(last)
        if rest and "adverb" in kinds:
            p = p_on * kinds["adverb"] * self.weigh_entries(self.lexicon.adverbs).get(rest[0], 0.0)
            if p:
                yield from (
                    (end, p * more) for end, more in self.middles(sentence, at + 1, "adverb")
                )
        if len(rest) >= 3 and rest[1] == "the" and rest[0] in self.lexicon.settings:
            settings = self.weigh_entries(self.lexicon.settings[rest[0]])
            p = p_on * kinds["preposition"] * self.prepositions_after(last).get(rest[0], 0.0)
            p *= settings.get(rest[2], 0.0)
            if p:
                yield from (
                    (end, p * more) for end, more in self.middles(sentence, at + 3, rest[0])
                )

    def tails(self, tail: list[str], topic: str, noun: str) -> Iterator[float]:
        if len(tail) != 3 or tail[2] != ".":
            return
        closing = self.weigh_entries(self.lexicon.closing_verbs)
        of_topic = [forms for forms in self.nouns[topic] if noun in forms.split()]
        if not of_topic:
            return
        (first,) = of_topic
        for form, number in enumerate(("singular", "plural")):
            p_closing = self.of_form(closing, tail[1], form)
            if tail[0] == noun == first.split()[form]:
                yield self.parameters.returning * p_closing
            others = {forms: p for forms, p in self.nouns[topic].items() if forms != first}
            p = self.of_form(others, tail[0], form) / sum(others.values())
            p *= self.lexicon.rules["number"][number]
            yield (1 - self.parameters.returning) * p * p_closing

    @staticmethod
    def of_form(options: dict[str, float], word: str, form: int) -> float:
        return sum(p for forms, p in options.items() if forms.split()[form] == word)


@pytest.mark.parametrize("parameters", SETTINGS, ids=str)
def test_the_log_prob_of_a_sentence_is_the_sum_of_the_choices_that_made_it(
    parameters: Parameters,
) -> None:
    by_hand = ByHand(read_lexicon(LEXICON), parameters)
    grammar = Grammar.load(parameters=parameters)
    rng = np.random.default_rng(3)
    for _ in range(60):
        sentence, log_prob = by_hand.draw(rng)
        assert grammar.log_prob(sentence) == pytest.approx(log_prob, rel=1e-12)


@pytest.mark.parametrize("parameters", SETTINGS, ids=str)
def test_every_sampled_sentence_has_one_derivation_and_its_probability(
    parameters: Parameters,
) -> None:
    by_hand = ByHand(read_lexicon(LEXICON), parameters)
    grammar = Grammar.load(parameters=parameters)
    for sentence in grammar.sample(30, np.random.default_rng(4)):
        (probability,) = by_hand.derivations(sentence)
        assert grammar.log_prob(sentence) == pytest.approx(math.log(probability), rel=1e-12)


@pytest.mark.parametrize("parameters", SETTINGS[:4], ids=str)
def test_a_sentence_with_a_word_changed_or_moved_gets_its_own_probability(
    parameters: Parameters,
) -> None:
    by_hand = ByHand(read_lexicon(LEXICON), parameters)
    grammar = Grammar.load(parameters=parameters)
    rng = np.random.default_rng(5)
    possible = 0
    for original in grammar.sample(100, rng):
        for sentence in _perturbed(original, grammar.vocab, rng):
            derivations = by_hand.derivations(sentence)
            assert len(derivations) <= 1, sentence
            if derivations:
                possible += 1
                expected = math.log(derivations[0])
                assert grammar.log_prob(sentence) == pytest.approx(expected, rel=1e-12)
            else:
                assert grammar.log_prob(sentence) == -math.inf, sentence
    assert 0 < possible < 400  # both cases were met


def _perturbed(
    original: list[str], vocab: tuple[str, ...], rng: np.random.Generator
) -> Iterator[list[str]]:
    i, j = sorted(rng.choice(len(original), 2, replace=False).tolist())
    yield [*original[:i], str(rng.choice(vocab)), *original[i + 1 :]]  # another word
    yield [*original[:i], *original[i + 1 :]]  # one left out
    yield [*original[:j], original[i], *original[j:]]  # one said again
    # Half of the time a word of a likely class: another adverb, another setting, another number.
    likely = ("quietly", "garden", "near", "this", "these", "old", "captain", "captains", "smile")
    yield [*original[:i], str(rng.choice(likely)), *original[i + 1 :]]


def test_the_lexicon_beside_the_test_is_the_one_that_grammars_load(tmp_path: Path) -> None:
    copy = tmp_path / "copy.txt"
    copy.write_bytes(LEXICON.read_bytes())
    rng = np.random.default_rng
    assert Grammar.load(copy).sample(5, rng(0)) == Grammar.load().sample(5, rng(0))
