"""Models from GGUF files: shapes of many families, refusals, and the file's own bytes layer by layer."""

from dataclasses import replace

import pytest

from catalogs.importers.gguf import import_gguf, model_from_gguf, read_gguf, stored_from_gguf
from catalogs.model_store import ModelCatalog
from engine.cache import ideal_curve
from engine.cache_formats import cache_precision
from engine.encodings import Place
from engine.errors import FieldError, UnsupportedModelError
from engine.formats import changed, weight_format
from engine.mixers import ChunkedAttention, FullAttention, SlidingWindow
from engine.model import ModelSpec
from engine.parallel import Plan, stages_of
from engine.weights import bytes_by_role, checkpoint_bytes, layer_bytes
from tests.catalogs.importers.gguf_files import write_gguf
from tests.catalogs.importers.gguf_models import gguf_of
from tests.engine import examples

CATALOG = ModelCatalog()
BF16 = cache_precision("bf16")

# one of each way in which files differ
MODELS = [
    "meta-llama/Llama-3.1-8B",
    "Qwen/Qwen2.5-0.5B-Instruct",  # tied, biases, rows that blocks of 256 do not divide
    "Qwen/Qwen3-8B",  # norms of queries and keys
    "Qwen/Qwen3-30B-A3B",  # experts
    "mistralai/Mixtral-8x7B-v0.1",  # eight of them
    "google/gemma-2-9b-it",  # windows in every second layer, four norms
    "google/gemma-3-1b-it",
    "google/gemma-3n-E2B-it",  # layers that share a cache, tables beside the layers
    "google/gemma-4-E2B-it",
    "google/gemma-4-26B-A4B",  # dense and experts in one layer
    "google/gemma-4-31B-it",  # keys that are values
    "microsoft/phi-4",  # queries, keys and values in one tensor, gate and up in one
    "openai/gpt-oss-20b",  # sinks, biases of experts
    "deepseek-ai/DeepSeek-V2-Lite",  # latents
    "meta-llama/Llama-4-Scout-17B-16E-Instruct",  # chunks
    "ai21labs/Jamba-v0.1",  # Mamba beside attention, experts in every second layer
    "state-spaces/mamba-130m-hf",
    "mistralai/Mamba-Codestral-7B-v0.1",
    "ibm-granite/granite-4.0-h-tiny",
    "nvidia/NVIDIA-Nemotron-3-Nano-30B-A3B-BF16",  # layers of one part each
    "LiquidAI/LFM2-1.2B",  # short convolutions
    "Qwen/Qwen3-Next-80B-A3B-Instruct",  # gated delta nets
    "moonshotai/Kimi-Linear-48B-A3B-Instruct",  # KDA and latents
]


def written(tmp_path, model: ModelSpec, name: str = "q4_k_m"):
    fmt = weight_format(name)
    metadata, rows = gguf_of(model, fmt)
    return read_gguf(write_gguf(tmp_path / "m.gguf", metadata, rows)), fmt


@pytest.mark.parametrize("model_id", MODELS)
def test_a_model_comes_back_from_its_file(tmp_path, model_id):
    model = replace(CATALOG.model(model_id), multi_token=None, towers=())
    header, fmt = written(tmp_path, model)
    found = model_from_gguf(header, model_id=model_id)
    assert found.id == model_id
    assert found.parameters == model.parameters == header.elements
    assert found.active_parameters == model.active_parameters
    assert found.layer_count == model.layer_count
    assert found.max_context_tokens == model.max_context_tokens
    assert found.tied_embeddings == model.tied_embeddings
    assert ideal_curve(found, BF16) == ideal_curve(model, BF16)
    # what the preset makes of either is what the file holds
    assert checkpoint_bytes(found, fmt) == checkpoint_bytes(model, fmt) == header.data_bytes
    assert found.stored_format == "q4_k_m"
    assert found.confidence == "exact"


@pytest.mark.parametrize("model_id", MODELS)
@pytest.mark.parametrize("name", ["q4_k_m", "iq3_xs"])
def test_stored_bytes_are_those_of_the_file(tmp_path, model_id, name):
    model = replace(CATALOG.model(model_id), multi_token=None, towers=())
    header, fmt = written(tmp_path, model, name)
    found = model_from_gguf(header)
    stored = stored_from_gguf(header, found)
    assert checkpoint_bytes(found, stored) == header.data_bytes
    assert bytes_by_role(found, stored) == bytes_by_role(model, fmt)
    assert layer_bytes(found, stored) == layer_bytes(model, fmt)


