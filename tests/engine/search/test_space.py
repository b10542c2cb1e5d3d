"""What a search tries: numbers of GPUs, formats, plans."""

import itertools

import pytest

from engine.cache_formats import cache_precision
from engine.errors import FieldError, UnknownNameError, WhatfitsError
from engine.formats import weight_format
from engine.parallel import Plan, problems, stages_of
from engine.runtimes import RUNTIMES, runtime_of
from engine.search import Wish
from engine.search.space import (
    cache_formats,
    counts,
    floor_bytes,
    require_context,
    search_plans,
    suits,
    suits_cache,
    weight_formats,
)
from tests.engine import examples
from tests.engine.search import cases

GENERIC = runtime_of("generic")


@pytest.mark.parametrize(
    ("domain", "wish", "found"),
    [
        (8, {}, (1, 2, 3, 4, 5, 6, 7, 8, 16, 24, 32)),
        (8, {"nodes": (1,)}, (1, 2, 3, 4, 5, 6, 7, 8)),
        (8, {"nodes": (2, 4)}, (16, 32)),
        (8, {"gpus": (8, 32)}, (8, 32)),
        (8, {"gpus": (8, 32), "nodes": (1,)}, (8,)),
        (8, {"gpus": (12, 64)}, (64,)),  # one node and a half is no deployment
        (1, {}, (1, 2, 3, 4)),
        (72, {}, (1, 2, 3, 4, 5, 6, 7, 8, 16, 24, 32)),
        (72, {"nodes": (1,)}, (1, 2, 3, 4, 5, 6, 7, 8, 16, 24, 32)),
        (16, {}, (1, 2, 3, 4, 5, 6, 7, 8, 16, 32, 48, 64)),
        (8, {"nodes": (5,)}, (40,)),
    ],
)
def test_counts(domain, wish, found):
    assert counts(domain, Wish(**wish)) == found


def test_the_published_format_is_always_tried():
    def ids(model, **wish):
        return [row.id for row in weight_formats(model, Wish(**wish))]

    assert ids(examples.LLAMA_70B) == ["bf16", "fp8", "int8", "int4-awq", "nvfp4"]
    assert "fp8-block" in ids(examples.DEEPSEEK_V3)
    assert "mxfp4" in ids(examples.GPT_OSS_120B)
    assert len(ids(examples.GPT_OSS_120B)) == 5
    assert ids(examples.DEEPSEEK_V3, weights=("auto", "bf16", "bfloat16")) == ["fp8-block", "bf16"]
    with pytest.raises(UnknownNameError, match="unknown weight format"):
        weight_formats(examples.LLAMA_70B, Wish(weights=("fp9",)))


@pytest.mark.parametrize("runtime", RUNTIMES.values(), ids=lambda runtime: runtime.id)
def test_every_runtime_has_some_of_the_usual_caches(runtime):
    assert cache_formats(runtime, ())


def test_named_caches():
    assert [p.label for p in cache_formats(GENERIC, ("bf16", "auto", "q8_0/f16"))] == ["bf16", "q8_0/fp16"]
    with pytest.raises(WhatfitsError):
        cache_formats(GENERIC, ("fp9",))


def test_formats_that_the_hardware_does_not_multiply_are_left_out():
    assert suits(cases.BIG, weight_format("fp8"))
    assert not suits(cases.BIG, weight_format("nvfp4"))
    assert suits(cases.HUGE, weight_format("nvfp4"))
    # weights that are widened to 16 bits run everywhere
    assert suits(cases.MAC, weight_format("int4-awq"))
    assert not suits(cases.MAC, weight_format("fp8"))
    assert suits_cache(cases.MAC, cache_precision("fp8"))
    assert not suits_cache(cases.BIG, cache_precision("nvfp4"))


def test_plans_start_as_a_report_chooses_them():
    assert search_plans(examples.LLAMA_70B, GENERIC, 8, 8)[0] == Plan(tp=8)
    labels = [plan.label for plan in search_plans(examples.DEEPSEEK_V3, GENERIC, 8, 8)]
    assert labels[:4] == ["TP8", "TP4 PP2", "TP2 PP4", "PP8"]
    # one latent for all heads: its tokens can be spread, or attention repeated with experts spread
    assert "TP8 DCP8" in labels
    assert "DP8 EP8" in labels
    for model, gpus in itertools.product(examples.ALL, (1, 2, 3, 6, 8, 16)):
        for plan in search_plans(model, GENERIC, gpus, 8):
            assert plan.gpus == gpus
            assert plan.tp <= 8
            assert problems(model, plan) == ()


@pytest.mark.parametrize("model", examples.ALL, ids=lambda model: model.id)
def test_the_floor_is_below_the_fullest_rank(model):
    weights = weight_format("fp8")
    cache = cache_precision("bf16")
    for plan in search_plans(model, GENERIC, 8, 8):
        floor = floor_bytes(model, weights, cache, plan, tokens=100_000, sequences=5)
        share = plan.sequences_per_replica(5)
        fullest = max(
            stage.weights_bytes + share * stage.curve.ceiling_bytes(100_000)
            for stage in stages_of(model, weights, cache, plan)
        )
        assert 0 < floor <= fullest


def test_a_context_beyond_the_model():
    require_context(examples.LLAMA_70B, 131_072)
    with pytest.raises(FieldError, match=r"workload\.context: is 131,073, and llama-70b takes at most 131,072 tokens"):
        require_context(examples.LLAMA_70B, 131_073)
