"""The grammar itself: how a sentence is made, word by word, and the choice at every word."""

import itertools
import math
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from nextword.grammar.choice import Choice, Slot
from nextword.grammar.lexicon import Lexicon, Number, Topic
from nextword.grammar.lexicon_checks import AND, END_OF_SENTENCE, FULL_STOP, THE
from nextword.grammar.lexicon_file import Entry
from nextword.grammar.parameters import SHORTEST_DISTANCE, Parameters

ARTICLE = Choice(Slot.ARTICLE, {THE: 1.0})
STOP = Choice(Slot.FULL_STOP, {FULL_STOP: 1.0})
END = Choice(Slot.END, {END_OF_SENTENCE: 1.0})
NOTHING = Choice(Slot.NOTHING, {})


@dataclass(frozen=True)
class Agreement:
    """What a noun asks of its verb."""

    topic: str
    number: Number


@dataclass(frozen=True)
class Rules:
    """Every choice of the grammar, each keyed by what it depends on, and the order they come in.

    Because the words of a choice are all different, a sentence has one derivation, and the word
    drawn at each choice says which.
    """

    determiner: Choice
    adjective: Choice
    noun: Mapping[tuple[Number | None, str | None], Choice]  # number and topic, where known
    verb: Mapping[Agreement, Choice]
    phrase: Mapping[tuple[bool, str | None], Choice]  # must it go on, and after which word
    setting: Mapping[str, Choice]  # by preposition
    returning: Mapping[str, Choice]  # by the first noun
    closing: Mapping[Number, Choice]
    number_of: Mapping[str, Number | None]  # of a determiner
    topic_of: Mapping[str, str | None]  # of an adjective
    agreement: Mapping[str, Agreement]  # of a noun
    min_between: int  # tokens of phrases before "and" may come

    def derivation(self) -> Generator[Choice, str, None]:
        """Make one sentence: yield the choice at hand, be sent the word, go on.

        This is the whole grammar; sampling sends words it draws, scoring the words it reads.
        """
        determiner = yield self.determiner
        adjective = yield self.adjective
        noun = yield self.noun[self.number_of[determiner], self.topic_of[adjective]]
        yield self.verb[self.agreement[noun]]
        last, between = None, 0
        while (word := (yield self.phrase[between < self.min_between, last])) != AND:
            last, between = word, between + 1
            if word in self.setting:
                yield ARTICLE
                yield self.setting[word]
                between += 2
        yield ARTICLE
        second = yield self.returning[noun]
        yield self.closing[self.agreement[second].number]
        yield STOP
        yield END
        yield NOTHING

    def all_choices(self) -> Iterator[Choice]:
        """Every choice but the end of a sentence."""
        yield from (self.determiner, self.adjective, ARTICLE, STOP)
        for keyed in (
            self.noun,
            self.verb,
            self.phrase,
            self.setting,
            self.returning,
            self.closing,
        ):
            yield from keyed.values()

    def tag_of_phrase(self, word: str) -> str:
        """Part of speech of the word that begins a phrase, or of the "and" that ends them."""
        if word == AND:
            return "CCONJ"
        return "ADP" if word in self.setting else "ADV"

    def choices(self, tokens: Iterable[str]) -> Iterator[Choice]:
        """Read tokens: the choice each is made from, up to and with the first impossible one."""
        derivation = self.derivation()
        choice = next(derivation)
        for token in tokens:
            yield choice
            if token not in choice.probs:
                return
            choice = derivation.send(token)


def build_rules(lexicon: Lexicon, parameters: Parameters) -> Rules:
    """Work out every choice of the grammar.

    Parameters
    ----------
    lexicon : Lexicon
        The words.
    parameters : Parameters
        How surely the noun returns, how far away, and the skew of frequencies.

    Returns
    -------
    Rules
        All probabilities, by slot and by what the slot depends on.
    """
    skew = parameters.skew
    forms = tuple(enumerate(Number))
    topics = dict(
        zip((t.name for t in lexicon.topics), _zipf(len(lexicon.topics), skew), strict=True)
    )
    agreement = {
        noun.words[form]: Agreement(topic.name, number)
        for topic in lexicon.topics
        for noun in topic.nouns
        for form, number in forms
    }
    return Rules(
        determiner=Choice(Slot.DETERMINER, _probs(lexicon.determiners, skew)),
        adjective=_adjective(lexicon, topics, skew),
        noun=_nouns(lexicon, topics, skew),
        verb={
            Agreement(topic.name, number): Choice(Slot.VERB, _probs(topic.verbs, skew, form))
            for topic in lexicon.topics
            for form, number in forms
        },
        phrase=_phrases(lexicon, parameters),
        setting={
            preposition: Choice(Slot.SETTING, _probs(settings, skew))
            for preposition, settings in lexicon.settings.items()
        },
        returning={
            noun: choice
            for topic in lexicon.topics
            for noun, choice in _returning(topic, lexicon.rules["number"], parameters)
        },
        closing={
            number: Choice(Slot.CLOSING_VERB, _probs(lexicon.closing_verbs, skew, form))
            for form, number in forms
        },
        number_of={
            word: None if number == "either" else Number(number)
            for _, (word, number), _ in lexicon.determiners
        },
        topic_of={entry.words[0]: None for entry in lexicon.adjectives}
        | {entry.words[0]: topic.name for topic in lexicon.topics for entry in topic.adjectives},
        agreement=agreement,
        min_between=parameters.min_distance - SHORTEST_DISTANCE,
    )


