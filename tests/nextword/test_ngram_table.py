"""The table is held against counting with dictionaries, exactly."""

from collections import Counter

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from nextword.models.ngram_table import NGramTable, Stream
from nextword.text.vocabulary import Vocabulary

CORPORA = st.lists(st.lists(st.sampled_from("abcdefg"), max_size=9), max_size=30)
VOCABULARIES = st.one_of(
    st.none(), st.lists(st.sampled_from("abcxyz"), unique=True).map(Vocabulary)
)


def grams_of(table, k):
    """Spell out the n-grams of an order by following prefixes, in the order of their numbers."""
    level = table.levels[k - 1]
    if k == 1:
        return [(word,) for word in level.words.tolist()]
    shorter = grams_of(table, k - 1)
    pairs = zip(level.prefixes.tolist(), level.words.tolist(), strict=True)
    return [(*shorter[prefix], word) for prefix, word in pairs]


@settings(max_examples=200, deadline=None)
@given(CORPORA, VOCABULARIES, st.integers(1, 6), st.integers(1, 3))
def test_counts_prefixes_and_suffixes_are_those_of_a_dictionary(sentences, vocab, order, n_bos):
    stream = Stream.of(sentences, vocab, n_bos)
    words = stream.vocab
    table = NGramTable(stream, order)
    padded = [
        (*[words.bos] * n_bos, *words.encode(sentence).tolist(), words.eos)
        for sentence in sentences
    ]
    assert stream.ids.tolist() == [number for sentence in padded for number in sentence]
    slow = [
        Counter(s[i : i + k] for s in padded for i in range(len(s) - k + 1))
        for k in range(1, order + 1)
    ]
    del slow[0][(words.bos,)]
    assert len(table.levels) == max(1, sum(map(bool, slow)))
    for k, (level, expected) in enumerate(zip(table.levels, slow, strict=False), 1):
        grams = grams_of(table, k)
        counts = dict(zip(grams, level.counts.tolist(), strict=True))
        assert {gram: count for gram, count in counts.items() if count} == expected
        assert level.from_bos.tolist() == [gram[0] == words.bos for gram in grams]
        if k > 1:
            assert grams == sorted(grams)
            shorter = grams_of(table, k - 1)
            assert [shorter[i] for i in level.suffixes] == [gram[1:] for gram in grams]


@settings(max_examples=100, deadline=None)
@given(CORPORA, CORPORA, st.integers(1, 5))
def test_windows_of_another_text_are_found_if_they_occurred(sentences, others, order):
    stream = Stream.of(sentences, None, 1)
    table = NGramTable(stream, order)
    ids = Stream.of(others, stream.vocab, 1).ids
    for k, numbers in enumerate(table.numbers(ids), 1):
        grams = grams_of(table, k)
        known = set(grams)
        for end, number in enumerate(numbers.tolist(), 1):
            window = tuple(ids[max(0, end - k) : end].tolist())
            assert (grams[number] if number >= 0 else None) == (window if window in known else None)


def test_keys_beyond_32_bits_do_not_overflow():
    rng = np.random.default_rng(0)
    words = [f"w{i}" for i in range(70_000)]
    sentence = [words[i] for i in [*range(70_000), *rng.integers(0, 70_000, 70_000)]]
    stream = Stream.of([sentence], None, 1)
    table = NGramTable(stream, 2)
    pairs = Counter(zip(stream.ids[:-1].tolist(), stream.ids[1:].tolist(), strict=True))
    assert max(a * len(stream.vocab) + b for a, b in pairs) > 1 << 32
    level = table.levels[1]
    grams = zip(level.prefixes.tolist(), level.words.tolist(), strict=True)
    assert dict(zip(grams, level.counts.tolist(), strict=True)) == pairs
    assert (table.numbers(stream.ids)[1][1:] >= 0).all()
