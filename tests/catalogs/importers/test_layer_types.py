"""Which layer is what: each rule alone, and lists before rules."""

import pytest

from catalogs.importers.fields import Config
from catalogs.importers.layer_types import (
    FULL,
    LINEAR,
    WINDOW,
    all_full,
    every,
    global_first,
    jamba,
    kimi_linear,
    layer_kinds,
    linear_but_every,
    llama4,
    minimax_kinds,
    mllama,
    named_attention,
    pattern_period,
    qwen_moe_windows,
    qwen_windows,
    smollm3,
    upper_windows,
    window_if_set,
)
from engine.errors import FieldError, UnsupportedModelError, WhatfitsError

LETTERS = {FULL: "F", WINDOW: "W", LINEAR: "L", "chunked": "C", "cross": "X", "conv": "V"}


def letters(rule, layers, table, **defaults):
    return "".join(LETTERS[kind] for kind in rule(Config(table, "bar", "", defaults), layers))


RULES = [
    (all_full, 3, {}, "FFF"),
    (window_if_set, 2, {"sliding_window": 8}, "WW"),
    (window_if_set, 2, {"sliding_window": None}, "FF"),
    (window_if_set, 2, {"sliding_window": 8, "use_sliding_window": False}, "FF"),
    (window_if_set, 2, {"sliding_window_size": 8}, "WW"),
    (every(2), 5, {"sliding_window": 8}, "WFWFW"),
    (every(4), 5, {"sliding_window": 8, "sliding_window_pattern": "LLG"}, "WWFWW"),
    (every(4), 5, {"sliding_window": 8, "sliding_window_pattern": 2}, "WFWFW"),
    (every(4), 5, {"sliding_window": None}, "FFFFF"),
    (every(4, last_full=True), 5, {"sliding_window": 8}, "WWWFF"),
    (every(4, key="every_n"), 4, {"sliding_window": 8, "every_n": 2}, "WFWF"),
    (global_first(4), 6, {"sliding_window": 8}, "FWWWFW"),
    (global_first(4), 3, {}, "FFF"),
    (qwen_windows, 4, {"sliding_window": 8, "max_window_layers": 2}, "FFFF"),
    (qwen_windows, 4, {"sliding_window": 8, "max_window_layers": 2, "use_sliding_window": True}, "FFWW"),
    (qwen_windows, 4, {"sliding_window": 8, "max_window_layers": 4, "use_sliding_window": True}, "FFFF"),
    (qwen_windows, 4, {"sliding_window": None, "use_sliding_window": True}, "FFFF"),
    (qwen_moe_windows, 2, {"sliding_window": 8, "max_window_layers": 0}, "FF"),
    (upper_windows, 3, {"sliding_window": 8, "max_window_layers": 1}, "FWW"),
    (upper_windows, 3, {"sliding_window": 8, "max_window_layers": 3}, "FFF"),
    (smollm3, 4, {"no_rope_layers": [1, 1, 1, 0], "sliding_window": 8}, "FFFF"),
    (smollm3, 4, {"no_rope_layers": [1, 0, 1, 0], "sliding_window": 8, "use_sliding_window": True}, "FWFW"),
    (linear_but_every(4), 8, {}, "LLLFLLLF"),
    (linear_but_every(4), 4, {"full_attention_interval": 2}, "LFLF"),
    (llama4, 5, {"attention_chunk_size": 8}, "CCCFC"),
    (llama4, 5, {"attention_chunk_size": 8, "no_rope_layers": []}, "CCCFC"),
    (llama4, 3, {"attention_chunk_size": 8, "no_rope_layers": [0, 1, 1]}, "FCC"),
    (llama4, 3, {"attention_chunk_size": None}, "FFF"),
    (mllama, 4, {"cross_attention_layers": [1, 3]}, "FXFX"),
    (jamba, 9, {}, "LLLLFLLLL"),
    (jamba, 4, {"attn_layer_period": 2, "attn_layer_offset": 1}, "LFLF"),
    (named_attention("full_attn_idxs", "conv", absent_all=True), 3, {"full_attn_idxs": [1]}, "VFV"),
    (named_attention("full_attn_idxs", "conv", absent_all=True), 3, {}, "FFF"),
    # the class default is full at 4, 8 ...; the release numbers layers from 1
    (kimi_linear, 9, {}, "LLLLFLLLF"),
    (kimi_linear, 4, {"linear_attn_config": {"full_attn_layers": [4], "kda_layers": [1, 2, 3]}}, "LLLF"),
    (minimax_kinds, 3, {"attn_type_list": [1, 1, 1]}, "FFF"),
]


