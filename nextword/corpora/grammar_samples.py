"""The course's own language, sampled."""

import numpy as np

from nextword.corpora.splits import Corpus
from nextword.corpora.tokenisation import Unit, check_units, tokens
from nextword.grammar import Grammar


def from_grammar(
    unit: Unit = "words",
    *,
    grammar: Grammar | None = None,
    train_tokens: int = 280_000,
    valid_tokens: int = 30_000,
    test_tokens: int = 60_000,
    seed: int = 0,
) -> Corpus:
    """Draw a corpus from the language whose floor is known.

    Each split has a source of chance of its own, so a longer train leaves valid and test as they
    were. A sample has a floor of its own, `grammar.floor_of(corpus.test)`, within about 1 % of
    the language's: compare a model with that one.

    Parameters
    ----------
    unit
        "words", or "characters" (of the words with spaces between).
    grammar
        The language; by default `Grammar.load()`.
    train_tokens, valid_tokens, test_tokens
        The least number of tokens (words and each sentence's `</s>`) to draw; the last sentence
        is complete.
    seed
        Where chance begins. The same seed gives the same sentences.

    Raises
    ------
    UnknownUnitError
        If `unit` is none of those.
    ValueError
        If a number of tokens is negative.
    """
    check_units(unit)
    language = Grammar.load() if grammar is None else grammar
    sizes = (train_tokens, valid_tokens, test_tokens)
    streams = np.random.SeedSequence(seed).spawn(3)
    train, valid, test = (
        language.sample_tokens(size, np.random.default_rng(stream))
        for size, stream in zip(sizes, streams, strict=True)
    )
    if unit == "characters":
        train, valid, test = (
            [tokens(" ".join(sentence), unit) for sentence in part] for part in (train, valid, test)
        )
    return Corpus("grammar", train, valid, test)
