"""Golden vectors of the ideal cache, and the laws of its curve."""

import csv
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.cache import CacheCurve, Newest, Older, Term, curve_of, ideal_curve, layer_curve, layer_groups
from engine.cache_formats import INDEX_FP8, CachePrecision, cache_format, cache_precision
from engine.feedforward import Dense
from engine.formats import weight_format
from engine.mixers import LatentAttention
from engine.model import Layer
from engine.parallel import Plan, stages_of
from engine.spans import AllTokens, Fixed, LastTokens, OnceReached, OnePer, OpenBlock, SpreadTokens
from tests.engine import examples

BF16 = cache_precision("bf16")
GIB = 2**30
DATA = Path(__file__).parents[1] / "data"

GOLDEN = [
    # 2 x 80 layers x 8 heads x 128 x 131,072 x 2 B
    (examples.LLAMA_70B, "bf16", 131_072, 40 * GIB),
    # 61 layers x (512 + 64) x 131,072 x 2 B
    (examples.DEEPSEEK_V3, "bf16", 131_072, 61 * 576 * 131_072 * 2),
    # 18 full layers of 2,048 B a token and 18 windows of 128
    (examples.GPT_OSS_120B, "bf16", 131_072, 18 * 2048 * (131_072 + 128)),
    # 10 full layers of 8,192 B a token and 52 windows of 1,024
    (examples.GEMMA_27B, "bf16", 131_072, 8192 * (10 * 131_072 + 52 * 1024)),
    # the article's table: 48 x 10M x 2 x 640 x 16 / 8 and half of it at 8 bits
    (examples.ARTICLE_SCOUT, "bf16", 10_000_000, 1_228_800_000_000),
    (examples.ARTICLE_SCOUT, "int8", 10_000_000, 614_400_000_000),
    (examples.ARTICLE_SCOUT, "bf16", 1_000, 122_880_000),
    # the released Scout: 12 layers keep everything, 36 a chunk of 8,192
    (examples.SCOUT, "bf16", 10_000_000, 492_727_959_552),
    (examples.SCOUT, "bf16", 10_485_760, round(481.125 * GIB)),
    (examples.SCOUT, "bf16", 1_048_576, round(49.125 * GIB)),
]


@pytest.mark.parametrize(("model", "fmt", "tokens", "expected"), GOLDEN)
def test_published_sizes(model, fmt, tokens, expected):
    assert ideal_curve(model, cache_precision(fmt)).bytes(tokens) == expected


def test_hybrid_keeps_a_state_beside_what_grows():
    curve = ideal_curve(examples.QWEN3_NEXT, BF16)
    # 12 full layers of 2 heads of 256; oracle state_bytes of transformers 5.23.0
    assert curve.bytes(262_144) - curve.state_bytes == 6 * GIB
    assert curve.state_bytes == 77_856_768


def test_growth_per_token_is_the_slope_where_one_is():
    assert ideal_curve(examples.LLAMA_70B, BF16).slope(1000) == 320 * 1024
    gemma = ideal_curve(examples.GEMMA_27B, BF16)
    assert gemma.slope(100) == 62 * 8192
    assert gemma.slope(5000) == 10 * 8192


