"""vLLM's own options, and what it makes of those that are left out."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Literal

from annotated_types import Ge, Gt, Le

from engine.bounds import Bounded, Unit
from engine.errors import FieldError
from engine.estimate import best
from engine.model import ModelSpec
from engine.options import read_options
from engine.runtimes.base import Setting
from engine.runtimes.pages import RECURRENT
from engine.runtimes.versions import chosen_version, is_before_release
from engine.runtimes.vllm_versions import NEWEST, Rules, rules_of

GIB = 2**30

DEFAULT_BLOCK_TOKENS = 16  # [token] CacheConfig.DEFAULT_BLOCK_SIZE

TIERS: tuple[tuple[int, int, int], ...] = ((160 * GIB, 16_384, 1024), (70 * GIB, 8192, 1024), (0, 2048, 256))
"""Device memory from which on a server has these max_num_batched_tokens and max_num_seqs by default. Source:
`get_batch_defaults` in vllm/engine/arg_utils.py, 0.33.0, the column of the OpenAI server."""

WHOLE_PROMPT_SEQUENCES = 256  # [sequence] max_num_seqs of engine V0, sources of 0.6.4
CHUNKED_FROM_TOKENS = 32_768  # [token] V0 cuts prompts in chunks where max_model_len is beyond this, 0.6.4
CHUNK_TOKENS = 2048  # [token] max_num_batched_tokens of V0 with chunked prefill, 0.6.4


@dataclass(frozen=True, slots=True, kw_only=True)
class VllmOptions(Bounded):
    """Arguments of `vllm serve` that move memory, by their names; None takes the version's default.

    `max_model_len` is the context of the scenario unless given. `kv_cache_memory_bytes` and
    `num_gpu_blocks_override` give the pool outright. `num_speculative_tokens` loads the checkpoint's MTP layers.
    """

    gpu_memory_utilization: Annotated[float, Gt(0), Le(1)] | None = None
    kv_cache_memory_bytes: Annotated[int, Gt(0), Unit("bytes")] | None = None
    num_gpu_blocks_override: Annotated[int, Gt(0)] | None = None
    max_model_len: Annotated[int, Gt(0), Unit("tokens")] | None = None
    max_num_batched_tokens: Annotated[int, Gt(0), Unit("tokens")] | None = None
    max_num_seqs: Annotated[int, Gt(0)] | None = None
    block_size: Annotated[int, Gt(0)] | None = None
    enforce_eager: bool = False
    enable_chunked_prefill: bool | None = None
    enable_prefix_caching: bool | None = None
    disable_hybrid_kv_cache_manager: bool = False
    async_scheduling: bool | None = None
    performance_mode: Literal["balanced", "interactivity", "throughput"] = "balanced"
    num_speculative_tokens: Annotated[int, Ge(0), Le(64)] = 0
    mamba_cache_mode: Literal["none", "align", "all"] | None = None
    mamba_ssm_cache_dtype: Literal["auto", "float32", "float16", "bfloat16"] = "auto"
    skip_mm_profiling: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """The options as a version resolves them. `in_flight_tokens` is what sliding and chunked layers reserve beside
    their window; `profiled_tokens` and `profiled_sequences` are the batch of the profile run."""

    rules: Rules
    options: VllmOptions
    utilisation: float
    max_model_len: int
    batched_tokens: int
    max_sequences: int
    block_tokens: int
    prefix_caching: bool
    recurrent_mode: Literal["none", "align", "all"]
    in_flight_tokens: int
    profiled_tokens: int
    profiled_sequences: int


def engine_of(setting: Setting) -> Engine:
    """The options of a setting with the defaults of its version. Raises `FieldError` and `UnknownKeyError`."""
    key = tuple(setting.options.items())
    try:
        hash(key)
    except TypeError:  # a list or table: the reader says what is wrong with it
        read_options(VllmOptions, setting.options)
        raise
    return _engine(
        key,
        setting.version,
        setting.model,
        best(setting.total_bytes),
        setting.gpu,
        setting.plan.pp,
        setting.context_tokens,
    )


@lru_cache(maxsize=4096)
def _read(given: tuple[tuple[str, object], ...]) -> VllmOptions:
    return read_options(VllmOptions, dict(given))


@lru_cache(maxsize=8192)
def _engine(
    given: tuple[tuple[str, object], ...],
    version: str | None,
    model: ModelSpec,
    device_bytes: int,
    gpu: str,
    stages: int,
    context_tokens: int,
) -> Engine:
    options = _read(given)
    rules = rules_of(chosen_version(version, NEWEST), version is not None and is_before_release(version))
    length = options.max_model_len or context_tokens
    tokens, sequences, chunked = _batch(options, rules, device_bytes, gpu, length)
    recurrent = has_recurrent(model)
    caching = options.enable_prefix_caching
    if caching is None:
        caching = rules.hybrid_prefix_caching if recurrent else True
    mode = options.mamba_cache_mode or ("align" if caching else "none")
    batches = _concurrent_batches(options, rules, model, stages) if rules.in_flight_batches else 1
    if options.num_speculative_tokens and model.multi_token is None:
        raise FieldError("deployment.options.num_speculative_tokens", "the model has no MTP layers to draft with")
    return Engine(
        rules=rules,
        options=options,
        utilisation=options.gpu_memory_utilization or rules.utilisation,
        max_model_len=length,
        batched_tokens=tokens,
        max_sequences=sequences,
        block_tokens=options.block_size or DEFAULT_BLOCK_TOKENS,
        prefix_caching=caching,
        recurrent_mode=mode,
        in_flight_tokens=batches * tokens,
        profiled_tokens=tokens if chunked or not rules.profiles_whole_context else max(tokens, length),
        profiled_sequences=min(sequences, tokens),
    )


def _batch(options: VllmOptions, rules: Rules, device_bytes: int, gpu: str, length: int) -> tuple[int, int, bool]:
    """Batched tokens, sequences, and whether prompts are cut in chunks."""
    chunked = options.enable_chunked_prefill
    if rules.profiles_whole_context:
        if chunked is None:
            chunked = length > CHUNKED_FROM_TOKENS
        tokens = options.max_num_batched_tokens or (CHUNK_TOKENS if chunked else max(length, CHUNK_TOKENS))
        return tokens, options.max_num_seqs or WHOLE_PROMPT_SEQUENCES, chunked
    chunked = chunked is not False
    tokens, sequences = _tier(rules, device_bytes, gpu)
    if options.performance_mode == "throughput":
        tokens, sequences = 2 * tokens, 2 * sequences
    sequences = options.max_num_seqs or sequences
    if options.max_num_batched_tokens is None:
        tokens = tokens if chunked else max(tokens, length)
        tokens = min(tokens, sequences * length)
    else:
        tokens = options.max_num_batched_tokens
    return tokens, min(sequences, tokens) if options.max_num_seqs is None else sequences, chunked


def _tier(rules: Rules, device_bytes: int, gpu: str) -> tuple[int, int]:
    small = (rules.a100_is_small and "a100" in gpu) or (rules.tier_of_160 and "gb10" in gpu)
    for least, tokens, sequences in TIERS:
        if least == 160 * GIB and not rules.tier_of_160:
            continue
        if device_bytes >= least and not (small and least):
            return tokens, sequences
    return TIERS[-1][1:]


def _concurrent_batches(options: VllmOptions, rules: Rules, model: ModelSpec, stages: int) -> int:
    """Batches that are scheduled before the first of them is done (`VllmConfig.max_concurrent_batches`)."""
    if options.async_scheduling is False:
        return stages
    second = rules.second_runner == "all" or (rules.second_runner == "dense" and _is_dense(model))
    if second:
        return stages + 1
    return 2 if stages == 1 else stages


def _is_dense(model: ModelSpec) -> bool:
    kinds = (model.layers[kind] for kind in model.layer_counts)
    return not has_recurrent(model) and not any(layer.ffn.kind == "experts" for layer in kinds)


@lru_cache(maxsize=512)
def has_recurrent(model: ModelSpec) -> bool:
    """Whether some layer keeps a state."""
    layers = [model.layers[kind] for kind in model.layer_counts]
    return any(isinstance(mixer, RECURRENT) for layer in layers for mixer in (layer.mixer, layer.beside))
