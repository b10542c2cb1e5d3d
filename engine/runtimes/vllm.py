"""vLLM: the memory its workers reserve, and what the key-value pool then holds."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from math import ceil
from typing import Any

from engine.cache_formats import CachePrecision
from engine.estimate import Amount, best, combine
from engine.formats import WeightFormat
from engine.memory import Ledger, LedgerItem, Measured, with_measured
from engine.mixers import Attention, CompressedAttention, CrossAttention
from engine.model import ModelSpec
from engine.parallel import Plan, Stage, stages_of
from engine.runtimes.base import Obstacle, Reservation, Setting
from engine.runtimes.cache_types import CacheTypes
from engine.runtimes.loading import weights_item
from engine.runtimes.paged import PagedReservation, Pool, pool_units
from engine.runtimes.plans import cut_blocks, refused_by_vllm
from engine.runtimes.versions import step_versions, version_text
from engine.runtimes.vllm_groups import Layout, layout_of
from engine.runtimes.vllm_memory import activation, graphs, non_torch
from engine.runtimes.vllm_options import Engine, VllmOptions, engine_of
from engine.runtimes.vllm_versions import NEWEST, TABLES
from engine.units import format_gib, format_tokens

CACHE_TYPES = CacheTypes(
    runtime="vLLM",
    names={
        "auto": "bf16",
        "bf16": "bf16",
        "bfloat16": "bf16",
        "fp16": "fp16",
        "float16": "fp16",
        "half": "fp16",
        "fp32": "fp32",
        "float32": "fp32",
        "fp8": "fp8",
        "fp8_e4m3": "fp8",
        "fp8_e5m2": "fp8",
        "fp8_inc": "fp8",
        "fp8_per_token_head": "fp8_per_token_head",
        "int8_per_token_head": "int8_per_token_head",
        "int4_per_token_head": "int4_per_token_head",
        "nvfp4": "nvfp4",
        "nvfp4_4over6": "nvfp4",
        "turboquant_k8v4": "turboquant_k8v4",
        "turboquant_4bit_nc": "turboquant_4bit_nc",
        "turboquant_k3v4_nc": "turboquant_k3v4_nc",
        "turboquant_3bit_nc": "turboquant_3bit_nc",
        "ultraquant_4bit": "ultraquant_4bit",
        "fp8_ds_mla": "fp8_ds_mla",
        "nvfp4_ds_mla": "nvfp4_ds_mla",
    },
)
"""`--kv-cache-dtype` of 0.33.0; fp32 stands for "auto" of a model that runs in fp32."""


@dataclass(frozen=True, slots=True)
class BlockNeed:
    """Blocks of one sequence."""

    layout: Layout

    def units(self, tokens: int) -> int:
        """Blocks that a sequence of so many tokens holds at its fullest moment."""
        return self.layout.blocks(tokens)

    def longest(self, units: int, limit: int) -> int:
        """The longest sequence that so many blocks hold [token]."""
        return self.layout.longest(units, limit)


class Vllm:
    """vLLM, by version."""

    id = "vllm"
    name = "vLLM"
    versions: tuple[str, ...] = (version_text(NEWEST), *step_versions(TABLES))

    def default_options(self) -> Mapping[str, Any]:
        """Every option with its default; None is what the version and the device decide."""
        return asdict(VllmOptions())

    def cache_precision(self, k: str, v: str | None = None) -> CachePrecision:
        """The formats of `--kv-cache-dtype`."""
        return CACHE_TYPES.precision(k, v)

    def reserve(self, setting: Setting) -> Reservation:
        """Memory for a setting."""
        engine = engine_of(setting)
        layout = layout_of(setting.model, setting.cache, setting.plan, engine)
        pool = _pool(
            setting.model,
            setting.weights,
            setting.cache,
            setting.plan,
            engine,
            setting.total_bytes,
            setting.device_bytes,
            setting.gpu,
            setting.measured,
        )
        return PagedReservation(
            setting=setting,
            pool=pool,
            need=BlockNeed(layout),
            printed=lambda blocks: printed_tokens(blocks, layout, engine),
            found_obstacles=_obstacles(setting, engine, pool),
            left_out=_notes(setting, engine, layout),
        )

    def refuses(self, model: ModelSpec, plan: Plan) -> tuple[tuple[str, str], ...]:
        """Degrees that it would not start with."""
        return refused_by_vllm(model, plan)


def printed_tokens(blocks: int, layout: Layout, engine: Engine) -> int:
    """'GPU KV cache size' of the start-up log [token]: since 0.20.1 the concurrency at max_model_len times that
    length, before it blocks over groups."""
    if not layout.groups:
        return 0
    if engine.rules.tokens_by_concurrency:
        return blocks * engine.max_model_len // max(1, layout.blocks(engine.max_model_len))
    return blocks // len(layout.groups) * layout.block_tokens * layout.ranks


def concurrency(blocks: int, layout: Layout, engine: Engine) -> float:
    """'Maximum concurrency' of the start-up log: requests of max_model_len tokens that the blocks hold."""
    return blocks / max(1, layout.blocks(engine.max_model_len))


@lru_cache(maxsize=2048)
def _pool(
    model: ModelSpec,
    weights: WeightFormat,
    cache: CachePrecision,
    plan: Plan,
    engine: Engine,
    total_bytes: Amount,
    device_bytes: Amount,
    gpu: str,
    measured: Measured | None,
) -> Pool:
    options = engine.options
    layout = layout_of(model, cache, plan, engine)
    given = options.kv_cache_memory_bytes
    utilisation = engine.utilisation
    usable = combine(lambda total: ceil(total * utilisation), total_bytes)
    ledgers = []
    alike: dict[tuple[object, ...], tuple[LedgerItem, ...]] = {}
    for stage in stages_of(model, weights, cache, plan):
        size = layout.stage_block_bytes[stage.index]
        # stages of the same layers hold the same but at the ends: of a hundred, most are worked out once
        kinds = model.layer_kinds[stage.first_layer : stage.first_layer + stage.layers]
        key = (stage.index == 0, stage.index == plan.pp - 1, stage.weights_bytes, kinds)
        if key not in alike:
            alike[key] = _items(model, weights, plan, engine, total_bytes, gpu, stage)
        blocks = options.num_gpu_blocks_override
        ledger = Ledger(
            stage=stage.index,
            device_bytes=device_bytes,
            usable_bytes=usable,
            usable_note=f"{utilisation:g} of what PyTorch sees as total, option gpu_memory_utilization",
            items=alike[key],
            given_pool_bytes=blocks * size if blocks else given,
        )
        # a log does not say which stage's pool it prints
        ledgers.append(with_measured(ledger, measured, pool=plan.pp == 1))
    held = tuple(ledgers)
    return Pool(
        ledgers=held,
        unit_bytes=layout.stage_block_bytes,
        units=pool_units(held, layout.stage_block_bytes),
        kept=engine.rules.null_blocks,
        sequences=engine.max_sequences,
        tokens=engine.max_model_len if options.max_model_len else None,
    )


def _items(
    model: ModelSpec, weights: WeightFormat, plan: Plan, engine: Engine, total_bytes: Amount, gpu: str, stage: Stage
) -> tuple[LedgerItem, ...]:
    items = [
        weights_item(model, weights, plan, stage, drafted=engine.options.num_speculative_tokens > 0),
        activation(model, weights, plan, engine, stage.index),
        non_torch(plan, engine, total_bytes, gpu),
    ]
    if engine.rules.graphs_subtracted:
        items.append(
            LedgerItem(
                kind="graphs",
                name="CUDA graphs, as estimated at the start",
                amount=graphs(model, plan, engine, stage.layers, real=False),
                note="per layer; logs of 0.19.0 on H100, where the estimate was printed and not yet subtracted",
            )
        )
    return tuple(items)


def _obstacles(setting: Setting, engine: Engine, pool: Pool) -> tuple[Obstacle, ...]:
    found = [Obstacle(field=f"deployment.{d}", message=m) for d, m in refused_by_vllm(setting.model, setting.plan)]
    found += [
        Obstacle(field=f"deployment.{d}", message=m)
        for d, m in cut_blocks(setting.model, setting.weights, setting.plan)
    ]
    if setting.context_tokens > engine.max_model_len:
        text = f"max_model_len is {format_tokens(engine.max_model_len)} tokens"
        found.append(Obstacle(field="deployment.options.max_model_len", message=text))
    share = setting.plan.sequences_per_replica(setting.concurrency or 1)
    if share > engine.max_sequences:
        text = f"max_num_seqs is {engine.max_sequences:,}, so {share:,} sequences do not run at once"
        found.append(Obstacle(field="deployment.options.max_num_seqs", message=text))
    if not engine.rules.graphs_subtracted:
        found += _graph_room(setting, engine, pool)
    return tuple(found)


def _graph_room(setting: Setting, engine: Engine, pool: Pool) -> list[Obstacle]:
    """Before 0.21.0 graphs are captured in what the utilisation leaves free, and fail where that is too little."""
    ledger = pool.ledgers[0]
    free = best(setting.total_bytes) - best(ledger.usable_bytes)
    needed = graphs(setting.model, setting.plan, engine, setting.model.layer_count // setting.plan.pp, real=True)
    least = needed if isinstance(needed, int) else needed.low
    if least <= free or engine.options.kv_cache_memory_bytes or engine.options.num_gpu_blocks_override:
        return []
    text = f"CUDA graphs take at least {format_gib(least, 2)} outside the {engine.utilisation:g} that is used"
    return [Obstacle(field="deployment.options.gpu_memory_utilization", message=text)]


def _notes(setting: Setting, engine: Engine, layout: Layout) -> tuple[str, ...]:
    model = setting.model
    found = [
        "other programs on the GPU, LoRA adapters, drafters other than the checkpoint's own MTP layers, KV transfer "
        "and offloading",
        "activation, graphs and memory outside PyTorch on GPUs other than H100: taken over from there",
    ]
    if layout.padded_layers:
        found.append(f"groups of layers are padded by {layout.padded_layers} places, which waste memory; counted")
    mixers = [model.layers[kind].mixer for kind in model.layer_counts]
    if any(isinstance(mixer, CompressedAttention) for mixer in mixers):
        found.append("DeepSeek-V4 is laid out as 0.33.0 does it, whatever the version, and not checked on a whole log")
    if any(isinstance(mixer, CrossAttention) for mixer in mixers):
        found.append("blocks of cross-attention layers")
    if not engine.rules.graphs_subtracted and not engine.options.enforce_eager:
        found.append("CUDA graphs: before 0.21.0 they are captured in what gpu_memory_utilization leaves free")
    if setting.plan.dp > 1:
        found.append("the tokens of the pool are those of one of the data-parallel replicas, as each prints its own")
    if setting.plan.dcp > 1 and any(isinstance(m, Attention) and m.index_dim for m in mixers):
        found.append("index keys stay copied on every rank under context parallelism; they are spread here")
    return tuple(found)
