"""performance(report): laws that must hold, bands, prices, notes and explanations."""

import math
from dataclasses import fields, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalogs.store import HardwareCatalog
from engine.cache_formats import cache_precision
from engine.errors import UnknownNameError
from engine.estimate import FloatBand
from engine.formats import weight_format
from engine.latency import (
    Load,
    best_concurrency,
    deployed,
    deployed_of,
    explain_performance,
    explained_performance,
    load_of,
    performance,
    serve,
)
from engine.latency.explanation import PERFORMANCE_FIGURES
from engine.latency.performance import Performance
from engine.latency.prefill import compare, prefill
from engine.parallel import Plan
from engine.scenario import Cost
from tests.engine import examples
from tests.engine.setup import OFFER, UNKNOWN, ask

GPUS = HardwareCatalog().accelerators()
H100, H200, B200 = GPUS["h100-sxm"], GPUS["h200-sxm"], GPUS["b200-sxm"]

CASES = {
    "model": st.sampled_from(examples.ALL),
    "gpu": st.sampled_from([H100, H200, B200, GPUS["l40s"], GPUS["mi300x"], GPUS["m3-max"]]),
    "context": st.integers(2, 10_000_000),
    "concurrency": st.integers(1, 300),
    "gpus": st.sampled_from([1, 2, 8, 16]),
    "cache": st.sampled_from(["bf16", "fp8"]),
    "weights": st.sampled_from(["bf16", "fp8", "int4-awq"]),
}


def bands(found: Performance) -> dict[str, FloatBand]:
    """All banded figures by name."""
    named = {f.name: getattr(found, f.name) for f in fields(found)}
    return {name: value for name, value in named.items() if isinstance(value, FloatBand)}


