"""What a token mixer consists of: weight tensors, and entries that it keeps of a sequence."""

from dataclasses import dataclass
from typing import Literal, Protocol

from engine.spans import Fixed, Span
from engine.tensors import Tensor

Stored = Literal["k", "v", "latent", "index", "state"]
"""Which format an entry follows: that of keys, of values, of latents (one vector for both), of index keys; a
state has its own width and follows none."""

STATE_BITS = 32  # [bit] recurrent state; held in fp32 by the reference and by default in vLLM and llama.cpp
CONVOLUTION_BITS = 16  # [bit] convolution columns, held in the model's 16-bit type whatever the cache format


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing a layer keeps: `span` says how often for n tokens, each time `heads` vectors of `width` elements.

    Tensor parallelism spreads the heads; what has one head is copied to every rank. `bits` is set for entries
    that do not follow the cache format [bit per element].
    """

    name: str
    stored: Stored
    span: Span
    heads: int
    width: int
    bits: int | None = None

    @property
    def grows(self) -> bool:
        """Whether it depends on the number of tokens at all."""
        return not isinstance(self.span, Fixed)


class TokenMixer(Protocol):
    """What every kind of mixer offers. A new kind is one dataclass with these, added to `engine.mixers.Mixer`."""

    @property
    def kind(self) -> str:
        """The tag of the kind in files."""

    @property
    def title(self) -> str:
        """The kind in a few words, with what distinguishes this one: "sliding window 1,024"."""

    @property
    def query_heads(self) -> int:
        """Heads that tensor parallelism has to divide; 0 where there are none."""

    def tensors(self, hidden: int) -> tuple[Tensor, ...]:
        """Weights of one layer for a model of width `hidden`, norms before and after the mixer not included."""

    def entries(self) -> tuple[Entry, ...]:
        """What one layer keeps of one sequence."""
