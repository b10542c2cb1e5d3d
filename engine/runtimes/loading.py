"""What a server's weights take on a rank once they are loaded: the tensors, and what loading adds to them.

Checked on start-up logs of vLLM (0.6.4 to 0.19.0, "Model loading took"): 39 rows, median difference 0.02 %.
"""

from functools import lru_cache

from engine.encodings import Place, WeightFormat
from engine.estimate import Band
from engine.feedforward import Experts
from engine.memory import LedgerItem
from engine.mixers import Attention, LatentAttention
from engine.model import ModelSpec
from engine.parallel import Plan, Stage
from engine.weights import part_bytes, rank_bytes

MIB = 2**20
ELEMENT_BYTES = 2  # [byte] tables and copies in the model's 16-bit type
FP32_BYTES = 4  # [byte]

ROPE_FACTORS = {"gemma3": 8}
"""Families whose rotary table is longer than the context by this factor: linear scaling keeps a row for every scaled
position (Gemma 3 from 4B on). Seen in the logs: 0.6 GiB on gemma-3-12b."""


ALLOCATOR_BYTES = (8 * MIB, 40 * MIB)
"""How far the logs lie below and above [byte]: PyTorch hands memory out in blocks, and sizes are printed with two
decimals; 0.2 % more on large models."""


def amount_band(low: float, best: float, high: float) -> Band:
    """A band of whole bytes, put in order."""
    return Band(min(int(low), int(best)), int(best), max(int(best), int(high)))


@lru_cache(maxsize=2048)
def weights_item(
    model: ModelSpec, weights: WeightFormat, plan: Plan, stage: Stage, *, drafted: bool = False
) -> LedgerItem:
    """The tensors of the rank, and what loading adds to them: rotary tables, copies, padding.

    `drafted` loads the checkpoint's MTP layers on the last stage too.
    """
    exact = stage.weights_bytes
    first, last = stage.index == 0, stage.index == plan.pp - 1
    element = FP32_BYTES if weights.id == "fp32" else ELEMENT_BYTES
    added = _rope_bytes(model, element) + _latent_copies(model, plan, stage)
    added += (first + (last and not model.tied_embeddings)) * _vocabulary_padding(model, plan, element)
    if last and drafted:
        added += part_bytes(model, weights, "mtp", plan.tp, plan.ep)
    low, padded, high = _expert_padding(model, weights, plan, stage)
    below, above = ALLOCATOR_BYTES
    amount = amount_band(exact + added + low - below, exact + added + padded, (exact + added + high) * 1.002 + above)
    return LedgerItem(
        kind="weights",
        name="weights",
        amount=amount,
        note=f"tensors {exact:,} B exactly; rotary tables, absorbed projections and padding {added + padded:,} B",
    )


def _rope_bytes(model: ModelSpec, element: int) -> int:
    """Tables of sines and cosines: one row for each position that the model takes, one table a kind of attention."""
    widths = {
        (mixer.kind, mixer.rope_dim if isinstance(mixer, LatentAttention) else mixer.head_dim)
        for mixer in (model.layers[kind].mixer for kind in model.layer_counts)
        if isinstance(mixer, Attention | LatentAttention)
    }
    positions = model.max_context_tokens or 0
    factor = next((f for name, f in ROPE_FACTORS.items() if model.family.startswith(name) and model.towers), 1)
    scaled = ("full", "latent")
    return sum(positions * (factor if kind in scaled else 1) * width * element for kind, width in widths)


def _latent_copies(model: ModelSpec, plan: Plan, stage: Stage) -> int:
    """MLA keeps the up-projections of keys and values once more, in the form that decoding multiplies with."""
    kinds = model.layer_kinds[stage.first_layer : stage.first_layer + stage.layers]
    mixers = (model.layers[kind].mixer for kind in kinds)
    return sum(
        m.kv_rank * -(-m.heads // plan.tp) * (m.nope_dim + m.v_dim) * ELEMENT_BYTES
        for m in mixers
        if isinstance(m, LatentAttention)
    )


def _vocabulary_padding(model: ModelSpec, plan: Plan, element: int) -> int:
    """Rows that fill the vocabulary up to a multiple of 64 before it is cut (`DEFAULT_VOCAB_PADDING_SIZE`)."""
    rows = -(-model.vocabulary // 64) * 64
    return max(0, -(-rows // plan.tp) - -(-model.vocabulary // plan.tp)) * model.hidden * element


def _expert_padding(model: ModelSpec, weights: WeightFormat, plan: Plan, stage: Stage) -> tuple[int, int, int]:
    """MXFP4 experts are padded for their kernels: the width of a rank to 64 (Triton) or 128 (Marlin), the model's to
    256. Source: `mxfp4_round_up_hidden_size_and_intermediate_size`, 0.19.0; gpt-oss-120b loads as 64.38 and 65.97
    GiB with the two."""
    if weights.id != "mxfp4":
        return 0, 0, 0
    found = [0.0, 0.0, 0.0]
    for kind in model.layer_kinds[stage.first_layer : stage.first_layer + stage.layers]:
        ffn = model.layers[kind].ffn
        if not isinstance(ffn, Experts):
            continue
        experts = (t for t in model.layer_tensors[kind] if t.role == "experts")
        size = rank_bytes(weights, experts, Place(model, "layer"), plan.tp, plan.ep)
        width = ffn.width if plan.ep > 1 else -(-ffn.width // plan.tp)
        inner = -(-model.hidden // 256) * 256 / model.hidden
        found[1] += size * (inner * (-(-width // 64) * 64) / width - 1)
        found[2] += size * (inner * (-(-width // 128) * 128) / width - 1)
    return int(found[0]), int(found[1]), int(found[2])
