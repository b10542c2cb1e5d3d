"""ModelSpec: a language model as a stack of layer runs, with everything that has weights or keeps a cache."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated, Literal

from annotated_types import Ge, Gt

from engine.bounds import Bounded, Unit
from engine.errors import FieldError
from engine.feedforward import FeedForward
from engine.mixers import Entry, Mixer
from engine.stack import Run, parse_stack
from engine.tensors import Tensor, count_parameters, matrix, vector
from engine.units import MAX_TOKENS

ModelConfidence = Literal["exact", "published", "estimate", "hypothetical"]
"""exact: read from the model's own config by rules checked to the unit. published: entered from a publication.
estimate: some shapes are inferred. hypothetical: a model that was never released."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer(Bounded):
    """One kind of layer: its mixer, its feed-forward, its norms.

    `norm_vectors` counts vectors of the model's width: 2 for two RMSNorms, 4 where each has a bias too.
    `beside` is a second mixer that works in parallel with the first. `extra` are small parameters by name
    that follow no formula here.
    """

    mixer: Mixer
    ffn: FeedForward
    norm_vectors: Annotated[int, Ge(0)] = 2
    beside: Mixer | None = None
    extra: Mapping[str, int] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """The layer in words."""
        beside = f" beside {self.beside.title}" if self.beside else ""
        return f"{self.mixer.title}{beside}; {self.ffn.title}"

    def tensors(self, hidden: int) -> tuple[Tensor, ...]:
        """All weights of one such layer for a model of width `hidden`."""
        norms = (vector("norms", "norm", self.norm_vectors * hidden),) if self.norm_vectors else ()
        beside = self.beside.tensors(hidden) if self.beside else ()
        extra = tuple(vector(name, "other", count) for name, count in self.extra.items() if count)
        return (*self.mixer.tensors(hidden), *beside, *self.ffn.tensors(hidden), *norms, *extra)

    def entries(self) -> tuple[Entry, ...]:
        """What one such layer keeps of one sequence."""
        return self.mixer.entries() + (self.beside.entries() if self.beside else ())


@dataclass(frozen=True, slots=True, kw_only=True)
class PerLayerEmbedding(Bounded):
    """Lookup tables that feed every layer (Gemma 3n, Gemma 4): `vocabulary` rows of `width` for each layer."""

    vocabulary: Annotated[int, Gt(0)]
    width: Annotated[int, Gt(0)]


@dataclass(frozen=True, slots=True, kw_only=True)
class MultiToken(Bounded):
    """Layers that predict further tokens (MTP), stored with the model and used for speculative decoding only.

    Each of the `modules` is the layers of `stack`, a projection of two states to one, and three norms.
    """

    modules: Annotated[int, Gt(0)]
    stack: str
    own_embeddings: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Tower(Bounded):
    """An encoder of images or sound, with its projector, as a number of parameters."""

    name: str
    parameters: Annotated[int, Gt(0)]
    source: str = ""


