"""What a vLLM worker's memory goes into before the cache gets the rest, item by item.

The profile run is reproduced from the sources: what is allocated at its fullest moment follows from the batch, the
vocabulary and the shapes of the model. Checked on start-up logs of H100-80GB with 0.19.0 (llm-d-planner): the
activation peak of 31 of 35 rows lies within 0.02 GiB.
"""

from dataclasses import dataclass
from functools import lru_cache

from engine.estimate import Amount, Band, best
from engine.feedforward import Dense, Experts
from engine.formats import WeightFormat
from engine.memory import LedgerItem
from engine.mixers import LatentAttention
from engine.mixers.attention import Attention
from engine.model import ModelSpec
from engine.parallel import Plan
from engine.runtimes.loading import ELEMENT_BYTES, FP32_BYTES, MIB, amount_band
from engine.runtimes.vllm_options import GIB, Engine

CUBLAS_WORKSPACE_BYTES = 32 * MIB  # [byte] PyTorch's default on Hopper (CUBLAS_WORKSPACE_CONFIG :4096:2:16:8 is 8 MiB)
MULTIPROCESSORS = 132  # [1] of H100 and H200, 108-170 on other data-centre GPUs: rows of the sampler's buffer
PIXEL_BYTES_PER_TOKEN = (1_200, 9_400, 18_900)
"""Pixels of the profiled images per token that the encoder makes of them [byte]: 3 colours x side^2 x 2. SigLIP with
14-pixel patches 1,176, Pixtral and Qwen-VL (28 pixels a token) 4,704-9,408, Gemma 3 (56 pixels) 18,816."""

GRAPH_GIB_PER_LAYER = {"dense": (0.014, 0.022, 0.042), "experts": (0.030, 0.042, 0.060)}
"""CUDA graphs' estimate per layer [GiB], at 51 captured sizes: 35 logs of 0.19.0 on H100, TP 1 and 2, dense
0.016-0.053 and experts 0.034-0.052. Other GPUs and versions are not measured."""
REAL_GRAPH_GIB_PER_LAYER = {"dense": (0.018, 0.026, 0.036), "experts": (0.040, 0.055, 0.070)}
"""The same of graphs that were really captured: dense 0.020-0.034, experts 0.046-0.065 in the same logs."""
FULL_SIZES = 51  # [1] batch sizes captured by default up to 512
LARGEST_GRAPH = 512  # [sequence] largest batch that is captured by default, or twice max_num_seqs if that is less
FIXED_GRAPH_FRACTION = 0.3  # [1] of the estimate that does not fall with the number of sizes; assumed, not measured

COMMUNICATION_GIB = {"fast": (1.2, 1.85, 2.1), "plain": (0.0, 0.1, 2.0)}
"""NCCL and all-reduce buffers of a rank under tensor parallelism [GiB]. fast: H100 with NVLink, 0.19.0, TP 2 and 4:
non-torch memory 2.06-2.2 against 0.25 alone. plain: cards without it, 2 RTX 4090 and 0.7.2: 0.25 in all, as much as
one alone, because NCCL goes through host memory there and vLLM's own all-reduce with its buffers is not used."""
FAST_FROM_BYTES = 70 * GIB  # [byte] device memory from which on ranks are taken to be joined by NVLink
PIPELINE_GIB = -0.12  # [GiB] what a rank with stages and no tensor parallelism has less: 0.07 against 0.25, one log
OTHER_NON_TORCH_GIB = (0.05, 0.22)  # [GiB] what the logs vary around the best guess: Granite 0.46, RTX 3090 0.35


@dataclass(frozen=True, slots=True, kw_only=True)
class Shapes:
    """Sizes of a model that activations depend on, the largest over its layers."""

    hidden: int
    vocabulary: int
    dense_width: int  # feed-forward elements that live at once, for one token on one rank
    attention_width: int
    workspace_width: int  # of fused experts
    experts: bool
    layers: int
    query_heads: int


