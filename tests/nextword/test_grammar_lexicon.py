"""A mistake in a lexicon is refused with its file and line; what is no mistake is accepted."""

import pickle
import re
from pathlib import Path

import numpy as np
import pytest

from nextword.data_folder import data_folder
from nextword.grammar import Grammar, LexiconError
from nextword.grammar.lexicon import read_lexicon

GOOD = """\
# a comment
[rules]
number: singular 0.6, plural 0.4
adjective: any 0.6, topic 0.4
phrase: preposition 0.7, adverb 0.3

[words]
determiners: the either 0.5, this singular 0.3, these plural 0.2
adjectives: old, young
adverbs: slowly,
    quickly  # on a line of its own
closing verbs: smiles smile
[settings]
in: garden
on: hill, roof
[topic sea]
adjectives: salty
nouns: captain captains, sailor sailors
verbs: sails sail
[topic kitchen]
adjectives: hungry
nouns: cook cooks, baker bakers
verbs: cooks cook, bakes bake
"""
LINE = {line.split(":")[0]: number for number, line in enumerate(GOOD.splitlines(), 1)}


def _read(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "mine.txt"
    path.write_bytes(text.encode())
    read_lexicon(path)
    return path


def test_a_good_lexicon_is_read(tmp_path: Path) -> None:
    grammar = Grammar.load(_read(tmp_path, GOOD))
    assert len(grammar.vocab) == 30
    assert grammar.sample(3, np.random.default_rng(0))
    lexicon = read_lexicon(tmp_path / "mine.txt")
    assert [entry.words for entry in lexicon.adverbs] == [("slowly",), ("quickly",)]
    assert [topic.name for topic in lexicon.topics] == ["sea", "kitchen"]
    assert lexicon.rules["number"] == {"singular": 0.6, "plural": 0.4}
    assert [entry.probability for entry in lexicon.determiners] == [0.5, 0.3, 0.2]


@pytest.mark.parametrize("line_end", ["\r\n", "\r"])
def test_line_ends_of_other_systems_and_a_byte_order_mark_change_nothing(
    tmp_path: Path, line_end: str
) -> None:
    ours = Grammar.load(_read(tmp_path, GOOD)).sample(5, np.random.default_rng(0))
    path = _read(tmp_path, "\ufeff" + GOOD.replace("\n", line_end))
    assert Grammar.load(path).sample(5, np.random.default_rng(0)) == ours


def test_a_line_is_counted_the_same_with_other_line_ends(tmp_path: Path) -> None:
    with pytest.raises(LexiconError, match="line 9: "):
        _read(tmp_path, GOOD.replace("old, young", "old, old").replace("\n", "\r\n"))


def test_words_of_other_languages_are_words(tmp_path: Path) -> None:
    path = _read(tmp_path, GOOD.replace("salty", "müde"))
    assert "müde" in Grammar.load(path).vocab


MISTAKES = [
    # a word twice where one choice is made
    ("old, young", "old, old", 9, "'old' stands already on line 9 among the adjectives"),
    ("adjectives: hungry", "adjectives: salty", 21, "'salty' stands already on line 17"),
    ("baker bakers", "captain captains", 22, "'captain' stands already on line 18 among the nouns"),
    ("sailor sailors", "sheep sheep", 18, "'sheep' stands already on line 18 among the nouns"),
    ("on: hill, roof", "on: hill, hill", "on", "'hill' stands already"),
    ("bakes bake", "cooks bake", 23, "'cooks' stands already on line 23"),
    # a word of two classes
    ("quickly", "in", "in", "'in' stands already on line 11 among the next phrase"),
    ("quickly", "and", 11, "'and' stands already in the grammar itself"),
    ("on: hill, roof", "on: hill, captain", 18, "'captain' stands here as noun and on line 15"),
    ("on: hill, roof", "on: hill, the", 15, "'the' stands here as setting and in the grammar"),
    ("salty", "slowly", 17, "'slowly' stands here as adjective and on line 10 as adverb"),
    # sections and lists
    (
        "[words]",
        "[word]",
        7,
        "expected one of [rules], [words], [settings], [topic NAME], got [word]",
    ),
    ("[settings]\nin: garden\non: hill, roof\n", "", 17, "expected a section [settings]"),
    ("[topic kitchen]", "[topic sea]", 20, "'topic sea' stands already on line 16"),
    ("[topic kitchen]", "[kitchen]", 20, "got [kitchen]"),
    ("[topic kitchen]", "[topic kitchen", 20, "expected a heading"),
    ("[topic kitchen]", "[]", 20, "expected a heading"),
    ("verbs: sails sail\n", "", 16, "[topic sea] lacks its list `verbs:`"),
    ("adverbs:", "adverb:", 7, "[words] lacks its list `adverbs:`"),
    ("verbs: sails sail\n", "verbs: sails sail\nnumbers: one\n", 20, "got 'numbers'"),
    ("verbs: sails sail", "nouns: sails sail", 19, "'nouns' stands already on line 18"),
    ("[rules]\n", "number: one\n[rules]\n", 2, "expected a [section] before"),
    ("[words]\n", "[words]\ncaptain\n", 8, "expected `name: entry, entry, …`, got 'captain'"),
    ("in: garden\n", "", "[settings]", "expected 2 prepositions or more in [settings], got 1"),
    ("in: garden", "In: garden", "in", "expected a preposition of small letters, got 'In'"),
    ("in: garden", "in front: garden", "in", "got 'in front'"),
    # lists
    (", sailor sailors", "", 18, "expected 2 or more nouns of [topic sea], got 1"),
    ("salty", "", 17, "expected 1 or more adjectives of [topic sea], got 0"),
    ("sailor sailors", "sailor", 18, "expected 2 word(s) in an entry of nouns of [topic sea]"),
    ("old, young", "old young", 9, "expected 1 word(s) in an entry of adjectives of [words]"),
    ("old, young", "old,, young", 9, "expected a word between the commas"),
    ("old, young", "old, 0.3", 9, "expected a word between the commas"),
    ("old, young", "old, Young", 9, "expected a word of small letters, got 'Young'"),
    ("old, young", "old, </s>", 9, "got '</s>'"),
    ("old, young", "old, x-ray", 9, "got 'x-ray'"),
    ("this singular 0.3", "this one 0.3", "determiners", "expected singular, plural or either"),
    # probabilities
    ("this singular 0.3", "this singular 0.4", "determiners", "sum to 1, they sum to 1.1"),
    ("this singular 0.3", "this singular", "determiners", "'this' has no probability"),
    ("this singular 0.3", "this singular -0.3", "determiners", "above 0, up to 1, got -0.3"),
    ("this singular 0.3", "this singular 0", "determiners", "above 0, up to 1, got 0"),
    ("this singular 0.3", "this singular 1e999", "determiners", "above 0, up to 1, got 1e999"),
    ("this singular 0.3", "this singular 0.3.1", "determiners", "above 0, up to 1, got 0.3.1"),
    ("slowly,", "slowly 0.5,", 11, "'quickly' has no probability"),
    ("singular 0.6, plural 0.4", "singular 0.6, plural 0.6", "number", "they sum to 1.2"),
    ("singular 0.6, plural 0.4", "singular, plural", "number", "with probabilities"),
    ("singular 0.6, plural 0.4", "singular 1", "number", "plural and singular once each"),
    ("any 0.6, topic 0.4", "any 0.6, other 0.4", "adjective", "any and topic once each"),
    ("any 0.6, topic 0.4", "any 0.6, topic 0.2, topic 0.2", "adjective", "once each"),
]


@pytest.mark.parametrize(("old", "new", "line", "problem"), MISTAKES)
def test_a_mistake_is_named_with_file_and_line(
    tmp_path: Path, old: str, new: str, line: int | str, problem: str
) -> None:
    assert GOOD.count(old) == 1
    number = line if isinstance(line, int) else LINE[line]
    with pytest.raises(LexiconError, match=re.escape(problem)) as refusal:
        _read(tmp_path, GOOD.replace(old, new))
    assert str(refusal.value).startswith(f"{tmp_path / 'mine.txt'}, line {number}: ")
    assert refusal.value.line == number


@pytest.mark.parametrize("text", ["", "\n \n", "# only a comment"])
def test_an_empty_file_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(LexiconError, match=r"line 1: expected sections .* it is empty"):
        _read(tmp_path, text)


def test_a_lexicon_without_topics_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LexiconError, match=r"expected a section \[topic NAME\] or more"):
        _read(tmp_path, GOOD[: GOOD.index("[topic sea]")])


