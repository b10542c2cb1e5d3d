"""What one rank has to read and to compute: the whole stack summed once for a model, its formats and a plan.

Everything here is exact arithmetic on shapes. How fast a GPU does it is the business of `decode` and `prefill`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from engine.cache import AnySpan, entry_terms, layer_groups
from engine.cache_formats import CachePrecision
from engine.encodings import Peak, Piece, Place, WeightFormat, is_matrix
from engine.feedforward import Experts, NoFeedForward
from engine.latency.launches import layer_launches
from engine.latency.mixer_work import Products, decode_products, decode_reads, prefill_products
from engine.mixers import Attention, LatentAttention, Mixer, NoMixer
from engine.model import Layer, ModelSpec
from engine.parallel import Plan, stage_sizes
from engine.spans import AllTokens, Span, SpreadTokens

_IDLE_ROLES = frozenset(("embedding", "per_layer_embedding", "tower"))
"""A table is looked up, not read as a whole; a tower works on images."""

PLAIN_BITS = 15
"""From how many bits an element on a matrix counts as plain: half a bit below 16, scales of lower formats included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrices:
    """Weights of one rank that every step reads: `bytes` [byte], and `parameters` that a token is multiplied with."""

    bytes: int = 0
    parameters: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpertGroup:
    """Routed experts of one shape on one rank, all layers together.

    `bytes` and `parameters` are of all experts that the rank holds; a token is sent to `top_k` of `experts`.
    """

    bytes: int
    parameters: int
    experts: int
    top_k: int
    layers: int

    def coverage(self, tokens: float) -> float:
        """Share of the experts that `tokens` tokens of one step touch when routing is even: 1 - (1 - k/E)^B.

        >>> group = ExpertGroup(bytes=0, parameters=0, experts=128, top_k=8, layers=48)
        >>> [round(group.coverage(batch), 4) for batch in (1, 8, 32)]
        [0.0625, 0.4033, 0.8732]
        """
        return float(1 - (1 - self.top_k / self.experts) ** tokens)

    @property
    def share(self) -> float:
        """Share of the parameters that one token is multiplied with."""
        return self.top_k / self.experts


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadTerm:
    """`bits` of cache on one rank for each entry that `span` counts, at most `most` of them."""

    span: AnySpan
    most: int | None
    bits: int

    def bytes(self, tokens: int) -> float:
        """Bytes read at a context of `tokens` [byte]."""
        held = self.span.count(tokens)
        return self.bits * (held if self.most is None else min(held, self.most)) / 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One rank's share of all layers, pipeline stages added up.

    `coded` are matrices in the weight format, charged to `peak`; `plain` those that stay at 16 bits. `reads` are the
    cache of one sequence, `cache_bits` what an element of it takes. `launches` is how many dependent kernels a token
    passes, `joins` how often tensor-parallel ranks add up their results, `moe_joins` how many of those follow experts.
    `unevenness` is the longest pipeline stage against the mean one. Of layers whose tokens see each other,
    `attention_layers` in number, a rank holds `passed_bytes` of keys and values for a token, and `asked_bytes` are its
    queries for one with what they find [byte].
    """

    peak: Peak
    format_id: str
    coded: Matrices
    plain: Matrices
    head: Matrices
    experts: tuple[ExpertGroup, ...]
    experts_coded: bool
    reads: tuple[ReadTerm, ...]
    cache_bits: int
    layers: int
    launches: float
    joins: int
    moe_joins: int
    hidden: int
    unevenness: float
    attention_layers: int
    passed_bytes: float
    asked_bytes: float

    @property
    def linear_parameters(self) -> float:
        """Parameters of the layers that one token is multiplied with on this rank; the head is not among them."""
        return self.coded.parameters + self.plain.parameters + sum(g.parameters * g.share for g in self.experts)

    @property
    def weight_bytes(self) -> int:
        """All weights of the rank that can be read in a step [byte]."""
        held = self.coded.bytes + self.plain.bytes + self.head.bytes
        return held + sum(group.bytes for group in self.experts)

    def cache_bytes(self, tokens: int) -> float:
        """Cache of one sequence that a decode step reads on this rank [byte]."""
        return sum(term.bytes(tokens) for term in self.reads)


@lru_cache(maxsize=1024)
def rank_work(model: ModelSpec, weights: WeightFormat, cache: CachePrecision, plan: Plan) -> Work:
    """The work of the most loaded rank under a plan."""
    sums = _Sums()
    moe = joins = 0
    launches = 0.0
    for layer, pieces, count in _kinds_of_layer(model, weights):
        sums.add(pieces, count, plan, layer)
        has_experts = isinstance(layer.ffn, Experts)
        moe += count * has_experts
        joins += count * (not isinstance(layer.mixer, NoMixer)) + count * (not isinstance(layer.ffn, NoFeedForward))
        launches += count * layer_launches(layer)
    sizes = stage_sizes(model.layer_count, plan.pp)
    return Work(
        peak=weights.peak,
        format_id=weights.id.partition("+")[0],
        coded=sums.coded.total(),
        plain=sums.plain.total(),
        head=_head(model, weights, plan),
        experts=tuple(sums.groups.values()),
        experts_coded=sums.experts_coded,
        reads=_reads(model, cache, plan),
        cache_bits=cache.k.bits(_COMMON_WIDTH) // _COMMON_WIDTH,
        layers=model.layer_count,
        launches=launches,
        joins=joins,
        moe_joins=moe,
        hidden=model.hidden,
        unevenness=max(sizes) * plan.pp / model.layer_count,
        attention_layers=sum(count for mixer, count in mixers_of(model) if not isinstance(mixer, NoMixer)),
        passed_bytes=_passed_bytes(model, plan),
        asked_bytes=_asked_bytes(model, plan),
    )


EXCHANGED_BYTES = 2  # [byte] keys, values, queries and results go over links in 16 bits


def _passed_bytes(model: ModelSpec, plan: Plan) -> float:
    """What one rank holds of a token in all layers that keep every token, in 16 bits [byte]."""
    found = 0
    for kind, count in model.layer_counts.items():
        for entry in model.layers[kind].entries():
            if isinstance(entry.span, AllTokens):
                heads = -(-entry.heads // min(plan.tp, entry.heads))
                found += count * heads * entry.width * EXCHANGED_BYTES
    return found


def _asked_bytes(model: ModelSpec, plan: Plan) -> float:
    """Queries of a token on one rank, and what they find: as wide again, each with a sum, in 16 bits [byte]."""
    found = 0.0
    for mixer, count in mixers_of(model):
        if isinstance(mixer, Attention | LatentAttention):
            found += count * mixer.query_heads / plan.tp * 2 * (_head_width(mixer) + 1) * EXCHANGED_BYTES
    return found


def _head_width(mixer: Attention | LatentAttention) -> int:
    return mixer.head_dim if isinstance(mixer, Attention) else mixer.kv_rank + mixer.rope_dim


_COMMON_WIDTH = 128  # [element] the usual width of a head


def _kinds_of_layer(model: ModelSpec, weights: WeightFormat) -> Iterator[tuple[Layer, list[Piece], int]]:
    """Layers with what is stored of each, and how many are stored alike."""
    alike: dict[tuple[str, object], tuple[Place, int]] = {}
    for index, kind in enumerate(model.layer_kinds):
        place = Place(model, "layer", index)
        key = (kind, weights.likeness(place) if weights.by_layer else None)
        first, count = alike.get(key, (place, 0))
        alike[key] = (first, count + 1)
    for (kind, _), (place, count) in alike.items():
        pieces = [p for tensor in model.layer_tensors[kind] for p in weights.pieces(tensor, place)]
        yield model.layers[kind], pieces, count


@dataclass(slots=True)
class _Sum:
    bytes: int = 0
    parameters: int = 0

    def total(self) -> Matrices:
        return Matrices(bytes=self.bytes, parameters=self.parameters)


@dataclass(slots=True)
class _Sums:
    """Weights added up by what they are charged to."""

    coded: _Sum = field(default_factory=_Sum)
    plain: _Sum = field(default_factory=_Sum)
    groups: dict[tuple[int, int], ExpertGroup] = field(default_factory=dict)
    experts_coded: bool = False

    def add(self, pieces: list[Piece], count: int, plan: Plan, layer: Layer) -> None:
        routed = _Sum()
        for piece in pieces:
            tensor = piece.tensor.on_rank(plan.tp, plan.ep)
            if tensor.role in _IDLE_ROLES:
                continue
            bits = piece.storage.bits_of(tensor)
            # a vector is read but multiplies nothing
            parameters = tensor.parameters * count if is_matrix(tensor) else 0
            coded = is_matrix(tensor) and bits < PLAIN_BITS * tensor.parameters
            kept = routed if tensor.role == "experts" else self.coded if coded else self.plain
            kept.bytes += -(-bits // 8) * count
            kept.parameters += parameters
            self.experts_coded |= coded and tensor.role == "experts"
        if isinstance(layer.ffn, Experts):
            self._add_experts(routed, layer.ffn, count)

    def _add_experts(self, routed: _Sum, ffn: Experts, count: int) -> None:
        key = (ffn.experts, ffn.top_k)
        held = self.groups.get(key)
        self.groups[key] = ExpertGroup(
            bytes=routed.bytes + (held.bytes if held else 0),
            parameters=routed.parameters + (held.parameters if held else 0),
            experts=ffn.experts,
            top_k=ffn.top_k,
            layers=count + (held.layers if held else 0),
        )


def _head(model: ModelSpec, weights: WeightFormat, plan: Plan) -> Matrices:
    """What turns the last layer's output into logits; a tied table serves for it."""
    found = _Sum()
    parts = [(tensor, Place(model, "output")) for tensor in model.output_tensors]
    if model.tied_embeddings:
        parts += [(tensor, Place(model, "input")) for tensor in model.input_tensors if tensor.name == "tokens"]
    for tensor, place in parts:
        for piece in weights.pieces(tensor, place):
            cut = piece.tensor.on_rank(plan.tp)
            found.bytes += -(-piece.storage.bits_of(cut) // 8)
            found.parameters += cut.parameters if is_matrix(cut) else 0
    return found.total()


def mixers_of(model: ModelSpec) -> Iterator[tuple[Mixer, int]]:
    """Every mixer of the stack with the number of its layers; those that work side by side are two."""
    for kind, count in model.layer_counts.items():
        layer = model.layers[kind]
        yield layer.mixer, count
        if layer.beside is not None:
            yield layer.beside, count


def _reads(model: ModelSpec, cache: CachePrecision, plan: Plan) -> tuple[ReadTerm, ...]:
    """As `engine.parallel` spreads what is kept: heads over ranks, tokens over ranks that hold copies."""
    total: dict[tuple[AnySpan, int | None], int] = {}
    for kind, formats, count in layer_groups(model, cache):
        layer = model.layers[kind]
        for mixer in (layer.mixer, layer.beside):
            for read in decode_reads(mixer) if mixer is not None else ():
                entry = read.entry
                heads = -(-entry.heads // min(plan.tp, entry.heads))
                span: Span = entry.span
                if plan.takers > 1 and isinstance(span, AllTokens) and entry.stored != "index":
                    span = SpreadTokens(plan.takers)
                for part, bits in entry_terms(entry, formats, heads=heads, span=span):
                    key = (part, read.most)
                    total[key] = total.get(key, 0) + count * bits * read.times
    return tuple(ReadTerm(span=span, most=most, bits=bits) for (span, most), bits in total.items() if bits)


@lru_cache(maxsize=4096)
def prompt_products(model: ModelSpec, new: int, cached: int = 0) -> tuple[tuple[Products, int], ...]:
    """What every mixer of the model computes between the tokens of a prompt, with the number of its layers."""
    return tuple((prefill_products(mixer, new, cached), count) for mixer, count in mixers_of(model))


@lru_cache(maxsize=4096)
def prompt_flops(model: ModelSpec, new: int, cached: int = 0) -> float:
    """Attention of a whole prompt, all layers and heads, index products included [flop]."""
    return sum(count * (p.flops + p.index_flops) for p, count in prompt_products(model, new, cached))


@lru_cache(maxsize=4096)
def step_flops(model: ModelSpec, context: int) -> float:
    """Attention of one generated token at a context, all layers and heads [flop]."""
    found = ((decode_products(mixer, context), count) for mixer, count in mixers_of(model))
    return sum(count * (p.flops + p.index_flops) for p, count in found)
