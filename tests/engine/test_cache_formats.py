"""Cache formats: bytes of a vector and of a token, names, and pairs of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.cache_formats import CACHE_FORMATS, INDEX_FP8, CachePrecision, cache_format, cache_precision
from engine.errors import UnknownNameError

# bytes of one vector of 128 elements
GOLDEN = [
    ("bf16", 256),
    ("fp8", 128),
    ("int8", 128),
    ("fp8_per_token_head", 132),
    ("int8_per_token_head", 132),
    ("int4_per_token_head", 68),
    ("nvfp4", 72),
    ("mxfp8", 132),
    ("ultraquant_4bit", 68),
    ("q8_0", 136),
    ("q5_1", 96),
    ("q5_0", 88),
    ("q4_1", 80),
    ("q4_0", 72),
    ("iq4_nl", 72),
    # what is older than the residual
    ("kivi-2bit", 48),
    ("quanto-int4", 72),
    ("quanto-int2", 40),
]


@pytest.mark.parametrize(("name", "expected"), GOLDEN)
def test_bytes_of_a_vector(name, expected):
    assert cache_format(name).bits(128) == 8 * expected


# keys and values of one head and token, by the formulas of vLLM's TurboQuantConfig, rounded up to even
PAIRS = [
    ("turboquant_k8v4", 128, 196),
    ("turboquant_4bit_nc", 128, 134),
    ("turboquant_k3v4_nc", 128, 118),
    ("turboquant_3bit_nc", 128, 102),
    ("turboquant_k3v4_nc", 72, 70),  # 63 + 6 = 69
    ("turboquant_3bit_nc", 72, 60),
    ("turboquant_k8v4", 64, 100),
    ("turboquant_k8v4", 256, 388),
]


@pytest.mark.parametrize(("name", "width", "expected"), PAIRS)
def test_keys_and_values_that_share_a_slot(name, width, expected):
    precision = cache_precision(name)
    assert (precision.k.bits(width) + precision.v.bits(width)) // 8 == expected
    assert precision.label == name
    assert precision.edge_layers == 2


# how much smaller than 16 bits one head of 128 is, as published beside the formats
SAVINGS = [
    ("fp8", 2.00),
    ("mxfp8", 1.94),
    ("int8_per_token_head", 1.94),
    ("int4_per_token_head", 3.76),
    ("nvfp4", 3.56),
    ("turboquant_k8v4", 2.61),
    ("turboquant_4bit_nc", 3.82),
    ("turboquant_k3v4_nc", 4.34),
    ("turboquant_3bit_nc", 5.02),
    ("ultraquant_4bit", 3.76),
    ("q8_0", 1.88),
    ("q5_1", 2.67),
    ("q4_0", 3.56),
    ("kivi-2bit", 5.33),
    ("quanto-int4", 3.56),
    ("quanto-int2", 6.4),
    ("kvquant-3bit", 4.8),
]


@pytest.mark.parametrize(("name", "expected"), SAVINGS)
def test_savings(name, expected):
    precision = cache_precision(name)
    assert 512 * 8 / (precision.k.bits(128) + precision.v.bits(128)) == pytest.approx(expected, abs=0.06)


# bytes of a latent of 512 + 64, and of DeepSeek V4's of 448 + 64
LATENTS = [
    ("bf16", 576, 1152),
    ("fp8", 576, 576),
    ("fp8_ds_mla", 576, 656),
    ("nvfp4_ds_mla", 576, 352),
    ("fp8_ds_mla", 512, 584),
    ("fp8_ds_v4_1", 512, 528),
]


@pytest.mark.parametrize(("name", "width", "expected"), LATENTS)
def test_latents(name, width, expected):
    assert cache_format(name).latent_bits(width) == 8 * expected


def test_index_keys_are_fp8_with_a_scale_once_the_cache_is_quantised():
    assert INDEX_FP8.bits(128) == 8 * 132
    for name in ("fp8", "fp8_ds_mla", "nvfp4_ds_mla", "nvfp4", "turboquant_k8v4"):
        assert cache_precision(name).index is INDEX_FP8
    # 16 bits in the reference; a runtime that stores them otherwise says so
    bf16 = cache_precision("bf16")
    assert bf16.index is CACHE_FORMATS["bf16"]
    assert CachePrecision(bf16.k, bf16.v, INDEX_FP8).index is INDEX_FP8


def test_names_that_runtimes_use_resolve():
    assert cache_format("auto") is CACHE_FORMATS["bf16"]
    assert cache_format("fp8_e4m3") is cache_format("fp8_inc") is CACHE_FORMATS["fp8"]
    assert cache_format("F16") is CACHE_FORMATS["fp16"]
    assert cache_format("nvfp4_4over6") is cache_format("fp4_mx_block16") is CACHE_FORMATS["nvfp4"]
    assert cache_format("KIVI") is CACHE_FORMATS["kivi-2bit"]


def test_names_are_each_of_one_format():
    seen: dict[str, str] = {}
    for fmt in CACHE_FORMATS.values():
        for name in (fmt.id, *fmt.aliases):
            assert seen.setdefault(name, fmt.id) == fmt.id, name


def test_estimates_are_marked():
    assert not cache_precision("kvquant-3bit").exact
    assert "estimate" in cache_format("kvquant-3bit").source
    assert cache_precision("turboquant_3bit_nc").exact


def test_values_follow_the_keys_unless_named():
    assert cache_precision("q8_0").label == "q8_0"
    assert cache_precision("q8_0", "f16").label == "q8_0/fp16"
    assert cache_precision("turboquant_k8v4", "turboquant_k8v4") == cache_precision("turboquant_k8v4")


def test_unknown_names_say_which_key_and_what_is_near():
    with pytest.raises(UnknownNameError, match=r"precision\.cache\.v: unknown cache format 'q9_0'; did you mean"):
        cache_precision("q8_0", "q9_0")


@given(name=st.sampled_from(sorted(CACHE_FORMATS)), width=st.integers(1, 2048))
def test_no_format_takes_more_than_fp32_and_a_scale(name, width):
    fmt = cache_format(name)
    for bits in (fmt.bits(width), fmt.latent_bits(width)):
        assert 0 < bits <= 32 * (width + 64) + 8 * 64