@pytest.mark.parametrize(("rule", "layers", "table", "expected"), RULES)
def test_rules(rule, layers, table, expected):
    assert letters(rule, layers, table) == expected


REFUSED = [
    (every(4), {"sliding_window": 8, "sliding_window_pattern": "GLL"}, "sliding_window_pattern"),
    (every(4), {"sliding_window": 8, "sliding_window_pattern": ""}, "sliding_window_pattern"),
    (qwen_moe_windows, {"sliding_window": 8, "use_sliding_window": True}, "use_sliding_window"),
    (llama4, {"attention_chunk_size": 8, "no_rope_layers": [1]}, "no_rope_layers"),
    (mllama, {"cross_attention_layers": [9]}, "cross_attention_layers"),
    (named_attention("full_attn_idxs", "conv", absent_all=True), {"full_attn_idxs": [4]}, "full_attn_idxs"),
    (kimi_linear, {"linear_attn_config": {"full_attn_layers": [0], "kda_layers": [1, 2, 3]}}, "full_attn_layers"),
    (kimi_linear, {"linear_attn_config": {"full_attn_layers": [4], "kda_layers": [1, 2]}}, "full_attn_layers"),
    (minimax_kinds, {"attn_type_list": [1, 0, 1, 1]}, "attn_type_list"),
    (smollm3, {"no_rope_layers": [1], "sliding_window": 8, "use_sliding_window": True}, "no_rope_layers"),
]


@pytest.mark.parametrize(("rule", "table", "field"), REFUSED)
def test_rules_refuse_what_contradicts_itself(rule, table, field):
    with pytest.raises(WhatfitsError, match=field):
        rule(Config(table, "bar"), 4)


def listed(words, layers=None, rule=all_full, known=(FULL, WINDOW), **more):
    table = {"layer_types": words, **more}
    return layer_kinds(Config(table, "bar"), layers or len(words), rule, known)


def test_a_list_goes_before_the_rule():
    words = ["sliding_attention", "full_attention", "sliding_attention"]
    assert listed(words, rule=every(2)) == (WINDOW, FULL, WINDOW)
    assert layer_kinds(Config({"layers_block_type": ["attention"]}, "bar"), 1, all_full, (FULL,)) == (FULL,)
    assert layer_kinds(Config({"layer_types": None}, "bar"), 2, all_full, (FULL,)) == (FULL, FULL)


def test_an_unknown_word_is_refused_by_name():
    with pytest.raises(UnsupportedModelError) as caught:
        listed(["full_attention", "foo_attention"])
    assert caught.value.field == "layer_types[1]"
    assert "'foo_attention'" in str(caught.value)
    assert "did you mean attention?" in str(caught.value)
    assert "model_type bar" in str(caught.value)


@pytest.mark.parametrize(
    "word", ["linear_attention", "mamba", "conv", "chunked_attention", "window_attention", "", "FULL"]
)
def test_a_word_without_a_rule_here_is_refused(word):
    with pytest.raises(UnsupportedModelError, match=r"layer_types\[0\]"):
        listed([word, "full_attention"])


def test_the_length_of_a_list():
    with pytest.raises(UnsupportedModelError, match="3 entries for 2 layers"):
        listed(["full_attention"] * 3, 2)
    assert listed(["full_attention"] * 3, 2, num_nextn_predict_layers=1) == (FULL, FULL)


def test_a_list_that_a_pattern_contradicts():
    words = ["sliding_attention", "full_attention", "sliding_attention", "full_attention"]
    assert listed(words, rule=every(4), sliding_window_pattern=2)
    with pytest.raises(UnsupportedModelError, match="contradicts"):
        listed(words, rule=every(4), sliding_window_pattern=3)


def test_a_list_that_a_switch_contradicts():
    words = ["sliding_attention", "full_attention"]
    assert listed(words, use_sliding_window=True) == (WINDOW, FULL)
    with pytest.raises(UnsupportedModelError, match="use_sliding_window"):
        listed(words, use_sliding_window=False)


@pytest.mark.parametrize(("value", "period"), [(6, 6), ("LLLG", 4), ("G", 1), (0, None), (None, None)])
def test_patterns(value, period):
    assert pattern_period(Config({"sliding_window_pattern": value}, "bar")) == period


def test_a_pattern_that_is_no_number():
    with pytest.raises(FieldError):
        pattern_period(Config({"sliding_window_pattern": -2}, "bar"))
