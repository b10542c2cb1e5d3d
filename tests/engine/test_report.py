"""The answer: fit and first limit, capacity at both ends, price, warnings, and laws that must hold."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import FieldError, UnknownNameError
from engine.estimate import Band, best
from engine.parallel import Plan
from engine.report import evaluate_all
from engine.scenario import Cost
from tests.engine import examples
from tests.engine.setup import GB, GIB, H100, H200, OFFER, UNKNOWN, ask


def article(gpus: int, memory_gb: int, **more: object):
    """The article's sizing: labels for memory, 9 % kept for everything else."""
    options = {"memory_fraction": 0.91}
    return ask(
        examples.ARTICLE_SCOUT,
        context=10_000_000,
        gpus=gpus,
        device_memory=memory_gb * GB,
        options=options,
        **more,
    )


@pytest.mark.parametrize(
    ("gpus", "memory_gb", "about", "fits"),
    # "about 4.5M", "about 8M", 10M with room to spare
    [(8, 80, 4_500_000, False), (8, 141, 8_000_000, False), (32, 80, 10_000_000, True)],
)
def test_the_articles_table(gpus, memory_gb, about, fits):
    report = article(gpus, memory_gb)
    assert report.capacity.max_context_tokens == pytest.approx(about, rel=0.01)
    assert report.capacity.fits is fits
    assert report.memory.cache_bytes == 1_228_800_000_000
    assert report.memory.weights_bytes == 34 * GB
    assert article(gpus, memory_gb, cache="int8").memory.cache_bytes == 614_400_000_000


def test_longest_contexts_worked_out_by_hand():
    # one of eight ranks: 0.91 x 80 GB less an eighth of the weights (norms are copied), 15,360 B a token
    pool = 72_800_000_000 - 4_250_869_120
    assert article(8, 80).capacity.max_context_tokens == pool // 15_360


def test_the_shortcut_holds_for_the_article_and_not_for_the_released_model():
    assert article(8, 80).shortcut.holds
    assert article(8, 80).shortcut.cache_bytes == 1_228_800_000_000
    released = ask(examples.SCOUT, context=10_000_000).shortcut
    assert not released.holds
    assert "640 is not kv_heads x head_dim = 1,024" in released.warning
    assert "not all layers keep every token" in released.warning
    assert ask(examples.DEEPSEEK_V3).shortcut is None


def test_released_scout():
    report = ask(examples.SCOUT, gpu=H200, context=10_000_000, gpus=8)
    assert report.memory.cache_bytes_per_sequence == 492_727_959_552
    assert report.memory.weights_bytes == 217_283_587_072
    assert report.capacity.fits
    # 40 heads: 5, 8 and so on divide them
    assert report.plan == Plan(tp=8)


def test_first_limit_weights():
    report = ask(examples.LLAMA_70B, gpus=1)
    assert report.capacity.limit == "weights"
    assert report.capacity.reason.startswith("weights alone are")
    assert report.capacity.max_context_tokens == 0
    assert report.capacity.max_sequences == 0
    assert report.rank.free_bytes < 0


def test_first_limit_cache():
    report = ask(examples.LLAMA_70B, gpus=2, context=131_072, concurrency=4)
    assert report.capacity.limit == "cache"
    assert report.capacity.short_bytes == -report.rank.free_bytes


def test_first_limit_model():
    report = ask(examples.LLAMA_70B, gpus=8, context=200_000)
    assert report.capacity.limit == "model_context"
    assert report.capacity.short_bytes == 0
    assert "131,072" in report.capacity.reason
    assert report.capacity.max_context_tokens == 131_072
    assert "context_beyond_model" in [notice.code for notice in report.warnings]


def test_replicas_of_the_cache_are_counted():
    report = ask(examples.LLAMA_70B, gpus=16, tp=16)
    assert report.memory.reserved_bytes == 2 * report.memory.cache_bytes
    assert "replicated_cache" in [notice.code for notice in report.warnings]


def test_as_many_as_fit():
    report = ask(examples.LLAMA_70B, gpus=8, concurrency="max")
    assert report.sequences == report.capacity.max_sequences > 1
    assert report.capacity.fits
    assert not ask(examples.LLAMA_70B, gpus=8, concurrency=report.sequences + 1).capacity.fits


def test_gpus_left_out_are_the_fewest_that_fit():
    report = ask(examples.LLAMA_70B)
    assert report.gpus == report.capacity.min_gpus == 2
    assert ask(examples.LLAMA_70B, tp=4).gpus == 4
    assert ask(examples.LLAMA_70B, context=131_072, concurrency=16, tp=2).gpus > 8


def test_where_nothing_is_enough_a_node_is_shown():
    huge = ask(examples.DEEPSEEK_V3, context=163_840, concurrency=10**7)
    assert huge.capacity.min_gpus is None
    assert huge.gpus == 8
    assert not huge.capacity.fits


def test_degrees_must_multiply_to_the_gpus():
    with pytest.raises(FieldError, match=r"deployment\.gpus: is 8, but tp x pp x dp is 6"):
        ask(examples.LLAMA_70B, gpus=8, tp=2, pp=3)
    with pytest.raises(FieldError, match=r"deployment\.gpus: is 8, which the given degrees do not divide"):
        ask(examples.LLAMA_70B, gpus=8, tp=3)


