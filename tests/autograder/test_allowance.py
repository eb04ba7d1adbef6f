"""An allowance is spent by those who work, in the thread that it was given to."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from autograder.authoring.allowance import AllowanceSpent, allowance, spend


class Hand:
    """A clock that a test turns."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def walk(steps):
    for _ in range(steps):
        spend()


def test_work_is_stopped_when_its_time_is_over():
    clock = Hand()
    with allowance(5, clock):
        spend(1_000)
        clock.now = 5.1
        with pytest.raises(AllowanceSpent):
            spend(1_000)


def test_small_steps_add_up():
    clock = Hand()
    with allowance(5, clock):
        clock.now = 5.1
        with pytest.raises(AllowanceSpent):
            walk(1_000)


def test_who_was_given_nothing_may_take_any_time():
    spend(10**9)


def test_an_allowance_ends_with_its_block_and_gives_back_the_one_around_it():
    clock = Hand()
    with allowance(5, clock):
        clock.now = 4.0
        with allowance(5, clock):
            clock.now = 8.0
            spend(1_000)
        with pytest.raises(AllowanceSpent):
            spend(1_000)
    spend(10**9)


def test_an_allowance_of_one_thread_is_not_anothers():
    clock = Hand()
    with ThreadPoolExecutor(1) as pool, allowance(5, clock):
        clock.now = 6.0
        pool.submit(spend, 1_000).result()
        with pytest.raises(AllowanceSpent):
            spend(1_000)