def _zipf(n: int, skew: float) -> list[float]:
    weights = [rank**-skew for rank in range(1, n + 1)]
    return [weight / math.fsum(weights) for weight in weights]


def _probs(entries: Sequence[Entry], skew: float, form: int = 0) -> dict[str, float]:
    """Probability of every entry's word in one form: as the file gives it, else by Zipf's law."""
    zipf = _zipf(len(entries), skew)
    return {
        entry.words[form]: prob if entry.probability is None else entry.probability
        for entry, prob in zip(entries, zipf, strict=True)
    }


def _scaled(weight: float, probs: Mapping[str, float]) -> dict[str, float]:
    return {word: weight * prob for word, prob in probs.items()}


def _without(probs: Mapping[str, float], left_out: str) -> dict[str, float]:
    rest = {word: prob for word, prob in probs.items() if word != left_out}
    return _scaled(1 / math.fsum(rest.values()), rest)


def _adjective(lexicon: Lexicon, topics: Mapping[str, float], skew: float) -> Choice:
    rule = lexicon.rules["adjective"]
    probs = _scaled(rule["any"], _probs(lexicon.adjectives, skew))
    for topic in lexicon.topics:
        probs |= _scaled(rule["topic"] * topics[topic.name], _probs(topic.adjectives, skew))
    return Choice(Slot.ADJECTIVE, probs)


def _nouns(
    lexicon: Lexicon, topics: Mapping[str, float], skew: float
) -> dict[tuple[Number | None, str | None], Choice]:
    """Choose number and topic, where determiner and adjective left them open, and the noun."""
    choices = {}
    for number, name in itertools.product((None, *Number), (None, *topics)):
        numbers = lexicon.rules["number"] if number is None else {number: 1.0}
        probs: dict[str, float] = {}
        for topic, (form, form_number) in itertools.product(lexicon.topics, enumerate(Number)):
            weight = topics[topic.name] if name is None else float(topic.name == name)
            weight *= numbers.get(form_number, 0.0)
            probs |= _scaled(weight, _probs(topic.nouns, skew, form))
        choices[number, name] = Choice(Slot.NOUN, probs)
    return choices


def _phrases(lexicon: Lexicon, parameters: Parameters) -> dict[tuple[bool, str | None], Choice]:
    """Choose an adverb or a preposition, by the word before; or "and", where it may come."""
    rule, skew = lexicon.rules["phrase"], parameters.skew
    adverbs = _scaled(rule["adverb"], _probs(lexicon.adverbs, skew))
    zipf = _zipf(len(lexicon.settings), skew)
    prepositions = dict(zip(lexicon.settings, zipf, strict=True))
    going_on: dict[str | None, dict[str, float]] = {
        None: adverbs | _scaled(rule["preposition"], prepositions),
        **dict.fromkeys(adverbs, prepositions),
        **{
            last: adverbs | _scaled(rule["preposition"], _without(prepositions, last))
            for last in prepositions
        },
    }
    choices = {}
    for last, probs in going_on.items():
        choices[True, last] = Choice(Slot.PHRASE, probs)
        stopping = {AND: parameters.stop} | _scaled(1 - parameters.stop, probs)
        choices[False, last] = Choice(Slot.PHRASE, stopping)
    return choices


def _returning(
    topic: Topic, numbers: Mapping[str, float], parameters: Parameters
) -> Iterator[tuple[str, Choice]]:
    """Choose the same noun in the same form, or another noun of the topic in either number."""
    nouns = _probs(topic.nouns, parameters.skew)
    plural = {noun.words[0]: noun.words[1] for noun in topic.nouns}
    for noun in topic.nouns:
        others = _scaled(1 - parameters.returning, _without(nouns, noun.words[0]))
        probs = _scaled(numbers[Number.SINGULAR], others) | {
            plural[other]: numbers[Number.PLURAL] * prob for other, prob in others.items()
        }
        for form in noun.words:
            yield form, Choice(Slot.RETURNING_NOUN, {form: parameters.returning} | probs)
