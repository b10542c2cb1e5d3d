"""Every config against the reference: parameters and cache bytes that transformers 5.23.0 itself counted.

The reference stores caches in its own layout; `reference_bytes` turns the ideal cache into it, rule by rule.
"""

import csv
from pathlib import Path

import pytest

from engine.cache import ideal_curve
from engine.cache_formats import cache_precision
from engine.feedforward import Dense
from engine.mixers import CompressedAttention, FullAttention, SlidingWindow
from engine.model import Layer, ModelSpec
from engine.spans import LastTokens

DATA = Path(__file__).parents[2] / "data"
BF16 = cache_precision("bf16")
LENGTHS = (100, 5000, 20000)

with open(DATA / "architecture_oracle.csv", encoding="utf-8", newline="") as stream:
    ORACLE = {row["hf_id"]: row for row in csv.DictReader(stream)}
COUNTED = [model_id for model_id, row in ORACLE.items() if row["total_params"]]
WITH_TOWERS = [model_id for model_id, row in ORACLE.items() if row["multimodal_full_params"]]


def dropped_bytes(layer, tokens):
    """A window of W keeps W tokens for the next query, itself among them; the reference keeps W - 1 before it."""
    return sum(
        entry.heads * entry.width * 2
        for entry in layer.entries()
        if isinstance(entry.span, LastTokens) and tokens >= entry.span.window
    )


def added_bytes(layer, tokens, *, broadcasts):
    """What the reference stores more than once: KV heads of Falcon, and K = V of windows in DeepSeek-V4."""
    mixer = layer.mixer
    if isinstance(mixer, CompressedAttention) and not mixer.ratio:
        kept = tokens if tokens < mixer.window else mixer.window - 1
        return kept * mixer.head_dim * 2
    if broadcasts and isinstance(mixer, FullAttention):
        copies = mixer.heads // mixer.kv_heads - 1
        return copies * sum(e.span.count(tokens) * e.heads * e.width * 2 for e in layer.entries())
    return 0


def reference_bytes(model, tokens, *, broadcasts=False):
    """The ideal cache of one sequence in the layout of the reference, without fixed state."""
    curve = ideal_curve(model, BF16)
    total = curve.bytes(tokens) - curve.state_bytes
    for kind, count in model.layer_counts.items():
        layer = model.layers[kind]
        total += count * (added_bytes(layer, tokens, broadcasts=broadcasts) - dropped_bytes(layer, tokens))
    return total


def of(mixer):
    layer = Layer(mixer=mixer, ffn=Dense(width=8))
    return ModelSpec(id="x", hidden=64, vocabulary=10, layers={"layer": layer}, stack="layer")


def test_conversion_of_a_window_starts_when_it_is_full():
    model = of(SlidingWindow(heads=1, kv_heads=1, head_dim=8, window=16))
    assert [reference_bytes(model, n) for n in (15, 16, 17)] == [15 * 32, 15 * 32, 15 * 32]


def test_conversion_repeats_the_heads_of_falcon():
    model = of(FullAttention(heads=8, kv_heads=2, head_dim=8))
    assert reference_bytes(model, 3) == 3 * 2 * 2 * 8 * 2
    assert reference_bytes(model, 3, broadcasts=True) == 3 * 2 * 8 * 8 * 2


def test_conversion_doubles_windows_of_deepseek_v4():
    mixer = CompressedAttention(heads=4, head_dim=16, q_rank=8, o_rank=8, o_groups=2, window=4)
    assert [reference_bytes(of(mixer), n) for n in (3, 4, 9)] == [2 * 3 * 32] * 3


def test_the_oracle_is_all_there():
    assert (len(ORACLE), len(COUNTED)) == (133, 131)


@pytest.mark.parametrize("model_id", COUNTED)
def test_parameters_to_the_unit(models, model_id):
    row, model = ORACLE[model_id], models[model_id]
    assert model.text_parameters == int(row["total_params"])
    if row["active_params"]:
        assert model.active_parameters == int(row["active_params"])


@pytest.mark.parametrize("model_id", COUNTED)
def test_embedding_and_experts_as_the_reference_splits_them(models, model_id):
    row, model = ORACLE[model_id], models[model_id]
    ends = (*model.input_tensors, *model.output_tensors)
    roles = ("embedding", "head", "per_layer_embedding")
    embedding = sum(t.parameters for t in ends if t.role in roles or t.name == "head_bias")
    assert embedding == int(row["embedding_params"])
    sparse = sum(n for kind, n in model.layer_counts.items() if model.layers[kind].ffn.kind == "experts")
    assert sparse == int(row["moe_layers"])
    for kind in model.layer_counts:
        ffn = model.layers[kind].ffn
        if ffn.kind == "experts":
            told = (ffn.experts, ffn.top_k, ffn.expert_parameters(model.hidden))
            assert told == tuple(int(row[name]) for name in ("num_experts", "top_k", "params_per_expert"))


@pytest.mark.parametrize("model_id", WITH_TOWERS)
def test_parameters_with_towers_to_the_unit(models, model_id):
    model = models[model_id]
    with_towers = model.text_parameters + sum(tower.parameters for tower in model.towers)
    assert with_towers == int(ORACLE[model_id]["multimodal_full_params"])


@pytest.mark.parametrize("model_id", ORACLE)
def test_cache_bytes_exactly(models, model_id):
    row, model = ORACLE[model_id], models[model_id]
    broadcasts = row["model_type"] == "falcon"
    found = [reference_bytes(model, tokens, broadcasts=broadcasts) for tokens in LENGTHS]
    assert found == [int(row[f"kv_bytes_{tokens}"]) for tokens in LENGTHS]


@pytest.mark.parametrize("model_id", ORACLE)
def test_state_bytes_exactly(models, model_id):
    assert ideal_curve(models[model_id], BF16).state_bytes == int(ORACLE[model_id]["state_bytes"])


def test_scout_of_the_article_and_scout_as_released(models):
    """The published article takes 16-bit numbers; the released model keeps chunks in three of four layers."""
    scout = models["meta-llama/Llama-4-Scout-17B-16E-Instruct"]
    assert (scout.parameters, scout.text_parameters) == (108_641_793_536, 107_769_861_120)
    assert round(scout.active_parameters / 10**9, 1) == 17.2
    curve = ideal_curve(scout, BF16)
    assert round(curve.bytes(10_000_000) / 10**9, 1) == 492.7
    assert round(48 * 10_000_000 * 2 * 8 * 128 * 2 / 10**9) == 1966