@dataclass(frozen=True, kw_only=True)
class ModelSpec(Bounded):
    """A model. Sizes that are counted twice or not at all have their own fields; nothing is inferred.

    `layers` names the kinds of layer, `stack` their order (see `engine.stack`). `stored_format` is the weight
    format of the published checkpoint.
    """

    id: str
    hidden: Annotated[int, Gt(0)]
    vocabulary: Annotated[int, Ge(0)]  # 0: not stated
    layers: Mapping[str, Layer]
    stack: str
    tied_embeddings: bool = False
    max_context_tokens: Annotated[int, Gt(0), Unit("tokens")] | None = None
    name: str = ""
    family: str = ""  # model_type of the config
    embedding_rows: Annotated[int, Gt(0)] | None = None  # where the token table is longer than the vocabulary
    position_rows: Annotated[int, Ge(0)] = 0  # learned positions
    embedding_norm_vectors: Annotated[int, Ge(0)] = 0
    final_norm_vectors: Annotated[int, Ge(0)] = 1
    head_bias: bool = False
    hyper_connections: Annotated[int, Ge(0)] = 0  # residual streams, where there are several
    per_layer_embedding: PerLayerEmbedding | None = None
    multi_token: MultiToken | None = None
    towers: tuple[Tower, ...] = ()
    extra: Mapping[str, int] = field(default_factory=dict)
    stored_format: str = "bf16"
    confidence: ModelConfidence = "exact"
    aliases: tuple[str, ...] = ()
    source: str = ""
    retrieved: str = ""
    notes: str = ""

    def __post_init__(self) -> None:
        Bounded.__post_init__(self)
        if not self.layers:
            raise FieldError("layers", "must name at least one kind of layer")
        # read here, so that a pattern that makes no sense never gets further
        _ = (self.runs, self.multi_token_runs)

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        return hash((self.id, self.hidden, self.vocabulary, self.stack, tuple(self.layers)))

    @cached_property
    def runs(self) -> tuple[Run, ...]:
        """Layer kinds and how many follow one another, in order."""
        return parse_stack(self.stack, tuple(self.layers))

    @cached_property
    def multi_token_runs(self) -> tuple[Run, ...]:
        """The same of the MTP modules, all of them together; empty without."""
        if self.multi_token is None:
            return ()
        runs = parse_stack(self.multi_token.stack, tuple(self.layers), field="multi_token.stack")
        return runs * self.multi_token.modules

    @cached_property
    def layer_kinds(self) -> tuple[str, ...]:
        """The kind of every layer, in order."""
        return tuple(kind for kind, count in self.runs for _ in range(count))

    @cached_property
    def layer_counts(self) -> Mapping[str, int]:
        """How many layers of each kind the stack has."""
        counts: dict[str, int] = {}
        for kind, count in self.runs:
            counts[kind] = counts.get(kind, 0) + count
        return counts

    @property
    def longest_context_tokens(self) -> int:
        """The longest context that a search need look at: the model's own, or the longest that is read at all."""
        return self.max_context_tokens or MAX_TOKENS

    @property
    def layer_count(self) -> int:
        """Layers of the stack."""
        return len(self.layer_kinds)

    @cached_property
    def layer_tensors(self) -> Mapping[str, tuple[Tensor, ...]]:
        """Weights of one layer of each kind, what hyper-connections and per-layer embeddings add included."""
        shared = self._beside_every_layer()
        return {kind: layer.tensors(self.hidden) + shared for kind, layer in self.layers.items()}

    def _beside_every_layer(self) -> tuple[Tensor, ...]:
        found = []
        if self.hyper_connections:
            streams = self.hyper_connections
            mixes = 2 * streams + streams**2
            # before the mixer and before the feed-forward: mixing weights, their offsets, three scales
            length = mixes * streams * self.hidden + mixes + 3
            found.append(vector("hyper_connections", "other", length, copies=2))
        if self.per_layer_embedding:
            width = self.per_layer_embedding.width
            found += [
                matrix("per_layer_gate", "other", width, self.hidden),
                matrix("per_layer_projection", "other", self.hidden, width),
                vector("per_layer_norm", "norm", self.hidden),
            ]
        return tuple(found)

    @cached_property
    def input_tensors(self) -> tuple[Tensor, ...]:
        """Weights before the first layer; a tied token table is counted here."""
        rows = self.embedding_rows or self.vocabulary
        found = []
        if rows:
            found.append(matrix("tokens", "embedding", rows, self.hidden, shards=rows))
        if self.position_rows:
            found.append(matrix("positions", "embedding", self.position_rows, self.hidden))
        if self.embedding_norm_vectors:
            found.append(vector("embedding_norm", "norm", self.embedding_norm_vectors * self.hidden))
        if self.per_layer_embedding:
            own, every = self.per_layer_embedding, self.layer_count * self.per_layer_embedding.width
            found += [
                matrix("per_layer_tokens", "per_layer_embedding", own.vocabulary, every, shards=own.vocabulary),
                matrix("per_layer_model_projection", "other", every, self.hidden),
                vector("per_layer_projection_norm", "norm", own.width),
            ]
        found += [vector(name, "other", count) for name, count in self.extra.items() if count]
        return tuple(found)

    @cached_property
    def output_tensors(self) -> tuple[Tensor, ...]:
        """Weights after the last layer: norm, head unless tied, and the mixing of residual streams."""
        found = []
        if self.final_norm_vectors:
            found.append(vector("final_norm", "norm", self.final_norm_vectors * self.hidden))
        if not self.tied_embeddings and self.vocabulary:
            found.append(matrix("head", "head", self.vocabulary, self.hidden, shards=self.vocabulary))
        if self.head_bias:
            found.append(vector("head_bias", "bias", self.vocabulary, shards=self.vocabulary))
        if self.hyper_connections:
            streams = self.hyper_connections
            found.append(vector("hyper_head", "other", streams**2 * self.hidden + streams + 1))
        return tuple(found)

    @cached_property
    def tower_tensors(self) -> tuple[Tensor, ...]:
        """Vision and audio encoders, on the first stage; tensor parallelism cuts them like layers."""
        return tuple(vector(tower.name, "tower", tower.parameters, shards=tower.parameters) for tower in self.towers)

    @cached_property
    def multi_token_tensors(self) -> tuple[Tensor, ...]:
        """Weights of the MTP modules."""
        if self.multi_token is None:
            return ()
        modules = self.multi_token.modules
        found = [t for kind, count in self.multi_token_runs for t in self.layer_tensors[kind] * count]
        found.append(matrix("mtp_projection", "feed_forward", self.hidden, 2 * self.hidden, copies=modules))
        found.append(vector("mtp_norms", "norm", 3 * self.hidden, copies=modules))
        if self.multi_token.own_embeddings:
            rows = self.vocabulary
            found.append(matrix("mtp_tokens", "embedding", rows, self.hidden, copies=modules, shards=rows))
            found.append(matrix("mtp_head", "head", rows, self.hidden, copies=modules, shards=rows))
        return tuple(found)

    @cached_property
    def text_parameters(self) -> int:
        """Parameters of the language model alone: no towers, no MTP modules."""
        layers = sum(count_parameters(self.layer_tensors[kind]) * n for kind, n in self.layer_counts.items())
        return layers + count_parameters(self.input_tensors) + count_parameters(self.output_tensors)

    @cached_property
    def parameters(self) -> int:
        """All parameters that the config describes, towers and MTP modules included."""
        more = count_parameters(self.tower_tensors) + count_parameters(self.multi_token_tensors)
        return self.text_parameters + more

    @cached_property
    def active_parameters(self) -> int:
        """Parameters of the language model that one token uses, embedding, head and router included."""
        idle = sum(self.layers[kind].ffn.inactive_parameters(self.hidden) * n for kind, n in self.layer_counts.items())
        return self.text_parameters - idle
