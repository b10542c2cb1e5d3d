"""SGLang: a fraction of the memory that is free before loading, less the weights, is the cache's pool of tokens."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from typing import Any

from engine.cache_formats import CachePrecision
from engine.estimate import Amount, Band, best, combine, subtract
from engine.formats import WeightFormat
from engine.memory import Ledger, LedgerItem, Measured, with_measured
from engine.model import ModelSpec
from engine.options import read_options
from engine.parallel import Plan, stages_of
from engine.runtimes.base import Obstacle, Reservation, Setting
from engine.runtimes.cache_types import CacheTypes
from engine.runtimes.loading import weights_item
from engine.runtimes.paged import UNLIMITED, PagedReservation, Pool, pool_units
from engine.runtimes.plans import cut_blocks, refused_by_sglang
from engine.runtimes.sglang_options import SglangOptions, static_fraction
from engine.runtimes.sglang_pools import Cells, cells_of
from engine.units import format_tokens

GIB = 2**30

CACHE_TYPES = CacheTypes(
    runtime="SGLang",
    names={
        "auto": "bf16",
        "bf16": "bf16",
        "bfloat16": "bf16",
        "fp16": "fp16",
        "float16": "fp16",
        "fp8": "fp8",
        "fp8_e4m3": "fp8",
        "fp8_e5m2": "fp8",
        "mxfp8": "mxfp8",
        "nvfp4": "nvfp4",
        "fp4_e2m1": "nvfp4",
        "fp4_mx_block16": "nvfp4",
        "fp8_ds_mla": "fp8_ds_mla",
    },
)
"""`--kv-cache-dtype` of 0.5.23; fp8_ds_mla is the 656-byte row of sparse MLA, by vLLM's name."""

CONTEXT_GIB = {1: (0.3, 0.55, 1.0), 2: (0.9, 1.55, 2.2), 4: (1.2, 1.9, 2.4)}
"""What is taken before the weights are loaded [GiB], by the least number of ranks: the CUDA context, and NCCL. Free
memory is 0.51 (1 rank) and 1.53 (2) short of the total in vLLM's logs on H100, 1.9 on 8 x H200 in SGLang's."""

MULTIMODAL_CACHE_BYTES = 100 * 2**20  # [byte] SGLANG_VLM_CACHE_SIZE_MB, 0.5.23
LEAST_REQUESTS, MOST_REQUESTS = 2048, 4096  # [sequence] bounds of the default of max_running_requests, 0.5.23
REQUESTS_PER_CONTEXT = 512  # [1] that default: tokens of the pool / context x this, within the bounds
STATE_SLOTS = {True: 3, False: 1}
"""State slots of a running request, with the radix cache and without (MAMBA_CACHE_SIZE_MAX_RUNNING_REQUESTS_RATIO)."""


