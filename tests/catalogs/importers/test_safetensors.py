"""Safetensors checkpoints: formats by their tensors, weights as they unpack, bytes by class, and checks of a model."""

import json
import tracemalloc
from dataclasses import replace

import pytest

from catalogs.importers.safetensors import (
    Difference,
    describe,
    differences,
    import_safetensors,
    read_safetensors,
    stored_from_safetensors,
)
from catalogs.importers.tensor_names import place_of
from engine.cache_formats import cache_precision
from engine.errors import FileProblemError, UnsupportedModelError
from engine.feedforward import Dense, Experts
from engine.formats import weight_format
from engine.mixers import FullAttention
from engine.model import Layer, ModelSpec
from engine.parallel import Plan, stages_of
from engine.weights import bytes_by_role, checkpoint_bytes, layer_bytes
from tests.catalogs.importers.safetensors_files import (
    checkpoint_of,
    header_table,
    linear,
    write_checkpoint,
    write_safetensors,
    write_table,
)


def model(*, experts: int = 0, tied: bool = False) -> ModelSpec:
    ffn = Experts(experts=experts, top_k=1, width=512) if experts else Dense(width=2048)
    mixer = FullAttention(heads=8, kv_heads=2, head_dim=128, qk_norm="head", qkv_bias=True)
    layers = {"layer": Layer(mixer=mixer, ffn=ffn)}
    return ModelSpec(id="m", hidden=1024, vocabulary=4096, layers=layers, stack="4 layer", tied_embeddings=tied)


SMALL = {"a.weight": ("BF16", (4, 8)), "b": ("F32", (3,)), "empty": ("I64", (0,)), "one": ("F32", ())}


def test_a_single_file(tmp_path):
    header = read_safetensors(write_safetensors(tmp_path / "m.safetensors", SMALL, metadata={"format": "pt"}))
    assert [(t.name, t.dtype, t.shape, t.size) for t in header.tensors] == [
        ("a.weight", "BF16", (4, 8), 64),
        ("b", "F32", (3,), 12),
        ("empty", "I64", (0,), 0),
        ("one", "F32", (), 4),
    ]
    assert header.data_bytes == 80
    assert header.file_bytes == header.header_bytes + 80
    assert header.stored_elements == 36
    assert header.dtypes == {"BF16": 64, "F32": 16, "I64": 0}
    assert header.metadata == {"format": "pt"}
    assert header.complete


def test_an_index_its_folder_and_its_files(tmp_path):
    write_checkpoint(tmp_path, checkpoint_of(model()))
    by_folder, by_index = read_safetensors(tmp_path), read_safetensors(tmp_path / "model.safetensors.index.json")
    assert by_folder.files == by_index.files == 3
    assert by_folder.data_bytes == by_index.data_bytes == 2 * model().parameters
    (tmp_path / "model.safetensors.index.json").unlink()
    assert read_safetensors(tmp_path).data_bytes == by_index.data_bytes


def test_headers_alone_are_enough(tmp_path):
    header = read_safetensors(write_safetensors(tmp_path / "m.safetensors", SMALL, data=False))
    assert not header.complete
    assert header.data_bytes == 80


# --- formats ------------------------------------------------------------------------------------------------------

PACKINGS = [
    "bf16",
    "fp8",
    "fp8-tensor",
    "fp8-block",
    "int8",
    "llm-int8",
    "int4-awq",
    "int4-gptq",
    "int8-gptq",
    "w4a16",
    "nvfp4",
    "mxfp4-all",
    "nf4",
    "nf4-dq",
    "exl3-4.0",
]


@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize("experts", [0, 4])
def test_formats_are_told_by_their_tensors(tmp_path, packing, experts):
    wanted = model(experts=experts)
    header = read_safetensors(write_checkpoint(tmp_path, checkpoint_of(wanted, packing)))
    contents = describe(header)
    assert contents.format_id == packing
    assert contents.parameters == wanted.parameters
    assert differences(contents, wanted) == ()
    assert sum(contents.bytes_by_role.values()) == header.data_bytes
    assert contents.side_bytes == 0 if packing == "bf16" else contents.side_bytes > 0
    assert contents.parameters_by_role["attention"] == 4 * 1024 * (1024 + 256 + 256 + 1024)
    if packing == "exl3-4.0":
        return
    # what our format makes of the model is what the file holds, but for maps and shapes of a few bytes
    fmt = weight_format(packing)
    assert checkpoint_bytes(wanted, fmt) == pytest.approx(header.data_bytes, rel=3e-3)


