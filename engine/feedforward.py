"""The feed-forward part of a layer: dense, mixture of experts, stated as a number, or none."""

from dataclasses import dataclass
from typing import Annotated, Literal, Protocol

from annotated_types import Ge, Gt

from engine.bounds import Bounded
from engine.errors import FieldError
from engine.tensors import Role, Tensor, matrix, vector


class FeedForwardPart(Protocol):
    """What every kind of feed-forward offers. A new kind is one dataclass with these, added to `FeedForward`."""

    @property
    def title(self) -> str:
        """The kind in a few words."""

    def tensors(self, hidden: int) -> tuple[Tensor, ...]:
        """Weights of one layer for a model of width `hidden`."""

    def inactive_parameters(self, hidden: int) -> int:
        """Parameters of one layer that one token does not use."""


def _projections(
    role: Role, hidden: int, width: int, *, gated: bool, copies: int = 1, prefix: str = ""
) -> list[Tensor]:
    names = ("gate", "up") if gated else ("up",)
    found = [matrix(prefix + name, role, width, hidden, shards=width, copies=copies) for name in names]
    found.append(matrix(f"{prefix}down", role, hidden, width, shards=width, copies=copies, by_columns=True))
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Dense(Bounded):
    """Two projections, or three where one gates the other (SwiGLU and its kin)."""

    width: Annotated[int, Gt(0)]
    gated: bool = True
    bias: bool = False
    inner_norm: bool = False  # a norm before the down projection (BitNet)
    kind: Literal["dense"] = "dense"

    @property
    def title(self) -> str:
        """The kind in words."""
        return f"{'gated' if self.gated else 'plain'} feed-forward {self.width:,}"

    def tensors(self, hidden: int) -> tuple[Tensor, ...]:
        """Weights of one layer for a model of width `hidden`."""
        found = _projections("feed_forward", hidden, self.width, gated=self.gated)
        if self.bias:
            found.append(vector("up_bias", "bias", (1 + self.gated) * self.width, shards=self.width))
            found.append(vector("down_bias", "bias", hidden))
        if self.inner_norm:
            found.append(vector("inner_norm", "norm", self.width))
        return tuple(found)

    def inactive_parameters(self, hidden: int) -> int:
        """None: every token passes all of it."""
        del hidden
        return 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Experts(Bounded):
    """Mixture of experts: `top_k` of `experts` for each token, and a shared part of `shared_width` for all.

    `latent` is the width in which the experts work where tokens are projected down before and up after them.
    """

    experts: Annotated[int, Gt(0)]
    top_k: Annotated[int, Gt(0)]
    width: Annotated[int, Gt(0)]
    gated: bool = True
    shared_width: Annotated[int, Ge(0)] = 0
    shared_gate: bool = False  # one number that scales the shared part
    router_bias: bool = False  # only where it is a parameter and no buffer
    bias: bool = False  # of every expert's projections
    latent: Annotated[int, Ge(0)] = 0
    kind: Literal["experts"] = "experts"

    def __post_init__(self) -> None:
        Bounded.__post_init__(self)
        if self.top_k > self.experts:
            raise FieldError("top_k", f"must be at most the {self.experts} experts, got {self.top_k}")

    @property
    def title(self) -> str:
        """The kind in words."""
        shared = f" + shared {self.shared_width:,}" if self.shared_width else ""
        return f"{self.experts} experts of {self.width:,}, {self.top_k} a token{shared}"

    def tensors(self, hidden: int) -> tuple[Tensor, ...]:
        """Weights of one layer for a model of width `hidden`."""
        found = [*self._routed(hidden), matrix("router", "router", self.experts, hidden)]
        if self.router_bias:
            found.append(vector("router_bias", "router", self.experts))
        if self.latent:
            found.append(matrix("latent_down", "shared_experts", self.latent, hidden))
            found.append(matrix("latent_up", "shared_experts", hidden, self.latent))
        if self.shared_width:
            found += _projections("shared_experts", hidden, self.shared_width, gated=self.gated, prefix="shared_")
        if self.shared_gate:
            found.append(vector("shared_expert_gate", "router", hidden))
        return tuple(found)

    def _routed(self, hidden: int) -> list[Tensor]:
        inner = self.latent or hidden
        found = _projections("experts", inner, self.width, gated=self.gated, copies=self.experts)
        if self.bias:
            length = (1 + self.gated) * self.width
            found.append(vector("up_bias", "experts", length, copies=self.experts, shards=self.width))
            found.append(vector("down_bias", "experts", inner, copies=self.experts))
        return found

    def expert_parameters(self, hidden: int) -> int:
        """Parameters of one routed expert."""
        return sum(t.parameters for t in self._routed(hidden)) // self.experts

    def inactive_parameters(self, hidden: int) -> int:
        """The routed experts that a token is not sent to."""
        return (self.experts - self.top_k) * self.expert_parameters(hidden)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated(Bounded):
    """A number of parameters and nothing about their shape: for models of which only a total is told."""

    parameters: Annotated[int, Ge(0)]
    kind: Literal["stated"] = "stated"

    @property
    def title(self) -> str:
        """The kind in words."""
        return "feed-forward of stated size"

    def tensors(self, hidden: int) -> tuple[Tensor, ...]:
        """One tensor of that many elements, as finely divisible as there are elements."""
        del hidden
        if not self.parameters:
            return ()
        return (matrix("stated", "feed_forward", self.parameters, 1, shards=self.parameters),)

    def inactive_parameters(self, hidden: int) -> int:
        """None."""
        del hidden
        return 0


@dataclass(frozen=True, slots=True, kw_only=True)
class NoFeedForward(Bounded):
    """No feed-forward in this layer."""

    kind: Literal["none"] = "none"

    @property
    def title(self) -> str:
        """The kind in words."""
        return "no feed-forward"

    def tensors(self, hidden: int) -> tuple[Tensor, ...]:
        """Nothing."""
        del hidden
        return ()

    def inactive_parameters(self, hidden: int) -> int:
        """None."""
        del hidden
        return 0


@dataclass(frozen=True, slots=True, kw_only=True)
class LinearFeedForward(Bounded):
    """One square projection in place of the feed-forward (Nemotron-NAS)."""

    kind: Literal["linear"] = "linear"

    @property
    def title(self) -> str:
        """The kind in words."""
        return "linear projection, no feed-forward"

    def tensors(self, hidden: int) -> tuple[Tensor, ...]:
        """The projection."""
        return (matrix("linear", "feed_forward", hidden, hidden),)

    def inactive_parameters(self, hidden: int) -> int:
        """None."""
        del hidden
        return 0


FeedForward = Dense | Experts | Stated | LinearFeedForward | NoFeedForward
"""Every kind of feed-forward; files tell them apart by `kind`."""
