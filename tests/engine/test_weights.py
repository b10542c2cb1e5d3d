"""Weights layer by layer, by class and by rank, for formats whose layers are alike and for those whose are not."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.cache_formats import cache_precision
from engine.encodings import Place
from engine.formats import WEIGHT_FORMATS, weight_format
from engine.parallel import Plan, stages_of
from engine.tensors import matrix
from engine.weights import held_tensors, layer_bytes, part_bytes, rank_bytes, served_bytes, table_bytes
from tests.engine import examples

CACHE = cache_precision("bf16")
FORMATS = st.sampled_from(sorted(WEIGHT_FORMATS)).map(weight_format)


@given(model=st.sampled_from(examples.ALL), fmt=FORMATS)
def test_one_gpu_holds_what_is_served(model, fmt):
    (stage,) = stages_of(model, fmt, CACHE, Plan())
    assert stage.weights_bytes == served_bytes(model, fmt)


@given(model=st.sampled_from(examples.ALL), fmt=FORMATS, tp=st.sampled_from([1, 2, 4, 8]), pp=st.integers(1, 6))
def test_ranks_together_hold_at_least_all(model, fmt, tp, pp):
    stages = stages_of(model, fmt, CACHE, Plan(tp=tp, pp=pp))
    assert tp * sum(stage.weights_bytes for stage in stages) >= served_bytes(model, fmt)
    assert sum(stage.layers for stage in stages) == model.layer_count


def test_pipeline_stages_of_a_mixture_are_uneven():
    # the ends of a Q4_K_M file have more bits than the middle
    fmt = weight_format("q4_k_m")
    sizes = layer_bytes(examples.LLAMA_70B, fmt)
    assert sizes[0] == sizes[-1] > sizes[40]
    first, second, third, last = stages_of(examples.LLAMA_70B, fmt, CACHE, Plan(pp=4))
    table = part_bytes(examples.LLAMA_70B, fmt, "input")
    assert first.weights_bytes - table == sum(sizes[:20]) > second.weights_bytes == sum(sizes[20:40])
    assert third.weights_bytes == sum(sizes[40:60])
    assert last.weights_bytes == sum(sizes[60:]) + part_bytes(examples.LLAMA_70B, fmt, "output")


def test_the_type_is_decided_before_a_tensor_is_cut():
    # 1,024 of 8 ranks are 128 columns, too few for a block of 256: the whole tensor decides, so it stays Q4_K
    tensor = matrix("o", "attention", 1024, 1024, shards=8, by_columns=True)
    fmt = weight_format("ggml-q4_k")
    place = Place(examples.LLAMA_70B, "input")
    assert rank_bytes(fmt, [tensor], place, 8) == 1024 * 144


def test_a_tied_table_is_there_once_more_on_the_last_stage():
    fmt = weight_format("q4_k_m")
    # 262,208 x 5,376 in Q6_K, because the table is the head too
    assert table_bytes(examples.GEMMA_27B, fmt) == 262_208 * 5376 // 256 * 210
    first, last = stages_of(examples.GEMMA_27B, fmt, CACHE, Plan(pp=2))
    assert first.weights_bytes + last.weights_bytes == served_bytes(examples.GEMMA_27B, fmt) + table_bytes(
        examples.GEMMA_27B, fmt
    )


def test_what_is_held_says_how_it_is_stored():
    down = [h for h in held_tensors(examples.LLAMA_70B, weight_format("q4_k_m")) if h.tensor.name == "down"]
    assert {h.piece.storage.label: h.count for h in down} == {"Q6_K": 40, "Q4_K": 40}
    assert sum(h.count for h in down) == 80


@pytest.mark.parametrize("name", ["q4_k_m", "int4-gptq", "fp8+head=fp8"])
def test_a_format_costs_a_few_milliseconds_once_and_nothing_after(name):
    fmt = weight_format(name)
    stages_of(examples.DEEPSEEK_V3, fmt, CACHE, Plan(tp=4, pp=2))
    start = time.perf_counter()
    for _ in range(1000):
        stages_of(examples.DEEPSEEK_V3, fmt, CACHE, Plan(tp=4, pp=2))
    assert time.perf_counter() - start < 0.5
