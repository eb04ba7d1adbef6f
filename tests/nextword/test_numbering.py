"""Numbers of keys are held against `np.unique`, each way of finding them by itself."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextword.models.numbering import Sorted, Tabled, distinct

HUGE = 1 << 62  # leaves no room for a place below a key
KEYS = st.lists(st.integers(0, 40), min_size=1, max_size=60)


def sorted_though_huge(keys, limit):
    return Sorted(keys, HUGE)


@pytest.mark.parametrize("find", [Tabled, Sorted, sorted_though_huge, distinct])
@given(KEYS, st.integers(1, 200))
def test_keys_are_numbered_as_unique_numbers_them(find, keys, room):
    original = np.array(keys, dtype=np.int64)
    found = find(original.copy(), max(keys) + room)
    unique, numbers, counts = np.unique(original, return_inverse=True, return_counts=True)
    assert found.keys.tolist() == unique.tolist()
    assert found.counts.tolist() == counts.tolist()
    assert original[found.places].tolist() == unique.tolist()
    assert found.numbers().tolist() == numbers.tolist()


@given(st.lists(st.integers(HUGE - 5, HUGE - 1), min_size=1, max_size=20))
def test_large_keys_are_not_cut(keys):
    found = distinct(np.array(keys, dtype=np.int64), HUGE)
    assert found.keys.tolist() == sorted(set(keys))


def test_the_largest_keys_that_have_a_place_below_them():
    limit = 1 << 60  # 61 bits, and 2 for the places of three keys
    keys = [limit - 1, 0, limit - 1]
    found = distinct(np.array(keys, dtype=np.int64), limit)
    assert found.keys.tolist() == [0, limit - 1]
    assert found.numbers().tolist() == [1, 0, 1]


def test_few_possible_keys_have_a_table_and_many_are_sorted():
    keys = np.zeros(10, dtype=np.int64)
    assert isinstance(distinct(keys.copy(), 10), Tabled)
    assert isinstance(distinct(keys.copy(), 11), Sorted)
