"""Pairs and flops of each kind of mixer: the table of latency, its golden numbers, and laws of growth."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import UnsupportedModelError
from engine.latency.launches import mixer_launches
from engine.latency.mixer_work import (
    causal_pairs,
    chunk_pairs,
    decode_products,
    decode_reads,
    prefill_products,
    window_pairs,
)
from engine.mixers import (
    ChunkedAttention,
    FullAttention,
    GatedDeltaNet,
    LatentAttention,
    Mixer,
    SharedCache,
    SlidingWindow,
)

HEADS = {"heads": 32, "kv_heads": 8, "head_dim": 128}
FULL = FullAttention(**HEADS)
LATENT = LatentAttention(heads=128, q_rank=1536, kv_rank=512, nope_dim=128, rope_dim=64, v_dim=128)


def test_llama_3_8b_at_128k():
    # facts on latency, worked example: 32 layers x 4 x 32 x 128 x 128,000^2 / 2 = 4.295e15
    assert 32 * prefill_products(FULL, 128_000, 0).flops == pytest.approx(4.295e15, rel=1e-3)
    assert 32 * prefill_products(FULL, 1_000_000, 0).flops == pytest.approx(2.621e17, rel=1e-3)


def test_chunks_cost_little_beside_global_layers():
    # Llama-4-Scout at 1M tokens: 5.0e11 pairs of a global layer, 4.1e9 of a chunked one; 36 local layers cost 2.5 % of
    # what 12 global ones do
    every, local = causal_pairs(1_000_000), chunk_pairs(1_000_000, 0, 8192)
    assert every == pytest.approx(5.0e11, rel=1e-3)
    assert local == pytest.approx(4.1e9, rel=0.01)
    assert 36 * local / (12 * every) == pytest.approx(0.025, abs=0.001)


def test_window_is_linear_once_it_is_full():
    assert window_pairs(10_000, 0, 128) == 10_000 * 128 - 128**2 / 2
    assert window_pairs(100, 0, 128) == causal_pairs(100)


def test_latent_forms():
    # 640 H flops a pair for a prompt, 2,176 H for a generated token
    assert prefill_products(LATENT, 1000, 0).flops / causal_pairs(1000) == 640 * 128
    assert decode_products(LATENT, 1000).flops / 1000 == 2176 * 128


def test_states_do_not_grow_with_the_cache():
    mixer = GatedDeltaNet(k_heads=16, k_dim=128, v_heads=32, v_dim=128, kernel=4)
    assert prefill_products(mixer, 10, 0) == prefill_products(mixer, 10, 10**6)
    assert all(read.times == 2 for read in decode_reads(mixer))


def test_a_borrowed_cache_is_read_though_not_kept():
    mixer = SharedCache(**HEADS)
    assert mixer.entries() == ()
    assert [read.count(1000) for read in decode_reads(mixer)] == [1000, 1000]
    assert prefill_products(mixer, 50, 0).flops == prefill_products(FULL, 50, 0).flops


def test_an_indexer_stays_quadratic_and_its_choice_does_not():
    sparse = LatentAttention(
        heads=128, kv_rank=512, nope_dim=128, rope_dim=64, v_dim=128, index_heads=64, index_dim=128, index_top_k=2048
    )
    short, long = prefill_products(sparse, 100_000, 0), prefill_products(sparse, 200_000, 0)
    assert long.index_flops == 4 * short.index_flops
    assert long.flops < 2.1 * short.flops
    latent, index = decode_reads(sparse)
    assert (latent.count(100_000), index.count(100_000)) == (2048, 100_000)


@pytest.mark.parametrize("kind", get_args(Mixer))
def test_every_kind_is_known(kind):
    assert prefill_products.dispatch(kind) is not prefill_products.dispatch(object)
    assert mixer_launches.dispatch(kind) is not None


def test_an_unknown_kind_is_refused_by_name():
    class Odd:
        kind = "odd"

    with pytest.raises(UnsupportedModelError, match="kind odd"):
        prefill_products(Odd(), 1, 0)


@given(
    mixer=st.sampled_from([FULL, LATENT, SlidingWindow(**HEADS, window=4096), ChunkedAttention(**HEADS, chunk=8192)]),
    parts=st.lists(st.integers(1, 50_000), min_size=1, max_size=6),
)
def test_chunked_prefill_does_the_same_work(mixer, parts):
    done, total = 0, 0.0
    for part in parts:
        total += prefill_products(mixer, part, done).flops
        done += part
    assert total == pytest.approx(prefill_products(mixer, done, 0).flops, rel=1e-9)
