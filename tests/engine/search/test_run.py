"""The search finds what a report says of the same machine, keeps to every limit, and can be left at any time."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import FieldError, UnknownNameError
from engine.estimate import best
from engine.report import evaluate
from engine.runtimes import RUNTIMES
from engine.scenario import Cost, Deployment, Precision, Scenario
from engine.search import Search, Wish, ranked
from tests.engine import examples
from tests.engine.search import cases


def found(model, wish=None, *, accelerators=(), **load):
    job = Search(cases.scenario(model, **load), cases.facts(model, *accelerators), wish or Wish())
    candidates = job.all()
    assert job.evaluated == job.total
    return candidates


def reported(candidate, model, scenario):
    """The report on a candidate, with its plan."""
    plan = candidate.plan
    deployment = Deployment(
        runtime=candidate.runtime,
        gpu=candidate.gpu,
        gpus=candidate.gpus,
        tp=plan.tp,
        pp=plan.pp,
        dp=plan.dp,
        ep=plan.ep,
        dcp=plan.dcp,
    )
    same = Scenario(
        model={"id": model.id},
        workload=scenario.workload,
        precision=Precision(weights=candidate.weights, cache=candidate.cache),
        deployment=deployment,
        cost=Cost(),
    )
    return evaluate(same, cases.facts(model)[candidate.gpu])


@settings(max_examples=20, deadline=None)
@given(
    model=st.sampled_from(examples.ALL),
    context=st.integers(1, 100_000),
    concurrency=st.integers(1, 64) | st.just("max"),
    runtime=st.sampled_from(sorted(RUNTIMES)),
    data=st.data(),
)
def test_every_candidate_is_what_a_report_says_of_it(model, context, concurrency, runtime, data):
    scenario = cases.scenario(model, context=context, concurrency=concurrency)
    candidates = Search(scenario, cases.facts(model), Wish(runtimes=(runtime,))).all()
    for _ in range(min(4, len(candidates))):
        candidate = data.draw(st.sampled_from(candidates))
        report = reported(candidate, model, scenario)
        assert report.capacity.fits
        assert report.rank.free_bytes == candidate.free_bytes
        assert report.capacity.max_context_tokens == candidate.max_context_tokens
        assert report.capacity.max_sequences == candidate.max_sequences
        assert report.capacity.certain == candidate.certain


@pytest.mark.parametrize("model", [examples.LLAMA_70B, examples.DEEPSEEK_V3, examples.GEMMA_27B], ids=lambda m: m.id)
def test_nothing_that_fits_is_missed(model):
    """Every machine of the search, asked one by one."""
    scenario = cases.scenario(model, context=65_536, concurrency=4)
    wish = Wish(weights=("fp8",), caches=("bf16",), gpus=(1, 2, 4, 8), nodes=(1,))
    seen = {(c.gpu, c.gpus) for c in Search(scenario, cases.facts(model), wish).all()}
    for held in (cases.SMALL, cases.BIG, cases.HUGE):
        for gpus in (1, 2, 4, 8):
            asked = Scenario(
                model={"id": model.id},
                workload=scenario.workload,
                precision=Precision(weights="fp8"),
                deployment=Deployment(gpu=held.id, gpus=gpus),
            )
            fits = evaluate(asked, cases.facts(model)[held.id]).capacity.fits
            # a search tries more plans than a report chooses from
            assert not fits or (held.id, gpus) in seen


def test_prices_are_of_machines_that_hold_the_node():
    # eight small cards in eight machines of one are no node of eight: the machine of eight is taken
    by_size = {
        c.gpus: c for c in found(examples.GEMMA_27B, Wish(weights=("fp8",), caches=("fp8",))) if c.gpu == "small"
    }
    assert by_size[8].quote.offer_id == "small-8"
    assert by_size[8].usd_per_hour == 6.0
    assert by_size[16].usd_per_hour == 12.0
    assert by_size[16].nodes == 2
    # priced one by one, but in hosts of eight
    huge = {c.gpus: c for c in found(examples.LLAMA_70B, Wish(weights=("fp8",), caches=("fp8",))) if c.gpu == "huge"}
    assert huge[2].usd_per_hour == 11.0


def test_a_missing_price_is_missing_and_last():
    candidates = found(examples.GEMMA_27B)
    macs = [c for c in candidates if c.gpu == "mac"]
    assert macs
    assert all(c.usd_per_hour is None for c in macs)
    order = ranked(candidates, "cost")
    first_without = next(i for i, c in enumerate(order) if c.usd_per_hour is None)
    assert all(c.usd_per_hour is None for c in order[first_without:])
    assert not [c for c in found(examples.GEMMA_27B, Wish(priced_only=True)) if c.usd_per_hour is None]


def test_limits_are_kept():
    everything = found(examples.LLAMA_70B)
    assert {c.gpu for c in everything} == {"small", "big", "huge", "mac"}
    assert all(c.usd_per_hour <= 10 for c in found(examples.LLAMA_70B, Wish(max_usd_per_hour=10)))
    assert {c.gpu for c in found(examples.LLAMA_70B, Wish(vendors=("AMD",)))} == {"huge"}
    assert {c.gpu for c in found(examples.LLAMA_70B, Wish(memory_gb=80))} == {"big"}
    assert {c.quote.provider for c in found(examples.LLAMA_70B, Wish(providers=("other",)))} == {"other"}
    assert {c.usd_per_hour for c in found(examples.LLAMA_70B, Wish(spot=True, priced_only=True, gpus=(8,)))} == {9.0}
    assert {c.gpu for c in found(examples.LLAMA_70B, Wish(announced=True))} >= {"future"}
    assert {c.weights for c in found(examples.LLAMA_70B, Wish(weights=("fp8",)))} == {"fp8"}
    assert {c.cache for c in found(examples.LLAMA_70B, Wish(caches=("fp8",)))} == {"fp8"}
    assert all(c.nodes == 2 for c in found(examples.LLAMA_70B, Wish(nodes=(2,))))
    assert {c.runtime for c in found(examples.LLAMA_70B, Wish(runtimes=("generic", "vllm")))} == {"generic", "vllm"}


def test_named_formats_are_tried_on_all_hardware():
    assert "nvfp4" not in {c.weights for c in found(examples.LLAMA_70B, accelerators=(cases.BIG,))}
    assert found(examples.LLAMA_70B, Wish(weights=("nvfp4",)), accelerators=(cases.BIG,))


def test_the_published_format_is_tried_on_all_hardware():
    # gpt-oss comes in MXFP4, and runs on cards without any arithmetic of 4 or 8 bits
    found_on = {c.gpu for c in found(examples.GPT_OSS_120B) if c.weights == "mxfp4"}
    assert found_on == {"small", "big", "huge", "mac"}


def test_memory_by_the_label():
    odd = cases.accelerator("odd", 80, driver_bytes=60 * 2**30)
    by_label = found(examples.GEMMA_27B, Wish(labels=True, weights=("bf16",)), accelerators=(odd,))
    assert {best(c.device_bytes) for c in by_label} == {80 * 10**9}
    assert {best(c.device_bytes) for c in found(examples.GEMMA_27B, accelerators=(odd,))} == {60 * 2**30}


def test_limits_on_time():
    free = found(examples.GEMMA_27B, Wish(times=True), concurrency=4)
    assert all(c.timing is not None for c in free if c.gpu != "mac")
    slowest = max(c.timing.tpot_seconds for c in free if c.timing)
    quick = found(examples.GEMMA_27B, Wish(max_tpot_seconds=slowest / 4), concurrency=4)
    assert 0 < len(quick) < len(free)
    assert all(c.timing.tpot_seconds <= slowest / 4 for c in quick)
    assert not found(examples.GEMMA_27B, Wish(max_ttft_seconds=1e-9))
    order = ranked(found(examples.GEMMA_27B, Wish(rank="tokens")), "tokens")
    prices = [c.timing.usd_per_million_output_tokens for c in order if c.timing and c.quote]
    assert prices == sorted(prices)
    assert found(examples.GEMMA_27B)[0].timing is None


def test_it_streams_and_can_be_left():
    job = Search(cases.scenario(examples.LLAMA_70B), cases.facts(examples.LLAMA_70B), Wish())
    steps = job.run()
    first = next(steps)
    assert 0 < first.evaluated < first.total == job.total
    steps.close()
    assert job.evaluated == first.evaluated
    done = [step.evaluated for step in Search(job.scenario, cases.facts(examples.LLAMA_70B), Wish()).run()]
    assert done == sorted(done)
    assert done[-1] == job.total


def test_what_makes_no_sense():
    with pytest.raises(FieldError, match=r"workload\.context"):
        found(examples.LLAMA_70B, context=200_000)
    with pytest.raises(UnknownNameError, match=r"deployment\.runtime: unknown runtime 'vlm'; did you mean vllm"):
        found(examples.LLAMA_70B, Wish(runtimes=("vlm",)))
    assert found(examples.LLAMA_70B, Wish(vendors=("nobody",))) == []


def test_options_of_the_runtime_count():
    usual = found(examples.LLAMA_70B, Wish(weights=("bf16",), caches=("bf16",)))
    less = found(examples.LLAMA_70B, Wish(weights=("bf16",), caches=("bf16",)), options={"memory_fraction": 0.5})
    assert len(less) < len(usual)


def test_of_several_runtimes_those_without_a_named_format_are_left_out_and_named():
    model = examples.ALL[0]
    job = Search(cases.scenario(model), cases.facts(model), Wish(runtimes=("vllm", "llama.cpp"), caches=("fp8",)))
    assert {candidate.runtime for candidate in job.all()} == {"vllm"}
    assert [reason.split(";")[0] for reason in job.left_out] == ["llama.cpp has no cache format 'fp8'"]
    with pytest.raises(FieldError, match="has no cache format"):
        Search(cases.scenario(model), cases.facts(model), Wish(runtimes=("llama.cpp",), caches=("fp8",)))


def test_options_and_version_hold_for_the_own_runtime_alone():
    model = examples.ALL[0]
    plain = cases.scenario(model)
    place = Deployment(runtime="vllm", options={"gpu_memory_utilization": 0.5})
    own = Scenario(model=plain.model, workload=plain.workload, deployment=place)

    def of(runtime, scenario, *names):
        found = Search(scenario, cases.facts(model), Wish(runtimes=names)).all()
        return [candidate for candidate in found if candidate.runtime == runtime]

    assert of("sglang", own, "vllm", "sglang") == of("sglang", plain, "sglang")
    half, whole = (max(row.free_bytes for row in of("vllm", s, "vllm")) for s in (own, plain))
    assert half < whole
