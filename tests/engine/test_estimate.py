"""Bands: ordered, combined corner by corner, subtracted end against end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.estimate import Band, best, combine, high, low, subtract


def test_a_band_is_ordered():
    with pytest.raises(ValueError, match="ordered"):
        Band(3, 2, 4)


def test_exact_amounts_stay_exact():
    assert combine(lambda a, b: a + b, 1, 2) == 3
    assert subtract(10, 3, 4) == 3


def test_a_falling_function_turns_the_ends():
    assert combine(lambda used: 100 - used, Band(10, 20, 40)) == Band(60, 80, 90)


def test_ends_that_meet_are_exact():
    assert combine(lambda a: a // 100, Band(110, 120, 130)) == 1


BANDS = st.lists(st.integers(-1000, 1000), min_size=3, max_size=3).map(lambda v: Band(*sorted(v)))


@given(amount=BANDS, taken=st.lists(BANDS | st.integers(-1000, 1000), max_size=4))
def test_what_is_left_lies_between_the_worst_and_the_best_case(amount, taken):
    left = subtract(amount, *taken)
    assert low(left) == low(amount) - sum(high(t) for t in taken)
    assert high(left) == high(amount) - sum(low(t) for t in taken)
    assert best(left) == best(amount) - sum(best(t) for t in taken)