@lru_cache(maxsize=512)
def shapes_of(model: ModelSpec, tp: int) -> Shapes:
    """Sizes on one of `tp` ranks."""
    layers = [model.layers[kind] for kind in model.layer_counts]
    dense, attention, workspace = 0, 0, 0
    for layer in layers:
        ffn, mixer = layer.ffn, layer.mixer
        if isinstance(ffn, Dense):
            dense = max(dense, 3 * -(-ffn.width // tp))
        elif isinstance(ffn, Experts):
            inner = ffn.latent or model.hidden
            width = -(-ffn.width // tp)
            dense = max(dense, 3 * -(-ffn.shared_width // tp))
            rows = max(width, inner) + max((1 + ffn.gated) * width, inner)
            workspace = max(workspace, ffn.top_k * rows)
        if isinstance(mixer, LatentAttention):
            attention = max(attention, -(-mixer.heads // tp) * 4 * (mixer.nope_dim + mixer.rope_dim))
        elif isinstance(mixer, Attention):
            attention = max(attention, -(-mixer.heads // tp) * 4 * mixer.head_dim)
    return Shapes(
        hidden=model.hidden,
        vocabulary=model.vocabulary,
        dense_width=dense,
        attention_width=attention,
        workspace_width=workspace,
        experts=any(isinstance(layer.ffn, Experts) for layer in layers),
        layers=model.layer_count,
        query_heads=max((layer.mixer.query_heads for layer in layers), default=0),
    )


def activation(model: ModelSpec, weights: WeightFormat, plan: Plan, engine: Engine, stage: int) -> LedgerItem:
    """The peak of the profile run: the larger of one layer's forward pass and the sampler, and what stays alive
    beside them."""
    rules, shapes = engine.rules, shapes_of(model, plan.tp)
    element = FP32_BYTES if weights.id == "fp32" else ELEMENT_BYTES
    tokens, sequences = engine.profiled_tokens, engine.profiled_sequences
    residuals = 3 if rules.profiles_whole_context else 4
    widest = max(shapes.dense_width, shapes.attention_width)
    forward = tokens * (widest + residuals * shapes.hidden) * element
    handed_over = 2 * tokens * shapes.hidden * element if plan.pp > 1 else 0
    sampler = 0
    if stage == plan.pp - 1:
        sampler = sequences * shapes.vocabulary * (element + rules.sampler_element_bytes)
        sampler += (tokens + 2 * sequences) * shapes.hidden * element
        if rules.sampler_buffer:
            sampler += min(MULTIPROCESSORS, sequences) * shapes.vocabulary * FP32_BYTES
    workspace = tokens * shapes.workspace_width * ELEMENT_BYTES
    if weights.id == "mxfp4":
        workspace = 0  # its kernels on Hopper fuse the experts without one; others have it, see the high end
    stays = rules.expert_workspace_stays
    peak = max(forward, sampler) + workspace if stays else max(forward + workspace, sampler)
    peak += handed_over + CUBLAS_WORKSPACE_BYTES
    low_images, images, high_images = _images(model, plan, engine, stage)
    spread = _spread(engine, plan.pp)
    more = 0
    if shapes.experts and (weights.id == "mxfp4" or workspace == 0):
        more = tokens * shapes.workspace_width * ELEMENT_BYTES
    amount = amount_band((peak + low_images) * (1 - spread), peak + images, (peak + high_images) * (1 + spread) + more)
    return LedgerItem(
        kind="activation",
        name="activation peak of the profile run",
        amount=amount,
        note=f"{tokens:,} tokens and {sequences:,} sequences; checked with 0.17-0.19 on H100, +-{spread:.0%} here",
    )


def _spread(engine: Engine, stages: int) -> float:
    """How far the peak may be off, as a fraction: what was checked, one row of before, nothing of after."""
    version = engine.rules.version
    if (0, 17, 0) <= version < (0, 20, 0):
        return 0.03 if stages == 1 else 0.05
    if version < (0, 8, 0):
        return 0.40
    return 0.15 if version < (0, 17, 0) else 0.20


def _images(model: ModelSpec, plan: Plan, engine: Engine, stage: int) -> tuple[int, int, int]:
    """What an encoder's dummy images keep allocated: their pixels and their embeddings, for a full batch."""
    if not model.towers or stage or engine.options.skip_mm_profiling or engine.rules.profiles_whole_context:
        return 0, 0, 0
    tokens = engine.batched_tokens
    embedded = tokens * model.hidden * ELEMENT_BYTES
    low, middle, high = PIXEL_BYTES_PER_TOKEN
    del plan
    return embedded + tokens * low // 2, embedded + tokens * middle, embedded + tokens * high


def non_torch(plan: Plan, engine: Engine, total_bytes: Amount, gpu: str) -> LedgerItem:
    """CUDA context, libraries and communication buffers."""
    alone = engine.rules.non_torch_gib
    below, above = OTHER_NON_TORCH_GIB
    low, middle, high = alone - below, alone, alone + above
    if plan.tp > 1 or plan.dp > 1:
        fast = best(total_bytes) >= FAST_FROM_BYTES and "gb10" not in gpu
        least, usual, most = COMMUNICATION_GIB["fast" if fast else "plain"]
        low, middle, high = low + least, middle + usual, high + most
    elif plan.pp > 1:
        low, middle = 0.05, middle + PIPELINE_GIB
    return LedgerItem(
        kind="non_torch",
        name="memory outside PyTorch",
        amount=amount_band(max(0.0, low) * GIB, middle * GIB, high * GIB),
        note="CUDA context, NCCL and all-reduce buffers; H100 logs of 0.15-0.19 at TP 1, 2 and 4",
    )


def graphs(model: ModelSpec, plan: Plan, engine: Engine, layers: int, *, real: bool) -> Band | int:
    """CUDA graphs of a stage with so many layers [byte]: vLLM's estimate, or what is really captured."""
    if engine.options.enforce_eager or not layers:
        return 0
    table = REAL_GRAPH_GIB_PER_LAYER if real else GRAPH_GIB_PER_LAYER
    low, middle, high = table["experts" if shapes_of(model, plan.tp).experts else "dense"]
    sizes = captured_sizes(engine.max_sequences) / FULL_SIZES
    share = FIXED_GRAPH_FRACTION + (1 - FIXED_GRAPH_FRACTION) * sizes
    return amount_band(layers * low * sizes * GIB, layers * middle * share * GIB, layers * high * GIB)


def captured_sizes(sequences: int) -> int:
    """How many batch sizes are captured: 1, 2, 4, then every 8th to 256 and every 16th beyond.

    >>> captured_sizes(1024), captured_sizes(2)
    (51, 3)
    """
    largest = min(LARGEST_GRAPH, 2 * sequences)
    return sum(1 for size in (1, 2, 4) if size <= largest) + min(largest, 256) // 8 + max(0, largest - 256) // 16