def test_a_plan_that_runtimes_refuse_is_counted_with_a_warning():
    report = ask(examples.SCOUT, gpus=16, tp=16)
    (warning,) = [notice for notice in report.warnings if notice.code == "uneven_plan"]
    assert "40 heads" in warning.message
    assert warning.field == "deployment.tp"


def test_unknown_names_are_refused():
    with pytest.raises(UnknownNameError, match=r"precision\.weights"):
        ask(examples.LLAMA_70B, weights="bf17")
    with pytest.raises(UnknownNameError, match=r"deployment\.runtime"):
        ask(examples.LLAMA_70B, runtime="vlllm")


def test_weights_of_the_published_checkpoint_by_default():
    assert ask(examples.GPT_OSS_120B, weights="auto").weights.id == "mxfp4"


def test_prices():
    assert ask(examples.LLAMA_70B, gpus=2).quote is None
    assert ask(examples.LLAMA_70B, gpus=2, offers=(OFFER,)).quote.usd_per_hour == 24.0
    own = ask(examples.LLAMA_70B, gpus=2, offers=(OFFER,), cost=Cost(usd_per_gpu_hour=1.5)).quote
    assert own.usd_per_hour == 3.0
    assert own.own


def test_a_band_of_memory_goes_on_into_what_follows():
    report = ask(examples.LLAMA_70B, gpu=UNKNOWN, gpus=2, context=131_072)
    assert isinstance(report.capacity.max_sequences, Band)
    assert report.rank.device_bytes == Band(100 * GB, 100 * GB, 100 * GIB)
    assert "driver_memory_unknown" in [notice.code for notice in report.warnings]


def test_memory_set_by_the_scenario_is_said():
    report = article(8, 80)
    (notice,) = [n for n in report.warnings if n.code == "device_memory_set"]
    assert "74.5 GiB" in notice.message
    assert "79.6 GiB" in notice.message


def test_the_table_takes_what_is_said_of_one_gpu_for_that_one_alone():
    report = ask(examples.LLAMA_70B, gpus=8, device_memory=10 * GB, cost=Cost(usd_per_gpu_hour=1.0))
    facts = report.facts
    other = type(facts)(model=facts.model, accelerator=H200)
    found = evaluate_all(report.scenario, {"h100-sxm": facts, "h200-sxm": other}, own_gpu="h100-sxm")
    assert found["h100-sxm"].rank.device_bytes == 10 * GB
    assert found["h200-sxm"].rank.device_bytes == H200.driver_bytes
    assert found["h200-sxm"].quote is None


CASES = {
    "model": st.sampled_from(examples.ALL),
    "gpu": st.sampled_from([H100, H200, UNKNOWN]),
    "context": st.integers(1, 12_000_000),
    "concurrency": st.integers(1, 300),
    "gpus": st.sampled_from([1, 2, 4, 8, 16, 24]),
    "cache": st.sampled_from(["bf16", "fp8", "q4_0"]),
}


@settings(max_examples=150, deadline=None)
@given(**CASES)
def test_fit_and_capacity_say_the_same(**case):
    report = ask(**case)
    capacity = report.capacity
    longest, most = best(capacity.max_context_tokens), best(capacity.max_sequences)
    assert capacity.fits == (case["context"] <= longest)
    memory_fits = capacity.limit in (None, "model_context")
    assert memory_fits == (case["concurrency"] <= most)
    assert memory_fits == (report.rank.free_bytes >= 0)
    assert report.fits_context(case["context"]) == capacity.fits
    if capacity.min_gpus is not None and case["gpus"] < capacity.min_gpus:
        assert not memory_fits


@settings(max_examples=60, deadline=None)
@given(more=st.integers(0, 10**6), **CASES)
def test_more_of_anything_never_needs_less(more, **case):
    less = ask(**case)
    longer = ask(**case | {"context": case["context"] + more})
    # an open block of a compressed cache may empty; here all kinds grow
    assert longer.memory.cache_bytes >= less.memory.cache_bytes
    if (longer.plan, longer.rank.stage) == (less.plan, less.rank.stage):
        # under another plan, or on another stage, the fullest rank is another one
        assert longer.rank.cache_bytes >= less.rank.cache_bytes
    smaller = ask(**case | {"cache": "fp8"})
    if case["cache"] == "bf16" and smaller.plan == less.plan:
        assert best(smaller.capacity.max_context_tokens) >= best(less.capacity.max_context_tokens)


@settings(max_examples=40, deadline=None)
@given(**CASES)
def test_the_fewest_gpus_fit_and_one_less_does_not(**case):
    report = ask(**case | {"gpus": None})
    fewest = report.capacity.min_gpus
    if fewest is not None:
        assert report.gpus == fewest
        assert report.rank.free_bytes >= 0
        if 1 < fewest <= 8:
            assert ask(**case | {"gpus": fewest - 1}).rank.free_bytes < 0