def test_ranks_hold_their_share_of_a_file(tmp_path):
    model = CATALOG.model("meta-llama/Llama-3.1-8B")
    header, fmt = written(tmp_path, model)
    found = model_from_gguf(header)
    stored = stored_from_gguf(header, found)
    for plan in (Plan(pp=3), Plan(tp=4), Plan(tp=2, pp=2)):
        by_file = [stage.weights_bytes for stage in stages_of(found, stored, BF16, plan)]
        by_rule = [stage.weights_bytes for stage in stages_of(model, fmt, BF16, plan)]
        assert by_file == pytest.approx(by_rule, rel=1e-4)


def test_a_file_that_no_preset_describes_keeps_its_own_bytes(tmp_path):
    """As "dynamic" files override types tensor by tensor."""
    model = CATALOG.model("Qwen/Qwen3-8B")
    metadata, rows = gguf_of(model, weight_format("q4_k_m"))
    rows = [(name, dims, "Q8_0" if "blk.3.ffn" in name and kind != "F32" else kind) for name, dims, kind in rows]
    header = read_gguf(write_gguf(tmp_path / "m.gguf", metadata, rows))
    found = model_from_gguf(header)
    stored = stored_from_gguf(header, found)
    assert checkpoint_bytes(found, stored) == header.data_bytes != checkpoint_bytes(found, weight_format("q4_k_m"))
    assert layer_bytes(found, stored)[3] > layer_bytes(found, stored)[0]
    # what a scenario says of a role goes before the file
    larger = changed(stored, "head=fp32")
    assert bytes_by_role(found, larger)["head"] == 4 * found.vocabulary * found.hidden
    assert bytes_by_role(found, larger)["attention"] == bytes_by_role(found, stored)["attention"]
    # asked without a place, it is what most of the file is
    tensor = found.layer_tensors[found.layer_kinds[0]][0]
    assert stored.pieces(tensor)[0].storage.bits_of(tensor) == stored.bits(tensor)
    assert stored.pieces(tensor, Place(found, "layer", 0))[0].storage.label == "as stored"


def test_windows_follow_the_pattern_of_the_file(tmp_path):
    model = CATALOG.model("openai/gpt-oss-20b")
    metadata, rows = gguf_of(model, weight_format("mxfp4_moe"))
    arch = "gpt-oss.attention.sliding_window_pattern"
    layers = model.layer_count

    def mixers(more):
        header = read_gguf(write_gguf(tmp_path / "m.gguf", metadata | more, rows))
        found = model_from_gguf(header)
        return [type(found.layers[kind].mixer) for kind in found.layer_kinds]

    assert mixers({}) == [SlidingWindow, FullAttention] * (layers // 2)
    assert mixers({arch: 4}) == ([SlidingWindow] * 3 + [FullAttention]) * (layers // 4)
    flags = [index == 0 for index in range(layers)]
    assert mixers({arch: flags}) == [SlidingWindow] + [FullAttention] * (layers - 1)
    assert mixers({"gpt-oss.attention.sliding_window": 0}) == [FullAttention] * layers


def test_llama_4_has_chunks_without_a_key_for_them(tmp_path):
    model = replace(CATALOG.model("meta-llama/Llama-4-Scout-17B-16E-Instruct"), towers=())
    header, _ = written(tmp_path, model)
    assert not any("window" in key for key in header.metadata)
    found = model_from_gguf(header)
    assert [type(found.layers[kind].mixer) for kind in found.layer_kinds[:4]] == [ChunkedAttention] * 3 + [
        FullAttention
    ]


def test_further_small_tensors_are_counted(tmp_path):
    model = CATALOG.model("meta-llama/Llama-3.1-8B")
    metadata, rows = gguf_of(model, weight_format("q4_k_m"))
    rows.insert(0, ("rope_freqs.weight", (64,), "F32"))
    header = read_gguf(write_gguf(tmp_path / "m.gguf", metadata, rows))
    found = model_from_gguf(header)
    assert found.parameters == model.parameters + 64
    assert checkpoint_bytes(found, stored_from_gguf(header, found)) == header.data_bytes == 4_912_898_304


def test_scales_beside_matrices_are_small_tensors(tmp_path):
    """Files in NVFP4 have a number beside every matrix."""
    model = CATALOG.model("Qwen/Qwen3-8B")
    metadata, rows = gguf_of(model, weight_format("ggml-nvfp4"))
    scales = [(name.replace(".weight", ".scale"), (1,), "F32") for name, _, kind in rows if kind == "NVFP4"]
    header = read_gguf(write_gguf(tmp_path / "m.gguf", metadata, [*rows, *(s for s in scales if "token" not in s[0])]))
    found = model_from_gguf(header)
    assert found.stored_format == "ggml-nvfp4"
    assert checkpoint_bytes(found, stored_from_gguf(header, found)) == header.data_bytes


def test_mtp_layers_are_kept_apart(tmp_path):
    model = CATALOG.model("Qwen/Qwen3-30B-A3B")
    metadata, rows = gguf_of(model, weight_format("q4_k_m"))
    last, layers = model.layer_count - 1, model.layer_count
    rows += [
        (name.replace(f"blk.{last}.", f"blk.{layers}."), dims, kind)
        for name, dims, kind in rows
        if f"blk.{last}." in name
    ]
    hidden = model.hidden
    rows.append((f"blk.{layers}.nextn.eh_proj.weight", (2 * hidden, hidden), "Q4_K"))
    rows += [(f"blk.{layers}.nextn.{name}.weight", (hidden,), "F32") for name in ("enorm", "hnorm", "shared_head_norm")]
    metadata |= {"qwen3moe.block_count": layers + 1, "qwen3moe.nextn_predict_layers": 1}
    header = read_gguf(write_gguf(tmp_path / "m.gguf", metadata, rows))
    found = model_from_gguf(header)
    assert found.layer_count == layers
    assert found.multi_token is not None
    assert found.parameters == header.elements
    assert found.text_parameters == model.parameters
    assert checkpoint_bytes(found, stored_from_gguf(header, found)) == header.data_bytes


# --- refusals -----------------------------------------------------------------------------------------------------


def small(**more):
    model = replace(examples.LLAMA_70B, stack="2 layer", vocabulary=1024)
    metadata, rows = gguf_of(model, weight_format("q8_0"))
    return metadata | more, rows


def refused(tmp_path, metadata, rows):
    header = read_gguf(write_gguf(tmp_path / "m.gguf", metadata, rows))
    with pytest.raises((UnsupportedModelError, FieldError)) as caught:
        model_from_gguf(header)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_an_unknown_architecture_is_named_with_its_key(tmp_path):
    metadata, rows = small(**{"general.architecture": "lama"})
    assert refused(tmp_path, metadata, rows) == (
        "general.architecture = 'lama': no rule for this architecture; did you mean llama?"
    )


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (("blk.0.memory.weight", (8192, 8), "F32"), "blk.0.memory.weight: is a tensor that no rule knows"),
        (("blk.7.attn_norm.weight", (8192,), "F32"), "blk.7.attn_norm.weight: is of no layer; there are 2"),
        (("blk.x.attn_norm.weight", (8192,), "F32"), "is of no layer"),
        (("other.weight", (8192,), "F32"), "other.weight: is a tensor that no rule knows"),
        (("blk.1.ffn_gate_shexp.weight", (8192, 8), "F32"), "matrices hold"),
    ],
)
def test_tensors_without_a_rule(tmp_path, row, message):
    metadata, rows = small()
    assert message in refused(tmp_path, metadata, [*rows, row])


