"""transformers: the model, a cache that grows or is allocated at once, and what one forward pass needs."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Annotated, Any, Literal

from annotated_types import Gt

from engine.bounds import Bounded, Unit
from engine.cache import AnySpan, entry_terms
from engine.cache_formats import CachePrecision, cache_precision
from engine.errors import FieldError
from engine.estimate import Amount, Band, best, high, low, subtract
from engine.memory import Ledger, LedgerItem, with_measured
from engine.mixers import ChunkedAttention, SlidingWindow
from engine.model import ModelSpec
from engine.options import read_options
from engine.parallel import Plan, Stage, stages_of
from engine.runtimes.base import Obstacle, Reservation, Setting
from engine.runtimes.cache_types import CacheTypes
from engine.runtimes.loading import amount_band, weights_item
from engine.runtimes.plans import refused_by_transformers
from engine.runtimes.solve import largest
from engine.runtimes.vllm_memory import shapes_of
from engine.spans import AllTokens, Fixed
from engine.units import format_tokens

GIB = 2**30
MOST_SEQUENCES = 10**6  # [sequence] that are looked for

CACHE_TYPES = CacheTypes(
    runtime="transformers",
    names={
        "bf16": "bf16",
        "bfloat16": "bf16",
        "fp16": "fp16",
        "float16": "fp16",
        "fp32": "fp32",
        "float32": "fp32",
        "quanto-int4": "quanto-int4",
        "quanto-int2": "quanto-int2",
    },
)
"""Types of a cache; the quantised ones are `QuantizedCache` with groups of 64 and the last 128 tokens at 16 bits."""

SCORE_BYTES = 6  # [byte] a score of eager attention, at 16 bits and as fp32
LOGIT_BYTES = 6  # [byte] a logit, at 16 bits and as fp32
CONTEXT_GIB = (0.3, 0.6, 1.5)  # [GiB] CUDA context and libraries; assumed
FORWARD_SPREAD = (0.6, 2.0)
"""Band of the forward pass, as factors: the kernels of attention and the allocator decide. Measured peaks of Qwen2.5
and Qwen3 (2,049 tokens, one GPU) are within 4 % of weights and cache together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TransformersOptions(Bounded):
    """What `generate` and `from_pretrained` take. `max_cache_len` belongs to a static cache; left out, the context.

    `prefill_chunk_size` cuts the prompt; left out, it is one forward pass.
    """

    cache_implementation: Literal["dynamic", "static", "quantized", "offloaded"] = "dynamic"
    max_cache_len: Annotated[int, Gt(0), Unit("tokens")] | None = None
    prefill_chunk_size: Annotated[int, Gt(0), Unit("tokens")] | None = None
    attn_implementation: Literal["sdpa", "flash_attention_2", "eager"] = "sdpa"


_BF16 = cache_precision("bf16")

KeptEntries = tuple[tuple[AnySpan, int], ...]
"""Spans with the bits of each entry that they count, summed over layers and heads."""


