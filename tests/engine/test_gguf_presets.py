"""Presets of llama-quantize: their rules one by one, and layer by layer what they make of a model."""

import pytest

from engine.encodings import Place
from engine.feedforward import Dense, Experts
from engine.formats import weight_format
from engine.gguf_layout import traits_of
from engine.gguf_presets import BASE, Spot, Traits, more_bits, type_of
from engine.mixers import FullAttention, LatentAttention, Mamba1
from engine.model import Layer, ModelSpec
from engine.weights import checkpoint_bytes, layer_bytes, part_bytes
from tests.engine import examples

LLAMA = Traits(layers=32, gqa=4, v_count=32)
MHA = Traits(layers=32, gqa=1, v_count=32)
EIGHT = Traits(layers=32, gqa=4, experts=8, v_count=32)
MANY = Traits(layers=32, gqa=1, experts=64, v_count=32)
SEVENTY = Traits(layers=80, gqa=8, v_count=80, seventy=True)
FALCON = Traits(layers=32, gqa=1, falcon=True, v_count=32)


def chosen(preset, category, traits=LLAMA, *, at=20, columns=4096, **more):
    return type_of(preset, category, traits, columns=columns, spot=Spot(at, at), **more)


@pytest.mark.parametrize(
    ("preset", "category", "traits", "at", "expected"),
    [
        # output and embedding
        ("Q4_K_M", "output", LLAMA, 0, "Q6_K"),
        ("Q8_0", "output", LLAMA, 0, "Q8_0"),
        ("IQ2_XS", "output", LLAMA, 0, "Q5_K"),
        ("IQ3_XXS", "output", LLAMA, 0, "Q5_K"),
        ("Q4_K_M", "output", FALCON, 0, "Q8_0"),
        ("MXFP4_MOE", "output", MANY, 0, "Q8_0"),
        ("Q4_K_M", "embedding", LLAMA, 0, "Q4_K"),
        ("IQ1_S", "embedding", LLAMA, 0, "Q2_K"),
        ("IQ2_M", "embedding", LLAMA, 0, "IQ3_S"),
        ("TQ1_0", "embedding", LLAMA, 0, "Q4_K"),
        ("Q4_K_M", "embedding", Traits(layers=32, tied=True), 0, "Q6_K"),
        # values
        ("Q2_K", "v", LLAMA, 20, "Q4_K"),
        ("Q2_K", "v", MHA, 20, "Q3_K"),
        ("Q2_K_S", "v", MHA, 20, "Q2_K"),
        ("Q3_K_M", "v", LLAMA, 1, "Q5_K"),
        ("Q3_K_M", "v", LLAMA, 2, "Q4_K"),
        ("Q3_K_L", "v", LLAMA, 20, "Q5_K"),
        ("Q4_K_S", "v", LLAMA, 3, "Q5_K"),
        ("Q4_K_S", "v", LLAMA, 4, "Q4_K"),
        ("Q4_K_M", "v", LLAMA, 0, "Q6_K"),
        ("Q4_K_M", "v", LLAMA, 4, "Q4_K"),
        ("Q5_K_M", "v", LLAMA, 31, "Q6_K"),
        ("IQ4_XS", "v", LLAMA, 20, "Q5_K"),
        ("IQ4_XS", "v", MHA, 20, "IQ4_XS"),
        ("IQ1_M", "v", MANY, 20, "Q4_K"),
        ("IQ2_S", "v", MHA, 20, "IQ3_S"),
        ("IQ2_XS", "v", MHA, 20, "Q2_K"),
        ("Q4_K_M", "v", EIGHT, 20, "Q8_0"),
        ("Q4_K_S", "v", SEVENTY, 20, "Q5_K"),
        ("Q4_0", "v", SEVENTY, 20, "Q4_0"),
        # queries and keys
        ("IQ3_XS", "q", LLAMA, 20, "IQ3_XXS"),
        ("IQ3_XXS", "k", LLAMA, 20, "IQ2_S"),
        ("Q4_K_M", "k", EIGHT, 20, "Q8_0"),
        ("IQ2_XS", "k", EIGHT, 20, "Q4_K"),
        # down
        ("Q2_K", "down", LLAMA, 20, "Q3_K"),
        ("Q2_K_S", "down", LLAMA, 3, "Q4_K"),
        ("Q2_K_S", "down", LLAMA, 4, "Q2_K"),
        ("Q3_K_M", "down", LLAMA, 1, "Q5_K"),
        ("Q3_K_M", "down", LLAMA, 2, "Q4_K"),
        ("Q4_K_M", "down", LLAMA, 6, "Q6_K"),
        ("Q4_K_M", "down", LLAMA, 7, "Q4_K"),
        ("Q4_K_M", "down", FALCON, 1, "Q6_K"),
        ("Q4_K_M", "down", FALCON, 6, "Q5_K"),
        ("IQ3_M", "down", EIGHT, 6, "Q4_K"),
        ("IQ3_M", "down", LLAMA, 6, "IQ3_S"),
        ("IQ2_XXS", "down", LLAMA, 3, "Q2_K"),
        ("IQ4_NL", "down", LLAMA, 3, "Q5_K"),
        ("Q4_0", "down", LLAMA, 0, "Q4_0"),
        # output of attention
        ("Q2_K", "o", LLAMA, 20, "Q3_K"),
        ("Q3_K_M", "o", LLAMA, 20, "Q4_K"),
        ("Q4_K_M", "o", EIGHT, 20, "Q5_K"),
        ("Q5_K_M", "o", EIGHT, 20, "Q5_K"),
        ("IQ1_S", "o", LLAMA, 20, "IQ2_XXS"),
        ("IQ2_M", "o", LLAMA, 20, "IQ3_S"),
        ("Q3_K_L", "o", FALCON, 20, "Q4_K"),
        # gate and up
        ("IQ3_XS", "gate", LLAMA, 3, "IQ3_S"),
        ("IQ3_XS", "up", LLAMA, 4, "IQ3_XXS"),
        ("IQ3_XS", "up", LLAMA, 28, "IQ3_S"),
        # what no preset touches
        ("Q4_K_M", "fp32", LLAMA, 0, "F32"),
        ("Q4_K_M", "source", LLAMA, 0, "F16"),
        ("F16", "plain", LLAMA, 0, "F16"),
    ],
)
def test_rules(preset, category, traits, at, expected):
    assert chosen(preset, category, traits, at=at) == expected


