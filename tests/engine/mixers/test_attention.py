"""Golden vectors of attention that caches keys and values; each says where its number is from."""

import pytest

from engine.errors import FieldError
from engine.mixers import ChunkedAttention, CrossAttention, FullAttention, SharedCache, SlidingWindow
from engine.tensors import count_parameters


def size(mixer, hidden):
    return count_parameters(mixer.tensors(hidden))


def cache(mixer, tokens, bits=16):
    return sum(e.span.count(tokens) * e.heads * e.width * bits for e in mixer.entries()) // 8


LLAMA_8B = {"heads": 32, "kv_heads": 8, "head_dim": 128}
PARAMETERS = [
    # Llama-3.1-8B: 2 x 4096 x 4096 + 2 x 1024 x 4096
    (FullAttention(**LLAMA_8B), 4096, 41_943_040),
    # Qwen2-7B: 28 heads, 4 KV heads of 128, biases of q, k and v
    (FullAttention(heads=28, kv_heads=4, head_dim=128, qkv_bias=True), 3584, 2 * 3584**2 + 1024 * 3584 + 4608),
    # Qwen3-8B: one norm of 128 for queries and one for keys
    (FullAttention(**LLAMA_8B, qk_norm="head"), 4096, 41_943_040 + 256),
    # OLMo-2-7B: norms as wide as all heads
    (FullAttention(heads=32, kv_heads=32, head_dim=128, qk_norm="full"), 4096, 4 * 4096**2 + 2 * 4096),
    # gpt-oss: all biases, and one sink a head
    (
        FullAttention(heads=64, kv_heads=8, head_dim=64, qkv_bias=True, out_bias=True, sinks=True),
        2880,
        2 * 4096 * 2880 + 2 * 512 * 2880 + 4096 + 1024 + 2880 + 64,
    ),
    # Qwen3-Next: a gate as wide as the queries, in their projection
    (
        FullAttention(heads=16, kv_heads=2, head_dim=256, gate="query", qk_norm="head"),
        2048,
        3 * 2048 * 4096 + 2 * 2048 * 512 + 512,
    ),
    # the bias of that projection is doubled with it
    (
        FullAttention(heads=2, kv_heads=1, head_dim=4, gate="query", qkv_bias=True),
        8,
        3 * 8 * 8 + 2 * 8 * 4 + 2 * 8 + 2 * 4,
    ),
    # Laguna: one gate a head
    (FullAttention(heads=48, kv_heads=8, head_dim=128, gate="head"), 2048, 2048 * (2 * 6144 + 2 * 1024 + 48)),
    # MiMo-V2-Flash: values narrower than keys
    (
        SlidingWindow(heads=64, kv_heads=8, head_dim=192, v_head_dim=128, sinks=True, window=128),
        4096,
        4096 * (64 * 192 + 8 * 192 + 8 * 128 + 64 * 128) + 64,
    ),
    # MiniMax-M3: an indexer beside grouped attention
    (
        FullAttention(heads=64, kv_heads=4, head_dim=128, qk_norm="head", index_heads=4, index_dim=128),
        6144,
        6144 * (2 * 8192 + 2 * 512) + 256 + 6144 * 5 * 128 + 256,
    ),
    # Gemma 4 global layer: keys and values from one projection
    (FullAttention(heads=16, kv_heads=2, head_dim=512, k_is_v=True), 2816, 2816 * (2 * 8192 + 1024)),
    # Gemma 3n: a layer that borrows keys and values has only a query side
    (SharedCache(heads=8, kv_heads=2, head_dim=256, qk_norm="head"), 2048, 2 * 2048**2 + 256),
    (CrossAttention(**LLAMA_8B, qk_norm="head"), 4096, 41_943_040 + 256),
]


@pytest.mark.parametrize(("mixer", "hidden", "expected"), PARAMETERS)
def test_parameters(mixer, hidden, expected):
    assert size(mixer, hidden) == expected


CACHES = [
    # Llama-3.1-8B: 2 x 8 x 128 x 2 bytes a token
    (FullAttention(**LLAMA_8B), 1000, 4_096_000),
    (SlidingWindow(**LLAMA_8B, window=4096), 4095, 4095 * 4096),
    (SlidingWindow(**LLAMA_8B, window=4096), 10**7, 4096 * 4096),
    # Llama 4 Scout: one chunk at most
    (ChunkedAttention(heads=40, kv_heads=8, head_dim=128, chunk=8192), 10**7, 8192 * 4096),
    # keys of 192 and values of 128
    (FullAttention(heads=64, kv_heads=4, head_dim=192, v_head_dim=128), 1000, 4 * 320 * 2 * 1000),
    # an index key for every token beside the window
    (FullAttention(heads=64, kv_heads=4, head_dim=128, index_heads=4, index_dim=128), 1000, 2_304_000),
    (SharedCache(heads=8, kv_heads=2, head_dim=256), 10**6, 0),
    # Llama-3.2-Vision: 4 tiles of 1601 image tokens, and none for a text-only request
    (CrossAttention(**LLAMA_8B, image_tokens=6404), 5, 6404 * 4096),
    (CrossAttention(**LLAMA_8B), 5, 0),
]


@pytest.mark.parametrize(("mixer", "tokens", "expected"), CACHES)
def test_cache_bytes(mixer, tokens, expected):
    assert cache(mixer, tokens) == expected


@pytest.mark.parametrize(
    ("kv_heads", "name"), [(32, "full attention, MHA"), (8, "full attention, GQA 32/8"), (1, "full attention, MQA")]
)
def test_titles_name_the_grouping(kv_heads, name):
    assert FullAttention(heads=32, kv_heads=kv_heads, head_dim=128).title == name


def test_titles_name_the_reach():
    assert SlidingWindow(**LLAMA_8B, window=1024).title == "sliding window 1,024, GQA 32/8"
    assert ChunkedAttention(**LLAMA_8B, chunk=8192).title == "chunks of 8,192, GQA 32/8"
    assert SharedCache(**LLAMA_8B, window=512).title == "shares an earlier layer's cache, window 512"
    assert SharedCache(**LLAMA_8B).title.endswith("all tokens")


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("kv_heads", {"kv_heads": 3}),
        ("kv_heads", {"kv_heads": 64}),
        ("kv_heads", {"kv_heads": 0}),
        ("head_dim", {"head_dim": 0}),
        ("index_dim", {"index_heads": 4}),
        ("index_dim", {"index_dim": 128}),
    ],
)
def test_refusals_name_the_field(field, values):
    with pytest.raises(FieldError) as caught:
        FullAttention(**(LLAMA_8B | values))
    assert caught.value.field == field


def test_a_window_has_tokens():
    with pytest.raises(FieldError, match="window"):
        SlidingWindow(**LLAMA_8B, window=0)