@dataclass(frozen=True, slots=True)
class Needs:
    """The cache of one sequence on a rank of a stage, as the reference implementation keeps it.

    `kept` is what all layers hold, `twice` what the largest of them holds once more for a moment: while a token is
    appended, or while a quantised layer is unpacked to 16 bits. `fixed_tokens` is the length of a static cache.
    """

    kept: KeptEntries
    twice: KeptEntries
    fixed_tokens: int | None
    static: bool

    def bytes(self, tokens: int) -> int:
        """At its fullest moment [byte]."""
        length = tokens if self.fixed_tokens is None else self.fixed_tokens
        total = sum(span.ceiling(length) * bits for span, bits in self.kept)
        if not self.static:
            total += sum(span.ceiling(length) * bits for span, bits in self.twice)
        return -(-total // 8)

    def layer_bytes(self, tokens: int) -> int:
        """The largest layer alone [byte]."""
        return -(-sum(span.ceiling(tokens) * bits for span, bits in self.twice) // 8)


@lru_cache(maxsize=2048)
def needs_of(
    model: ModelSpec, cache: CachePrecision, options: TransformersOptions, kinds: tuple[str, ...], ranks: int
) -> Needs:
    """What the layers of a stage keep on one of `ranks`."""
    static = options.cache_implementation == "static"
    counts = {kind: kinds.count(kind) for kind in dict.fromkeys(kinds)}
    kept: dict[AnySpan, int] = {}
    for kind, count in counts.items():
        for span, bits in _entries(model, kind, cache, ranks, static=static):
            kept[span] = kept.get(span, 0) + count * bits
    plain = _BF16 if cache.k.block_elements > 1 else cache
    layers = [_entries(model, kind, plain, ranks, static=static) for kind in counts]
    widest = max(layers, key=lambda held: sum(span.ceiling(_ANY_LENGTH) * bits for span, bits in held), default=())
    return Needs(
        kept=tuple(kept.items()),
        twice=tuple((span, bits) for span, bits in widest if not isinstance(span, Fixed)),
        fixed_tokens=options.max_cache_len if static else None,
        static=static,
    )


_ANY_LENGTH = 10**6  # [token] at which layers are compared


def _entries(model: ModelSpec, kind: str, cache: CachePrecision, ranks: int, *, static: bool) -> KeptEntries:
    mixer = model.layers[kind].mixer
    slides = isinstance(mixer, SlidingWindow | ChunkedAttention)
    found: list[tuple[AnySpan, int]] = []
    for entry in model.layers[kind].entries():
        heads = -(-entry.heads // min(ranks, entry.heads))
        # what slides out is a view of the prompt's tensor, which lives on until the next step
        span = AllTokens() if slides and entry.grows and not static else entry.span
        found += entry_terms(entry, cache, heads=heads, span=span)
    return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class TransformersReservation:
    """Memory of every GPU. All sequences of a replica are one batch."""

    setting: Setting
    options: TransformersOptions
    stages: tuple[Stage, ...]
    needs: tuple[Needs, ...]
    ledgers: tuple[Ledger, ...]

    def rank_cache_bytes(self, stage: int, tokens: int, sequences: int) -> int:
        """Cache of the replica's batch on one rank [byte]."""
        share, need = self.setting.plan.sequences_per_replica(sequences), self.needs[stage]
        if self.options.cache_implementation == "offloaded":
            # two layers at a time are on the device
            return share * 2 * need.layer_bytes(tokens)
        return share * need.bytes(tokens)

    def reserved_bytes(self) -> Amount:
        """The cache of the wanted batch over all ranks [byte]."""
        setting = self.setting
        wanted = setting.concurrency
        if wanted is None:
            wanted = max(1, best(self.max_sequences(setting.context_tokens)))
        ranks = setting.plan.tp * setting.plan.dp
        return ranks * sum(self.rank_cache_bytes(i, setting.context_tokens, wanted) for i in range(len(self.stages)))

    def _margin(self, tokens: int, sequences: int, free: tuple[int, ...], factor: float) -> int:
        """What is left on the tightest rank beside cache and forward pass [byte]."""
        share = self.setting.plan.sequences_per_replica(sequences)
        left = []
        for index, stage in enumerate(self.stages):
            forward = forward_bytes(self.setting, self.options, stage, tokens, share)
            left.append(free[index] - int(forward * factor) - self.rank_cache_bytes(index, tokens, sequences))
        return min(left)

    def _solved(self, solve: Callable[[tuple[int, ...], float], int]) -> Amount:
        """The answer at the low, best and high end of what is free."""
        ends = zip(*(_free(ledger) for ledger in self.ledgers), strict=True)
        least, most = FORWARD_SPREAD
        factors = (most, 1, least)
        worst, middle, best_case = (solve(free, factor) for free, factor in zip(ends, factors, strict=True))
        return middle if worst == middle == best_case else Band(worst, middle, best_case)

    def max_context(self, sequences: int, limit: int) -> Amount:
        """Longest context of a batch: cache and forward pass together, on the tightest rank."""
        top = min(limit, self.options.max_cache_len or limit)
        return self._solved(lambda free, factor: largest(lambda n: self._margin(n, sequences, free, factor), limit=top))

    def max_sequences(self, tokens: int) -> Amount:
        """Largest batch."""
        dp = self.setting.plan.dp
        return self._solved(
            lambda free, factor: (
                dp * largest(lambda n: self._margin(tokens, n * dp, free, factor), limit=MOST_SEQUENCES)
            )
        )

    def pool_tokens(self) -> Amount:
        """transformers prints none: the tokens of the wanted batch."""
        setting = self.setting
        length = self.options.max_cache_len or setting.context_tokens
        return length * setting.plan.sequences_per_replica(setting.concurrency or 1)

    def obstacles(self) -> tuple[Obstacle, ...]:
        """Plans that it refuses, and a context beyond a static cache."""
        model, plan = self.setting.model, self.setting.plan
        found = [Obstacle(field=f"deployment.{d}", message=m) for d, m in refused_by_transformers(model, plan)]
        longest = self.options.max_cache_len
        if longest is not None and self.setting.context_tokens > longest:
            text = f"max_cache_len is {format_tokens(longest)} tokens"
            found.append(Obstacle(field="deployment.options.max_cache_len", message=text))
        return tuple(found)

    def notes(self) -> tuple[str, ...]:
        """What is left out or assumed."""
        found = [
            "peaks while the model is loaded, and fragments of PyTorch's allocator",
            "the forward pass: estimated from shapes, not measured",
            "Falcon's keys and values, which are copied to all heads before they are cached",
        ]
        mixers = (self.setting.model.layers[kind].mixer for kind in self.setting.model.layer_counts)
        if any(isinstance(mixer, SlidingWindow | ChunkedAttention) for mixer in mixers):
            found.append("sliding layers hold the whole prompt until the first step after it; counted")
        return tuple(found)


def _free(ledger: Ledger) -> tuple[int, int, int]:
    """What is free beside cache and forward pass at the low, best and high end [byte]."""
    rest = subtract(ledger.usable_bytes, *(item.amount for item in ledger.items if item.kind != "activation"))
    return low(rest), best(rest), high(rest)


def forward_bytes(setting: Setting, options: TransformersOptions, stage: Stage, tokens: int, sequences: int) -> int:
    """The forward pass of the prompt: one layer's activations, and the logits of its last tokens [byte]."""
    shapes = shapes_of(setting.model, setting.plan.tp)
    batch = sequences * min(tokens, options.prefill_chunk_size or tokens)
    widest = max(shapes.dense_width, shapes.attention_width) + 4 * shapes.hidden
    peak = batch * (widest + shapes.workspace_width // 2) * 2
    if options.attn_implementation == "eager":
        heads = -(-shapes.query_heads // setting.plan.tp)
        peak += batch * heads * tokens * SCORE_BYTES
    if stage.index == setting.plan.pp - 1:
        peak += sequences * shapes.vocabulary * LOGIT_BYTES
    return peak


class Transformers:
    """Hugging Face transformers, `generate` with one batch."""

    id = "transformers"
    name = "transformers"
    versions: tuple[str, ...] = ("5.23.0",)

    def default_options(self) -> Mapping[str, Any]:
        """Every option with its default."""
        return asdict(TransformersOptions())

    def cache_precision(self, k: str, v: str | None = None) -> CachePrecision:
        """Types of a cache, quantised ones included."""
        return CACHE_TYPES.precision(k, v)

    def reserve(self, setting: Setting) -> Reservation:
        """Memory for a setting. Raises `FieldError` for a quantised type without a quantised cache."""
        options = _options(tuple(setting.options.items())) if setting.options else TransformersOptions()
        quantised = setting.cache.k.block_elements > 1
        if quantised and options.cache_implementation not in ("dynamic", "quantized"):
            raise FieldError(
                "deployment.options.cache_implementation", f"{setting.cache.label} needs a quantized cache"
            )
        model, plan = setting.model, setting.plan
        stages = stages_of(model, setting.weights, setting.cache, plan)
        share = plan.sequences_per_replica(setting.concurrency or 1)
        kinds = model.layer_kinds
        needs = tuple(
            needs_of(model, setting.cache, options, kinds[s.first_layer : s.first_layer + s.layers], plan.tp)
            for s in stages
        )
        ledgers = tuple(_ledger(setting, options, stage, share) for stage in stages)
        return TransformersReservation(setting=setting, options=options, stages=stages, needs=needs, ledgers=ledgers)

    def refuses(self, model: ModelSpec, plan: Plan) -> tuple[tuple[str, str], ...]:
        """Degrees that it would not start with."""
        return refused_by_transformers(model, plan)


@lru_cache(maxsize=4096)
def _options(given: tuple[tuple[str, object], ...]) -> TransformersOptions:
    return read_options(TransformersOptions, dict(given))


def _ledger(setting: Setting, options: TransformersOptions, stage: Stage, share: int) -> Ledger:
    least, usual, most = CONTEXT_GIB
    forward = forward_bytes(setting, options, stage, setting.context_tokens, share)
    lower, upper = FORWARD_SPREAD
    ledger = Ledger(
        stage=stage.index,
        device_bytes=setting.device_bytes,
        usable_bytes=setting.total_bytes,
        usable_note="PyTorch uses all that it sees",
        items=(
            weights_item(setting.model, setting.weights, setting.plan, stage),
            LedgerItem(
                kind="activation",
                name="forward pass of the prompt",
                amount=Band(int(forward * lower), forward, int(forward * upper)),
                note=f"{share:,} prompts of {setting.context_tokens:,} tokens; from shapes, not measured",
            ),
            LedgerItem(
                kind="non_torch",
                name="CUDA context",
                amount=amount_band(least * GIB, usual * GIB, most * GIB),
                note="assumed",
            ),
        ),
    )
    return with_measured(ledger, setting.measured, computed=("activation",))
