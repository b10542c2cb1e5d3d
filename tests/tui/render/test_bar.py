"""The memory bar."""

from dataclasses import replace

import pytest

from tui.render.bar import bar
from tui.render.line import text_of, width_of


@pytest.mark.parametrize("width", [6, 10, 14, 18, 40, 120])
def test_every_bar_is_as_wide_as_asked_and_says_fit_or_not(ready, width):
    for report in ready.answers.table.values():
        text = text_of(bar(report, width))
        assert width_of(bar(report, width)) == width
        assert ("#X" in text) == (report.rank.free_bytes < 0)
        assert (text[0], text[-1]) == ("[", "]")


def test_parts_stand_in_proportion(ready):
    report = ready.answers.table["mi300x"]
    text = text_of(bar(report, 102))[1:-1]
    assert text.count("█") == round(100 * report.rank.weights_bytes / report.rank.device_bytes)
    used = report.rank.weights_bytes + report.rank.cache_bytes
    assert text.count("█") + text.count("▓") == round(100 * used / report.rank.device_bytes)
    assert text.index("│") == 91


def test_small_parts_show_and_nothing_fits_into_nothing(ready):
    report = ready.answers.table["mi300x"]
    small = replace(report, rank=replace(report.rank, weights_bytes=1, cache_bytes=1))
    assert text_of(bar(small, 20)).startswith("[█")
    assert width_of(bar(small, 0)) == 6