@pytest.mark.parametrize("packing", PACKINGS)
def test_stored_bytes_are_those_of_the_files(tmp_path, packing):
    wanted = model(experts=4)
    header = read_safetensors(write_checkpoint(tmp_path, checkpoint_of(wanted, packing)))
    stored = import_safetensors(tmp_path, wanted)
    assert stored is not None
    assert checkpoint_bytes(wanted, stored) == header.data_bytes
    assert set(layer_bytes(wanted, stored)) == {layer_bytes(wanted, stored)[0]}
    by_role = bytes_by_role(wanted, stored)
    assert by_role["embedding"] == by_role["head"] == 2 * 4096 * 1024
    stages = stages_of(wanted, stored, cache_precision("bf16"), Plan(tp=2, pp=2))
    assert 2 * sum(stage.weights_bytes for stage in stages) == pytest.approx(header.data_bytes, rel=0.01)
    assert stored.peak == weight_format("bf16" if packing == "exl3-4.0" else packing).peak


def test_experts_in_blocks_of_32(tmp_path):
    """gpt-oss: two 4-bit weights a byte, an exponent per 32, biases in bf16."""
    tensors = {
        "model.layers.0.mlp.experts.gate_up_proj_blocks": ("U8", (4, 64, 2, 16)),
        "model.layers.0.mlp.experts.gate_up_proj_scales": ("U8", (4, 64, 2)),
        "model.layers.0.mlp.experts.gate_up_proj_bias": ("BF16", (4, 64)),
        "model.layers.0.mlp.router.weight": ("BF16", (4, 64)),
        "model.layers.0.mlp.router.bias": ("BF16", (4,)),
        "model.layers.0.self_attn.sinks": ("BF16", (8,)),
    }
    contents = describe(read_safetensors(write_safetensors(tmp_path / "m.safetensors", tensors)))
    assert contents.format_id == "mxfp4"
    assert contents.parameters_by_role == {"experts": 4 * 64 * 64 + 4 * 64, "router": 4 * 64 + 4, "other": 8}
    assert contents.bytes_by_role["experts"] == 4 * 64 * (32 + 2 + 2)
    assert contents.side_elements == 4 * 64 * 2


def test_a_mixed_checkpoint_is_named_after_most_of_it(tmp_path):
    tensors = linear("model.layers.0.mlp.up_proj", 2048, 1024, "nvfp4") | linear(
        "model.layers.0.self_attn.q_proj", 1024, 1024, "fp8-tensor"
    )
    contents = describe(read_safetensors(write_safetensors(tmp_path / "m.safetensors", tensors)))
    assert contents.formats == {"nvfp4": 2048 * 1024, "fp8-tensor": 1024**2}


@pytest.mark.parametrize(
    ("tensors", "format_id", "weights"),
    [
        (
            {"p.qweight": ("I32", (96, 64)), "p.qzeros": ("I32", (8, 6)), "p.scales": ("F16", (8, 64))},
            "int3-gptq-g128-noindex",
            1024 * 64,
        ),
        (
            {"p.qweight": ("I32", (1024, 8)), "p.qzeros": ("I32", (32, 8)), "p.scales": ("F16", (32, 64))},
            "int4-awq-g32",
            1024 * 64,
        ),
        (
            {"p.q_weight": ("I32", (160, 64)), "p.q_invperm": ("I32", (1024,)), "p.q_scale": ("I32", (8, 8))},
            "exl2-5.53",
            1024 * 64,
        ),
        ({"p.weight": ("U8", (4, 4))}, "unknown", 16),
        ({"p.qweight": ("I32", (4, 4))}, "unknown", 16),
        ({"p.weight_packed": ("I32", (64, 128)), "p.weight_scale": ("BF16", (64, 32))}, "w4a16-g32", 64 * 1024),
    ],
)
def test_other_packings(tmp_path, tensors, format_id, weights):
    contents = describe(read_safetensors(write_safetensors(tmp_path / "m.safetensors", tensors)))
    assert dict(contents.formats) == {format_id: weights}


def test_the_width_of_packed_integers_can_be_told(tmp_path):
    tensors = {"p.weight_packed": ("I32", (64, 256)), "p.weight_scale": ("BF16", (64, 1))}
    header = read_safetensors(write_safetensors(tmp_path / "m.safetensors", tensors))
    assert dict(describe(header, packed_bits=8).formats) == {"w8a16": 64 * 1024}


# --- against a model ----------------------------------------------------------------------------------------------


