"""A quantity over an input: its points, how they are computed and stopped, and what keys do there."""

from dataclasses import replace

import pytest

from engine.cache_formats import CACHE_FORMATS
from engine.units import short_tokens
from tests.tui.drawing import draw_pane
from tests.tui.test_controller import press
from tui import why
from tui.axes import AXES, CONTEXTS, PRICES
from tui.render.line import text_of, width_of
from tui.sweep import QUANTITIES, Sweeping, here, value_of


@pytest.fixture
def c(controller):
    """A controller in a finished sweep over contexts."""
    made = controller()
    press(made, "6")
    assert made.needs_sweep
    assert made.fill_sweep()
    return made


def drawn(c, width=80, height=20):
    return [text_of(line) for line in draw_pane(c.state, "sweep", width, height)]


def test_contexts_go_from_4k_to_10m_and_rise(c):
    assert (CONTEXTS[0], CONTEXTS[-1]) == (4_000, 10_000_000)
    assert list(CONTEXTS) == sorted(set(CONTEXTS))
    assert len({short_tokens(context) for context in CONTEXTS}) == len(CONTEXTS)
    assert [point.value for point in c.state.answers.sweep.points] == list(CONTEXTS)


def test_the_point_of_the_scenario_is_its_own_answer(c):
    report, sweep = c.state.answers.report, c.state.answers.sweep
    point = sweep.points[here(c.state)]
    assert point.value == report.scenario.workload.context
    assert point.report.rank == report.rank
    assert not c.needs_sweep


def test_the_deployment_stays_the_same_along_the_axis(c):
    assert {point.report.plan for point in c.state.answers.sweep.points} == {c.state.answers.report.plan}


def test_it_is_computed_in_slices_and_can_be_stopped(controller, clock):
    c = controller()
    press(c, "6")

    def tick():
        clock.now += 1
        return clock.now

    c._clock = tick
    assert not c.fill_sweep(seconds=2.5)
    assert 0 < c.state.answers.sweep.done < len(CONTEXTS)
    assert "esc stops" in drawn(c)[0]
    state = press(c, "escape")
    assert state.answers.sweep.cancelled
    assert "stopped at" in drawn(c)[0]
    assert not c.needs_sweep
    press(c, "+")
    assert c.needs_sweep


def test_esc_does_nothing_where_nothing_runs(c):
    assert press(c, "escape").answers.sweep.done == len(CONTEXTS)


def test_a_changed_scenario_is_swept_anew(c):
    press(c, "2", "-", "6")
    assert c.needs_sweep
    c.fill_sweep()
    assert c.state.answers.sweep.report is c.state.answers.report


def test_quantity_axis_point_and_numbers(c):
    state = press(c, "j")
    assert state.swept.quantity == "TPOT"
    assert "ms" in drawn(c)[-2]
    assert why.followed(state).trail == ("latency.tpot_seconds",)
    press(c, "j")
    assert "$" in drawn(c)[-2]
    state = press(c, "j", "c")
    assert state.swept.numbers
    assert any("10M" in line and "147.0 GiB" in line for line in drawn(c))
    state = press(c, "c", "+")
    c.fill_sweep()
    assert c.state.answers.sweep.axis == "sequences"
    press(c, "l", "l")
    assert drawn(c)[-2].strip().startswith("4: ")
    press(c, "+")
    c.fill_sweep()
    assert any("int4 " in line and "39.7 GiB" in line for line in drawn(c))


def test_a_point_is_taken_and_undone(c):
    before = c.state.scenario
    label = c.state.answers.sweep.points[-3].label
    state = press(c, "h", "h", "t")
    assert state.scenario.workload.context == CONTEXTS[-3]
    assert label in state.message.text
    assert press(c, "u").scenario == before


def test_the_capacity_is_a_line_and_what_is_above_it_does_not_fit(c):
    lines = drawn(c)
    assert any("67.8=" in line for line in lines)
    marks = next(line for line in lines if line.strip().startswith("*"))
    assert marks.split() == ["*" if p.fits else "!" for p in c.state.answers.sweep.points]


def test_a_format_that_the_runtime_does_not_have_is_left_out(ready_on):
    sweeping = Sweeping(ready_on(deployment={"runtime": "llama.cpp", "options": {}}).answers.report, "cache")
    assert sweeping.run(lambda: False)
    assert 0 < len(sweeping.sweep.points) < len(CACHE_FORMATS)


@pytest.mark.parametrize("quantity", QUANTITIES)
@pytest.mark.parametrize("size", [(20, 4), (40, 10), (73, 20), (80, 20), (200, 46)])
def test_every_form_fills_any_size(c, quantity, size):
    for axis in AXES:
        for numbers in (False, True):
            swept = replace(c.state.swept, quantity=quantity, axis=axis, numbers=numbers)
            c.state = replace(c.state, swept=swept)
            c.fill_sweep()
            lines = draw_pane(c.state, "sweep", *size)
            assert [width_of(line) for line in lines] == [size[0]] * size[1]
    assert value_of(c.state.answers.sweep.points[0], quantity) is not None


def test_prices_are_an_axis_and_can_be_taken(c):
    state = press(c, "-")
    c.fill_sweep()
    assert (state.swept.axis, state.swept.quantity) == ("price", "$/1M out")
    points = c.state.answers.sweep.points
    assert [point.report.quote.usd_per_hour for point in points] == [8 * price for price in PRICES]
    assert len({point.speed.tpot_seconds for point in points}) == 1
    # $28 an hour for 8 GPUs is $3.50, and $4 the nearest place
    assert drawn(c)[-2].strip().startswith("$4.00: ")
    press(c, "l", "t")
    assert c.state.scenario.cost.usd_per_gpu_hour == 5.6


def test_over_gpus_the_plan_is_chosen_anew(c):
    press(c, "-", "-")
    c.fill_sweep()
    sweep = c.state.answers.sweep
    assert [point.report.gpus for point in sweep.points] == [1, 2, 4, 8, 16, 32, 64]
    assert here(c.state) == 3
    assert "8x" not in drawn(c)[-1]
    state = press(c, "l", "l", "t")
    assert (state.scenario.deployment.gpus, state.scenario.deployment.tp) == (32, None)
    assert state.answers.report.capacity.fits


def test_weights_are_bars_with_the_checkpoint_first(ready_on):
    for runtime, wanted in (("vllm", "fp8"), ("llama.cpp", "q4_k_m")):
        state = ready_on(model="Llama-3.1-8B", deployment={"runtime": runtime, "options": {}, "gpus": 1})
        sweeping = Sweeping(state.answers.report, "weights")
        sweeping.run(lambda: False)
        values = [point.value for point in sweeping.sweep.points]
        assert values[0] == "bf16"
        assert wanted in values
        needs = [value_of(point, "memory") for point in sweeping.sweep.points]
        assert needs[0] == max(needs)


def test_what_has_no_answer_is_left_out_with_its_reason(ready_on):
    sweeping = Sweeping(
        ready_on(deployment={"runtime": "vllm", "options": {}}).answers.report, "cache", ["fp8", "q8_0"]
    )
    sweeping.run(lambda: False)
    assert [point.value for point in sweeping.sweep.points] == ["fp8"]
    ((label, error),) = sweeping.sweep.left_out
    assert label == "q8_0"
    assert "vLLM has no cache format 'q8_0'" in error.message
