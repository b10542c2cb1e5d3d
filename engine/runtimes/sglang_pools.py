"""What one token takes of SGLang's pools on a rank of each stage: full layers, sliding layers, recurrent states.

Source: srt/model_executor/pool_configurator.py, 0.5.23.
"""

from dataclasses import dataclass
from functools import lru_cache

from engine.cache_formats import CachePrecision
from engine.mixers import (
    Attention,
    ChunkedAttention,
    CompressedAttention,
    CrossAttention,
    LatentAttention,
    Mixer,
    SharedCache,
    SlidingWindow,
)
from engine.model import ModelSpec
from engine.parallel import Plan, stage_sizes
from engine.runtimes.pages import RECURRENT, attention_token_bytes, index_bytes, latent_token_bytes, state_bytes
from engine.runtimes.sglang_options import SglangOptions
from engine.runtimes.vllm_groups import FLOAT32_STATES

WINDOW_FAMILIES = (
    "llama4",
    "gpt_oss",
    "mimo_v2",
    "step3p",
    "gemma4",
    "deepseek_v4",
    "laguna",
)
"""Families whose sliding layers get a pool of their own (`is_hybrid_swa_model`, 0.5.23); in all others they keep every
token, as full layers do."""

COMPRESSED_ENTRY_BYTES = 584  # [byte] of DeepSeek-V4


@dataclass(frozen=True, slots=True, kw_only=True)
class Cells:
    """What one unit of the pool, a token of the full layers, takes on a rank of a stage [byte].

    With sliding layers it brings `window_ratio` tokens of their pool along. `state_bytes` are the recurrent states
    of one slot. `grows` says whether any layer keeps tokens at all.
    """

    unit_bytes: int
    window_ratio: float
    window: int
    state_bytes: int
    grows: bool
    windows_ignored: bool


@lru_cache(maxsize=2048)
def cells_of(model: ModelSpec, cache: CachePrecision, plan: Plan, options: SglangOptions) -> tuple[Cells, ...]:
    """The cells of every stage."""
    kinds = model.layer_kinds
    separate = model.family.startswith(WINDOW_FAMILIES) and not options.disable_hybrid_swa_memory
    windows = {m.window for kind in model.layer_counts if isinstance(m := model.layers[kind].mixer, SlidingWindow)}
    windows |= {m.chunk for kind in model.layer_counts if isinstance(m := model.layers[kind].mixer, ChunkedAttention)}
    found = []
    start = 0
    for index, size in enumerate(stage_sizes(len(kinds), plan.pp)):
        held = list(kinds[start : start + size])
        full = sliding = state = layers = 0
        for kind in held:
            layer = model.layers[kind]
            for mixer in (layer.mixer, layer.beside):
                if mixer is None:
                    continue
                token = _token_bytes(mixer, cache, plan)
                if separate and isinstance(mixer, SlidingWindow | ChunkedAttention):
                    sliding += token
                else:
                    full += token
                layers += token > 0
                if isinstance(mixer, RECURRENT):
                    state += _state(mixer, model, plan, options)
        if index == plan.pp - 1 and options.drafts and layers:
            drafted = sum(count for _, count in model.multi_token_runs)
            full += full * drafted // layers
        ratio = options.swa_full_tokens_ratio if sliding and full else 0.0
        found.append(
            Cells(
                unit_bytes=full + int(sliding * ratio) if full else sliding,
                window_ratio=ratio,
                window=max(windows, default=0),
                state_bytes=state,
                grows=bool(full or sliding),
                windows_ignored=bool(windows) and not separate,
            )
        )
        start += size
    return tuple(found)


def _token_bytes(mixer: Mixer, cache: CachePrecision, plan: Plan) -> int:
    """One token of one layer on one rank [byte]."""
    if isinstance(mixer, LatentAttention):
        size = latent_token_bytes(mixer, cache)
        index = index_bytes(mixer.index_dim)
        # the latent is spread over the ranks of context parallelism, index keys stay copied
        return -(-(size - index) // plan.dcp) + index
    if isinstance(mixer, CompressedAttention):
        per_token = COMPRESSED_ENTRY_BYTES + index_bytes(mixer.index_dim)
        return per_token // mixer.ratio if mixer.ratio else 0
    if not isinstance(mixer, Attention) or isinstance(mixer, SharedCache | CrossAttention):
        return 0
    return -(-attention_token_bytes(mixer, cache, plan.tp) // plan.dcp)


def _state(mixer: Mixer, model: ModelSpec, plan: Plan, options: SglangOptions) -> int:
    asked = options.mamba_ssm_dtype
    wide = asked == "float32" or (asked is None and model.family.startswith(("qwen3_next", *FLOAT32_STATES)))
    drafted = options.speculative_num_draft_tokens if options.drafts else 0
    one = state_bytes(mixer, plan.tp, state_bits=32 if wide else 16, extra_columns=0)
    return one * (1 + drafted)