def test_differences_name_the_class(tmp_path):
    header = read_safetensors(write_checkpoint(tmp_path, checkpoint_of(model())))
    contents = describe(header)
    other = replace(model(), layers={"layer": replace(model().layers["layer"], ffn=Dense(width=1024))})
    assert differences(contents, other) == (Difference("feed_forward", 4 * 3 * 2048 * 1024, 4 * 3 * 1024 * 1024),)
    assert import_safetensors(tmp_path, other) is None
    # a head that the config says is the token table
    tied = differences(contents, model(tied=True))
    assert tied == (Difference("head", 4096 * 1024, 0),)


def test_layers_beyond_the_model_are_mtp_modules(tmp_path):
    wanted = model()
    tensors = checkpoint_of(replace(wanted, stack="5 layer"))
    header = read_safetensors(write_checkpoint(tmp_path, tensors))
    assert import_safetensors(tmp_path, wanted) is None
    with pytest.raises(Exception, match="has nothing in mtp"):
        stored_from_safetensors(header, describe(header), wanted)


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("model.embed_tokens.weight", ("input", None, "embedding")),
        ("language_model.model.embed_tokens.weight", ("input", None, "embedding")),
        ("transformer.wte.weight", ("input", None, "embedding")),
        ("transformer.wpe.weight", ("input", None, "embedding")),
        ("model.embed_tokens_per_layer.weight", ("input", None, "per_layer_embedding")),
        ("lm_head.weight", ("output", None, "head")),
        ("model.norm.weight", ("output", None, "norm")),
        ("model.layers.11.self_attn.q_proj.weight", ("layer", 11, "attention")),
        ("model.layers.11.self_attn.q_proj.bias", ("layer", 11, "bias")),
        ("model.layers.0.self_attn.kv_a_proj_with_mqa.weight", ("layer", 0, "attention")),
        ("model.layers.0.self_attn.kv_a_layernorm.weight", ("layer", 0, "norm")),
        ("model.layers.0.self_attn.indexer.wq_b.weight", ("layer", 0, "indexer")),
        ("model.layers.3.mlp.gate.weight", ("layer", 3, "router")),
        ("model.layers.3.mlp.gate.e_score_correction_bias", ("layer", 3, "router")),
        ("model.layers.3.mlp.gate_proj.weight", ("layer", 3, "feed_forward")),
        ("model.layers.3.mlp.experts.7.gate_proj.weight", ("layer", 3, "experts")),
        ("model.layers.3.mlp.shared_experts.gate_proj.weight", ("layer", 3, "shared_experts")),
        ("model.layers.3.mlp.shared_expert_gate.weight", ("layer", 3, "router")),
        ("model.layers.3.block_sparse_moe.gate.weight", ("layer", 3, "router")),
        ("model.layers.3.block_sparse_moe.experts.0.w1.weight", ("layer", 3, "experts")),
        ("model.layers.3.linear_attn.in_proj_qkvz.weight", ("layer", 3, "recurrent")),
        ("model.layers.3.linear_attn.conv1d.weight", ("layer", 3, "convolution")),
        ("model.layers.3.linear_attn.A_log", ("layer", 3, "other")),
        ("model.layers.3.mamba.in_proj.weight", ("layer", 3, "recurrent")),
        ("backbone.layers.3.mixer.in_proj.weight", ("layer", 3, "recurrent")),
        ("backbone.layers.3.mixer.q_proj.weight", ("layer", 3, "attention")),
        ("backbone.layers.3.mixer.experts.1.up_proj.weight", ("layer", 3, "experts")),
        ("model.layers.3.conv.in_proj.weight", ("layer", 3, "recurrent")),
        ("model.layers.3.conv.conv.weight", ("layer", 3, "convolution")),
        ("mtp.layers.0.mlp.up_proj.weight", ("mtp", None, "feed_forward")),
        ("vision_tower.blocks.0.attn.qkv.weight", ("tower", None, "tower")),
        ("model.visual.merger.mlp.0.weight", ("tower", None, "tower")),
        ("something.else", ("input", None, "other")),
    ],
)
def test_places_by_name(name, place):
    assert place_of(name) == place


# --- refusals -----------------------------------------------------------------------------------------------------


def refused(path, message, error=FileProblemError):
    with pytest.raises(error, match=message) as caught:
        read_safetensors(path)
    assert "\n" not in str(caught.value)


