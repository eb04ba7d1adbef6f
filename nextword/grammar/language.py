"""The language with a known floor, as lectures, assignments and graders use it."""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float

from nextword.data_folder import data_folder
from nextword.grammar.choice import Choice, Slot
from nextword.grammar.counted import CountedGrammar
from nextword.grammar.entropy import distance_probs, exact_floor, mean_distance, second_nouns
from nextword.grammar.floor import Floor
from nextword.grammar.lexicon import read_lexicon
from nextword.grammar.lexicon_checks import END_OF_SENTENCE
from nextword.grammar.parameters import NEAR, Parameters
from nextword.grammar.rules import Rules, build_rules

FIRST_NOUN_INDEX = 2  # DETERMINER ADJECTIVE NOUN

# Universal Dependencies' part-of-speech tags, for slots that one tag fits.
_TAGS = {
    Slot.DETERMINER: "DET",
    Slot.ADJECTIVE: "ADJ",
    Slot.NOUN: "NOUN",
    Slot.VERB: "VERB",
    Slot.ARTICLE: "DET",
    Slot.SETTING: "NOUN",
    Slot.RETURNING_NOUN: "NOUN",
    Slot.CLOSING_VERB: "VERB",
    Slot.FULL_STOP: "PUNCT",
}


class ImpossibleSentenceError(ValueError):
    """The grammar cannot make these words."""


