"""Speed, cost and remedies as text."""

from dataclasses import replace

import pytest

from engine.estimate import FloatBand
from engine.latency import Performance
from tests.tui.drawing import draw_pane
from tui.lists import results
from tui.render.line import text_of, width_of
from tui.render.speed import columns_of, remedy_lines, short, speed_lines, time_range, time_text
from tui.render.strip import strip_lines
from tui.state import Sort, gone, pointed

SPEED = Performance(
    tpot_seconds=FloatBand(0.017, 0.0214, 0.03),
    ttft_seconds=FloatBand(0.6, 1.2, 2.5),
    output_tokens_per_second=FloatBand(270, 381, 450),
    usd_per_million_output_tokens=FloatBand(3.6, 4.36, 6.1),
    bound="weights",
    regime="serving, one GPU",
    known_error="mean error 9 %",
)


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0.0, "0.00 ms"), (0.00004, "0.04 ms"), (0.9999, "1,000 ms"), (119, "119 s"), (1e6, "12 d")]
)
def test_times_have_their_handiest_unit(seconds, shown):
    assert time_text(seconds) == shown


def test_small_rates_are_not_nothing():
    assert (short(0.0001), short(0.0), short(9_999)) == ("<0.01", "0.00", "9,999")


def test_both_ends_of_a_time_are_in_one_unit():
    assert time_range(FloatBand(0.6, 1.2, 2.5)) == "0.60-2.5 s"


@pytest.mark.parametrize("width", [20, 46, 80, 120])
@pytest.mark.parametrize("count", [2, 3])
def test_details_are_always_so_many_lines(width, count):
    for speed in (None, Performance(notes=("nothing can be said",)), SPEED):
        lines = speed_lines(speed, width, count)
        assert len(lines) == count
        assert all(width_of(line) <= max(width, 40) for line in lines)
    for found in (None, ()):
        assert len(remedy_lines(found, width, count)) == count


def test_details_have_low_high_regime_and_known_error():
    first, *rest = (text_of(line) for line in speed_lines(SPEED, 120, 3))
    assert "~21 ms (17-30 ms) a token, TTFT 0.60-2.5 s, 381 tok/s (270-450), $4.36/1M out ($3.60-$6.10)" in first
    assert "weights bound; mean error 9 %; serving, one GPU" in " ".join(rest)


def test_cells_of_a_row():
    assert columns_of(SPEED) == {"ms": "21", "tok/s": "381", "ttft": "0.60-2.5 s", "$/1M": "4.36"}
    assert set(columns_of(Performance()).values()) == {"-"}


def test_the_strip_has_times_only_for_what_fits(ready_on, solver):
    state = ready_on(deployment={"gpus": 32})
    state = replace(state, answers=solver.with_speed(state.answers))
    assert " ~" in text_of(strip_lines(state, 80)[1])
    assert "TTFT" in text_of(strip_lines(state, 120)[0])
    assert all(width_of(line) <= 80 for line in strip_lines(state, 80))
    short_of = ready_on(deployment={"gpus": 8})
    short_of = replace(short_of, answers=solver.with_speed(short_of.answers))
    assert not any("TTFT" in text_of(line) or " ms" in text_of(line) for line in strip_lines(short_of, 200))


def test_results_can_be_sorted_by_speed(ready):
    state = replace(ready, sorts={"results": Sort("ms")})
    times = [row.speed.tpot_seconds.best for row in results(state) if row.speed and row.speed.tpot_seconds]
    assert times == sorted(times)
    assert len(times) > 50


def test_remedies_stand_below_what_does_not_fit(ready, solver):
    state = gone(pointed(ready, "results", "h100-sxm"), "results")
    assert "fits with  ..." in "\n".join(text_of(line) for line in draw_pane(state, "results", 80, 20))
    answers = solver.with_remedies(state.answers, state.answers.table["h100-sxm"])
    shown = "\n".join(text_of(line) for line in draw_pane(replace(state, answers=answers), "results", 80, 20))
    assert "fits with  int4 cache" in shown
