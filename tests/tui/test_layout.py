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
@pytest.mark.parametrize("pane", ["model", "load", "gpus", "results", "why", "help"])
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
    assert [p.pane for p in places(ready, 160, 50)] == ["model", "load", "gpus", "results", "why"]
    assert [p.pane for p in places(zoomed(ready), 160, 50)] == ["model"]
    with_why = replace(ready, why=Why())
    assert place_of(with_why, "why", 120, 40).x == place_of(with_why, "results", 120, 40).x
    assert place_of(ready, "why", 120, 40) is None
