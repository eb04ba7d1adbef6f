"""What two programs share, whatever their names and layout."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.classroom.fingerprints import LENGTH, LONGEST, WINDOW, grams, tokens, winnowed

ONE = '''
def perplexity(log_probs, count):
    """Return two to the mean surprise."""
    total = 0.0
    for row in log_probs:
        total += sum(np.log2(p) for p in row)  # bits
    if not count:
        raise ValueError("no tokens")
    return 2 ** (-total / count)
'''
RENAMED = """
def perplexity(lp, n,):
    '''Another text.'''
    acc = 1.5
    for zeile in lp: acc += sum(
        np.log2(x)
        for x in zeile
    )
    if not n: raise ValueError('nothing')
    return 3 ** (-acc / n)
"""
OTHER = """
def perplexity(log_probs, count):
    if count == 0:
        raise ValueError("no tokens")
    surprise = -np.concatenate([np.asarray(row) for row in log_probs]).sum()
    return float(np.exp2(surprise / count))
"""


def kinds(source):
    return [token.kind for token in tokens(source)]


def prints(source):
    return winnowed(grams(source))


def test_names_layout_comments_and_texts_do_not_matter():
    assert kinds(ONE) == kinds(RENAMED)
    assert prints(ONE) == prints(RENAMED) != frozenset()


def test_another_way_has_little_in_common():
    assert len(prints(ONE) & prints(OTHER)) <= 1
    assert len(prints(ONE)) > 5


def test_what_is_called_matters():
    assert kinds("a = np.log2(b)") != kinds("a = np.log10(b)")
    assert kinds("a = len(b)") != kinds("a = sum(b)")


def test_functions_in_another_order_share_almost_all():
    both, turned = ONE + OTHER, OTHER + ONE
    shared = prints(both) & prints(turned)
    assert len(shared) >= len(prints(both)) - LENGTH // WINDOW - 1


@pytest.mark.parametrize(
    "source",
    ["", "def f(:", "x = (1,", "'''", "if 1:\n  a\n b", "\x00", "%matplotlib inline", "é = 1"],
)
def test_what_is_no_program_falls_on_nobody(source):
    assert isinstance(prints(source), frozenset)


def test_code_before_an_error_counts():
    assert prints(ONE) <= prints(ONE + "\n  )(")


def test_an_endless_answer_is_cut():
    assert len(tokens("a+" * LONGEST)) == LONGEST


def test_grams_know_their_lines_and_no_docstring_between():
    found = grams("a0 = b0 + 1\n'''no\ntokens'''\n" + "a = b\n" * 9)
    assert found[0].lines == (1, 1, 1, 1, 1, 4, 4, 4, 5, 5, 5, 6)


RUN = "( total + np . log2 ( p ) + max ( best , seen ) )"
words = st.lists(st.sampled_from(["if", "for", "+", "name", "1", ".", "log", "=", "[0]"]))


@given(words, words, words, words)
def test_a_run_that_is_long_enough_is_always_found(before, after, elsewhere, behind):
    """Winnowing's guarantee (Schleimer et al. 2003, section 4)."""
    assert len(tokens(RUN)) == LENGTH + WINDOW - 1
    one, other = ([*before, RUN, *after], [*elsewhere, RUN, *behind])
    assert prints(" ".join(one)) & prints(" ".join(other))


def test_every_window_keeps_its_lowest():
    found = grams(ONE)
    hashes, chosen = [gram.hash for gram in found], prints(ONE)
    for start in range(len(hashes) - WINDOW + 1):
        assert min(hashes[start : start + WINDOW]) in chosen
