"""Models as stacks: totals, what is counted where, and refusals."""

import dataclasses

import pytest

from engine.errors import FieldError
from engine.feedforward import Dense, Experts, Stated
from engine.mixers import FullAttention, Mamba2, NoMixer, SlidingWindow
from engine.model import Layer, ModelSpec, MultiToken, PerLayerEmbedding, Tower
from engine.tensors import count_parameters

MIXER = FullAttention(heads=4, kv_heads=2, head_dim=8)
LAYER = Layer(mixer=MIXER, ffn=Dense(width=64))
H = 32


def model(**changes):
    values = {"id": "m", "hidden": H, "vocabulary": 100, "layers": {"layer": LAYER}, "stack": "3 layer"} | changes
    return ModelSpec(**values)


BASE = model().text_parameters
ONE_LAYER = count_parameters(LAYER.tensors(H))


def test_a_plain_model():
    assert ONE_LAYER == 2 * H * 32 + 2 * H * 16 + 3 * H * 64 + 2 * H
    # token table, three layers, final norm, head
    assert BASE == 2 * 100 * H + 3 * ONE_LAYER + H
    assert model().parameters == model().active_parameters == BASE


@pytest.mark.parametrize(
    ("changes", "more"),
    [
        ({"tied_embeddings": True}, -100 * H),
        ({"embedding_rows": 108}, 8 * H),
        ({"position_rows": 50}, 50 * H),
        ({"embedding_norm_vectors": 2}, 2 * H),
        ({"final_norm_vectors": 2}, H),
        ({"final_norm_vectors": 0}, -H),
        ({"head_bias": True}, 100),
        ({"vocabulary": 0}, -200 * H),
        ({"extra": {"altup": 77}}, 77),
        # m streams, e = 2m + m^2: 2(emH + e + 3) a layer, and m^2 H + m + 1 at the end
        ({"hyper_connections": 2}, 3 * 2 * (8 * 2 * H + 8 + 3) + 4 * H + 2 + 1),
        # V' n p + H n p + p, and 2Hp + H a layer
        ({"per_layer_embedding": PerLayerEmbedding(vocabulary=10, width=4)}, 10 * 12 + H * 12 + 4 + 3 * (8 * H + H)),
    ],
)
def test_what_a_field_adds_to_the_language_model(changes, more):
    assert model(**changes).text_parameters == BASE + more


def test_towers_and_mtp_are_counted_apart():
    spec = model(
        towers=(Tower(name="vision", parameters=1000), Tower(name="audio", parameters=500)),
        multi_token=MultiToken(modules=2, stack="layer"),
    )
    assert spec.text_parameters == spec.active_parameters == BASE
    assert spec.parameters == BASE + 1500 + 2 * (ONE_LAYER + 2 * H * H + 3 * H)


def test_mtp_modules_may_have_their_own_table_and_head():
    shared = model(multi_token=MultiToken(modules=1, stack="layer")).parameters
    own = model(multi_token=MultiToken(modules=1, stack="layer", own_embeddings=True)).parameters
    assert own - shared == 2 * 100 * H


def test_mtp_layers_of_several_kinds():
    layers = {"layer": LAYER, "ffn": Layer(mixer=NoMixer(), ffn=Dense(width=8), norm_vectors=1)}
    spec = model(layers=layers, multi_token=MultiToken(modules=1, stack="layer, ffn"))
    assert spec.parameters - spec.text_parameters == ONE_LAYER + 3 * H * 8 + H + 2 * H * H + 3 * H


def test_only_used_experts_are_active():
    moe = Layer(mixer=MIXER, ffn=Experts(experts=8, top_k=2, width=16))
    spec = model(layers={"layer": LAYER, "moe": moe}, stack="layer, 2 moe")
    assert spec.parameters - spec.active_parameters == 2 * 6 * 3 * H * 16


def test_layers_in_order():
    local = Layer(mixer=SlidingWindow(heads=4, kv_heads=2, head_dim=8, window=16), ffn=Dense(width=64))
    spec = model(layers={"local": local, "global": LAYER}, stack="2 x (2 local, global), local")
    assert spec.layer_kinds == ("local", "local", "global", "local", "local", "global", "local")
    assert spec.layer_counts == {"local": 5, "global": 2}
    assert spec.layer_count == 7


def test_two_mixers_side_by_side():
    mamba = Mamba2(heads=2, head_dim=8, groups=1, state=4, kernel=4)
    hybrid = Layer(mixer=MIXER, beside=mamba, ffn=Dense(width=64), extra={"scale": 3, "none": 0})
    assert count_parameters(hybrid.tensors(H)) == ONE_LAYER + count_parameters(mamba.tensors(H)) + 3
    assert hybrid.entries() == MIXER.entries() + mamba.entries()
    assert " beside Mamba-2" in hybrid.title


def test_a_stated_total():
    # the hypothetical model of the article of 8 April 2025: 17 billion by construction
    layer = Layer(mixer=FullAttention(heads=64, kv_heads=8, head_dim=80), ffn=Stated(parameters=295_173_920))
    spec = model(hidden=5120, vocabulary=0, layers={"layer": layer}, stack="48 layer")
    assert spec.parameters == 17_000_000_000


def test_equal_models_hash_alike_and_can_be_changed():
    assert hash(model()) == hash(model())
    assert model() == model()
    assert dataclasses.replace(model(), stack="4 layer").layer_count == 4


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("layers", {"layers": {}}),
        ("stack", {"stack": "3 other"}),
        ("stack", {"stack": ""}),
        ("hidden", {"hidden": 0}),
        ("vocabulary", {"vocabulary": -1}),
        ("max_context_tokens", {"max_context_tokens": 0}),
        ("multi_token.stack", {"multi_token": MultiToken(modules=1, stack="other")}),
    ],
)
def test_refusals_name_the_field(field, changes):
    with pytest.raises(FieldError) as caught:
        model(**changes)
    assert caught.value.field == field
