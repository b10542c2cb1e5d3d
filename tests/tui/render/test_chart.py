"""Curves in braille and in ASCII."""

import pytest

from tui.render.chart import plot, scale_of, ticks
from tui.render.glyphs import ascii_line
from tui.render.line import line, text_of


def drawn(values, width, height, level=None, marked=-1):
    scale = scale_of(values, level)
    return [text_of(line(*row)) for row in plot(values, width, height, scale, level=level, marked=marked)]


def test_a_rising_curve_goes_from_the_bottom_left_to_the_top_right():
    rows = drawn([1, 2, 3, 4, 5, 6, 7, 8], 8, 4)
    assert all(len(row) == 8 for row in rows)
    assert rows[0][-1] != " "
    assert rows[-1][0] != " "
    assert rows[0][0] == rows[-1][-1] == " "


def test_the_level_is_a_line_and_the_mark_a_column():
    rows = drawn([1, 2, 3, 4], 12, 6, level=2.5, marked=0)
    assert sum("───" in row for row in rows) == 1
    assert sum(row[1] == ":" for row in rows) >= 4


@pytest.mark.parametrize("values", [[0.0], [5.0], [0.0, 0.0], [1e-9, 1e12], [3.0] * 50])
def test_odd_values_are_drawn(values):
    assert len(drawn(values, 10, 3, level=1.0)) == 3


def test_steep_curves_get_a_logarithm():
    assert scale_of([1, 1000], None).log
    assert not scale_of([10, 20], None).log
    scale = scale_of([1, 1000], None)
    assert scale.place(scale.value(0.4)) == pytest.approx(0.4)


def test_braille_has_a_counterpart_in_ascii():
    row = ascii_line((("⠉⣀⣿⠀", ""),))
    assert text_of(row) == "'.: "


def test_labels_never_touch():
    row = ticks(["4k", "8k", "16k", "10M"], 12)
    assert len(row) == 12
    assert row.split()[0] == "4k"
    assert ticks([], 5) == " " * 5