@pytest.mark.parametrize(
    ("missing", "message"),
    [
        ("blk.1.ffn_up.weight", "lacks the tensor ffn_up.weight"),
        ("blk.1.", "tensors of some layers are missing"),
        ("token_embd.weight", "token_embd.weight: is missing"),
        ("blk.0.attn_k.weight", "matrices hold"),
    ],
)
def test_missing_tensors(tmp_path, missing, message):
    metadata, rows = small()
    assert message in refused(tmp_path, metadata, [row for row in rows if missing not in row[0]])


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("llama.block_count", 0, "llama.block_count: must be from 1"),
        ("llama.block_count", 10**6, "llama.block_count: must be from 1"),
        ("llama.embedding_length", "many", "must be a whole number"),
        ("llama.attention.head_count", 0, "attn_q"),
        ("llama.attention.head_count", 24, "attn_q: has 8,192"),
        ("llama.attention.head_count_kv", 3, "attn_k: has 1,024"),
        ("llama.attention.head_count_kv", [8], "has 1 entries for 2 layers"),
        ("llama.attention.key_length", 100, "attn_q: has 8,192"),
        ("llama.context_length", ("f32", 0.5), "must be a whole number"),
        ("llama.nextn_predict_layers", 2, "is 2 of 2 layers"),
    ],
)
def test_metadata_that_contradict_the_tensors(tmp_path, key, value, message):
    metadata, rows = small(**{key: value})
    assert message in refused(tmp_path, metadata, rows)


def test_a_missing_key_is_named(tmp_path):
    metadata, rows = small()
    del metadata["llama.embedding_length"]
    assert refused(tmp_path, metadata, rows) == "llama.embedding_length: is missing"


def test_a_vision_tower_is_no_model(tmp_path):
    assert "'clip'" in refused(tmp_path, {"general.architecture": "clip"}, [("v.post_ln.weight", (8,), "F32")])


def test_importing_in_one_step(tmp_path):
    metadata, rows = small()
    path = write_gguf(tmp_path / "tiny-q8.gguf", metadata, rows)
    model, stored = import_gguf(path)
    assert model.id == "tiny-q8"
    assert "tiny-q8.gguf" in stored.name
    assert checkpoint_bytes(model, stored) == read_gguf(path).data_bytes
