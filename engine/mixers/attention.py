"""Attention that caches keys and values: full, sliding window, chunked; and layers that borrow another's cache."""

from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import Ge, Gt

from engine.bounds import Bounded, Unit
from engine.errors import FieldError
from engine.mixers.parts import Entry
from engine.spans import AllTokens, Fixed, LastTokens, Span
from engine.tensors import Tensor, matrix, vector

QkNorm = Literal["none", "head", "full"]
"""Norms of queries and keys: none, over one head's width, or over all heads together."""

Gate = Literal["none", "query", "head"]
"""Output gates: none, as wide as the queries (doubles their projection), or one number a head."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attention(Bounded):
    """What the kinds of this module share: query heads that read `kv_heads` key and value heads.

    MHA has kv_heads = heads, MQA one, GQA between. `v_head_dim` is left out where values are as wide as keys.
    """

    heads: Annotated[int, Gt(0)]
    kv_heads: Annotated[int, Gt(0)]
    head_dim: Annotated[int, Gt(0)]
    v_head_dim: Annotated[int, Gt(0)] | None = None
    qkv_bias: bool = False
    out_bias: bool = False
    qk_norm: QkNorm = "none"
    gate: Gate = "none"
    sinks: bool = False  # one learned logit a head
    inner_norm: bool = False  # a norm between attention and its output projection
    k_is_v: bool = False  # values are made by the keys' projection; both are cached all the same
    index_heads: Annotated[int, Ge(0)] = 0  # heads of an indexer that chooses blocks to read
    index_dim: Annotated[int, Ge(0)] = 0

    def __post_init__(self) -> None:
        # not super(): a slotted dataclass is made anew, and the old cell would name the wrong class
        Bounded.__post_init__(self)
        if self.kv_heads > self.heads or self.heads % self.kv_heads:
            raise FieldError("kv_heads", f"must divide the {self.heads} query heads, got {self.kv_heads}")
        if bool(self.index_heads) != bool(self.index_dim):
            raise FieldError("index_dim", "goes with index_heads: give both or none")

    @property
    def query_heads(self) -> int:
        """Query heads."""
        return self.heads

    @property
    def value_dim(self) -> int:
        """Width of one value head."""
        return self.v_head_dim or self.head_dim

    @property
    def grouping(self) -> str:
        """MHA, GQA or MQA."""
        if self.kv_heads == self.heads:
            return "MHA"
        return "MQA" if self.kv_heads == 1 else f"GQA {self.heads}/{self.kv_heads}"

    def tensors(self, hidden: int) -> tuple[Tensor, ...]:
        """Weights of one layer for a model of width `hidden`."""
        query = self._query_side(hidden)
        key_width, value_width = self.kv_heads * self.head_dim, self.kv_heads * self.value_dim
        found = [*query, matrix("k", "attention", key_width, hidden, shards=self.kv_heads)]
        if not self.k_is_v:
            found.append(matrix("v", "attention", value_width, hidden, shards=self.kv_heads))
        if self.qkv_bias:
            made = key_width if self.k_is_v else key_width + value_width
            found.append(vector("kv_bias", "bias", made, shards=self.kv_heads))
        if self.qk_norm != "none":
            length = self.head_dim if self.qk_norm == "head" else key_width
            found.append(vector("k_norm", "norm", length))
        if self.index_heads:
            found += [
                matrix("index_q", "indexer", self.index_heads * self.index_dim, hidden),
                matrix("index_k", "indexer", self.index_dim, hidden),
                vector("index_norm", "norm", 2 * self.index_dim),
            ]
        return tuple(found)

    def _query_side(self, hidden: int) -> list[Tensor]:
        width = self.heads * self.head_dim
        out_width = self.heads * self.value_dim
        factor = 2 if self.gate == "query" else 1
        found = [
            matrix("q", "attention", factor * width, hidden, shards=self.heads),
            matrix("o", "attention", hidden, out_width, shards=self.heads, by_columns=True),
        ]
        if self.qkv_bias:
            found.append(vector("q_bias", "bias", factor * width, shards=self.heads))
        if self.out_bias:
            found.append(vector("o_bias", "bias", hidden))
        if self.qk_norm != "none":
            found.append(vector("q_norm", "norm", self.head_dim if self.qk_norm == "head" else width))
        if self.gate == "head":
            found.append(matrix("head_gate", "attention", self.heads, hidden, shards=self.heads))
        if self.sinks:
            found.append(vector("sinks", "other", self.heads, shards=self.heads))
        if self.inner_norm:
            found.append(vector("inner_norm", "norm", out_width))
        return found

    def _kept(self, span: Span) -> tuple[Entry, ...]:
        found = (
            Entry(name="keys", stored="k", span=span, heads=self.kv_heads, width=self.head_dim),
            Entry(name="values", stored="v", span=span, heads=self.kv_heads, width=self.value_dim),
        )
        if self.index_dim:
            index = Entry(name="index keys", stored="index", span=AllTokens(), heads=1, width=self.index_dim)
            return (*found, index)
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class FullAttention(Attention):
    """Every token attends to all before it; keys and values of all tokens are kept."""

    kind: Literal["full"] = "full"

    @property
    def title(self) -> str:
        """The kind in words."""
        return f"full attention, {self.grouping}" + (", indexed" if self.index_heads else "")

    def entries(self) -> tuple[Entry, ...]:
        """Keys and values of all tokens, and index keys if there is an indexer."""
        return self._kept(AllTokens())


@dataclass(frozen=True, slots=True, kw_only=True)
class SlidingWindow(Attention):
    """Every token attends to the last `window` tokens, itself included; no more than those are kept."""

    window: Annotated[int, Gt(0), Unit("tokens")]
    kind: Literal["sliding"] = "sliding"

    @property
    def title(self) -> str:
        """The kind in words."""
        return f"sliding window {self.window:,}, {self.grouping}"

    def entries(self) -> tuple[Entry, ...]:
        """Keys and values of the window."""
        return self._kept(LastTokens(self.window))


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkedAttention(Attention):
    """Tokens attend within their chunk of `chunk` tokens (Llama 4); at most one chunk is kept."""

    chunk: Annotated[int, Gt(0), Unit("tokens")]
    kind: Literal["chunked"] = "chunked"

    @property
    def title(self) -> str:
        """The kind in words."""
        return f"chunks of {self.chunk:,}, {self.grouping}"

    def entries(self) -> tuple[Entry, ...]:
        """Keys and values of one chunk: its fullest moment, since a sequence passes through it again and again."""
        return self._kept(LastTokens(self.chunk))


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedCache(Attention):
    """Attends to the keys and values of an earlier layer, and keeps none of its own (Gemma 3n, Gemma 4).

    `window` is what it attends to; left out, all tokens.
    """

    window: Annotated[int, Gt(0), Unit("tokens")] | None = None
    kind: Literal["shared"] = "shared"

    @property
    def title(self) -> str:
        """The kind in words."""
        reach = "all tokens" if self.window is None else f"window {self.window:,}"
        return f"shares an earlier layer's cache, {reach}"

    def tensors(self, hidden: int) -> tuple[Tensor, ...]:
        """Query and output side only."""
        return tuple(self._query_side(hidden))

    def entries(self) -> tuple[Entry, ...]:
        """Nothing: the earlier layer holds it."""
        return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CrossAttention(Attention):
    """Attends to encoded images; the cache holds image tokens only, `image_tokens` of them in a request.

    A text-only request has none, and that is the default.
    """

    image_tokens: Annotated[int, Ge(0), Unit("tokens")] = 0
    kind: Literal["cross"] = "cross"

    @property
    def title(self) -> str:
        """The kind in words."""
        return f"cross-attention to images, {self.grouping}"

    def entries(self) -> tuple[Entry, ...]:
        """Keys and values of the image tokens."""
        return self._kept(Fixed(self.image_tokens)) if self.image_tokens else ()
