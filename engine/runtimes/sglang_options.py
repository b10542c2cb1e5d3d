"""SGLang's own options, and what it makes of those that are left out."""

from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import Ge, Gt, Le

from engine.bounds import Bounded, Unit
from engine.mixers import LatentAttention
from engine.model import ModelSpec
from engine.parallel import Plan

MIB = 2**20
GIB_MB = 1024  # [MiB] the thresholds are written in

TIERS: tuple[tuple[int, int, int, int], ...] = (
    (20 * GIB_MB, 2048, 8, 8),
    (35 * GIB_MB, 4096, 48, 160),
    (60 * GIB_MB, 4096, 32, 160),
    (160 * GIB_MB, 8192, 256, 512),
)
"""Below this memory [MiB]: chunked_prefill_size [token], largest batch of a decode graph for fewer than 4 ranks and
for more. Source: srt/arg_groups/memory_hook.py, 0.5.23."""
LARGEST_TIER = (16_384, 512, 512)
MANY_RANKS = 4  # [1] from which on the larger graph is the default

META_MB = 512  # [MiB] constant part of the reserve
MB_PER_CHUNK_TOKEN = 1.5  # [MiB] of reserve for each token of a chunk
LEAST_CHUNK = 2048  # [token] that the reserve is computed with
MB_PER_RANK = 1024 / 8  # [MiB] for each rank of a stage and each stage
MB_PER_GRAPH_SEQUENCE = 2  # [MiB] of reserve for each sequence of the largest decode graph
MB_PER_PREFILL_SIZE = 8  # [MiB] for each captured size of a prefill graph
MLA_PREFILL_MB = 1536  # [MiB] instead of that, on MLA models
DP_MB_PER_SEQUENCE = 3  # [MiB] under DP attention, for each sequence of the largest graph and rank
LARGE_DP_MB_PER_SEQUENCE = 1.5  # [MiB] more beyond 300 sequences
LARGE_DP_SEQUENCES = 300
FLOOR_FROM_MB, FLOOR_MB = 60 * GIB_MB, 10 * GIB_MB  # [MiB] large cards keep at least this
IMAGE_FACTOR = 0.95  # [1] models with an encoder keep more, on top of a factor for the encoder's size
SPARSE_PAGE = 64  # [token] page of sparse MLA (DSA)


@dataclass(frozen=True, slots=True, kw_only=True)
class SglangOptions(Bounded):
    """Arguments of `sglang serve` that move memory, by their names; None takes the default.

    `context_length` is the context of the scenario unless given.
    """

    mem_fraction_static: Annotated[float, Gt(0), Le(1)] | None = None
    max_total_tokens: Annotated[int, Gt(0), Unit("tokens")] | None = None
    max_running_requests: Annotated[int, Gt(0)] | None = None
    context_length: Annotated[int, Gt(0), Unit("tokens")] | None = None
    chunked_prefill_size: Annotated[int, Gt(0), Unit("tokens")] | None = None
    page_size: Annotated[int, Gt(0)] | None = None
    cuda_graph_max_bs: Annotated[int, Gt(0)] | None = None
    disable_cuda_graph: bool = False
    disable_radix_cache: bool = False
    disable_hybrid_swa_memory: bool = False
    swa_full_tokens_ratio: Annotated[float, Gt(0), Le(1)] = 0.8
    mamba_full_memory_ratio: Annotated[float, Gt(0)] = 0.9
    max_mamba_cache_size: Annotated[int, Gt(0)] | None = None
    mamba_ssm_dtype: Literal["float32", "bfloat16", "float16"] | None = None
    speculative_algorithm: Literal["EAGLE", "NEXTN"] | None = None
    speculative_num_draft_tokens: Annotated[int, Ge(0), Le(64)] = 0
    moe_a2a_backend: Literal["none", "deepep"] = "none"

    @property
    def drafts(self) -> bool:
        """Whether the checkpoint's MTP layers are loaded."""
        return self.speculative_algorithm is not None

    def chunk_tokens(self, device_bytes: int) -> int:
        """chunked_prefill_size [token]."""
        return self.chunked_prefill_size or tier(device_bytes)[0]

    def page_tokens(self, model: ModelSpec) -> int:
        """page_size [token]: 1, but 64 for sparse MLA."""
        if self.page_size is not None:
            return self.page_size
        mixers = (model.layers[kind].mixer for kind in model.layer_counts)
        return SPARSE_PAGE if any(isinstance(m, LatentAttention) and m.index_dim for m in mixers) else 1


def tier(device_bytes: int) -> tuple[int, int, int]:
    """Chunk, and largest decode graph for fewer than 4 ranks and for more."""
    for below, chunk, small, large in TIERS:
        if device_bytes < below * MIB:
            return chunk, small, large
    return LARGEST_TIER


def prefill_sizes(chunk: int) -> int:
    """How many token counts prefill graphs are captured for.

    >>> prefill_sizes(8192)
    58
    """
    ranges = ((4, 32, 4), (48, 256, 16), (288, 512, 32), (576, 1024, 64), (1280, 4096, 256), (4608, chunk, 512))
    return sum(len(range(first, min(last, chunk) + 1, step)) for first, last, step in ranges)


def static_fraction(model: ModelSpec, plan: Plan, options: SglangOptions, device_bytes: int) -> float:
    """mem_fraction_static: as given, or by the heuristic of `handle_gpu_memory_settings`."""
    if options.mem_fraction_static is not None:
        return options.mem_fraction_static
    memory = device_bytes / MIB
    chunk, small, large = tier(device_bytes)
    chunk = options.chunked_prefill_size or chunk
    ranks = plan.tp * plan.dp
    graph = options.cuda_graph_max_bs or (small if ranks < MANY_RANKS else large)
    if options.cuda_graph_max_bs is None and options.max_running_requests is not None:
        graph = min(graph, options.max_running_requests)
    reserved = META_MB + MB_PER_CHUNK_TOKEN * max(chunk, LEAST_CHUNK) + MB_PER_RANK * ranks * plan.pp
    if not options.disable_cuda_graph:
        latent = any(isinstance(model.layers[kind].mixer, LatentAttention) for kind in model.layer_counts)
        reserved += MB_PER_GRAPH_SEQUENCE * graph
        reserved += MLA_PREFILL_MB if latent else MB_PER_PREFILL_SIZE * prefill_sizes(chunk)
    if plan.dp > 1:
        reserved += DP_MB_PER_SEQUENCE * graph * plan.dp
        if graph > LARGE_DP_SEQUENCES:
            reserved += LARGE_DP_MB_PER_SEQUENCE * graph * plan.dp
    if memory > FLOOR_FROM_MB:
        reserved = max(reserved, FLOOR_MB)
    if options.moe_a2a_backend == "deepep":
        reserved += 2 * GIB_MB
    fraction = round((memory - reserved) / memory, 3)
    if model.towers:
        fraction = round(fraction * IMAGE_FACTOR, 3)
    return min(1.0, max(0.01, fraction))