def test_formats_of_keys_and_values_can_differ():
    mixed = ideal_curve(examples.LLAMA_70B, cache_precision("q8_0", "bf16")).bytes(1)
    assert mixed == 80 * 8 * (128 // 32 * 34 + 128 * 2)


def test_one_layer_of_a_kind():
    assert layer_curve(examples.GEMMA_27B, "local", BF16).bytes(10_000) == 8192 * 1024


def test_terms_of_one_span_are_added_up():
    curve = curve_of([(AllTokens(), 8), (Fixed(), 16), (AllTokens(), 8), (LastTokens(5), 0)])
    assert curve == CacheCurve((Term(AllTokens(), 16), Term(Fixed(), 16)))


def test_the_newest_tokens_can_wait_in_16_bits():
    curve = ideal_curve(examples.LLAMA_70B, cache_precision("kivi-2bit"))
    base = 80 * 2 * 8 * 128
    # KIVI: 2hD x 3/8 for all but the last 128 tokens, those 4hD
    assert curve.bytes(100) == base * 100 * 2
    assert curve.bytes(128) == base * 128 * 2
    assert curve.bytes(10_000) == base * (10_000 - 128) * 3 // 8 + base * 128 * 2
    assert curve.slope(50) == base * 2
    assert curve.slope(50_000) == base * Fraction(3, 8)


def test_of_a_window_the_newest_tokens_wait_too():
    # windows of 1,024, of which 128 are at 16 bits and 896 at 4.5
    local = layer_curve(examples.GEMMA_27B, "local", cache_precision("quanto-int4"))
    assert local.bytes(10_000) == 2 * 16 * 128 * (896 * 9 // 16 + 128 * 2)
    # a window of 128 is never quantised
    small = layer_curve(examples.GPT_OSS_120B, "local", cache_precision("quanto-int4"))
    assert small.bytes(9999) == 128 * 2048


def test_dense_models_keep_their_outermost_layers_at_16_bits():
    precision = cache_precision("turboquant_4bit_nc")
    curve = ideal_curve(examples.LLAMA_70B, precision)
    assert curve.bytes(1) == 8 * (76 * 134 + 4 * 512)
    # really 3.35 x at 80 layers, not 3.82
    assert ideal_curve(examples.LLAMA_70B, BF16).bytes(1) / curve.bytes(1) == pytest.approx(3.35, abs=0.005)
    # hybrids keep none
    tokens = 1000
    hybrid = ideal_curve(examples.QWEN3_NEXT, precision)
    assert hybrid.bytes(tokens) - hybrid.state_bytes == tokens * 12 * 2 * (256 + 6)


def test_outermost_layers_fall_on_the_first_and_last_stage():
    precision = cache_precision("turboquant_4bit_nc")
    groups = layer_groups(examples.LLAMA_70B, precision, 0, 20)
    assert [(formats is precision, count) for _, formats, count in groups] == [(False, 2), (True, 18)]
    assert [count for _, _, count in layer_groups(examples.LLAMA_70B, precision, 20, 40)] == [40]
    stages = stages_of(examples.LLAMA_70B, weight_format("bf16"), precision, Plan(pp=4))
    assert sum(stage.curve.bytes(1) for stage in stages) == ideal_curve(examples.LLAMA_70B, precision).bytes(1)
    assert stages[0].curve.bytes(1) == 8 * (18 * 134 + 2 * 512)


# bytes a token and layer: vLLM's layouts
LATENTS = [("bf16", 1152), ("fp8", 576), ("fp8_ds_mla", 656), ("nvfp4_ds_mla", 352)]


@pytest.mark.parametrize(("name", "expected"), LATENTS)
def test_latents_of_deepseek(name, expected):
    assert ideal_curve(examples.DEEPSEEK_V3, cache_precision(name)).bytes(1) == 61 * expected


def test_index_keys_beside_a_latent():
    mixer = LatentAttention(
        heads=128, q_rank=1536, kv_rank=512, nope_dim=128, rope_dim=64, v_dim=128, index_heads=64, index_dim=128
    )
    model = replace(
        examples.DEEPSEEK_V3,
        layers={"layer": Layer(mixer=mixer, ffn=Dense(width=1))},
        stack="78 layer",
        multi_token=None,
    )
    # 78 layers x (1,152 + 132) with index keys as servers store them, x (656 + 132) with fp8 rows
    served = CachePrecision(BF16.k, BF16.v, INDEX_FP8)
    assert ideal_curve(model, served).bytes(1) == 100_152
    assert ideal_curve(model, cache_precision("fp8_ds_mla")).bytes(1) == 78 * 788
    assert ideal_curve(model, BF16).bytes(1) == 78 * (1152 + 256)


def _llama_cpp_rows():
    with (DATA / "llamacpp_cache.csv").open() as stream:
        return [row for row in csv.DictReader(stream) if row["model"] in PLAIN and not row["swa_mib"]]


PLAIN = {
    "llama-3.1-8b": (32, 8, 128),
    "qwen2.5-7b": (28, 4, 128),
    "qwen3-8b": (36, 8, 128),
    "phi-3-mini-4k": (32, 32, 96),
}
"""Layers, KV heads and width of a head of models that keep every token in every layer."""


def test_what_llama_cpp_reports_of_plain_models():
    rows = _llama_cpp_rows()
    assert len(rows) > 100
    for row in rows:
        layers, heads, width = PLAIN[row["model"]]
        vectors = layers * heads * int(row["kv_cells"]) * int(row["kv_streams"])
        for key, kind in (("k_mib", "type_k"), ("v_mib", "type_v")):
            size = vectors * cache_format(row[kind]).bits(width) // 8
            assert size / 2**20 == pytest.approx(float(row[key]), abs=0.006), row


KEPT = st.one_of(
    st.just(AllTokens()),
    st.builds(SpreadTokens, st.integers(2, 16)),
    st.builds(LastTokens, st.integers(1, 10_000)),
    st.builds(OnePer, st.integers(2, 200)),
)
SPANS = st.one_of(
    KEPT,
    st.builds(Newest, KEPT, st.integers(1, 300)),
    st.builds(Older, KEPT, st.integers(1, 300)),
    st.just(AllTokens()),
    st.builds(SpreadTokens, st.integers(2, 16)),
    st.builds(LastTokens, st.integers(1, 10_000)),
    st.builds(OnePer, st.integers(2, 200)),
    st.builds(OpenBlock, st.integers(2, 200)),
    st.builds(OnceReached, st.integers(1, 300), st.integers(1, 20)),
    st.builds(Fixed, st.integers(1, 5)),
)
CURVES = st.lists(st.tuples(SPANS, st.integers(1, 5000)), min_size=1, max_size=6).map(curve_of)


@given(curve=CURVES, budget=st.integers(0, 10**9), limit=st.integers(1, 10**7))
def test_the_longest_context_is_the_last_that_keeps_to_the_budget(curve, budget, limit):
    longest = curve.max_tokens(budget, limit=limit)
    assert 0 <= longest <= limit
    if longest:
        assert curve.ceiling_bytes(longest) <= budget
    if longest < limit:
        assert curve.ceiling_bytes(longest + 1) > budget


@given(span=KEPT, spared=st.integers(1, 300), tokens=st.integers(0, 10**6))
def test_newest_and_older_tokens_are_all_tokens(span, spared, tokens):
    newest, older = Newest(span, spared), Older(span, spared)
    assert newest.count(tokens) + older.count(tokens) == span.count(tokens)
    assert newest.rate(tokens) + older.rate(tokens) == span.rate(tokens)
    assert newest.count(tokens) <= span.count(spared)
    assert f"{spared:,}" in newest.formula()
    assert f"{spared:,}" in older.formula()


@given(curve=CURVES, tokens=st.integers(0, 10**7), more=st.integers(0, 10**6))
def test_the_ceiling_never_falls_and_is_never_below_the_exact_size(curve, tokens, more):
    assert curve.bytes(tokens) <= curve.ceiling_bytes(tokens) <= curve.ceiling_bytes(tokens + more)


def test_a_state_alone_has_no_longest_context():
    curve = curve_of([(Fixed(), 80)])
    assert curve.max_tokens(10, limit=10**12) == 10**12
    assert curve.max_tokens(9, limit=10**12) == 0
