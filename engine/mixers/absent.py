"""Layers without attention: those with nothing in its place, and those with a plain projection there."""

from dataclasses import dataclass
from typing import Literal

from engine.bounds import Bounded
from engine.mixers.parts import Entry
from engine.tensors import Tensor, matrix


@dataclass(frozen=True, slots=True, kw_only=True)
class NoMixer(Bounded):
    """Nothing in place of attention: the layer is a feed-forward alone."""

    kind: Literal["none"] = "none"

    @property
    def title(self) -> str:
        """The kind in words."""
        return "no attention"

    @property
    def query_heads(self) -> int:
        """None."""
        return 0

    def tensors(self, hidden: int) -> tuple[Tensor, ...]:
        """Nothing."""
        del hidden
        return ()

    def entries(self) -> tuple[Entry, ...]:
        """Nothing."""
        return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LinearMixer(Bounded):
    """A square projection in place of attention (Nemotron-NAS)."""

    kind: Literal["linear"] = "linear"

    @property
    def title(self) -> str:
        """The kind in words."""
        return "linear projection, no attention"

    @property
    def query_heads(self) -> int:
        """None."""
        return 0

    def tensors(self, hidden: int) -> tuple[Tensor, ...]:
        """The projection."""
        return (matrix("linear", "attention", hidden, hidden),)

    def entries(self) -> tuple[Entry, ...]:
        """Nothing."""
        return ()