def test_a_file_of_another_encoding_is_refused_at_its_line(tmp_path: Path) -> None:
    path = tmp_path / "latin.txt"
    path.write_bytes(GOOD.replace("salty", "müde").encode("latin-1"))
    with pytest.raises(
        LexiconError, match=r"latin\.txt, line 17: expected UTF-8, got the byte 0xfc"
    ):
        read_lexicon(path)


def test_a_binary_or_huge_file_is_refused_and_not_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "huge.txt"
    with path.open("wb") as huge:
        huge.truncate(10**9)  # sparse: takes no room on the disk
    with pytest.raises(LexiconError, match="expected at most 1,000,000 bytes, got 1,000,000,000"):
        read_lexicon(path)
    path.write_bytes(bytes(range(256)))
    with pytest.raises(LexiconError, match="line 3: expected UTF-8, got the byte 0x80"):
        read_lexicon(path)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nowhere"):
        Grammar.load(tmp_path / "nowhere.txt")


def test_an_error_travels_to_another_process(tmp_path: Path) -> None:
    error = LexiconError(tmp_path, 3, "a problem")
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


def test_the_courses_lexicon_reads_like_english_to_a_strict_eye() -> None:
    lexicon = read_lexicon(data_folder() / "grammar" / "lexicon.txt")
    assert len(lexicon.topics) == 10
    irregular = {"fishermen", "mice", "midwives", "wolves", "ploughmen"}
    for topic in lexicon.topics:
        for entry in topic.nouns:
            singular, plural = entry.words
            assert plural in irregular or plural in (singular + "s", singular + "es"), entry
        for entry in topic.verbs + lexicon.closing_verbs:
            singular, plural = entry.words
            third_person = {plural + "s", plural + "es", plural.removesuffix("y") + "ies"}
            assert singular in third_person, entry