class Grammar:
    """A small language whose probabilities are all known.

    A sentence is a list of words that ends in ".". Its scored tokens are these words and one
    ``</s>``, which is certain after the full stop; neither ``<s>`` nor ``</s>`` stands in the list.

    Parameters
    ----------
    rules : Rules
        Every choice and its probabilities; `Grammar.load` makes them from a lexicon.

    Examples
    --------
    >>> grammar = Grammar.load()
    >>> sentence = "the old cook eats quietly and the cook smiles .".split()
    >>> grammar.tags(sentence)
    ['DET', 'ADJ', 'NOUN', 'VERB', 'ADV', 'CCONJ', 'DET', 'NOUN', 'VERB', 'PUNCT']
    >>> grammar.log_prob(sentence) > grammar.log_prob(sentence[:-3] + "cooks smile .".split())
    True
    >>> grammar.log_prob(sentence[:-3] + "cook smile .".split())
    -inf
    """

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        words = {word for choice in rules.all_choices() for word in choice.probs}
        self.vocab: tuple[str, ...] = tuple(sorted(words - {END_OF_SENTENCE}))

    @classmethod
    def load(cls, path: str | Path | None = None, parameters: Parameters = NEAR) -> "Grammar":
        """Make the language from its lexicon.

        Parameters
        ----------
        path : str or Path, optional
            A lexicon file; the course's own where none is given.
        parameters : Parameters
            How surely the noun returns, how far away, how uneven frequencies are.

        Returns
        -------
        Grammar
            Ready to sample and to score.

        Raises
        ------
        LexiconError
            The lexicon has a mistake; the message names file, line and mistake.
        """
        if path is None:
            path = data_folder() / "grammar" / "lexicon.txt"
        return cls(build_rules(read_lexicon(Path(path)), parameters))

    def sample(self, n_sentences: int, rng: np.random.Generator) -> list[list[str]]:
        """Draw sentences, independently of one another.

        Parameters
        ----------
        n_sentences : int
            How many, 0 or more.
        rng : np.random.Generator
            Where chance comes from.

        Returns
        -------
        list of list of str
            The sentences, each ending in ".".

        Raises
        ------
        ValueError
            `n_sentences` is negative.
        """
        if n_sentences < 0:
            raise ValueError(f"expected 0 sentences or more, got {n_sentences}")
        return [self._draw(rng) for _ in range(n_sentences)]

    def sample_tokens(self, n_tokens: int, rng: np.random.Generator) -> list[list[str]]:
        """Draw whole sentences until they have `n_tokens` scored tokens (words and ``</s>``).

        Parameters
        ----------
        n_tokens : int
            How many at least, 0 or more.
        rng : np.random.Generator
            Where chance comes from.

        Returns
        -------
        list of list of str
            The sentences, each ending in ".".

        Raises
        ------
        ValueError
            `n_tokens` is negative.
        """
        if n_tokens < 0:
            raise ValueError(f"expected 0 tokens or more, got {n_tokens}")
        sentences = []
        while n_tokens > 0:
            sentences.append(self._draw(rng))
            n_tokens -= len(sentences[-1]) + 1
        return sentences

    def _draw(self, rng: np.random.Generator) -> list[str]:
        derivation = self._rules.derivation()
        choice = next(derivation)
        words = []
        while choice.slot is not Slot.END:
            words.append(choice.draw(rng))
            choice = derivation.send(words[-1])
        return words

    def log_probs(self, sentence: Sequence[str]) -> Float[np.ndarray, " tokens"]:
        """Log-probability of every scored token, given the tokens before it.

        Parameters
        ----------
        sentence : sequence of str
            Any words.

        Returns
        -------
        array of shape (len(sentence) + 1,)
            In nats, the last for ``</s>``; -inf from the first impossible token on.
        """
        tokens = [*sentence, END_OF_SENTENCE]
        log_probs = np.full(len(tokens), -np.inf)
        for index, choice in enumerate(self._rules.choices(tokens)):
            log_probs[index] = choice.log_probs.get(tokens[index], -np.inf)
        return log_probs

    def log_prob(self, sentence: Sequence[str]) -> float:
        """Log-probability of a sentence in nats: -inf for one that the grammar cannot make.

        Parameters
        ----------
        sentence : sequence of str
            Any words, or none.

        Returns
        -------
        float
            The sum of `log_probs`.
        """
        return float(self.log_probs(sentence).sum())

    def next_distribution(self, prefix: Sequence[str]) -> dict[str, float]:
        """Probability of every token that can come next.

        Parameters
        ----------
        prefix : sequence of str
            The words so far, from the beginning of the sentence; none at its start.

        Returns
        -------
        dict of str to float
            Sums to 1; after the full stop ``</s>`` is certain.

        Raises
        ------
        ImpossibleSentenceError
            No sentence begins like this.
        """
        met = self._choices([*prefix, END_OF_SENTENCE], n_read=len(prefix))
        return dict(met[-1].probs)

    def slots(self, sentence: Sequence[str]) -> list[Slot]:
        """Position that every scored token fills: the class that its floor belongs to.

        Parameters
        ----------
        sentence : sequence of str
            A sentence of the grammar.

        Returns
        -------
        list of Slot
            One for every word and one for ``</s>``, as `log_probs`.

        Raises
        ------
        ImpossibleSentenceError
            The grammar cannot make this sentence.
        """
        return [choice.slot for choice in self._choices([*sentence, END_OF_SENTENCE])]

    def tags(self, sentence: Sequence[str]) -> list[str]:
        """Part of speech of every word, which the grammar knows without a doubt.

        Parameters
        ----------
        sentence : sequence of str
            A sentence of the grammar.

        Returns
        -------
        list of str
            Tags of Universal Dependencies: DET, ADJ, NOUN, VERB, ADV, ADP, CCONJ or PUNCT.

        Raises
        ------
        ImpossibleSentenceError
            The grammar cannot make this sentence.
        """
        return [
            _TAGS.get(slot) or self._rules.tag_of_phrase(word)
            for slot, word in zip(self.slots(sentence), sentence, strict=False)
        ]

    def returning_index(self, sentence: Sequence[str]) -> int:
        """Index of the noun after "and the", whether it returned or not.

        Parameters
        ----------
        sentence : sequence of str
            A sentence of the grammar.

        Returns
        -------
        int
            Index into the sentence; the first noun has index 2 (`FIRST_NOUN_INDEX`).

        Raises
        ------
        ImpossibleSentenceError
            The grammar cannot make this sentence.
        """
        return self.slots(sentence).index(Slot.RETURNING_NOUN)

    def distance(self, sentence: Sequence[str]) -> int:
        """Tokens from the first noun to the second, as `Parameters` defines it."""
        return self.returning_index(sentence) - FIRST_NOUN_INDEX

    def distance_probs(self, longest: int) -> Float[np.ndarray, " distances"]:
        """Exact probability of every distance.

        Parameters
        ----------
        longest : int
            The longest distance asked for, in tokens, 0 or more.

        Returns
        -------
        array of shape (longest + 1,)
            Entry d is the probability of distance d. What is missing from 1 lies beyond `longest`.

        Raises
        ------
        ValueError
            `longest` is negative.
        """
        if longest < 0:
            raise ValueError(f"expected a distance of 0 or more, got {longest}")
        return distance_probs(self._rules, longest)

    def mean_distance(self) -> float:
        """Exact mean distance from the first noun to the second, in tokens."""
        return mean_distance(self._rules)

    def floor(self) -> Floor:
        """Exact floor of the language: overall, per word, and in every slot.

        Returns
        -------
        Floor
            Expected nats and tokens of one sentence.
        """
        return exact_floor(self._rules)

    def floor_of(self, sentences: Iterable[Sequence[str]]) -> Floor:
        """Floor of a sample: what the true probabilities themselves score on it.

        Parameters
        ----------
        sentences : iterable of sequence of str
            One sentence or more, all of the grammar.

        Returns
        -------
        Floor
            Nats and tokens of the sample.

        Raises
        ------
        ImpossibleSentenceError
            The grammar cannot make one of them.
        ValueError
            There are none.
        """
        nats: dict[Slot, float] = defaultdict(float)
        tokens: dict[Slot, float] = defaultdict(float)
        for sentence in sentences:
            scored = [*sentence, END_OF_SENTENCE]
            for token, choice in zip(scored, self._choices(scored), strict=True):
                nats[choice.slot] -= choice.log_probs[token]
                tokens[choice.slot] += 1
        if not tokens:
            raise ValueError(
                "expected one sentence or more, got none: an empty sample has no floor"
            )
        return Floor(nats, tokens)

    def counted(
        self, sentences: Iterable[Sequence[str]], pseudo_count: float = 0.5
    ) -> CountedGrammar:
        """Keep the rules, forget the probabilities, and count them in a text.

        Parameters
        ----------
        sentences : iterable of sequence of str
            The text, all of the grammar.
        pseudo_count : float
            Added to each word of each choice, above 0.

        Returns
        -------
        CountedGrammar
            The yardstick for a model that learns from this text.

        Raises
        ------
        ValueError
            A sentence is not of the grammar, or `pseudo_count` is not above 0.
        """
        return CountedGrammar(self._rules, sentences, pseudo_count)

    def blind_perplexity(self) -> float:
        """Best perplexity at the second noun for a model that saw neither the first nor its verb.

        The phrases between say nothing of the noun, so that such a model can do no better than the
        frequency of every noun: this is where a window stays that is too short.
        """
        probs = second_nouns(self._rules).values()
        return math.exp(-math.fsum(p * math.log(p) for p in probs if p > 0))

    def _choices(self, tokens: Sequence[str], n_read: int | None = None) -> list[Choice]:
        """Read tokens, of which the first `n_read` (all, by default) must be possible."""
        met = list(self._rules.choices(tokens))
        index = len(met) - 1
        n_read = len(tokens) if n_read is None else n_read
        if not met[index].probs or (index < n_read and tokens[index] not in met[index].probs):
            raise _impossible(tokens, index, met[index])
        return met


def _impossible(tokens: Sequence[str], index: int, choice: Choice) -> ImpossibleSentenceError:
    before = " ".join(tokens[max(0, index - 5) : index]) or "the beginning"
    possible = sorted(choice.probs, key=lambda word: -choice.probs[word])
    shown = ", ".join(map(repr, possible[:5])) + (", …" if len(possible) > 5 else "")
    expected = f"as {choice.slot} {shown}" if possible else "nothing more"
    return ImpossibleSentenceError(
        f"token {index}, after {before!r}: expected {expected}, got {tokens[index]!r}, which this "
        "grammar cannot make there; was the text made with other parameters?"
    )
