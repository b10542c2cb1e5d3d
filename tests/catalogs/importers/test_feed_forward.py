"""Dense widths, experts, and which layers have them."""

import pytest

from catalogs.importers.feed_forward import (
    SHARED_COUNT,
    Mlp,
    Moe,
    after_first,
    all_sparse,
    dense,
    ernie_range,
    experts,
    interleaved,
    periodic,
    qwen_step,
    sparse_layers,
)
from catalogs.importers.fields import Config
from engine.errors import FieldError, UnsupportedModelError
from engine.feedforward import Dense, Experts


def config(**table):
    return Config({"hidden_size": 64, **table}, "bar")


def marks(rule, layers=6, **table):
    return "".join("x" if sparse else "-" for sparse in sparse_layers(config(**table), layers, rule))


def test_dense_widths():
    assert dense(config(intermediate_size=96), Mlp()) == Dense(width=96)
    assert dense(config(n_inner=None), Mlp(gated=False)) == Dense(width=256, gated=False)
    assert dense(config(intermediate_size=96), Mlp(divisor=2)) == Dense(width=48)
    assert dense(config(intermediate_size=96, mlp_bias=True), Mlp(bias=("mlp_bias", False))) == Dense(
        width=96, bias=True
    )
    with pytest.raises(UnsupportedModelError, match="multiple of 2"):
        dense(config(intermediate_size=95), Mlp(divisor=2))


SMALL = {"num_experts": 8, "num_experts_per_tok": 2, "moe_intermediate_size": 24}


def test_experts():
    assert experts(config(**SMALL), Moe(where=all_sparse)) == Experts(experts=8, top_k=2, width=24)
    counted = Moe(where=all_sparse, shared_count=SHARED_COUNT)
    assert experts(config(**SMALL, n_shared_experts=2), counted).shared_width == 48
    assert experts(config(**SMALL, n_shared_experts=None), counted).shared_width == 0
    wide = Moe(where=all_sparse, shared_width=("shared_expert_intermediate_size",), shared_gate=True)
    found = experts(config(**SMALL, shared_expert_intermediate_size=40), wide)
    assert (found.shared_width, found.shared_gate) == (40, True)


def test_experts_under_other_names():
    table = {"n_routed_experts": 8, "moe_k": 2, "moe_intermediate_size": 24}
    assert experts(config(**table), Moe(where=all_sparse)).top_k == 2


def test_more_experts_a_token_than_there_are():
    with pytest.raises(FieldError, match="top_k"):
        experts(config(num_experts=2, num_experts_per_tok=3, moe_intermediate_size=4), Moe(where=all_sparse))


RULES = [
    (all_sparse, {}, "xxxxxx"),
    (after_first("first_k_dense_replace"), {"first_k_dense_replace": 2}, "--xxxx"),
    (after_first("first_k_dense_replace"), {"first_k_dense_replace": None}, "xxxxxx"),
    (after_first("first_k_dense_replace"), {"first_k_dense_replace": 1, "moe_layer_freq": 1}, "-xxxxx"),
    (after_first("first_k_dense_replace"), {"first_k_dense_replace": 1, "moe_layer_freq": 2}, "--x-x-"),
    (after_first("first_k_dense_replace"), {"moe_layer_freq": [0, 1, 1, 0, 1, 1]}, "-xx-xx"),
    (after_first("num_dense_layers"), {"num_dense_layers": 9}, "------"),
    (qwen_step, {}, "xxxxxx"),
    (qwen_step, {"decoder_sparse_step": 2}, "-x-x-x"),
    (qwen_step, {"mlp_only_layers": [0, 3]}, "-xx-xx"),
    (interleaved, {"interleave_moe_layer_step": 2}, "-x-x-x"),
    (interleaved, {"moe_layers": [1]}, "-x----"),
    (periodic, {}, "-x-x-x"),
    (periodic, {"expert_layer_period": 3, "expert_layer_offset": 0}, "x--x--"),
    (ernie_range, {"moe_layer_start_index": 1, "moe_layer_end_index": -1}, "-xxxxx"),
    (ernie_range, {"moe_layer_start_index": 2, "moe_layer_end_index": 4, "moe_layer_interval": 1}, "--xxx-"),
    (ernie_range, {"moe_layer_start_index": 0, "moe_layer_end_index": -1, "moe_layer_interval": 2}, "-x-x-x"),
    # a list of words goes before everything
    (all_sparse, {"mlp_layer_types": ["dense"] * 2 + ["sparse"] * 4}, "--xxxx"),
    (all_sparse, {"mlp_layer_types": ["hash_moe"] * 2 + ["moe"] * 4}, "xxxxxx"),
]


@pytest.mark.parametrize(("rule", "table", "expected"), RULES)
def test_which_layers_have_experts(rule, table, expected):
    assert marks(rule, **table) == expected


@pytest.mark.parametrize(
    "table",
    [
        {"mlp_layer_types": ["dense"] * 5},
        {"mlp_layer_types": ["dense"] * 5 + ["odd"]},
        {"moe_layer_freq": [0, 1]},
        {"moe_layer_freq": [0, 1, 2, 0, 0, 0]},
    ],
)
def test_lists_that_make_no_sense(table):
    with pytest.raises(UnsupportedModelError, match=next(iter(table))):
        marks(after_first("first_k_dense_replace"), **table)
