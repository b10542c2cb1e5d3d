"""Cache formats: bytes of a vector, names, and pairs of them."""

import pytest

from engine.cache_formats import CACHE_FORMATS, cache_format, cache_precision
from engine.errors import UnknownNameError

# bytes of one vector of 128 elements
GOLDEN = [
    ("bf16", 256),
    ("fp8", 128),
    ("int8", 128),
    ("fp8_per_token_head", 132),
    ("int4_per_token_head", 68),
    ("nvfp4", 72),
    ("mxfp8", 132),
    ("q8_0", 136),
    ("q5_1", 96),
    ("q5_0", 88),
    ("q4_1", 80),
    ("q4_0", 72),
]


@pytest.mark.parametrize(("name", "expected"), GOLDEN)
def test_bytes_of_a_vector(name, expected):
    assert cache_format(name).bits(128) == 8 * expected


def test_names_that_runtimes_use_resolve():
    assert cache_format("auto") is CACHE_FORMATS["bf16"]
    assert cache_format("fp8_e4m3") is CACHE_FORMATS["fp8"]
    assert cache_format("F16") is CACHE_FORMATS["fp16"]


def test_values_follow_the_keys_unless_named():
    assert cache_precision("q8_0").label == "q8_0"
    assert cache_precision("q8_0", "f16").label == "q8_0/fp16"


def test_unknown_names_say_which_key_and_what_is_near():
    with pytest.raises(UnknownNameError, match=r"precision\.cache\.v: unknown cache format 'q9_0'; did you mean"):
        cache_precision("q8_0", "q9_0")
