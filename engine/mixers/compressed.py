"""Compressed sparse attention (DeepSeek-V4): a window, and one entry for several tokens beyond it."""

from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import Ge, Gt

from engine.bounds import Bounded, Unit
from engine.errors import FieldError
from engine.mixers.parts import Entry
from engine.spans import LastTokens, OnceReached, OnePer, OpenBlock
from engine.tensors import Tensor, matrix, vector

OVERLAP_RATIO = 4
"""Ratio at which neighbouring blocks overlap and an indexer chooses among them; other ratios do neither.
Source: DeepSeek-V4 in transformers 5.23.0 (compressed_sparse_attention against heavily_compressed_attention)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CompressedAttention(Bounded):
    """One key head that is its own value, kept for the last `window` tokens and, beyond, once per `ratio` tokens.

    `ratio` 0 keeps the window only. Ratio 4 compresses overlapping blocks and owns an indexer; 128 does not.
    """

    heads: Annotated[int, Gt(0)]
    head_dim: Annotated[int, Gt(0)]
    q_rank: Annotated[int, Gt(0)]
    o_rank: Annotated[int, Gt(0)]
    o_groups: Annotated[int, Gt(0)]
    window: Annotated[int, Gt(0), Unit("tokens")]
    ratio: Annotated[int, Ge(0)] = 0
    index_heads: Annotated[int, Ge(0)] = 0
    index_dim: Annotated[int, Ge(0)] = 0
    index_top_k: Annotated[int, Ge(0)] = 0
    kind: Literal["compressed"] = "compressed"

    def __post_init__(self) -> None:
        Bounded.__post_init__(self)
        if self.ratio == 1:
            raise FieldError("ratio", "must be 0 (window only) or 2 and more, got 1")
        if (self.ratio == OVERLAP_RATIO) != bool(self.index_heads and self.index_dim):
            raise FieldError("index_heads", f"and index_dim belong to ratio {OVERLAP_RATIO}, and only to it")

    @property
    def title(self) -> str:
        """The kind in words."""
        beyond = f", 1 per {self.ratio} beyond" if self.ratio else " only"
        return f"window {self.window:,}{beyond}"

    @property
    def query_heads(self) -> int:
        """Query heads."""
        return self.heads

    @property
    def overlap(self) -> int:
        """Blocks that a token takes part in."""
        return 2 if self.ratio == OVERLAP_RATIO else 1

    def tensors(self, hidden: int) -> tuple[Tensor, ...]:
        """Weights of one layer for a model of width `hidden`."""
        width = self.heads * self.head_dim
        found = [
            vector("sinks", "other", self.heads, shards=self.heads),
            matrix("q_a", "attention", self.q_rank, hidden),
            vector("q_a_norm", "norm", self.q_rank),
            matrix("q_b", "attention", width, self.q_rank, shards=self.heads),
            matrix("kv", "attention", self.head_dim, hidden),
            vector("kv_norm", "norm", self.head_dim),
            # each group of heads has its own down-projection to o_rank
            matrix(
                "o_a",
                "attention",
                self.o_rank,
                width // self.o_groups,
                copies=self.o_groups,
                shards=1,
            ),
            matrix("o_b", "attention", hidden, self.o_groups * self.o_rank, shards=self.o_groups, by_columns=True),
        ]
        if self.ratio:
            found += self._compressor("compress", self.head_dim, hidden)
        if self.index_heads:
            found += self._compressor("index_compress", self.index_dim, hidden)
            found += [
                matrix("index_q", "indexer", self.index_heads * self.index_dim, self.q_rank),
                matrix("index_weights", "indexer", self.index_heads, hidden),
            ]
        return tuple(found)

    def _compressor(self, name: str, width: int, hidden: int) -> list[Tensor]:
        wide = self.overlap * width
        return [
            vector(f"{name}_position", "other", self.ratio * wide),
            matrix(f"{name}_kv", "indexer", wide, hidden),
            matrix(f"{name}_gate", "indexer", wide, hidden),
            vector(f"{name}_norm", "norm", width),
        ]

    def entries(self) -> tuple[Entry, ...]:
        """The window, the compressed entries, and what the compressor keeps of the block that is still open."""
        found = [Entry(name="window", stored="latent", span=LastTokens(self.window), heads=1, width=self.head_dim)]
        streams = [("latent", self.head_dim), ("index", self.index_dim)] if self.ratio else []
        for stored, width in streams:
            if not width:
                continue
            which: Literal["latent", "index"] = "latent" if stored == "latent" else "index"
            name = "compressed" if which == "latent" else "index keys"
            found.append(Entry(name=name, stored=which, span=OnePer(self.ratio), heads=1, width=width))
            # a value and a gate for each token of the open block, in every block that it takes part in
            open_block = Entry(
                name=f"open block of {name}",
                stored=which,
                span=OpenBlock(self.ratio),
                heads=1,
                width=2 * self.overlap * width,
            )
            found.append(open_block)
            if self.overlap > 1:
                # values and gates of the complete block that the next one overlaps
                overlap = OnceReached(self.ratio, 2 * self.ratio)
                found.append(Entry(name=f"overlap of {name}", stored=which, span=overlap, heads=1, width=width))
        return tuple(found)
