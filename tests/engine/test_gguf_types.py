"""Types of GGUF files: published block sizes, and what rows become that their blocks do not divide."""

import pytest

from engine.formats import weight_format
from engine.gguf_types import GGML_TYPES, REMOVED_NUMBERS, TYPE_OF_NUMBER, WEIGHT_TYPES, fitting
from engine.tensors import matrix

# bits per weight as ggml's block sizes make them
GOLDEN = [
    ("F32", 32),
    ("F16", 16),
    ("BF16", 16),
    ("Q8_0", 8.5),
    ("Q6_K", 6.5625),
    ("Q5_K", 5.5),
    ("Q5_1", 6.0),
    ("Q5_0", 5.5),
    ("Q4_K", 4.5),
    ("Q4_1", 5.0),
    ("Q4_0", 4.5),
    ("Q3_K", 3.4375),
    ("Q2_K", 2.625),
    ("IQ4_NL", 4.5),
    ("IQ4_XS", 4.25),
    ("IQ3_S", 3.4375),
    ("IQ3_XXS", 3.0625),
    ("IQ2_S", 2.5625),
    ("IQ2_XS", 2.3125),
    ("IQ2_XXS", 2.0625),
    ("IQ1_M", 1.75),
    ("IQ1_S", 1.5625),
    ("TQ2_0", 2.0625),
    ("TQ1_0", 1.6875),
    ("MXFP4", 4.25),
    ("NVFP4", 4.5),
    ("Q2_0", 2.25),
    ("Q1_0", 1.125),
]


@pytest.mark.parametrize(("name", "bits"), GOLDEN)
def test_bits_per_weight(name, bits):
    fmt = weight_format(f"ggml-{name.casefold()}")
    assert fmt.bits(matrix("up", "feed_forward", 512, 4096)) / (512 * 4096) == bits
    assert GGML_TYPES[name].encoding.label == name


def test_every_type_that_weights_have_is_covered():
    assert {name for name, _ in GOLDEN} == set(WEIGHT_TYPES)
    assert not TYPE_OF_NUMBER.keys() & REMOVED_NUMBERS.keys()


@pytest.mark.parametrize(
    ("wanted", "columns", "found"),
    [
        ("Q4_K", 896, "Q5_0"),
        ("Q5_K", 896, "Q5_1"),
        ("Q6_K", 896, "Q8_0"),
        ("Q2_K", 896, "Q4_0"),
        ("Q3_K", 896, "Q4_0"),
        ("TQ1_0", 896, "Q4_0"),
        ("IQ2_XXS", 896, "IQ4_NL"),
        ("IQ4_XS", 896, "IQ4_NL"),
        ("Q4_K", 4112, "F16"),
        ("Q8_0", 4112, "F16"),
        ("Q8_0", 4096, "Q8_0"),
    ],
)
def test_rows_that_do_not_divide_get_another_type(wanted, columns, found):
    assert fitting(wanted, columns) == found


def test_a_uniform_type_leaves_vectors_and_router_in_fp32():
    fmt = weight_format("ggml-q4_0")
    assert fmt.bits(matrix("router", "router", 8, 4096)) == 32 * 8 * 4096
    assert fmt.bits(matrix("head", "head", 100, 4096)) == 100 * 128 * 18 * 8
