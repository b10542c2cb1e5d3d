"""Published totals of elements, where a checkpoint holds more than parameters: each difference by its mechanism."""

import re

import pytest

from catalogs.importers.hf_config import import_config


def router_biases(model):
    """A correction for each expert of each router: stored, but a buffer and no parameter."""
    kinds = [kind for kind, count in (*model.runs, *model.multi_token_runs) for _ in range(count)]
    layers = [model.layers[kind].ffn for kind in kinds]
    return sum(ffn.experts for ffn in layers if ffn.kind == "experts" and not ffn.router_bias)


def block_scales(model, ignored=("router", "norm", "bias", "embedding", "head", "other")):
    """One scale for each 128 x 128 block of each matrix."""
    found = 0
    layers = [t for kind, n in model.layer_counts.items() for t in model.layer_tensors[kind] * n]
    for t in (*layers, *model.multi_token_tensors):
        if t.role not in ignored and t.columns > 1:
            found += t.copies * -(-t.rows // 128) * -(-t.columns // 128)
    return found


def tied_head(model):
    """The head is stored although it is the token table."""
    assert model.tied_embeddings
    return model.vocabulary * model.hidden


def expert_scales(model):
    """MXFP4: one scale for 32 weights of an expert's matrices."""
    tensors = [t for kind, n in model.layer_counts.items() for t in model.layer_tensors[kind] * n]
    return sum(t.parameters for t in tensors if t.role == "experts" and t.columns > 1) // 32


def causal_masks(model):
    """Old files store a mask of positions x positions in every layer; pythia also rotary frequencies."""
    if model.family == "gpt2":
        return model.layer_count * model.position_rows**2
    rotary = model.layers["layer"].mixer.head_dim // 4 // 2
    return model.layer_count * (model.max_context_tokens**2 + rotary)


BEYOND = [
    (r"router bias", router_biases),
    (r"tied head again", tied_head),
    (r"MXFP4", expert_scales),
    (r"causal-mask", causal_masks),
    (r"32x64 stored rotary", lambda model: model.layer_count * model.layers["layer"].mixer.head_dim // 2),
    (r"32 stored rotary", lambda model: model.layers["layer"].mixer.head_dim // 4),
    (r"fp8 block scales ([\d,]+)", None),
    (r"the rest, ([\d,]+), equals the vision part", None),
]

UNWRITTEN = {
    # rebuilt configs that leave out what the checkpoint holds
    "Qwen/Qwen3-Next-80B-A3B-Instruct": {"mtp_num_hidden_layers": 1},
    "Qwen/Qwen3.5-0.8B": {"mtp_num_hidden_layers": 1},
    "Qwen/Qwen3.5-4B": {"mtp_num_hidden_layers": 1},
    "tencent/Hy3-preview": {"num_nextn_predict_layers": 1},
}


def beyond_parameters(model, note):
    """Elements that the note says are stored beside the parameters."""
    found = 0
    for pattern, count in BEYOND:
        match = re.search(pattern, note)
        if match:
            found += count(model) if count else int(match[1].replace(",", ""))
    tower = re.search(r"\+ vision tower ([\d,]+)", note)
    return found + (int(tower[1].replace(",", "")) if tower else 0)


def test_every_published_total(configs, models, listed):
    compared = 0
    wrong = {}
    for model_id, row in listed.items():
        note = row["official_total_note"]
        if not note.startswith("exact") or model_id not in models:
            continue
        model = models[model_id]
        if model_id in UNWRITTEN:
            model = import_config({**configs[model_id], **UNWRITTEN[model_id]}, model_id=model_id)
        compared += 1
        missing = int(row["official_total_params"]) - model.parameters - beyond_parameters(model, note)
        if missing:
            wrong[model_id] = missing
    assert wrong == {}
    assert compared == 186


MTP = re.compile(r"MTP layer ([\d,]+)")


def test_mtp_layers_that_notes_count(models, listed):
    compared = 0
    for model_id, row in listed.items():
        match = MTP.search(row["official_total_note"])
        if not match or model_id not in models or model_id in UNWRITTEN:
            continue
        model = models[model_id]
        found = sum(t.parameters for t in model.multi_token_tensors)
        # the notes count the router's correction, a buffer, with the layer
        router = [t for t in model.multi_token_tensors if t.role == "router"]
        buffer = sum(t.rows for t in router) if model.family.startswith("deepseek") else 0
        assert found + buffer == int(match[1].replace(",", "")), model_id
        compared += 1
    assert compared >= 9


def test_block_scales_are_counted_like_the_checkpoints(models):
    """Queries, keys, values, outputs and experts of MiniMax-M2 are stored in blocks; the router is not."""
    assert block_scales(models["MiniMaxAI/MiniMax-M2.5"]) == 13_880_064


@pytest.mark.parametrize(
    ("model_id", "active"),
    [("deepseek-ai/DeepSeek-V3", 37), ("Qwen/Qwen3-235B-A22B", 22), ("openai/gpt-oss-120b", 5.1)],
)
def test_active_parameters_near_what_vendors_say(models, model_id, active):
    model = models[model_id]
    assert model.active_parameters / 10**9 == pytest.approx(active, rel=0.15)