def entry(**changes):
    return {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]} | changes


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ([1], "its header is no table"),
        ({"a": [1]}, "is no tensor"),
        ({"a": entry(more=1)}, "and nothing else"),
        ({"a": entry(shape=[2.0])}, "must be whole numbers"),
        ({"a": entry(shape=[True, 2])}, "must be whole numbers"),
        ({"a": entry(shape=[-2])}, "must be whole numbers"),
        ({"a": entry(shape=[1] * 9)}, "must be whole numbers"),
        ({"a": entry(data_offsets=[0])}, "must be whole numbers"),
        ({"a": entry(data_offsets=[0, 2**70])}, "must be whole numbers"),
        ({"a": entry(shape=[2**40, 2**40])}, "a size that no tensor has"),
        ({"a": entry(shape=[3])}, "has 8 bytes, its shape needs 12"),
        ({"a": entry(), "b": entry()}, "begins at 0, not at 8"),
        ({"a": entry(data_offsets=[8, 16])}, "begins at 8, not at 0"),
        ({"__metadata__": 3}, "is no table of texts"),
        ({"__metadata__": {"a": 3}}, "is no table of texts"),
    ],
)
def test_headers_that_make_no_sense(tmp_path, table, message):
    refused(write_table(tmp_path / "m.safetensors", table, data=8), message)


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b'{"a": {}, "a": {}}', "'a' is given twice"),
        (b'{"a": {"dtype": "F32", "dtype": "F32"}}', "'dtype' is given twice"),
        (b"{", "its header is no JSON"),
        (b"\xff\xff", "its header is no JSON"),
        (b"[" * 100_000, r"nested too deeply|no JSON"),
        (b'{"a": ' * 500_000, "more entries than any model"),
        (b"[" + b"0," * 4_000_000 + b"0]", "more entries than any model"),
        (b'{"a": ' + b"9" * 5000 + b"}", "a number of 5000 digits"),
    ],
    ids=range(8),
)
def test_headers_that_are_hostile(tmp_path, raw, message):
    refused(write_table(tmp_path / "m.safetensors", None, raw=raw, data=0), message)


def test_unknown_types_are_named(tmp_path):
    path = write_table(tmp_path / "m.safetensors", {"a": entry(dtype="Q4")}, data=8)
    refused(path, "'a': is stored in the unknown type 'Q4'", UnsupportedModelError)


@pytest.mark.parametrize("data", [b"", b"1234567", b"\xff" * 8, (10**9).to_bytes(8, "little") + b"{}"])
def test_what_is_no_such_file(tmp_path, data):
    (tmp_path / "m.safetensors").write_bytes(data)
    refused(tmp_path / "m.safetensors", "is no safetensors file")


def test_files_that_are_cut_short_or_too_long(tmp_path):
    table = header_table(SMALL)
    refused(write_table(tmp_path / "m.safetensors", table, data=70), "has 70 bytes of data, and its header names 80")
    refused(write_table(tmp_path / "m.safetensors", table, data=90), "has 90 bytes of data, and its header names 80")


@pytest.mark.parametrize("file", ["../m.safetensors", "/etc/passwd", "", ".", "a\0b", 3])
def test_an_index_stays_in_its_folder(tmp_path, file):
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {"a": file}}))
    refused(tmp_path, "which is no file beside it")


def test_an_index_that_does_not_fit_its_files(tmp_path):
    write_safetensors(tmp_path / "one.safetensors", SMALL)
    index = tmp_path / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": {"missing": "one.safetensors"}}))
    refused(tmp_path, "names the tensor 'missing', which no file has")
    index.write_text(json.dumps({"weight_map": {"a.weight": "two.safetensors"}}))
    refused(tmp_path, r"two\.safetensors: no such file")
    index.write_text(json.dumps({"weight_map": {}}))
    refused(tmp_path, "has no weight_map")
    index.unlink()
    write_safetensors(tmp_path / "two.safetensors", SMALL)
    refused(tmp_path, "which another file has too")


def test_a_folder_without_weights(tmp_path):
    refused(tmp_path, "holds no safetensors files")


# --- bounds -------------------------------------------------------------------------------------------------------


def test_two_hundred_files_are_read_as_one(tmp_path):
    wanted = replace(model(), stack="180 layer")
    write_checkpoint(tmp_path, checkpoint_of(wanted, "fp8"), shards=200)
    header = read_safetensors(tmp_path)
    contents = describe(header)
    assert header.files == 200
    assert contents.parameters == wanted.parameters


def test_hostile_headers_cost_little_memory(tmp_path):
    path = write_table(tmp_path / "m.safetensors", None, raw=b"[" + b"0," * 1_000_000 + b"0]", data=0)
    tracemalloc.start()
    try:
        refused(path, "no table")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 100_000_000
