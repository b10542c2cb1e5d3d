"""What was measured takes the place of what is predicted, as far as it holds, and nothing else changes."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.calibration import Usage, described, entries, label
from engine.errors import FieldError, UnknownKeyError
from engine.estimate import best, high, low
from engine.explain import explain, explained
from engine.report import evaluate, evaluate_all
from engine.runtimes import RUNTIMES
from engine.scenario import Calibration, MeasuredMemory, MeasuredSpeed, as_another, under_runtime
from tests.engine.examples import ALL, DEEPSEEK_V3, LLAMA_70B
from tests.engine.runtimes.cases import LLAMA_8B
from tests.engine.setup import H100, H200, ask

GIB = 2**30
LOG = Calibration(
    date="2026-11-20",
    source="start-up log of node 7",
    runtime="vllm",
    runtime_version="0.19.0",
    gpu="h100-sxm",
    model=LLAMA_8B.id,
    weights="bf16",
    tp=1,
    pp=1,
    context=8192,
    options={"gpu_memory_utilization": 0.95},
    memory=MeasuredMemory(
        weights=round(14.99 * GIB),
        activation=round(1.89 * GIB),
        non_torch=round(0.25 * GIB),
        pool=round(58.11 * GIB),
    ),
)
"""A log of vLLM 0.19.0 with Llama-3.1-8B on one H100 (llm-d-planner)."""

SAME = {
    "runtime": "vllm",
    "runtime_version": "0.19.0",
    "tp": 1,
    "pp": 1,
    "options": {"gpu_memory_utilization": 0.95},
}


def with_it(report, calibration):
    """The answer to the same question with a calibration."""
    return evaluate(replace(report.scenario, calibration=calibration), report.facts)


def measured(calibration=LOG, *, model=LLAMA_8B, context=8192, **more):
    return with_it(ask(model, context=context, **{**SAME, **more}), calibration)


def used(report):
    return {name.removeprefix("memory.") for name in report.measured.used}


def reasons(report):
    return {name.removeprefix("memory."): why for name, why in report.measured.left}


def test_measured_items_are_exact_and_the_pool_follows():
    report = measured()
    assert used(report) == {"weights", "activation", "non_torch", "pool"}
    assert report.rank.weights_bytes == round(14.99 * GIB)
    assert report.rank.pool_bytes == round(58.11 * GIB)
    # what that log prints as its cache is 476,016 tokens
    assert report.capacity.pool_tokens == 476_032
    assert not [notice for notice in report.warnings if notice.field == "calibration"]
    ledger = report.choice.reservation.ledgers[0]
    assert ledger.items[0].note == "measured 2026-11-20, vllm 0.19.0: start-up log of node 7"


def test_without_a_pool_the_measured_items_leave_it():
    report = measured(replace(LOG, memory=replace(LOG.memory, pool=None)))
    usable = report.rank.usable_bytes
    rest = round(14.99 * GIB) + round(1.89 * GIB) + round(0.25 * GIB)
    assert best(report.rank.pool_bytes) == best(usable) - rest
    assert high(report.rank.pool_bytes) - low(report.rank.pool_bytes) == high(usable) - low(usable)


@pytest.mark.parametrize(
    ("changes", "kept", "why"),
    [
        ({"context": 100_000}, {"weights", "activation", "non_torch", "pool"}, ""),
        ({"options": {}}, {"weights", "activation", "non_torch"}, "gpu_memory_utilization = 0.95"),
        (
            {"options": {"gpu_memory_utilization": 0.95, "max_num_batched_tokens": 16_384}},
            {"weights", "non_torch"},
            "max_num_batched_tokens left to the runtime",
        ),
        ({"runtime_version": "0.6.4"}, {"weights"}, "version 0.19.0"),
        ({"device_memory": 60 * GIB}, {"weights"}, ""),
    ],
    ids=["context", "utilisation", "batch", "version", "memory"],
)
def test_an_item_holds_while_nothing_changes_that_it_depends_on(changes, kept, why):
    report = measured(replace(LOG, device_memory=int(79.18 * GIB)) if "device_memory" in changes else LOG, **changes)
    assert kept <= used(report)
    assert ("pool" in used(report)) == ("pool" in kept)
    assert why in reasons(report).get("pool", "")


def test_activation_that_grows_with_the_context_is_not_used_at_another():
    # 0.6.4 profiles a whole context (https://github.com/vllm-project/vllm/issues/34076 tells of a later one)
    old = replace(LOG, runtime_version="0.6.4", options={})
    at_home = measured(old, runtime_version="0.6.4", options={})
    assert "activation" in used(at_home)
    moved = measured(old, runtime_version="0.6.4", options={}, context=16_384)
    assert "activation" not in used(moved)
    assert reasons(moved)["activation"] == "measured with a context of 8,192"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"runtime": "sglang", "runtime_version": None, "options": {}}, "measured with vllm, not sglang"),
        ({"tp": 2}, "measured under one GPU, not TP2"),
        ({"gpu": H200}, "measured on h100-sxm, not h200-sxm"),
        ({"weights": "fp8"}, "measured with weights in bf16, not fp8"),
        ({"model": LLAMA_70B}, f"measured of {LLAMA_8B.id}, not {LLAMA_70B.id}"),
    ],
    ids=["runtime", "plan", "gpu", "weights", "model"],
)
def test_another_machine_is_not_calibrated_and_says_so(changes, why):
    report = measured(**changes)
    assert report.measured.used == ()
    assert set(reasons(report).values()) == {why}
    notices = [notice for notice in report.warnings if notice.code == "calibration_not_used"]
    assert [notice.field for notice in notices] == ["calibration"]
    plain = evaluate(replace(report.scenario, calibration=None), report.facts)
    assert (report.capacity, report.rank) == (plain.capacity, plain.rank)


def test_an_edited_model_is_not_the_one_that_ran():
    known = replace(LOG, parameters=LLAMA_8B.parameters)
    assert used(measured(known)) == {"weights", "activation", "non_torch", "pool"}
    edited = replace(LLAMA_8B, stack="31 layer")
    assert "parameters" in reasons(measured(known, model=edited))["weights"]


def test_what_is_left_out_is_not_looked_at():
    bare = Calibration(memory=MeasuredMemory(weights=14 * GIB))
    for changes in ({}, {"tp": 2}, {"runtime": "generic", "options": {}, "runtime_version": None}):
        assert measured(bare, **changes).rank.weights_bytes == 14 * GIB


def test_degrees_beside_stated_ones_are_one():
    bare = Calibration(tp=2, memory=MeasuredMemory(weights=GIB))
    assert measured(bare, tp=2).measured.used == ("memory.weights",)
    assert reasons(measured(bare, tp=2, pp=2))["weights"] == "measured under TP2, not TP2 PP2"


def test_the_first_stage_is_meant_and_no_pool_of_several():
    two = replace(LOG, pp=2)
    report = measured(two, pp=2)
    first, last = report.choice.reservation.ledgers
    assert [item.measured for item in first.items][:3] == [True, True, True]
    assert not any(item.measured for item in last.items)
    assert first.given_pool_bytes is None
    assert "pool" in reasons(report)


def test_an_option_that_gives_the_pool_wins():
    options = {"kv_cache_memory_bytes": 10 * GIB}
    report = measured(replace(LOG, options=options), options=options)
    assert report.rank.pool_bytes == 10 * GIB
    assert "pool" in reasons(report)


def test_graphs_that_a_version_does_not_subtract_are_not_used():
    graphs = replace(LOG, memory=MeasuredMemory(graphs=GIB))
    assert "graphs" in reasons(measured(graphs))
    later = replace(graphs, runtime_version="0.33.0")
    assert measured(later, runtime_version="0.33.0").rank.graph_bytes == GIB


def test_bad_options_are_refused_by_name():
    with pytest.raises(UnknownKeyError) as caught:
        measured(replace(LOG, options={"max_num_seq": 5}))
    assert caught.value.field == "calibration.options.max_num_seq"
    with pytest.raises(FieldError) as error:
        measured(replace(LOG, runtime_version="new"))
    assert error.value.field.startswith("calibration.")


PLACES = {
    "vllm": {},
    "sglang": {},
    "tensorrt-llm": {},
    "llama.cpp": {"tp": 1},
    "transformers": {"tp": 1},
    "generic": {},
}


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(ALL),
    st.sampled_from(sorted(RUNTIMES)),
    st.sampled_from([4096, 131_072]),
    st.sampled_from([1, 8, "max"]),
    st.integers(0, 31),
)
def test_what_is_measured_as_predicted_changes_nothing_but_the_bands(model, runtime, context, concurrency, chosen):
    plain = ask(model, runtime=runtime, context=context, concurrency=concurrency, **PLACES[runtime])
    ledger = plain.choice.reservation.ledgers[0]
    found = {kind: ledger.of(kind) for kind in ("weights", "activation", "graphs", "non_torch")}
    found["pool"] = ledger.pool_bytes
    sizes = {
        name: best(size)
        for place, (name, size) in enumerate(found.items())
        if size is not None and best(size) > 0 and chosen >> place & 1
    }
    held = with_it(plain, Calibration(memory=MeasuredMemory(**sizes)))
    assert held.plan == plain.plan
    assert (held.capacity.limit, held.capacity.short_bytes) == (plain.capacity.limit, plain.capacity.short_bytes)
    assert (held.rank.free_bytes, held.sequences) == (plain.rank.free_bytes, plain.sequences)
    for name in ("pool_tokens", "max_context_tokens", "max_sequences"):
        before, after = getattr(plain.capacity, name), getattr(held.capacity, name)
        assert best(before) == best(after)
        assert low(before) <= low(after) <= high(after) <= high(before)


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(ALL), st.sampled_from(["vllm", "sglang", "generic"]), st.booleans())
def test_explained_figures_are_those_of_the_report(model, runtime, pool):
    plain = ask(model, runtime=runtime)
    size = best(plain.choice.reservation.ledgers[0].of("weights"))
    memory = MeasuredMemory(weights=size + GIB, pool=GIB if pool else None)
    report = with_it(plain, Calibration(date="2026-11-20", memory=memory))
    values = {name: explain(report, name).evaluate() for name in explained(report) if name.startswith("memory.rank")}
    assert values["memory.rank.cache_pool_bytes"] == best(report.rank.pool_bytes)
    assert values["memory.rank.weights_bytes"] == best(report.rank.weights_bytes)


def test_why_names_what_was_measured_with_date_and_source():
    figure = explain(measured(replace(LOG, memory=replace(LOG.memory, pool=None))), "memory.rank.cache_pool_bytes")
    terms = {term.name: term for term in figure.terms}
    assert terms["weights"].source == "the scenario, calibration.memory.weights"
    assert terms["weights"].note == described(LOG)
    given_pool = explain(measured(), "memory.rank.cache_pool_bytes")
    assert (given_pool.value, given_pool.note) == (round(58.11 * GIB), described(LOG))


def test_other_gpus_are_predicted():
    report = measured()
    facts = {"h100-sxm": report.facts, "h200-sxm": replace(report.facts, accelerator=H200)}
    found = evaluate_all(report.scenario, facts, own_gpu="h100-sxm")
    assert found["h100-sxm"].measured is not None
    assert found["h200-sxm"].measured is None
    assert not [notice for notice in found["h200-sxm"].warnings if notice.field == "calibration"]


def test_names_of_the_gpu_and_the_model():
    report = measured(replace(LOG, gpu="H100 SXM 80GB", weights="BF16"))
    assert used(report) == {"weights", "activation", "non_torch", "pool"}
    assert H100.name == "H100 SXM 80GB"


def test_measurements_that_do_not_say_of_what_go_with_it():
    scenario = replace(ask(LLAMA_8B).scenario, calibration=Calibration(memory=MeasuredMemory(weights=GIB)))
    assert as_another(scenario, "gpu").calibration is None
    stated = replace(scenario, calibration=LOG)
    assert as_another(stated, "gpu").calibration == LOG
    assert under_runtime(scenario, "vllm").calibration is None
    assert under_runtime(stated, "vllm").calibration == LOG


def test_words():
    assert label(LOG) == "measured 2026-11-20, vllm 0.19.0"
    assert label(Calibration()) == "measured"
    assert entries(replace(LOG, speed=MeasuredSpeed(tpot_seconds=0.01, context=5, concurrency=1)))[-2:] == (
        "memory.pool",
        "speed.tpot_seconds",
    )
    usage = Usage(calibration=LOG, left=(("memory.pool", "a"), ("memory.graphs", "a"), ("memory.weights", "b")))
    assert [notice.message for notice in usage.notices] == [
        "not used of the calibration: pool, graphs; a",
        "not used of the calibration: weights; b",
    ]


def test_a_measured_plan_is_found_again_where_it_is_chosen():
    """Degrees that the scenario leaves open are chosen as before, measured or not."""
    plain = ask(DEEPSEEK_V3, gpu=H200, runtime="vllm", weights="fp8")
    size = best(plain.choice.reservation.ledgers[0].of("weights")) - GIB
    held = with_it(plain, Calibration(tp=plain.plan.tp, pp=plain.plan.pp, memory=MeasuredMemory(weights=size)))
    assert held.plan == plain.plan
    assert held.measured.used == ("memory.weights",)
