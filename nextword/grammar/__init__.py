"""A small language with a known floor: real words, known probabilities, a noun that returns."""

from nextword.grammar.choice import Slot
from nextword.grammar.counted import CountedGrammar
from nextword.grammar.floor import Floor
from nextword.grammar.language import FIRST_NOUN_INDEX, Grammar, ImpossibleSentenceError
from nextword.grammar.lexicon_file import LexiconError
from nextword.grammar.luck import beyond_luck
from nextword.grammar.parameters import PRESETS, ParameterError, Parameters

__all__ = [
    "FIRST_NOUN_INDEX",
    "PRESETS",
    "CountedGrammar",
    "Floor",
    "Grammar",
    "ImpossibleSentenceError",
    "LexiconError",
    "ParameterError",
    "Parameters",
    "Slot",
    "beyond_luck",
]