@dataclass(frozen=True, slots=True)
class TokenNeed:
    """Tokens of the pool that one sequence takes, in whole pages."""

    cells: Cells
    page_tokens: int
    reach: int

    def units(self, tokens: int) -> int:
        """Tokens of the full pool, or as many as hold its window in the smaller one, whichever is more."""
        pages = -(-tokens // self.page_tokens) * self.page_tokens
        if not self.cells.window_ratio:
            return pages if self.cells.grows else 0
        kept = min(pages, -(-(self.cells.window + self.reach) // self.page_tokens) * self.page_tokens)
        return max(pages, -int(-kept // self.cells.window_ratio))

    def longest(self, units: int, limit: int) -> int:
        """The longest sequence that so many tokens hold."""
        if not self.cells.grows:
            return limit
        low = min(limit, units // self.page_tokens * self.page_tokens)
        # a window that fills its pool first is shorter than the pages
        while low > 0 and self.units(low) > units:
            low = int(units * self.cells.window_ratio) // self.page_tokens * self.page_tokens if low else 0
            if self.units(low) > units:
                return 0
        return low


class Sglang:
    """SGLang."""

    id = "sglang"
    name = "SGLang"
    versions: tuple[str, ...] = ("0.5.23",)

    def default_options(self) -> Mapping[str, Any]:
        """Every option with its default; None is what the device decides."""
        return asdict(SglangOptions())

    def cache_precision(self, k: str, v: str | None = None) -> CachePrecision:
        """The formats of `--kv-cache-dtype`."""
        return CACHE_TYPES.precision(k, v)

    def reserve(self, setting: Setting) -> Reservation:
        """Memory for a setting."""
        options = _options(tuple(setting.options.items())) if setting.options else SglangOptions()
        cells = cells_of(setting.model, setting.cache, setting.plan, options)
        pool = _pool(
            setting.model,
            setting.weights,
            setting.cache,
            setting.plan,
            options,
            setting.total_bytes,
            setting.device_bytes,
            options.context_length or setting.context_tokens,
            setting.measured,
        )
        page = options.page_tokens(setting.model)
        return PagedReservation(
            setting=setting,
            pool=pool,
            need=TokenNeed(cells[0], page, options.chunk_tokens(best(setting.device_bytes))),
            printed=lambda units: units if units < UNLIMITED else 0,
            found_obstacles=_obstacles(setting, options, pool),
            left_out=_notes(setting, options, cells[0]),
        )

    def refuses(self, model: ModelSpec, plan: Plan) -> tuple[tuple[str, str], ...]:
        """Degrees that it would not start with."""
        return refused_by_sglang(model, plan)


@lru_cache(maxsize=4096)
def _options(given: tuple[tuple[str, object], ...]) -> SglangOptions:
    return read_options(SglangOptions, dict(given))


@lru_cache(maxsize=2048)
def _pool(
    model: ModelSpec,
    weights: WeightFormat,
    cache: CachePrecision,
    plan: Plan,
    options: SglangOptions,
    total_bytes: Amount,
    device_bytes: Amount,
    context_tokens: int,
    measured: Measured | None,
) -> Pool:
    cells = cells_of(model, cache, plan, options)
    fraction = static_fraction(model, plan, options, best(device_bytes))
    least, usual, most = (int(gib * GIB) for gib in CONTEXT_GIB[max(n for n in CONTEXT_GIB if n <= plan.tp * plan.dp)])
    free = subtract(total_bytes, Band(least, usual, most))
    usable = combine(lambda before: int(before * fraction), free)
    ledgers, states = [], []
    for stage in stages_of(model, weights, cache, plan):
        items = [weights_item(model, weights, plan, stage, drafted=options.drafts)]
        if model.towers:
            items.append(LedgerItem(kind="other", name="cache of image embeddings", amount=MULTIMODAL_CACHE_BYTES))
        ledger = Ledger(
            stage=stage.index,
            device_bytes=device_bytes,
            usable_bytes=usable,
            usable_note=f"{fraction:g} of what is free before loading, option mem_fraction_static",
            items=tuple(items),
        )
        cell = cells[stage.index]
        # pools of windows and of states print lines of their own
        ledger = with_measured(ledger, measured, pool=plan.pp == 1 and not cell.window_ratio and not cell.state_bytes)
        state = _state_pool(ledger, cell, options)
        states.append(state)
        ledgers.append(_with_states(ledger, state, options) if state else ledger)
    held = tuple(ledgers)
    sizes = tuple(cell.unit_bytes for cell in cells)
    page = options.page_tokens(model)
    ceiling = options.max_total_tokens or UNLIMITED
    tokens = combine(lambda units: min(units, ceiling) // page * page, pool_units(held, sizes))
    return Pool(
        ledgers=held,
        unit_bytes=sizes,
        units=tokens,
        sequences=_requests(tokens, states, cells, options, context_tokens),
        tokens=options.context_length,
        beside_bytes=tuple(state for state in states if state),
    )


def _with_states(ledger: Ledger, state: Amount, options: SglangOptions) -> Ledger:
    note = f"of what is left, option mamba_full_memory_ratio = {options.mamba_full_memory_ratio:g}"
    item = LedgerItem(kind="other", name="pool of recurrent states", amount=state, note=note)
    return replace(ledger, items=(*ledger.items, item))


def _state_pool(ledger: Ledger, cell: Cells, options: SglangOptions) -> Amount:
    """Memory of the recurrent states: a share of what is left, or the slots that are asked for."""
    if not cell.state_bytes:
        return 0
    if options.max_mamba_cache_size is not None:
        return (options.max_mamba_cache_size + 1) * cell.state_bytes
    ratio = options.mamba_full_memory_ratio
    share = ratio / (1 + ratio) if cell.grows else 1.0
    return combine(lambda rest: int(max(0, rest) * share), ledger.pool_bytes)


def _requests(
    tokens: Amount, states: list[Amount], cells: tuple[Cells, ...], options: SglangOptions, context_tokens: int
) -> Amount:
    """max_running_requests: by default from the pool and the context, less where states are fewer."""
    slots = STATE_SLOTS[not options.disable_radix_cache]
    sizes = [cell.state_bytes for cell in cells]

    def allowed(held: int, *pools: int) -> int:
        found = min(max(held * REQUESTS_PER_CONTEXT // context_tokens, LEAST_REQUESTS), MOST_REQUESTS)
        found = options.max_running_requests or (min(found, held // 2) if held < UNLIMITED else found)
        for pool, size in zip(pools, sizes, strict=True):
            if size:
                # one slot is kept for padding
                found = min(found, max(0, pool // size - 1) // slots)
        return max(found, 0)

    return combine(allowed, tokens, *states)


def _obstacles(setting: Setting, options: SglangOptions, pool: Pool) -> tuple[Obstacle, ...]:
    model, plan = setting.model, setting.plan
    refused = (*refused_by_sglang(model, plan), *cut_blocks(model, setting.weights, plan))
    found = [Obstacle(field=f"deployment.{degree}", message=message) for degree, message in refused]
    if options.context_length is not None and setting.context_tokens > options.context_length:
        text = f"context_length is {format_tokens(options.context_length)} tokens"
        found.append(Obstacle(field="deployment.options.context_length", message=text))
    share = plan.sequences_per_replica(setting.concurrency or 1)
    allowed = best(pool.sequences) if pool.sequences is not None else UNLIMITED
    if share > allowed:
        text = f"at most {allowed:,} requests run at once (max_running_requests)"
        found.append(Obstacle(field="deployment.options.max_running_requests", message=text))
    return tuple(found)


def _notes(setting: Setting, options: SglangOptions, cell: Cells) -> tuple[str, ...]:
    found = [
        "activations, CUDA graphs and whatever else: the part that mem_fraction_static leaves free has to hold them",
        "other programs on the GPU, LoRA adapters, drafters other than the checkpoint's own MTP layers, hierarchical "
        "cache and disaggregation",
        "SGLang's rules are read in 0.5.23 and checked on few logs",
    ]
    if cell.window_ratio:
        found.append(
            f"sliding layers have a pool of {options.swa_full_tokens_ratio:g} of the full one's tokens; prefixes that "
            "stay cached are not counted"
        )
    if cell.windows_ignored:
        found.append("SGLang keeps every token in this model's sliding-window layers")
    if setting.plan.dp > 1:
        found.append("the tokens of the pool are those of one data-parallel rank, as each prints its own")
    return tuple(found)
