"""What ranks hold: shares, copies, uneven stages, and plans that runtimes would refuse."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.cache import ideal_curve
from engine.cache_formats import cache_precision
from engine.formats import weight_format
from engine.parallel import Plan, cache_copies, plans, problems, stage_sizes, stages_of
from engine.runtimes import RUNTIMES
from engine.weights import served_bytes
from tests.engine import examples

BF16 = weight_format("bf16")
CACHE = cache_precision("bf16")


def ranks(model, **degrees):
    return stages_of(model, BF16, CACHE, Plan(**degrees))


def test_one_rank_holds_everything():
    for model in examples.ALL:
        (only,) = ranks(model)
        assert only.weights_bytes == served_bytes(model, BF16)
        assert only.curve.bytes(50_000) == ideal_curve(model, CACHE).bytes(50_000)


def test_heads_are_spread_until_there_are_none_left():
    whole = ideal_curve(examples.LLAMA_70B, CACHE).bytes(1000)
    assert ranks(examples.LLAMA_70B, tp=8)[0].curve.bytes(1000) * 8 == whole
    # 16 ranks, 8 heads: every head is there twice
    assert ranks(examples.LLAMA_70B, tp=16)[0].curve.bytes(1000) * 8 == whole
    assert cache_copies(examples.LLAMA_70B, Plan(tp=16)) == 2


def test_a_latent_cache_is_copied_to_every_rank():
    whole = ideal_curve(examples.DEEPSEEK_V3, CACHE).bytes(1000)
    assert ranks(examples.DEEPSEEK_V3, tp=8)[0].curve.bytes(1000) == whole
    assert cache_copies(examples.DEEPSEEK_V3, Plan(tp=8)) == 8


def test_context_parallelism_takes_the_copies_away():
    whole = ideal_curve(examples.DEEPSEEK_V3, CACHE).bytes(8000)
    assert ranks(examples.DEEPSEEK_V3, tp=8, dcp=8)[0].curve.bytes(8000) * 8 == whole
    assert cache_copies(examples.DEEPSEEK_V3, Plan(tp=8, dcp=8)) == 1


def test_ranks_that_share_a_prompt_hold_all_weights_and_a_share_of_the_cache():
    (alone,), (shared,) = ranks(examples.LLAMA_70B, tp=8), ranks(examples.LLAMA_70B, tp=8, cp=4)
    assert shared.weights_bytes == alone.weights_bytes
    assert shared.curve.bytes(8000) * 4 == alone.curve.bytes(8000)
    assert Plan(tp=8, cp=4).gpus == 32
    # windows, and states, are whole on every rank
    (windows,) = ranks(examples.GPT_OSS_120B, tp=8, cp=4)
    assert windows.curve.bytes(128) > ranks(examples.GPT_OSS_120B, tp=8)[0].curve.bytes(128) / 2


@pytest.mark.parametrize("runtime", ["vllm", "sglang", "tensorrt-llm", "llama.cpp", "transformers"])
def test_no_runtime_is_said_to_share_prompts(runtime):
    assert "cp" in dict(RUNTIMES[runtime].refuses(examples.LLAMA_70B, Plan(tp=1, cp=2)))
    assert "cp" not in dict(RUNTIMES["generic"].refuses(examples.LLAMA_70B, Plan(tp=1, cp=2)))


def test_stages_differ_by_their_ends():
    first, *_, last = ranks(examples.LLAMA_70B, pp=4)
    table = 128_256 * 8192 * 2
    assert first.weights_bytes + 8192 * 2 == last.weights_bytes
    assert first.weights_bytes > table
    assert [stage.layers for stage in ranks(examples.GEMMA_27B, pp=4)] == [15, 16, 16, 15]


def test_a_tied_table_is_there_again_for_the_head_of_the_last_stage():
    total = sum(stage.weights_bytes for stage in ranks(examples.GEMMA_27B, pp=2))
    assert total == served_bytes(examples.GEMMA_27B, BF16) + 262_208 * 5376 * 2


def test_windows_fall_on_the_stages_that_have_them():
    whole = ideal_curve(examples.GEMMA_27B, CACHE).bytes(131_072)
    assert sum(stage.curve.bytes(131_072) for stage in ranks(examples.GEMMA_27B, pp=4)) == whole


def test_experts_are_spread_whole_or_cut():
    whole = served_bytes(examples.DEEPSEEK_V3, BF16)
    cut, spread = ranks(examples.DEEPSEEK_V3, tp=8)[0], ranks(examples.DEEPSEEK_V3, tp=8, ep=8)[0]
    assert cut.weights_bytes == spread.weights_bytes
    assert whole / 8 < cut.weights_bytes < whole / 7.5


@given(layers=st.integers(1, 200), pp=st.integers(1, 16))
def test_stage_sizes_add_up_and_are_even(layers, pp):
    sizes = stage_sizes(layers, pp)
    assert sum(sizes) == layers
    assert len(sizes) == pp
    assert max(sizes) - min(sizes) <= 1


@given(
    model=st.sampled_from(examples.ALL),
    tp=st.sampled_from([1, 2, 3, 4, 5, 8, 16, 32]),
    pp=st.integers(1, 8),
    tokens=st.integers(0, 10**6),
)
def test_ranks_together_hold_at_least_the_model(model, tp, pp, tokens):
    found = ranks(model, tp=tp, pp=pp)
    assert tp * sum(stage.weights_bytes for stage in found) >= served_bytes(model, BF16)
    # each rank rounds its bits up to bytes
    assert tp * sum(stage.curve.bytes(tokens) for stage in found) >= ideal_curve(model, CACHE).bytes(tokens)


def test_refused_plans_say_why():
    assert problems(examples.SCOUT, Plan(tp=16)) == (("tp", "40 heads cannot be spread evenly over 16 ranks"),)
    assert problems(examples.LLAMA_70B, Plan(tp=16)) == ()
    assert problems(examples.LLAMA_70B, Plan(pp=81)) == (("pp", "there are only 80 layers"),)
    assert problems(examples.DEEPSEEK_V3, Plan(tp=8, dcp=8)) == ()
    assert problems(examples.LLAMA_70B, Plan(tp=8, dcp=2)) == (
        ("dcp", "the cache is stored 1x, and its tokens spread over no more ranks"),
    )
    assert ("dcp", "cannot spread the tokens of sliding-window layers") in problems(
        examples.GPT_OSS_120B, Plan(tp=16, dcp=2)
    )


def test_plans_keep_tensor_parallelism_inside_a_node():
    found = plans(examples.LLAMA_70B, 32, domain=8)
    assert found[0] == Plan(tp=8, pp=4)
    assert all(plan.gpus == 32 and plan.tp <= 8 for plan in found)


@pytest.mark.parametrize(
    ("plan", "label"),
    [(Plan(), "one GPU"), (Plan(tp=8), "TP8"), (Plan(tp=8, pp=2, dp=3), "TP8 PP2 DP3"), (Plan(tp=8, cp=2), "TP8 CP2")],
)
def test_labels(plan, label):
    assert plan.label == label


def test_a_plan_is_what_its_settings_say():
    plan = Plan(tp=4, pp=2, dp=3, ep=12, dcp=2)
    assert plan.settings == {"gpus": 24, **plan.degrees}
    assert Plan(**plan.degrees) == plan
