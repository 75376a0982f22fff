"""What counts as faster."""

import itertools

from .trials import in_turns, is_faster, ratio_of


def seconds(won: int, lost: int, gain: float) -> list[tuple[float, float]]:
    return [(1.0, 1 - gain)] * won + [(1.0, 1 + gain)] * lost


def test_nearly_all_rounds_must_be_won():
    assert is_faster(seconds(15, 0, 0.1), 0.02)
    assert is_faster(seconds(14, 1, 0.1), 0.02)
    assert not is_faster(seconds(12, 3, 0.1), 0.02)
    assert not is_faster(seconds(0, 15, 0.1), 0.02)


def test_few_rounds_say_nothing():
    assert not is_faster(seconds(3, 0, 0.5), 0.02)


def test_a_gain_must_be_worth_it():
    assert not is_faster(seconds(15, 0, 0.01), 0.02)


def test_rounds_are_taken_in_turns_and_end_in_time():
    order = itertools.count()
    taken = in_turns(lambda: next(order), lambda: next(order), rounds=3, limit_s=60)
    assert taken == [(0, 1), (2, 3), (4, 5)]
    assert len(in_turns(lambda: 2.0, lambda: 1.0, rounds=1000, limit_s=0)) == 1
    assert ratio_of([(2.0, 1.0)]) == 0.5
