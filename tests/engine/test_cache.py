"""Golden vectors of the ideal cache, and the laws of its curve."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.cache import CacheCurve, Term, curve_of, ideal_curve, layer_curve
from engine.cache_formats import cache_precision
from engine.spans import AllTokens, Fixed, LastTokens, OnceReached, OnePer, OpenBlock, SpreadTokens
from tests.engine import examples

BF16 = cache_precision("bf16")
GIB = 2**30

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


SPANS = st.one_of(
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


@given(curve=CURVES, tokens=st.integers(0, 10**7), more=st.integers(0, 10**6))
def test_the_ceiling_never_falls_and_is_never_below_the_exact_size(curve, tokens, more):
    assert curve.bytes(tokens) <= curve.ceiling_bytes(tokens) <= curve.ceiling_bytes(tokens + more)


def test_a_state_alone_has_no_longest_context():
    curve = curve_of([(Fixed(), 80)])
    assert curve.max_tokens(10, limit=10**12) == 10**12
    assert curve.max_tokens(9, limit=10**12) == 0
