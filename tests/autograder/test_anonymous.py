"""Who signs an answer out of habit is not known to whoever marks it; all else reads as written."""

import pytest

from autograder.classroom.anonymous import HIDDEN, hiders, name_hider
from autograder.classroom.harmless import clean_markdown
from autograder.classroom.roster import Person, write_roster

ADA = Person("al17", "Ada", "Lovelace", "ada.l@example.org", canvas_id="4711", sid="S1001")
MAX = Person("mmu", "Max Emil", "Müller-Groß", "max@example.org", sid="12")
HAN = Person("x9", "小明", "王")
PLAIN = Person("bob")


def hidden(text, *people):
    return name_hider(people or (ADA,)).in_text(text)


@pytest.mark.parametrize(
    "name",
    [
        "Ada",
        "ADA",
        "Lovelace",
        "Ada Lovelace",
        "ada lovelace",
        "Lovelace, Ada",
        "lovelace ada",
        "ADA_LOVELACE",
        "AdaLovelace",
        "al17",
        "AL17",
        "ada.l@example.org",
        "ada.l",
        "s1001",
        "4711",
        "A\u200bd\u00ada",
    ],
)
def test_a_name_is_hidden_however_it_is_written(name):
    assert hidden(f"by {name}.") == f"by {HIDDEN}."
    assert hidden(f"**{name}**_x") == f"**{HIDDEN}**_x"


@pytest.mark.parametrize(
    "words", ["an adage", "Adam", "canada", "lovelaces", "14711", "all17", "a d a", ""]
)
def test_what_only_looks_like_a_name_stays(words):
    assert hidden(words) == words


def test_a_first_name_that_is_a_word_is_hidden_only_as_a_name():
    assert hidden("the max of Max", MAX) == f"the max of {HIDDEN}"
    assert hidden("as max müller-groß says", MAX) == f"as {HIDDEN} says"


@pytest.mark.parametrize(
    "name",
    [
        "Max Emil Müller-Groß",
        "Mu\u0308ller-Groß",
        "Mueller-Gross",
        "max müller-groß",
        "MAX MÜLLER-GROSS".title(),
    ],
)
def test_accents_are_typed_in_many_ways(name):
    assert HIDDEN in hidden(f"by {name}", MAX)
    assert "ller" not in hidden(f"by {name}", MAX)


def test_scripts_without_spaces():
    assert hidden("我是王小明。", HAN) == f"我是{HIDDEN}。"


def test_short_numbers_and_letters_are_no_names():
    person = Person("a", "B", "C", sid="12", canvas_id="7")
    assert hidden("a B C 12 7", person) == "a B C 12 7"


def test_without_a_roster_the_folder_is_hidden():
    assert hidden("Bob here, bob@x", PLAIN) == f"{HIDDEN} here, {HIDDEN}@x"


@pytest.mark.parametrize("evil", [".*", "(a+)+$", "[", "\\", "<script>", "](javascript:x)"])
def test_a_name_is_text_and_no_pattern(evil):
    person = Person("zz9", evil, "Öz")
    assert hidden("nothing of it", person) == "nothing of it"
    assert "zz9" not in hidden(f"{evil} zz9", person)


def test_entities_and_tags_do_not_help_and_nothing_opens():
    hider = name_hider([ADA])
    assert hider.in_html("<p>by &#65;da &amp; co</p>") == f"<p>by {HIDDEN} &amp; co</p>"
    html = '<p title="a>b &quot; onclick=x Ada">&lt;script&gt; Ada</p>'
    cleaned = clean_markdown(hider.in_html(html))
    assert "<script" not in cleaned
    assert "onclick=x" not in cleaned.partition('title="')[0]
    assert "Ada<" not in cleaned


def test_who_is_in_a_group_is_hidden_with_it(class_folder):
    write_roster(class_folder, (ADA, MAX))
    rules = 'time_zone = "Europe/Zurich"\n[groups]\n"team red" = ["al17", "mmu"]\n'
    (class_folder.path / "class.toml").write_text(rules)
    found = hiders(class_folder, ["al17", "bob"])
    assert found["al17"].in_text("Ada and Max") == f"{HIDDEN} and {HIDDEN}"
    assert found["bob"].in_text("Ada and Bob") == f"Ada and {HIDDEN}"


def test_a_long_answer_takes_no_time():
    text = "a" * 200_000 + " Ada-" * 10_000 + "\u200b" * 100_000
    assert hidden(text).count(HIDDEN) == 10_000