@settings(max_examples=80, deadline=None)
@given(more=st.integers(1, 10_000_000), **CASES)
def test_more_context_is_never_faster(more, **case):
    # the same plan: a longer context may need another, and that may be a faster one
    fixed = case | {"tp": min(8, case["gpus"]), "pp": max(1, case["gpus"] // 8)}
    short, long = performance(ask(**fixed)), performance(ask(**fixed | {"context": case["context"] + more}))
    for name in ("prefill_seconds", "tpot_seconds", "ttft_seconds"):
        assert getattr(long, name).best >= getattr(short, name).best * (1 - 0.01)


@settings(max_examples=60, deadline=None)
@given(**CASES)
def test_figures_are_ordered_finite_and_repeatable(**case):
    report = ask(**case, cost=Cost(usd_per_gpu_hour=2.0))
    found = performance(report)
    assert found == performance(report)
    for name, band in bands(found).items():
        assert 0 <= band.low <= band.best <= band.high < math.inf, name
    assert found.regime
    assert found.known_error
    assert 0 < found.running <= max(1, case["concurrency"])
    assert found.bound


@pytest.mark.parametrize("model", examples.ALL, ids=lambda model: model.id)
def test_nothing_is_as_fast_at_10m_as_at_1m(model):
    one, ten = (performance(ask(model, gpu=H200, gpus=8, context=tokens)) for tokens in (10**6, 10**7))
    assert ten.prefill_seconds.best > 5 * one.prefill_seconds.best
    assert ten.tpot_seconds.best > one.tpot_seconds.best
    assert ten.output_tokens_per_second.best < one.output_tokens_per_second.best


def test_experts_are_paid_in_memory_by_all_and_in_time_by_the_chosen():
    # gpt-oss-120b holds more than Llama-70B, and answers faster, because a token uses 5B parameters
    sparse = ask(examples.GPT_OSS_120B, gpu=H200, gpus=2, context=4096)
    dense = ask(examples.LLAMA_70B, gpu=H200, gpus=2, context=4096)
    assert sparse.memory.weights_bytes > dense.memory.weights_bytes
    assert performance(sparse).tpot_seconds.best < performance(dense).tpot_seconds.best / 2
    assert performance(sparse).prefill_seconds.best < performance(dense).prefill_seconds.best / 4


def test_a_batch_touches_more_experts():
    place = deployed_of(ask(examples.GPT_OSS_120B, gpu=H200, gpus=1, context=2048))
    times = [serve(place, Load(prompt=1000, output=1000, concurrency=c, mixed=False)).step.experts for c in (1, 8, 64)]
    assert times[0] * 3 < times[1]
    assert times[1] * 2 < times[2]
    assert times[2] < 64 * times[0] / 2


def test_a_narrower_cache_and_weights_are_read_faster():
    wide = performance(ask(examples.LLAMA_70B, gpu=H200, gpus=4, context=100_000, concurrency=4))
    narrow = performance(ask(examples.LLAMA_70B, gpu=H200, gpus=4, context=100_000, concurrency=4, cache="fp8"))
    light = performance(ask(examples.LLAMA_70B, gpu=H200, gpus=4, context=100_000, concurrency=4, weights="fp8"))
    assert narrow.tpot_seconds.best < wide.tpot_seconds.best
    assert light.tpot_seconds.best < wide.tpot_seconds.best
    # attention runs at the 16-bit rate whatever the cache holds
    assert narrow.prefill_seconds.best == wide.prefill_seconds.best


def test_clients_share_weights_and_wait_for_each_other():
    one, many = (performance(ask(examples.LLAMA_70B, gpu=H200, gpus=4, context=4096, concurrency=c)) for c in (1, 32))
    assert many.tpot_seconds.best > one.tpot_seconds.best
    assert many.ttft_seconds.best > one.ttft_seconds.best
    assert many.output_tokens_per_second.best > 5 * one.output_tokens_per_second.best
    assert many.running < 32


def test_beyond_the_room_in_the_cache_clients_queue():
    full = ask(examples.LLAMA_70B, gpu=H100, gpus=2, context=32_768, concurrency=1)
    room = full.capacity.max_sequences
    twice = performance(ask(examples.LLAMA_70B, gpu=H100, gpus=2, context=32_768, concurrency=2 * room))
    within = performance(ask(examples.LLAMA_70B, gpu=H100, gpus=2, context=32_768, concurrency=room))
    assert twice.ttft_seconds.best > 5 * within.ttft_seconds.best
    assert twice.output_tokens_per_second.best == pytest.approx(within.output_tokens_per_second.best, rel=0.01)
    assert any("does not fit" in note for note in twice.notes)


def test_a_cached_prefix_spares_its_work():
    report = ask(examples.LLAMA_70B, gpu=H200, gpus=4, context=100_000)
    cold, warm = performance(report), performance(report, cached_tokens=90_000)
    assert warm.prefill_seconds.best < cold.prefill_seconds.best / 4
    assert warm.tpot_seconds == cold.tpot_seconds
    assert performance(report, cached_tokens=10**9).prefill_seconds.best == 0


def test_scout_beside_what_it_is_not():
    report = ask(examples.SCOUT, gpu=H200, gpus=8, context=10_000_000)
    found = performance(report).comparison
    assert found.floor < found.as_built < found.all_global
    # 36 of 48 layers attend in chunks, so three quarters of the attention is spared
    assert found.all_global / found.as_built == pytest.approx(4, rel=0.1)
    assert performance(ask(examples.LLAMA_70B, gpu=H200, gpus=8, context=100_000)).comparison.floor is None
    assert performance(ask(examples.SCOUT, gpu=H200, gpus=8, context=8192)).comparison is None


def test_chunks_of_a_prompt_do_not_change_its_work():
    place = deployed_of(ask(examples.LLAMA_70B, gpu=H200, gpus=4, context=100_000))
    whole, parts = prefill(place, 65_536, chunk=65_536), prefill(place, 65_536, chunk=2048)
    assert parts.attention == whole.attention
    assert parts.linear == whole.linear
    assert parts.seconds >= whole.seconds
    assert compare(place, 65_536, chunk=2048).as_built == parts.seconds


def test_stages_do_not_shorten_one_sequence_and_do_shorten_prompts():
    flat = performance(ask(examples.LLAMA_70B, gpu=H200, context=200_000, tp=4, pp=1))
    deep = performance(ask(examples.LLAMA_70B, gpu=H200, context=200_000, tp=4, pp=4))
    assert deep.tpot_seconds.best > 0.99 * flat.tpot_seconds.best
    assert deep.prefill_seconds.best < flat.prefill_seconds.best / 2.5


def test_context_parallelism_spreads_a_latent():
    plain = performance(
        ask(examples.DEEPSEEK_V3, gpu=H200, context=160_000, concurrency=8, gpus=8, tp=8, weights="auto")
    )
    spread = performance(
        ask(examples.DEEPSEEK_V3, gpu=H200, context=160_000, concurrency=8, gpus=8, tp=8, dcp=8, weights="auto")
    )
    assert spread.tpot_seconds.best < plain.tpot_seconds.best
    assert any("context parallelism" in note for note in spread.notes)


def test_prices():
    report = ask(examples.LLAMA_70B, gpu=H200, gpus=8, context=8192, concurrency=16, cost=Cost(usd_per_gpu_hour=3.0))
    found = performance(report)
    prompt, output = report.scenario.workload.prompt_tokens, report.scenario.workload.output_tokens
    halves = (
        found.usd_per_million_input_tokens.best * prompt + found.usd_per_million_output_tokens.best * output
    ) / 10**6
    assert halves == pytest.approx(found.usd_per_request.best)
    # all requests of an hour pay the hour
    per_hour = found.output_tokens_per_second.best * 3600 / output
    assert per_hour * found.usd_per_request.best == pytest.approx(24.0)
    assert performance(report, utilisation=0.5).usd_per_request.best == pytest.approx(2 * found.usd_per_request.best)
    assert found.usd_per_cached_context_hour == pytest.approx(24.0 / report.capacity.max_sequences)
    assert performance(ask(examples.LLAMA_70B, gpu=H200, gpus=8)).usd_per_request is None


def test_what_was_not_measured_has_a_wider_band_and_says_so():
    known = performance(ask(examples.LLAMA_70B, gpu=H100, gpus=4, context=4096, concurrency=16))
    other = performance(ask(examples.LLAMA_70B, gpu=GPUS["mi355x"], gpus=4, context=4096, concurrency=16))
    hybrid = performance(ask(examples.QWEN3_NEXT, gpu=H100, gpus=4, context=4096, concurrency=16))

    def spread(found):
        return found.tpot_seconds.high / found.tpot_seconds.low

    assert spread(other) > 1.3 * spread(known)
    assert spread(hybrid) > 1.3 * spread(known)
    assert "not measured" in other.known_error
    assert "gated delta" in hybrid.known_error
    assert "568 runs" in known.known_error


def test_regimes():
    assert performance(ask(examples.LLAMA_70B, gpu=H100, gpus=4)).regime.startswith("one sequence")
    assert performance(ask(examples.LLAMA_70B, gpu=H100, gpus=4, concurrency=9)).regime.startswith("serving")
    assert performance(ask(examples.LLAMA_70B, gpu=H100, gpus=4, concurrency="max")).regime.startswith("offline")


def test_without_rates_nothing_is_told():
    found = performance(ask(examples.LLAMA_70B, gpu=UNKNOWN, gpus=2))
    assert found.tpot_seconds is None
    assert "not known" in found.notes[0]
    assert explained_performance(ask(examples.LLAMA_70B, gpu=UNKNOWN, gpus=2)) == ()


def test_no_output_at_all():
    report = ask(examples.LLAMA_70B, gpu=H100, gpus=4, context=4096)
    silent = replace(load_of(report), output=0, prompt=4096)
    found = serve(deployed_of(report), silent)
    assert found.output_tokens_per_second == 0
    assert found.ttft > 0


def test_best_concurrency():
    report = ask(examples.LLAMA_70B, gpu=H200, gpus=8, context=8192, concurrency=1)
    most = best_concurrency(report, tpot_seconds=0.03)
    place, load = deployed_of(report), load_of(report)
    assert serve(place, replace(load, concurrency=most)).tpot <= 0.03
    assert serve(place, replace(load, concurrency=most + 1)).tpot > 0.03
    assert best_concurrency(report, tpot_seconds=1e-6) == 0
    assert best_concurrency(report) == report.capacity.max_sequences
    assert best_concurrency(report, ttft_seconds=1.0) < best_concurrency(report, ttft_seconds=10.0)


@pytest.mark.parametrize("name", PERFORMANCE_FIGURES)
@pytest.mark.parametrize("model", [examples.LLAMA_70B, examples.DEEPSEEK_V3, examples.QWEN3_NEXT], ids=lambda m: m.id)
def test_explanations_agree(name, model):
    report = ask(model, gpu=H200, gpus=16, context=100_000, concurrency=8, offers=(OFFER,))
    figure = explain_performance(report, name)
    assert figure.evaluate() == pytest.approx(figure.value)
    band = getattr(performance(report), name.partition(".")[2])
    assert figure.value == pytest.approx(band.best, rel=1e-9)


def test_what_cannot_be_explained():
    report = ask(examples.LLAMA_70B, gpu=H200, gpus=8)
    with pytest.raises(UnknownNameError, match=r"latency\.tpot_seconds"):
        explain_performance(report, "latency.tpot")
    with pytest.raises(UnknownNameError, match="not known for this report"):
        explain_performance(report, "cost.usd_per_request")
    assert "cost.usd_per_request" not in explained_performance(report)


def test_a_static_batch_waits_for_all_its_prompts():
    place = deployed(
        examples.LLAMA_70B, weight_format("fp8"), cache_precision("fp8"), Plan(tp=4), H100, runtime="tensorrt-llm"
    )
    alone = serve(place, Load(prompt=2048, output=128, concurrency=1, mixed=False))
    batch = serve(place, Load(prompt=2048, output=128, concurrency=32, mixed=False))
    assert batch.ttft > 20 * alone.ttft
    assert batch.prompts == 0
    assert batch.running == 32
