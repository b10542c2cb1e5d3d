"""llama.cpp: layers spread over devices, a cache of cells, and compute buffers that grow with it."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

from engine.cache_formats import CachePrecision
from engine.encodings import Place
from engine.errors import FieldError
from engine.estimate import Amount, Band, best, high, low, subtract
from engine.formats import WeightFormat
from engine.memory import Ledger, LedgerItem, with_measured
from engine.mixers import Attention, CompressedAttention, LatentAttention
from engine.model import ModelSpec
from engine.options import read_options
from engine.parallel import Plan
from engine.runtimes.base import Obstacle, Reservation, Setting
from engine.runtimes.cache_types import CacheTypes
from engine.runtimes.llama_cpp_cache import bytes_per_cell, knows_windows, shape_bytes, window_of
from engine.runtimes.llama_cpp_compute import ComputeCurve, compute_curve
from engine.runtimes.llama_cpp_options import CELL_MULTIPLE, CacheShape, LlamaCppOptions, shape_of, slots_of
from engine.runtimes.plans import refused_without_tensor_parallelism
from engine.runtimes.solve import largest
from engine.units import format_gib, format_tokens
from engine.weights import layer_bytes, part_bytes, rank_bytes, table_bytes

GIB = 2**30
MIB = 2**20

CACHE_TYPES = CacheTypes(
    runtime="llama.cpp",
    mixed=True,
    names={
        "f16": "fp16",
        "fp16": "fp16",
        "float16": "fp16",
        "bf16": "bf16",
        "f32": "fp32",
        "fp32": "fp32",
        "q8_0": "q8_0",
        "q5_1": "q5_1",
        "q5_0": "q5_0",
        "q4_1": "q4_1",
        "q4_0": "q4_0",
        "iq4_nl": "iq4_nl",
    },
)
"""`--cache-type-k` and `--cache-type-v`."""

CONTEXT_BYTES = Band(150 * MIB, 420 * MIB, 800 * MIB)
"""What the driver's context and the matrix library take on a CUDA device [byte]; not measured for llama.cpp."""
LOGIT_BYTES = 4  # [byte] an output on the host
MOST_SLOTS = 256  # [slot] LLAMA_MAX_SEQ, llama.cpp of autumn 2026


@dataclass(frozen=True, slots=True)
class Device:
    """One GPU: the kinds of its layers, and the weights on it and of it in RAM [byte]."""

    kinds: tuple[str, ...]
    weights_bytes: int
    host_bytes: int
    last: bool


