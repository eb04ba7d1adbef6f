"""What is exactly known of the language: how often a sentence comes to every choice, and how far.

By the chain rule the entropy of a sentence is the sum over all choices of the expected number of
times that it comes to the choice, times the entropy of the choice. Outside the phrases there are
finitely many cases to weigh; among the phrases the expected visits solve a linear equation.
"""

from collections import defaultdict
from collections.abc import Iterator

import numpy as np
from jaxtyping import Float

from nextword.grammar.choice import Choice, Slot
from nextword.grammar.floor import Floor
from nextword.grammar.lexicon import Number
from nextword.grammar.lexicon_checks import AND
from nextword.grammar.parameters import SHORTEST_DISTANCE
from nextword.grammar.rules import ARTICLE, END, STOP, Rules


def exact_floor(rules: Rules) -> Floor:
    """Work out the floor of the language.

    Parameters
    ----------
    rules : Rules
        The grammar.

    Returns
    -------
    Floor
        Expected nats and tokens of one sentence, by slot.
    """
    nats: dict[Slot, float] = defaultdict(float)
    tokens: dict[Slot, float] = defaultdict(float)
    for choice, n_visits in expected_visits(rules):
        nats[choice.slot] += n_visits * choice.entropy
        tokens[choice.slot] += n_visits
    return Floor(nats, tokens)


def expected_visits(rules: Rules) -> Iterator[tuple[Choice, float]]:
    """Every choice, and how often a sentence comes to it on average."""
    yield rules.determiner, 1.0
    yield rules.adjective, 1.0
    for key, prob in _noun_keys(rules).items():
        yield rules.noun[key], prob
    for noun, prob in first_nouns(rules).items():
        yield rules.verb[rules.agreement[noun]], prob
        yield rules.returning[noun], prob
    for noun, prob in second_nouns(rules).items():
        yield rules.closing[rules.agreement[noun].number], prob
    for (must_go_on, last), n_visits in _phrase_visits(rules).items():
        yield rules.phrase[must_go_on, last], n_visits
        if last is not None and last in rules.setting:
            yield rules.setting[last], n_visits
            yield ARTICLE, n_visits
    yield ARTICLE, 1.0
    yield STOP, 1.0
    yield END, 1.0


def first_nouns(rules: Rules) -> dict[str, float]:
    """Probability of every noun, by form, as the first of a sentence."""
    nouns: dict[str, float] = defaultdict(float)
    for key, weight in _noun_keys(rules).items():
        for noun, prob in rules.noun[key].probs.items():
            nouns[noun] += weight * prob
    return nouns


def second_nouns(rules: Rules) -> dict[str, float]:
    """Probability of every noun, by form, as the second of a sentence."""
    nouns: dict[str, float] = defaultdict(float)
    for first, weight in first_nouns(rules).items():
        for noun, prob in rules.returning[first].probs.items():
            nouns[noun] += weight * prob
    return nouns


def distance_probs(rules: Rules, longest: int) -> Float[np.ndarray, " distance"]:
    """Probability of every distance from the first noun to the second, 0 to `longest` tokens."""
    lasts, step, length = _phrase_steps(rules)
    stop = rules.phrase[False, None].probs[AND]
    reached = np.zeros((max(longest, SHORTEST_DISTANCE) + 1, len(lasts)))  # by tokens between
    reached[0, lasts.index(None)] = 1.0
    probs = np.zeros(longest + 1)
    for between in range(longest + 1 - SHORTEST_DISTANCE):
        stopping = stop if between >= rules.min_between else 0.0
        probs[between + SHORTEST_DISTANCE] = stopping * reached[between].sum()
        leaving = (1 - stopping) * reached[between] @ step
        for n_tokens in (1, 3):
            to = min(between + n_tokens, len(reached) - 1)
            reached[to] += np.where(length == n_tokens, leaving, 0.0)
    return probs


def mean_distance(rules: Rules) -> float:
    """Mean of the distance from the first noun to the second, in tokens."""
    visits = _phrase_visits(rules)
    n_words = sum(visits.values()) - 1  # the last visit is to "and"
    n_prepositions = sum(n for (_, last), n in visits.items() if last in rules.setting)
    return SHORTEST_DISTANCE + n_words + 2 * n_prepositions


def _noun_keys(rules: Rules) -> dict[tuple[Number | None, str | None], float]:
    keys: dict[tuple[Number | None, str | None], float] = defaultdict(float)
    for determiner, prob in rules.determiner.probs.items():
        for adjective, adjective_prob in rules.adjective.probs.items():
            keys[rules.number_of[determiner], rules.topic_of[adjective]] += prob * adjective_prob
    return keys


def _phrase_steps(
    rules: Rules,
) -> tuple[list[str | None], Float[np.ndarray, "last next"], Float[np.ndarray, " last"]]:
    """Words that can come last before a phrase, which follows which, tokens of their phrase."""
    lasts = [last for must_go_on, last in rules.phrase if must_go_on]
    step = np.zeros((len(lasts), len(lasts)))
    for row, last in enumerate(lasts):
        for word, prob in rules.phrase[True, last].probs.items():
            step[row, lasts.index(word)] = prob
    return lasts, step, np.array([3 if last in rules.setting else 1 for last in lasts])


def _phrase_visits(rules: Rules) -> dict[tuple[bool, str | None], float]:
    """Count expected visits to every choice of a phrase, before "and" may come and after."""
    lasts, step, length = _phrase_steps(rules)
    n_early = rules.min_between
    # Row t: reached with t tokens of phrases; the last row: reached when "and" may come.
    reached = np.zeros((n_early + 1, len(lasts)))
    reached[0, lasts.index(None)] = 1.0
    for between in range(n_early):
        leaving = reached[between] @ step
        for n_tokens in (1, 3):
            to = min(between + n_tokens, n_early)
            reached[to] += np.where(length == n_tokens, leaving, 0.0)
    # Afterwards: visits = arrivals + visits · (1 − stop) · step, a geometric series in closed form.
    stop = rules.phrase[False, None].probs[AND]
    late = np.linalg.solve(np.eye(len(lasts)) - (1 - stop) * step.T, reached[n_early])
    early = reached[:n_early].sum(axis=0)
    return {
        (must_go_on, last): float(n_visits)
        for must_go_on, visits in ((True, early), (False, late))
        for last, n_visits in zip(lasts, visits, strict=True)
    }
