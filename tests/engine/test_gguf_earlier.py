"""Earlier mixtures: the counts of types that llama.cpp printed on loading such files."""

from collections import Counter

import pytest

from engine.feedforward import Dense, Experts
from engine.formats import weight_format
from engine.gguf import GGUF_FORMATS, GgufFormat
from engine.gguf_earlier import PRESETS_OF_ERA
from engine.mixers import FullAttention
from engine.model import Layer, ModelSpec
from engine.weights import held_tensors

LLAMA_2_7B = ModelSpec(
    id="llama-2-7b",
    hidden=4096,
    vocabulary=32_000,
    layers={"layer": Layer(mixer=FullAttention(heads=32, kv_heads=32, head_dim=128), ffn=Dense(width=11_008))},
    stack="32 layer",
)
MIXTRAL = ModelSpec(
    id="mixtral-8x7b",
    hidden=4096,
    vocabulary=32_000,
    layers={
        "layer": Layer(
            mixer=FullAttention(heads=32, kv_heads=8, head_dim=128), ffn=Experts(experts=8, top_k=2, width=14_336)
        )
    },
    stack="32 layer",
)


def types(model, name) -> Counter[str]:
    fmt = weight_format(name)
    assert isinstance(fmt, GgufFormat)
    counts: Counter[str] = Counter()
    for held in held_tensors(model, fmt):
        if held.tensor.columns > 1 and held.piece.storage.label not in ("F32", "F16"):
            counts[held.piece.storage.label] += held.count
    return counts


def test_llama_2_7b_q2_k():
    assert types(LLAMA_2_7B, "q2_k-2023") == {"Q2_K": 65, "Q3_K": 160, "Q6_K": 1}


def test_first_k_quants_of_llama_2_7b():
    assert types(LLAMA_2_7B, "q2_k-ggmlv3") == {"Q2_K": 129, "Q4_K": 96, "Q6_K": 1}
    assert types(LLAMA_2_7B, "q4_k_s-ggmlv3") == {"Q4_K": 225, "Q6_K": 1}
    assert types(LLAMA_2_7B, "q4_0-ggmlv3") == {"Q4_0": 226}


def test_experts_had_no_rules_of_their_own():
    # eight matrices of a kind lie in one tensor now, and were 256 tensors then: 833 Q4_K in all
    assert types(MIXTRAL, "q4_k_m-2023") == {"Q8_0": 64, "Q6_K": 1, "Q4_K": 833 - 768 + 96}
    assert types(MIXTRAL, "q4_k_m")["Q6_K"] > 1


@pytest.mark.parametrize("era", PRESETS_OF_ERA)
def test_every_preset_of_an_era_is_a_format(era):
    ids = {fmt.id for fmt in GGUF_FORMATS}
    assert {f"{name.casefold()}-{era}" for name in PRESETS_OF_ERA[era]} <= ids
