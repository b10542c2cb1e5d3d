"""Latent attention (MLA): one compressed vector a token for all heads, with or without an indexer (DSA)."""

from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import Ge, Gt

from engine.bounds import Bounded
from engine.errors import FieldError
from engine.mixers.parts import Entry
from engine.spans import AllTokens
from engine.tensors import Tensor, matrix, vector


@dataclass(frozen=True, slots=True, kw_only=True)
class LatentAttention(Bounded):
    """Caches `kv_rank` latent elements and `rope_dim` rotated key elements a token, once, for all heads.

    `q_rank` is left out where the query projection is of full rank. A layer with `index_heads` owns an
    indexer, whose keys are cached beside the latent; one that only reads another layer's choice does not.
    """

    heads: Annotated[int, Gt(0)]
    q_rank: Annotated[int, Gt(0)] | None = None
    kv_rank: Annotated[int, Gt(0)]
    nope_dim: Annotated[int, Gt(0)]
    rope_dim: Annotated[int, Ge(0)]
    v_dim: Annotated[int, Gt(0)]
    bias: bool = False  # of the projections to the latents and of the output
    index_heads: Annotated[int, Ge(0)] = 0
    index_dim: Annotated[int, Ge(0)] = 0
    index_top_k: Annotated[int, Ge(0)] = 0  # tokens that the attention then reads
    kind: Literal["latent"] = "latent"

    def __post_init__(self) -> None:
        Bounded.__post_init__(self)
        if bool(self.index_heads) != bool(self.index_dim):
            raise FieldError("index_dim", "goes with index_heads: give both or none")

    @property
    def title(self) -> str:
        """The kind in words."""
        return f"latent attention, {self.kv_rank}+{self.rope_dim}" + (", indexed" if self.index_heads else "")

    @property
    def query_heads(self) -> int:
        """Query heads."""
        return self.heads

    def tensors(self, hidden: int) -> tuple[Tensor, ...]:
        """Weights of one layer for a model of width `hidden`."""
        q_width = self.heads * (self.nope_dim + self.rope_dim)
        if self.q_rank is None:
            query = [matrix("q", "attention", q_width, hidden, shards=self.heads)]
        else:
            query = [
                matrix("q_a", "attention", self.q_rank, hidden),
                vector("q_a_norm", "norm", self.q_rank),
                matrix("q_b", "attention", q_width, self.q_rank, shards=self.heads),
            ]
        found = [
            *query,
            matrix("kv_a", "attention", self.kv_rank + self.rope_dim, hidden),
            vector("kv_a_norm", "norm", self.kv_rank),
            matrix(
                "kv_b",
                "attention",
                self.heads * (self.nope_dim + self.v_dim),
                self.kv_rank,
                shards=self.heads,
            ),
            matrix("o", "attention", hidden, self.heads * self.v_dim, shards=self.heads, by_columns=True),
        ]
        if self.bias:
            low = (self.q_rank or 0) + self.kv_rank + self.rope_dim
            found += [vector("a_bias", "bias", low), vector("o_bias", "bias", hidden)]
        if self.index_heads:
            found += [
                matrix("index_q", "indexer", self.index_heads * self.index_dim, self.q_rank or hidden),
                matrix("index_k", "indexer", self.index_dim, hidden),
                vector("index_norm", "norm", 2 * self.index_dim),
                matrix("index_weights", "indexer", self.index_heads, hidden),
            ]
        return tuple(found)

    def entries(self) -> tuple[Entry, ...]:
        """The latent with its rotated key, and the index key if the layer owns an indexer."""
        latent = Entry(name="latent", stored="latent", span=AllTokens(), heads=1, width=self.kv_rank + self.rope_dim)
        if not self.index_dim:
            return (latent,)
        return latent, Entry(name="index keys", stored="index", span=AllTokens(), heads=1, width=self.index_dim)