def test_an_importance_matrix_moves_some_presets():
    assert chosen("Q4_0", "down", at=3, imatrix=True) == "Q4_1"
    assert chosen("Q4_0", "down", at=4, imatrix=True) == "Q4_0"
    assert chosen("IQ4_XS", "down", at=3, imatrix=True) == "IQ4_XS"
    assert chosen("IQ3_XXS", "v", MHA, imatrix=True) == "IQ3_XXS"


def test_fp4_experts_and_nothing_else():
    assert chosen("MXFP4_MOE", "up", MANY, stacked=True) == "MXFP4"
    assert chosen("MXFP4_MOE", "q", MANY) == "Q8_0"


def test_output_falls_back_by_the_block_of_the_base_type():
    # 896 columns: Q4_K does not divide them, Q8_0 does
    assert chosen("Q4_K_M", "output", columns=896) == "Q8_0"
    assert chosen("Q4_K_M", "q", columns=896) == "Q5_0"


def test_about_half_of_the_layers_get_more_bits():
    assert [i for i in range(32) if more_bits(i, 32)] == [0, 1, 2, 3, 6, 9, 12, 15, 18, 21, 24, 27, 28, 29, 30, 31]


@pytest.mark.parametrize("preset", BASE)
def test_layers_add_up(preset):
    fmt = weight_format("gguf-" + preset.casefold())
    for model in examples.ALL:
        ends = sum(part_bytes(model, fmt, part) for part in ("input", "output", "tower", "mtp"))
        assert sum(layer_bytes(model, fmt)) + ends == checkpoint_bytes(model, fmt)


def _labels(model, fmt, name):
    tensor = next(t for t in model.layer_tensors[model.layer_kinds[0]] if t.name == name)
    return [fmt.pieces(tensor, Place(model, "layer", i))[0].storage.label for i in range(model.layer_count)]


def test_down_of_a_dense_model_follows_the_layers():
    labels = _labels(examples.LLAMA_70B, weight_format("q4_k_m"), "down")
    assert [i for i, label in enumerate(labels) if label == "Q6_K"] == [i for i in range(80) if more_bits(i, 80)]
    # 80 layers, eight query heads a KV head: taken for the 70B model, whose values get more
    assert set(_labels(examples.LLAMA_70B, weight_format("q4_k_s"), "v")) == {"Q5_K"}


def test_a_shared_expert_is_counted_after_the_routed_ones():
    """Presets of two bits count tensors, not layers: each MoE layer has two."""
    model = ModelSpec(
        id="m",
        hidden=1024,
        vocabulary=1000,
        layers={
            "layer": Layer(
                mixer=FullAttention(heads=8, kv_heads=8, head_dim=128),
                ffn=Experts(experts=4, top_k=1, width=512, shared_width=512),
            )
        },
        stack="16 layer",
    )
    labels = _labels(model, weight_format("iq2_xs"), "down")
    # of 16 layers the first two tensors get more, which both are in the first layer
    assert labels[:2] == ["Q2_K", "IQ2_XS"]


def test_hybrid_models_count_only_layers_with_values():
    mamba = Layer(mixer=Mamba1(inner=2048, state=16, dt_rank=64, kernel=4), ffn=Dense(width=4096))
    attention = Layer(mixer=FullAttention(heads=8, kv_heads=2, head_dim=128), ffn=Dense(width=4096))
    model = ModelSpec(
        id="m", hidden=1024, vocabulary=1000, layers={"mamba": mamba, "full": attention}, stack="4 x (7 mamba, full)"
    )
    traits = traits_of(model)
    assert traits.v_count == 4
    # the file's first layer has no KV heads, so the ratio is none
    assert traits.gqa == 0


def test_the_second_projection_of_a_latent_is_two_tensors():
    model = ModelSpec(
        id="m",
        hidden=1024,
        vocabulary=1000,
        layers={
            "layer": Layer(
                mixer=LatentAttention(heads=8, kv_rank=512, nope_dim=128, rope_dim=64, v_dim=128), ffn=Dense(width=4096)
            )
        },
        stack="2 layer",
    )
    tensor = next(t for t in model.layer_tensors["layer"] if t.name == "kv_b")
    keys, values = weight_format("q4_k_m").pieces(tensor, Place(model, "layer", 0))
    # 128 columns are too few for blocks of 256
    assert (keys.tensor.columns, keys.storage.label) == (128, "Q5_0")
    assert (values.tensor.columns, values.storage.label) == (512, "Q4_K")
    assert keys.tensor.parameters + values.tensor.parameters == tensor.parameters
