"""The cells of the wish: round and round, back to the default, and shown in a few characters."""

import pytest

from tui.sought import ALL, CELLS, OWN, RANKS, Sought, Wanted, across, back_to_default, ranked_next, turned, value_text

CHOICES = {
    "weights": (OWN, ALL, "fp8"),
    "cache": (OWN, ALL, "bf16"),
    "runtime": (OWN, ALL, "vllm"),
    "card": (None, 24.0, 80.0),
    "maker": ("", "amd", "nvidia"),
}
NAMES = [name for name, _ in CELLS]


@pytest.mark.parametrize("name", NAMES)
def test_plus_goes_round_and_minus_the_same_way_back(name):
    held = Sought(at=name)
    seen = [held.wanted]
    for _ in range(40):
        following = turned(held, 1, CHOICES)
        assert turned(following, -1, CHOICES) == held
        held = following
        if held.wanted == seen[0]:
            break
        assert held.wanted not in seen
        seen.append(held.wanted)
    assert held.wanted == Wanted()
    assert len(seen) > 2


@pytest.mark.parametrize("name", NAMES)
def test_reset_takes_back_one_cell_alone(name):
    held = turned(turned(Sought(at=name), 1, CHOICES), 1, CHOICES)
    other = next(cell for cell in NAMES if cell != name)
    both = turned(Sought(wanted=held.wanted, at=other), 1, CHOICES)
    assert back_to_default(Sought(wanted=both.wanted, at=name)).wanted == turned(Sought(at=other), 1, CHOICES).wanted


def test_the_cursor_goes_through_all_cells():
    held = Sought()
    seen = []
    for _ in CELLS:
        seen.append(held.at)
        held = across(held, 1)
    assert seen == NAMES
    assert held == Sought()


def test_every_order_comes_in_turn():
    held = Sought()
    orders = []
    for _ in RANKS:
        orders.append(held.wanted.rank)
        held = ranked_next(held, 1)
    assert tuple(orders) == RANKS
    assert ranked_next(held, -1).wanted.rank == RANKS[-1]


@pytest.mark.parametrize("name", NAMES)
def test_every_value_has_its_own_words(name):
    held, words = Sought(at=name), set()
    for _ in range(40):
        words.add(value_text(held.wanted, name, {"weights": "int8", "cache": "int8", "runtime": "sglang"}))
        held = turned(held, 1, CHOICES)
        if held.wanted == Wanted():
            break
    assert "" not in words
    assert all(len(word) <= 16 for word in words)
    values = {getattr(turned(Sought(at=name), step, CHOICES).wanted, name) for step in range(40)}
    assert len(words) == len(values)
