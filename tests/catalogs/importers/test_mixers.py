"""Mixers from fields: heads, latent ranks, owners of indexers, recurrent sizes."""

import pytest

from catalogs.importers import attention, recurrent
from catalogs.importers.attention import Attn, heads_of
from catalogs.importers.fields import Config
from catalogs.importers.latent import index_owners, latent
from engine.errors import FieldError, UnsupportedModelError
from engine.mixers import KimiDelta, Mamba1, Mamba2, ShortConvolution

HEADS = {"hidden_size": 64, "num_attention_heads": 8}


def config(table=HEADS, **more):
    return Config({**table, **more}, "bar")


def test_heads():
    found = heads_of(config(), Attn())
    assert (found.heads, found.kv_heads, found.head_dim) == (8, 8, 8)
    found = heads_of(config(num_key_value_heads=2, head_dim=16), Attn())
    assert (found.kv_heads, found.head_dim) == (2, 16)
    assert heads_of(config(num_key_value_heads=2), Attn(multi_head=True)).kv_heads == 8


def test_a_width_that_does_not_divide():
    with pytest.raises(FieldError, match=r"head_dim.*63.*8 heads"):
        heads_of(config(hidden_size=63), Attn())


def test_biases_and_norms_follow_their_fields():
    plain = attention.full(config(), Attn(qk_norm="head", qk_norm_if=("use_qk_norm", False)))
    assert (plain.qkv_bias, plain.out_bias, plain.qk_norm) == (False, False, "none")
    normed = attention.full(
        config(attention_bias=True, use_qk_norm=True),
        Attn(out_bias=False, qk_norm="head", qk_norm_if=("use_qk_norm", False)),
    )
    assert (normed.qkv_bias, normed.out_bias, normed.qk_norm) == (True, False, "head")
    with pytest.raises(UnsupportedModelError, match="use_qk_norm"):
        attention.full(config(use_qk_norm=False), Attn(qk_norm="head"))


def test_windows():
    assert attention.window(config(sliding_window=16), Attn()).window == 16
    assert attention.window(config(sliding_window_size=16), Attn()).window == 16
    with pytest.raises(FieldError, match="sliding_window"):
        attention.window(config(), Attn())


LATENT = {
    "num_attention_heads": 8,
    "q_lora_rank": 24,
    "kv_lora_rank": 16,
    "qk_nope_head_dim": 8,
    "qk_rope_head_dim": 4,
    "v_head_dim": 8,
    "index_n_heads": 2,
    "index_head_dim": 4,
    "index_topk": 32,
    "head_dim": 99,
    "num_key_value_heads": 7,
}


def test_latent_attention():
    found = latent(config(LATENT, q_lora_rank=None, attention_bias=True))
    assert (found.q_rank, found.kv_rank, found.rope_dim, found.bias) == (None, 16, 4, True)
    assert found.index_heads == 0
    owner = latent(config(LATENT), indexed=True)
    assert (owner.index_heads, owner.index_dim, owner.index_top_k) == (2, 4, 32)


@pytest.mark.parametrize(
    ("table", "owners"),
    [
        ({}, "xxxxxx"),
        ({"index_topk_freq": 2}, "xx-x-x"),
        ({"index_topk_freq": 2, "index_skip_topk_offset": 1}, "x-x-x-"),
        ({"index_topk_pattern": "FSSFSS"}, "x--x--"),
        ({"indexer_types": ["full", "shared"] * 3}, "x-x-x-"),
        ({"indexer_types": ["shared", "full"] * 3, "index_topk_pattern": "FFFFFF"}, "-x-x-x"),
    ],
)
def test_owners_of_indexers(table, owners):
    assert "".join("x" if own else "-" for own in index_owners(Config(table, "bar"), 6)) == owners


@pytest.mark.parametrize(
    "table", [{"indexer_types": ["full"]}, {"indexer_types": ["odd"] * 6}, {"index_topk_pattern": "FSXFSS"}]
)
def test_owners_that_make_no_sense(table):
    with pytest.raises(UnsupportedModelError, match=next(iter(table))):
        index_owners(Config(table, "bar"), 6)


def test_mamba():
    table = {"hidden_size": 64, "state_size": 16, "conv_kernel": 4, "expand": 2}
    assert recurrent.mamba1(config(table, time_step_rank="auto")) == Mamba1(inner=128, state=16, dt_rank=4, kernel=4)
    assert recurrent.mamba1(config(table, intermediate_size=96, time_step_rank=5)).inner == 96
    with pytest.raises(UnsupportedModelError, match="use_bias"):
        recurrent.mamba1(config(table, use_bias=True))


HYBRID = {
    "hidden_size": 64,
    "mamba_n_heads": 8,
    "mamba_d_head": "auto",
    "mamba_expand": 2,
    "mamba_n_groups": 1,
    "mamba_d_state": 16,
    "mamba_d_conv": 4,
}


def test_mamba_2():
    expected = Mamba2(heads=8, head_dim=16, groups=1, state=16, kernel=4)
    assert recurrent.mamba2_hybrid(config(HYBRID)) == expected
    assert recurrent.mamba2_hybrid(config(HYBRID, mamba_d_head=16)) == expected
    with pytest.raises(UnsupportedModelError, match="mamba_d_head"):
        recurrent.mamba2_hybrid(config(HYBRID, mamba_d_head=8))
    assert not recurrent.mamba2_parallel(config(HYBRID)).gated_norm
    assert recurrent.mamba2_parallel(config(HYBRID, mamba_rms_norm=True)).gated_norm


def test_kimi_delta_in_both_generations():
    flat = {"linear_num_heads": 4, "linear_head_dim": 8, "linear_conv_kernel_dim": 4}
    nested = {"linear_attn_config": {"num_heads": 4, "head_dim": 8, "short_conv_kernel_size": 4}}
    expected = KimiDelta(heads=4, head_dim=8, kernel=4)
    assert recurrent.kimi_delta(config(flat)) == recurrent.kimi_delta(config(nested)) == expected


def test_delta_nets_with_what_is_left_out():
    found = recurrent.olmo_delta(config(linear_conv_kernel_dim=4))
    assert (found.k_heads, found.k_dim, found.v_heads, found.v_dim) == (8, 6, 8, 12)


def test_short_convolution():
    assert recurrent.short_convolution(config(conv_L_cache=3)) == ShortConvolution(kernel=3, width=64)
    with pytest.raises(UnsupportedModelError, match="conv_dim"):
        recurrent.short_convolution(config(conv_L_cache=3, conv_dim=32))
