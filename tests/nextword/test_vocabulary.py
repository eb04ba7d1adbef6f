import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextword.text.vocabulary import (
    SPECIALS,
    DuplicateWordError,
    NotSentencesError,
    UnknownIdError,
    Vocabulary,
    VocabularySizeError,
)

TOKENS = st.text(min_size=1, max_size=6)
SENTENCES = st.lists(st.lists(TOKENS, max_size=8), max_size=8)


@given(SENTENCES)
def test_decoding_what_was_encoded_gives_the_text_back(sentences):
    vocab = Vocabulary.build(sentences)
    for sentence in sentences:
        assert vocab.decode(vocab.encode(sentence)) == sentence


@given(SENTENCES, st.randoms(use_true_random=False))
def test_the_order_of_the_text_does_not_change_the_vocabulary(sentences, chance):
    shuffled = sentences.copy()
    chance.shuffle(shuffled)
    assert Vocabulary.build(shuffled) == Vocabulary.build(sentences)


@given(SENTENCES, st.integers(3, 20), st.integers(1, 4))
def test_max_size_and_min_count_keep_the_most_frequent(sentences, max_size, min_count):
    vocab = Vocabulary.build(sentences, min_count=min_count, max_size=max_size)
    counts = {t: sum(s.count(t) for s in sentences) for s in sentences for t in s}
    inside = [counts[word] for word in vocab.words[3:]]
    outside = [n for word, n in counts.items() if word not in vocab and n >= min_count]
    assert len(vocab) <= max_size
    assert all(count >= min_count for count in inside)
    assert inside == sorted(inside, reverse=True)
    if outside:
        assert len(vocab) == max_size
        assert max(outside) <= min(inside, default=max(outside))


def test_specials_come_first_then_frequent_words_then_ties_by_the_alphabet():
    vocab = Vocabulary.build([["b", "a", "c", "c"], ["d"]])
    assert list(vocab) == ["<s>", "</s>", "<unk>", "c", "a", "b", "d"]
    assert (vocab.bos, vocab.eos, vocab.unk) == (0, 1, 2)
    assert vocab.n_outcomes == len(vocab) - 1 == 6


def test_among_equally_frequent_words_the_alphabetically_first_stay():
    assert Vocabulary.build([["z", "y", "x"]], max_size=5).words == (*SPECIALS, "x", "y")


def test_ids_are_int64_also_of_nothing():
    vocab = Vocabulary(["a"])
    for tokens in ([], ["a", "a"]):
        ids = vocab.encode(tokens)
        assert ids.dtype == np.int64
        assert ids.shape == (len(tokens),)
    assert vocab.decode([]) == []


def test_words_outside_become_unk_and_looking_them_up_adds_nothing():
    vocab = Vocabulary(["a"])
    assert vocab.encode(["a", "b", "<unk>", "<s>", "</s>"]).tolist() == [3, 2, 2, 0, 1]
    assert len(vocab) == 4
    assert "b" not in vocab


def test_sentences_are_encoded_flat_with_their_lengths():
    ids, lengths = Vocabulary(["a", "b"]).encode_sentences([["a"], [], ["b", "x"]])
    assert ids.tolist() == [3, 4, 2]
    assert lengths.tolist() == [1, 0, 2]


def test_unk_in_the_text_is_the_special_and_counts_for_nothing():
    vocab = Vocabulary.build([["<unk>", "<unk>", "a"]])
    assert list(vocab) == [*SPECIALS, "a"]


@pytest.mark.parametrize("wrong", [[4], [-1], [0, 99]])
def test_an_id_without_a_word_is_named(wrong):
    with pytest.raises(UnknownIdError, match=rf"from 0 to 3, got {wrong[-1]}"):
        Vocabulary(["a"]).decode(wrong)


@pytest.mark.parametrize("wrong", [[0.0, 1.0], [[0, 1]], [True]])
def test_what_is_no_list_of_whole_numbers_is_refused(wrong):
    with pytest.raises(UnknownIdError, match="whole numbers"):
        Vocabulary(["a"]).decode(wrong)


@pytest.mark.parametrize("words", [["a", "b", "a"], ["<unk>"]])
def test_a_word_given_twice_is_refused(words):
    with pytest.raises(DuplicateWordError, match="twice"):
        Vocabulary(words)


@pytest.mark.parametrize("setting", [{"min_count": 0}, {"max_size": 2}])
def test_sizes_that_make_no_sense_are_refused(setting):
    with pytest.raises(VocabularySizeError):
        Vocabulary.build([["a"]], **setting)


@pytest.mark.parametrize("text", ["the cat sat", ["the cat sat"], iter(["the", "cat"])])
def test_strings_are_not_taken_for_sentences_of_characters(text):
    with pytest.raises(NotSentencesError, match="list"):
        Vocabulary.build(text)


def test_a_string_is_not_taken_for_tokens():
    with pytest.raises(NotSentencesError, match="split"):
        Vocabulary(["a"]).encode("a a")


def test_a_generator_of_sentences_will_do():
    assert "b" in Vocabulary.build(sentence for sentence in [["a"], ["b"]])


def test_equal_vocabularies_are_equal_and_others_not():
    assert Vocabulary(["a", "b"]) == Vocabulary(["a", "b"]) != Vocabulary(["b", "a"])
    assert hash(Vocabulary(["a"])) == hash(Vocabulary(["a"]))
    assert Vocabulary(["a"]) != ("<s>", "</s>", "<unk>", "a")


def test_a_large_vocabulary_shows_itself_briefly():
    assert len(repr(Vocabulary(map(str, range(100_000))))) < 100


@given(
    st.lists(st.lists(st.sampled_from(["a", "b", "ß", "</s>", "<unk>", "<s>", ""]), max_size=9)),
    st.booleans(),
)
def test_building_and_encoding_at_once_is_building_and_then_encoding(sentences, once):
    vocab, ids, lengths = Vocabulary.build_and_encode(iter(sentences) if once else sentences)
    assert vocab == Vocabulary.build(sentences)
    expected_ids, expected_lengths = vocab.encode_sentences(sentences)
    assert (
        ids.tolist()
        == expected_ids.tolist()
        == [vocab.words.index(w) for s in sentences for w in s]
    )
    assert lengths.tolist() == expected_lengths.tolist() == [len(s) for s in sentences]
    assert expected_ids.dtype == expected_lengths.dtype == np.int64


def test_a_text_of_many_batches_is_encoded_in_its_order():
    sentences = [[str(i % 300), str(i)] for i in range(2000)]
    vocab, ids, lengths = Vocabulary.build_and_encode(sentences)
    assert vocab.decode(ids) == [word for sentence in sentences for word in sentence]
    assert set(lengths.tolist()) == {2}
