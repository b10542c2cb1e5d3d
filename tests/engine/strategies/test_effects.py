"""What levers do: bytes, contexts, seconds and dollars, alone and together."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalogs.evidence_store import EvidenceCatalog
from catalogs.store import HardwareCatalog
from engine.latency import performance
from engine.scenario import Calibration, Cost, MeasuredSpeed
from engine.strategies import SINK_TOKENS, WINDOW_TOKENS, Budgets, Lever, Levers, levers_of
from tests.engine import examples
from tests.engine.setup import UNKNOWN, ask

GPUS = HardwareCatalog().accelerators()
QUALITY = EvidenceCatalog().quality
LLAMA = ask(
    examples.LLAMA_70B, gpu=GPUS["h200-sxm"], gpus=4, context=100_000, concurrency=8, cost=Cost(usd_per_gpu_hour=3.0)
)
PULLED = Levers(LLAMA, QUALITY)
FOUND = {lever.id: lever for lever in levers_of(LLAMA)[0]}


def effect(*names):
    return PULLED.effect([FOUND[name] for name in names])


def test_with_no_lever_it_is_the_report():
    before, told = PULLED.before, performance(LLAMA)
    assert (before.saved_bytes, before.fits) == (0, LLAMA.capacity.fits)
    assert before.cache_bytes == LLAMA.memory.cache_bytes
    assert before.max_context_tokens == LLAMA.capacity.max_context_tokens
    assert before.tpot_seconds == told.tpot_seconds.best
    assert before.ttft_seconds == told.ttft_seconds.best
    assert before.usd_per_request == pytest.approx(told.usd_per_request.best)
    assert before.output_tokens_per_second == pytest.approx(told.output_tokens_per_second.best)


def test_measurements_are_left_out_and_that_is_said():
    calibration = Calibration(speed=MeasuredSpeed(tpot_seconds=1.0, context=8192, concurrency=1))
    scenario = replace(LLAMA.scenario, calibration=calibration)
    before = Levers(replace(LLAMA, scenario=scenario)).before
    assert before.tpot_seconds == PULLED.before.tpot_seconds
    assert before.notes
    assert not PULLED.before.notes


def test_what_changes_nothing_saves_nothing():
    for lever in (
        Lever(id="same", kind="cache format", title="the same cache", changes={"precision.cache": "bf16"}),
        Lever(id="wide", kind="tokens kept", title="a window wider than the context", fewest=200_000),
        Lever(id="none", kind="sharing", title="nothing in common", shared_tokens=0),
    ):
        same = PULLED.effect([lever])
        assert same.saved_bytes == 0
        assert same.max_context_tokens == PULLED.before.max_context_tokens
        assert same.tpot_seconds == pytest.approx(PULLED.before.tpot_seconds)
        assert same.usd_per_request == pytest.approx(PULLED.before.usd_per_request)


def test_an_8_bit_cache_saves_half_and_is_quoted():
    found = effect("cache:fp8")
    assert found.cache_bytes * 2 == LLAMA.memory.cache_bytes
    assert found.saved_bytes == found.cache_bytes
    assert {q.strategy for q in found.quality} == {"fp8"}
    assert all(q.source for q in found.quality)


def test_weights_are_quoted_by_what_is_known_of_weights():
    assert {q.strategy for q in effect("weights:fp8").quality} == {"weights:fp8"}


def test_two_levers_together_save_what_each_saves():
    both = effect("cache:fp8", "weights:fp8")
    assert both.saved_bytes == effect("cache:fp8").saved_bytes + effect("weights:fp8").saved_bytes
    assert both.usd_per_request < min(effect("cache:fp8").usd_per_request, effect("weights:fp8").usd_per_request)
    assert both.id == "cache:fp8,weights:fp8"


def test_a_window_holds_so_many_tokens_whatever_the_context():
    found = effect("sinks+window")
    kept = SINK_TOKENS + WINDOW_TOKENS
    assert found.cache_bytes == 8 * LLAMA.memory.curve.bytes(kept)
    assert found.max_context_tokens == LLAMA.model.max_context_tokens
    assert found.forgets
    # the dropped part again is a whole prompt, and a prompt with a window is worked on much sooner
    assert found.recompute_seconds == pytest.approx(PULLED.before.prefill_seconds)
    assert found.recompute_usd == pytest.approx(4 * 3.0 / 3600 * found.recompute_seconds)
    assert found.prefill_seconds < PULLED.before.prefill_seconds / 1.5
    assert found.tpot_seconds < PULLED.before.tpot_seconds
    assert any("4M tokens" in q.benchmark for q in found.quality)


def test_eviction_works_on_the_whole_prompt_and_then_keeps_a_share():
    found = effect("eviction:0.12")
    assert found.cache_bytes == 8 * LLAMA.memory.curve.bytes(12_000)
    assert found.prefill_seconds == pytest.approx(PULLED.before.prefill_seconds)
    assert found.max_context_tokens >= PULLED.before.max_context_tokens
    short = ask(examples.LLAMA_70B, gpu=GPUS["h200-sxm"], gpus=2, context=100_000, concurrency=8)
    (lever,) = [x for x in levers_of(short)[0] if x.id == "eviction:0.12"]
    # eight times the context where memory, not the model, is the limit
    before, after = Levers(short).before, Levers(short).effect([lever])
    assert after.max_context_tokens == pytest.approx(min(131_072, before.max_context_tokens / 0.12), rel=0.01)


def test_a_latent_is_unshared_by_context_parallelism():
    report = ask(examples.DEEPSEEK_V3, gpu=GPUS["h200-sxm"], gpus=8, tp=8, context=100_000, weights="auto")
    levers = {lever.id: lever for lever in levers_of(report)[0]}
    pulled = Levers(report)
    found = pulled.effect([levers["plan:tp8+dcp8"]])
    assert pulled.before.cache_bytes == 8 * report.memory.cache_bytes
    assert found.saved_bytes == pytest.approx(7 * report.memory.cache_bytes, rel=0.001)


def test_a_shared_beginning_is_held_once_and_worked_on_once():
    report = ask(
        examples.LLAMA_70B, gpu=GPUS["h200-sxm"], gpus=4, context=100_000, concurrency=8, cost=Cost(usd_per_gpu_hour=3)
    )
    levers, _ = levers_of(report, Budgets(shared_tokens=90_000))
    (prefix,) = [lever for lever in levers if lever.kind == "sharing"]
    found = Levers(report).effect([prefix])
    assert found.saved_bytes == 7 * report.memory.curve.bytes(90_000)
    assert found.prefill_seconds < PULLED.before.prefill_seconds / 3
    assert found.usd_per_request < PULLED.before.usd_per_request
    assert prefix.only_when


def test_a_window_forgets_what_is_shared():
    report = ask(examples.GEMMA_27B, gpu=GPUS["h100-sxm"], gpus=1, context=50_000, concurrency=4)
    levers, _ = levers_of(report, Budgets(shared_tokens=40_000))
    (prefix,) = [lever for lever in levers if lever.kind == "sharing"]
    assert 0 < Levers(report).effect([prefix]).cache_bytes <= Levers(report).before.cache_bytes


def test_waiting_contexts_elsewhere_come_back_sooner_but_free_nothing_of_running_ones():
    host, disk = effect("offload:host"), effect("offload:disk")
    assert (host.saved_bytes, disk.saved_bytes) == (0, 0)
    assert host.ttft_seconds < disk.ttft_seconds < PULLED.before.ttft_seconds
    assert host.needed_bytes_per_s == pytest.approx(LLAMA.memory.curve.bytes(99_000) / host.recompute_seconds, rel=1e-6)


def test_running_caches_on_the_host_free_all_of_it_and_cost_time():
    found = effect("offload:running")
    assert found.cache_bytes == 0
    assert found.tpot_seconds > 2 * PULLED.before.tpot_seconds
    assert found.usd_per_request > PULLED.before.usd_per_request
    assert found.needed_bytes_per_s == pytest.approx(
        8 * LLAMA.memory.curve.bytes(99_500) / PULLED.before.tpot_seconds, rel=0.001
    )


def test_more_sequences_run_where_as_many_as_fit_are_asked_for():
    many = ask(
        examples.LLAMA_70B,
        gpu=GPUS["h200-sxm"],
        gpus=4,
        context=100_000,
        concurrency="max",
        cost=Cost(usd_per_gpu_hour=3),
    )
    pulled = Levers(many)
    for name in ("cache:fp8", "eviction:0.2"):
        (lever,) = [x for x in levers_of(many)[0] if x.id == name]
        assert pulled.effect([lever]).usd_per_request < pulled.before.usd_per_request


def test_without_rates_there_are_bytes_alone():
    report = ask(examples.LLAMA_70B, gpu=UNKNOWN, gpus=4, context=50_000)
    levers = levers_of(report)[0]
    for lever in levers:
        found = Levers(report).effect([lever])
        assert found is None or (found.tpot_seconds, found.usd_per_request) == (None, None)


SAVING = [x for x in FOUND.values() if x.kind in ("cache format", "weights", "tokens kept", "sharing")]


@settings(max_examples=25, deadline=None)
@given(picked=st.lists(st.sampled_from(SAVING), max_size=4, unique_by=lambda lever: lever.kind))
def test_together_they_never_save_more_than_each_of_them_nor_less_than_the_best(picked):
    together = PULLED.effect(picked)
    alone = [PULLED.effect([lever]).saved_bytes for lever in picked]
    assert together.saved_bytes <= sum(alone)
    assert together.saved_bytes >= max(alone, default=0)
    assert together.max_context_tokens >= PULLED.before.max_context_tokens


@settings(max_examples=25, deadline=None)
@given(share=st.floats(0.01, 0.99), more=st.floats(0.0, 0.5))
def test_keeping_more_never_saves_more(share, more):
    lever = Lever(id="some", kind="tokens kept", title="some", share=share)
    wider = replace(lever, share=min(1.0, share + more))
    assert PULLED.effect([wider]).saved_bytes <= PULLED.effect([lever]).saved_bytes
