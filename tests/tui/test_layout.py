"""Places of the panes at every size."""

from dataclasses import replace

import pytest

from tui.layout import place_of, places
from tui.state import Why, gone, zoomed

SIZES = [
    (1, 1),
    (40, 10),
    (79, 22),
    (80, 23),
    (80, 24),
    (99, 30),
    (100, 24),
    (120, 40),
    (159, 45),
    (160, 50),
    (240, 70),
]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("pane", ["model", "load", "gpus", "results", "compare", "sweep", "why", "help"])
@pytest.mark.parametrize("zoom", [False, True])
def test_panes_lie_on_the_screen_beside_each_other(ready, size, pane, zoom):
    width, height = size
    state = replace(gone(ready, pane), zoom=zoom, why=Why() if pane == "why" else None)
    found = places(state, width, height)
    assert pane in [place.pane for place in found]
    taken = set()
    for place in found:
        cells = {(x, y) for x in range(place.x, place.x + place.width) for y in range(place.y, place.y + place.height)}
        assert not taken & cells
        taken |= cells
    assert all(0 <= x < width and 0 <= y < max(1, height - 4) for x, y in taken)


def test_columns_come_with_width(ready):
    assert [p.pane for p in places(ready, 80, 24)] == ["model"]
    assert [p.pane for p in places(ready, 120, 40)] == ["model", "load", "gpus", "results"]
    inputs = ["model", "load", "gpus"]
    assert [p.pane for p in places(ready, 160, 50)] == [*inputs, "results", "compare", "why", "sweep"]
    assert [p.pane for p in places(zoomed(ready), 160, 50)] == ["model"]
    with_why = replace(ready, why=Why())
    assert place_of(with_why, "why", 120, 40).x == place_of(with_why, "results", 120, 40).x
    assert place_of(ready, "why", 120, 40) is None


@pytest.mark.parametrize("pane", ["results", "compare", "sweep"])
def test_where_rows_are_scarce_three_columns_show_the_pane_that_was_chosen_last(ready, pane):
    shown = [place.pane for place in places(gone(gone(ready, pane), "load"), 200, 30)]
    assert shown[:3] == ["model", "load", "gpus"]
    assert len(shown) == 5
    assert pane in shown


def test_the_columns_of_a_wide_screen_grow_with_it(ready):
    for width in (160, 200, 300):
        columns = {place.x: place.width for place in places(ready, width, 50)}
        (_, left), (_, middle), (_, right) = sorted(columns.items())
        assert left + middle + right + 2 == width
        assert middle > right > left