@lru_cache(maxsize=2048)
def devices_of(model: ModelSpec, weights: WeightFormat, count: int, cpu_moe_layers: int) -> tuple[Device, ...]:
    """Layers and weights of equal devices: the output counts as one more layer, and goes to the last.

    The token table stays in RAM; a tied one is on the last device once more, as the head. Source: llama-model.cpp,
    split mode "layer".
    """
    sizes = layer_bytes(model, weights)
    kinds = model.layer_kinds
    held: list[list[int]] = [[] for _ in range(count)]
    for layer in range(len(kinds)):
        held[min(count - 1, layer * count // (len(kinds) + 1))].append(layer)
    head = part_bytes(model, weights, "output") + (table_bytes(model, weights) if model.tied_embeddings else 0)
    found = []
    for index, layers in enumerate(held):
        experts = sum(_expert_bytes(model, weights, kinds[i], i) for i in layers if i < cpu_moe_layers)
        total = sum(sizes[i] for i in layers) - experts
        host = experts
        if index == 0:
            host += part_bytes(model, weights, "input")
            total += part_bytes(model, weights, "tower")
        last = index == count - 1
        found.append(Device(tuple(kinds[i] for i in layers), total + head * last, host, last))
    return tuple(found)


def _expert_bytes(model: ModelSpec, weights: WeightFormat, kind: str, layer: int) -> int:
    experts = [t for t in model.layer_tensors[kind] if t.role == "experts"]
    return rank_bytes(weights, experts, Place(model, "layer", layer)) if experts else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class LlamaCppReservation:
    """Memory of every device. Devices of a replica are the plan's stages; replicas are servers of their own.

    `cells` are, of every device, a cell of its full layers, one of its sliding layers, and the states of a slot
    [byte].
    """

    setting: Setting
    options: LlamaCppOptions
    devices: tuple[Device, ...]
    cells: tuple[tuple[int, int, int], ...]
    window: int
    compute: ComputeCurve
    ledgers: tuple[Ledger, ...]

    def _shape(self, tokens: int, sequences: int | None) -> CacheShape:
        share = None if sequences is None else self.setting.plan.sequences_per_replica(sequences)
        return shape_of(self.options, tokens, share, self.window)

    def rank_cache_bytes(self, stage: int, tokens: int, sequences: int) -> int:
        """Cells and states of one device, for all slots [byte]."""
        return 0 if self.options.no_kv_offload else shape_bytes(self.cells[stage], self._shape(tokens, sequences))

    def reserved_bytes(self) -> Amount:
        """The caches over all devices, whether they are full or not [byte]."""
        setting = self.setting
        wanted = setting.concurrency
        if wanted is None:
            wanted = max(1, best(self.max_sequences(setting.context_tokens)))
        shape = self._shape(setting.context_tokens, wanted)
        return setting.plan.dp * sum(shape_bytes(cells, shape) for cells in self.cells)

    def _margin(self, tokens: int, sequences: int, free: tuple[int, ...], factor: float) -> int:
        """What is left on the tightest device [byte], of what is `free` there beside cache and compute buffer."""
        shape = self._shape(tokens, sequences)
        if tokens > shape.reach or shape.slots > MOST_SLOTS:
            return -1
        compute = self.compute.bytes(shape, outputs_of(self.options, shape))
        taken = int(compute * factor) if factor != 1 else compute
        if self.options.no_kv_offload:
            return min(free) - taken
        return min(left - shape_bytes(cells, shape) for left, cells in zip(free, self.cells, strict=True)) - taken

    def _solved(self, solve: Callable[[tuple[int, ...], float], int]) -> Amount:
        """The answer at the low, best and high end of what is free."""
        ends = zip(*(_free(ledger) for ledger in self.ledgers), strict=True)
        factors = (self.compute.high, 1, self.compute.low)
        worst, middle, most = (solve(free, factor) for free, factor in zip(ends, factors, strict=True))
        return middle if worst == middle == most else Band(worst, middle, most)

    def max_context(self, sequences: int, limit: int) -> Amount:
        """Longest context: cells for all slots, and the compute buffer that they need, on the tightest device."""
        share = self.setting.plan.sequences_per_replica(sequences)
        if self.options.n_parallel is not None and share > self.options.n_parallel:
            return 0

        def longest(free: tuple[int, ...], factor: float) -> int:
            if self._margin(limit, sequences, free, factor) >= 0:
                return limit
            if self.options.n_ctx is not None:
                reach = self._shape(1, sequences).reach
                return min(reach, limit) if self._margin(1, sequences, free, factor) >= 0 else 0
            # contexts are rounded up to whole groups of cells: count those
            groups = largest(
                lambda n: self._margin(n * CELL_MULTIPLE, sequences, free, factor), limit=-(-limit // CELL_MULTIPLE)
            )
            return groups * CELL_MULTIPLE

        return self._solved(longest)

    def max_sequences(self, tokens: int) -> Amount:
        """Most sequences: as many slots as fit, or as are asked for."""
        dp = self.setting.plan.dp
        top = min(self.options.n_parallel or MOST_SLOTS, MOST_SLOTS)
        return self._solved(
            lambda free, factor: dp * largest(lambda n: self._margin(tokens, n * dp, free, factor), limit=top)
        )

    def pool_tokens(self) -> Amount:
        """Cells of one stream, as llama.cpp prints them."""
        return self._shape(self.setting.context_tokens, self.setting.concurrency).cells

    def obstacles(self) -> tuple[Obstacle, ...]:
        """Plans that it refuses, and contexts beyond a slot's share."""
        setting, options = self.setting, self.options
        found = [
            Obstacle(field=f"deployment.{degree}", message=message)
            for degree, message in refused_without_tensor_parallelism(setting.model, setting.plan, "llama.cpp")
        ]
        shape = self._shape(setting.context_tokens, setting.concurrency)
        share = setting.plan.sequences_per_replica(setting.concurrency or 1)
        if options.n_parallel is not None and share > options.n_parallel:
            text = f"n_parallel is {options.n_parallel}, so {share} sequences do not run at once"
            found.append(Obstacle(field="deployment.options.n_parallel", message=text))
        elif shape.slots > MOST_SLOTS:
            text = f"there are at most {MOST_SLOTS} slots"
            found.append(Obstacle(field="workload.concurrency", message=text))
        elif setting.context_tokens > shape.reach:
            text = f"n_ctx leaves {format_tokens(shape.reach)} tokens for each of {share} sequences"
            found.append(Obstacle(field="deployment.options.n_ctx", message=text))
        return tuple(found)

    def notes(self) -> tuple[str, ...]:
        """What is left out or assumed."""
        return _notes(self.setting, self.options, self.devices)


def outputs_of(options: LlamaCppOptions, shape: CacheShape) -> int:
    """Tokens whose logits may be asked for at once."""
    return shape.slots * (1 + options.draft_tokens) if options.program == "server" else options.n_batch


def _free(ledger: Ledger) -> tuple[int, int, int]:
    """What is free beside cache and compute buffer at the low, best and high end [byte]."""
    rest = subtract(ledger.usable_bytes, *(item.amount for item in ledger.items if item.kind != "activation"))
    return low(rest), best(rest), high(rest)


class LlamaCpp:
    """llama.cpp, as llama-server runs it."""

    id = "llama.cpp"
    name = "llama.cpp"
    versions: tuple[str, ...] = ("2026-autumn",)

    def default_options(self) -> Mapping[str, Any]:
        """Every option with its default; None is what llama-server works out."""
        return asdict(LlamaCppOptions())

    def cache_precision(self, k: str, v: str | None = None) -> CachePrecision:
        """The types of `--cache-type-k` and `--cache-type-v`."""
        return CACHE_TYPES.precision(k, v)

    def reserve(self, setting: Setting) -> Reservation:
        """Memory for a setting. Raises `FieldError` for types that attention cannot read."""
        options = _options(tuple(setting.options.items())) if setting.options else LlamaCppOptions()
        _check_types(setting, options)
        model, plan = setting.model, setting.plan
        moe = model.layer_count if options.cpu_moe else options.n_cpu_moe
        devices = devices_of(model, setting.weights, plan.pp, moe)
        share = None if setting.concurrency is None else plan.sequences_per_replica(setting.concurrency)
        window = window_of(model)
        shape = shape_of(options, setting.context_tokens, share, window)
        curve = compute_curve(model, setting.cache, ubatch=options.ubatch, flash=options.flash)
        compute = curve.band(shape, outputs_of(options, shape))
        return LlamaCppReservation(
            setting=setting,
            options=options,
            devices=devices,
            cells=tuple(bytes_per_cell(model, setting.cache, options.flash, device.kinds) for device in devices),
            window=window,
            compute=curve,
            ledgers=tuple(_ledger(setting, options, device, i, compute) for i, device in enumerate(devices)),
        )

    def refuses(self, model: ModelSpec, plan: Plan) -> tuple[tuple[str, str], ...]:
        """Degrees that it would not start with."""
        return refused_without_tensor_parallelism(model, plan, "llama.cpp")


@lru_cache(maxsize=4096)
def _options(given: tuple[tuple[str, object], ...]) -> LlamaCppOptions:
    return read_options(LlamaCppOptions, dict(given))


def _check_types(setting: Setting, options: LlamaCppOptions) -> None:
    k, v = setting.cache.k, setting.cache.v
    latent = any(isinstance(setting.model.layers[kind].mixer, LatentAttention) for kind in setting.model.layer_counts)
    if latent and k.id != v.id:
        raise FieldError("precision.cache", "keys and values of a latent cache are one; their types must be equal")
    if not options.flash and v.block_elements > 1:
        raise FieldError("precision.cache.v", f"values in {v.id} need flash attention; flash_attn is off")


def _ledger(setting: Setting, options: LlamaCppOptions, device: Device, index: int, compute: Band) -> Ledger:
    items = [
        LedgerItem(
            kind="weights",
            name="weights",
            amount=device.weights_bytes,
            note=f"{len(device.kinds)} layers; {device.host_bytes:,} B stay in RAM, the token table among them",
        ),
        LedgerItem(
            kind="activation",
            name="compute buffer",
            amount=compute,
            note=f"graph of {options.ubatch} tokens; measured on the CPU backend, on one CUDA log only",
        ),
        LedgerItem(kind="non_torch", name="device context", amount=CONTEXT_BYTES, note="CUDA context; not measured"),
    ]
    if options.fit and options.fit_target_mib:
        note = "what --fit keeps free on each device"
        items.append(LedgerItem(kind="other", name="margin", amount=options.fit_target_mib * MIB, note=note))
    ledger = Ledger(
        stage=index,
        device_bytes=setting.device_bytes,
        usable_bytes=setting.total_bytes,
        usable_note="llama.cpp uses all that a program sees",
        items=tuple(items),
    )
    return with_measured(ledger, setting.measured, computed=("activation",))


def _notes(setting: Setting, options: LlamaCppOptions, devices: tuple[Device, ...]) -> tuple[str, ...]:
    model = setting.model
    slots, unified = slots_of(options, setting.concurrency)
    host = sum(device.host_bytes for device in devices) + model.vocabulary * slots * LOGIT_BYTES
    found = [
        f"RAM of the host: about {format_gib(host)} of weights and outputs, and up to 8 GiB of prompt cache",
        "where it does not fit, --fit shortens the context or leaves layers in RAM instead of failing",
        f"{slots} slots that {'share one cache' if unified else 'have caches of their own'}",
    ]
    if len(devices) > 1:
        found.append("copies of the inputs on every device, which pipelining over several GPUs makes")
    mixers = [model.layers[kind].mixer for kind in model.layer_counts]
    if any(getattr(m, "index_dim", 0) for m in mixers if isinstance(m, Attention | LatentAttention)):
        found.append("the separate cache of index keys")
    if any(isinstance(m, CompressedAttention) for m in mixers):
        found.append("DeepSeek-V4's windows and open blocks")
    if not knows_windows(model) and any(getattr(m, "window", 0) for m in mixers):
        found.append("llama.cpp keeps every cell in this model's sliding-window layers")
    return tuple(found)
