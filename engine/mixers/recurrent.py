"""Mixers with a state of fixed size: Mamba, gated delta net, KDA, lightning attention, short convolution.

What a sequence needs does not grow with its tokens. Convolution columns are counted as the reference keeps
them, one for each tap of the kernel; some runtimes keep one fewer.
"""

from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import Ge, Gt

from engine.bounds import Bounded
from engine.errors import FieldError
from engine.mixers.parts import CONVOLUTION_BITS, STATE_BITS, Entry
from engine.spans import Fixed
from engine.tensors import Tensor, matrix, vector


def _state(name: str, heads: int, width: int, bits: int = STATE_BITS) -> Entry:
    return Entry(name=name, stored="state", span=Fixed(), heads=heads, width=width, bits=bits)


def _columns(heads: int, channels: int, kernel: int, name: str = "convolution columns") -> Entry:
    return _state(name, heads, channels // heads * kernel, CONVOLUTION_BITS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mamba1(Bounded):
    """Selective state space of the first generation: `inner` channels with `state` elements each."""

    inner: Annotated[int, Gt(0)]
    state: Annotated[int, Gt(0)]
    dt_rank: Annotated[int, Gt(0)]
    kernel: Annotated[int, Gt(0)]
    inner_norms: bool = False  # norms of the time step, B and C (Jamba)
    conv_bias: bool = True
    kind: Literal["mamba1"] = "mamba1"

    @property
    def title(self) -> str:
        """The kind in words."""
        return f"Mamba-1, state {self.inner:,} x {self.state}"

    @property
    def query_heads(self) -> int:
        """None: channels are cut one by one."""
        return 0

    def tensors(self, hidden: int) -> tuple[Tensor, ...]:
        """Weights of one layer for a model of width `hidden`."""
        inner, low = self.inner, self.dt_rank + 2 * self.state
        found = [
            matrix("in", "recurrent", 2 * inner, hidden, shards=inner),
            matrix("conv", "convolution", inner, self.kernel, shards=inner),
            matrix("x", "recurrent", low, inner, shards=inner, by_columns=True),
            matrix("dt", "recurrent", inner, self.dt_rank, shards=inner),
            vector("dt_bias", "bias", inner, shards=inner),
            matrix("a", "other", inner, self.state, shards=inner),
            vector("d", "other", inner, shards=inner),
            matrix("out", "recurrent", hidden, inner, shards=inner, by_columns=True),
        ]
        if self.conv_bias:
            found.append(vector("conv_bias", "bias", inner, shards=inner))
        if self.inner_norms:
            found.append(vector("inner_norms", "norm", low))
        return tuple(found)

    def entries(self) -> tuple[Entry, ...]:
        """Convolution columns and state, channel by channel."""
        return _columns(self.inner, self.inner, self.kernel), _state("state", self.inner, self.state)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mamba2(Bounded):
    """Selective state space of the second generation: `heads` of `head_dim` with `state` elements a channel."""

    heads: Annotated[int, Gt(0)]
    head_dim: Annotated[int, Gt(0)]
    groups: Annotated[int, Gt(0)]
    state: Annotated[int, Gt(0)]
    kernel: Annotated[int, Gt(0)]
    conv_bias: bool = True
    projection_bias: bool = False
    gated_norm: bool = True
    kind: Literal["mamba2"] = "mamba2"

    @property
    def title(self) -> str:
        """The kind in words."""
        return f"Mamba-2, state {self.heads} x {self.head_dim} x {self.state}"

    @property
    def query_heads(self) -> int:
        """State heads, which tensor parallelism spreads."""
        return self.heads

    @property
    def inner(self) -> int:
        """Channels of all heads."""
        return self.heads * self.head_dim

    def tensors(self, hidden: int) -> tuple[Tensor, ...]:
        """Weights of one layer for a model of width `hidden`."""
        inner, low = self.inner, 2 * self.groups * self.state
        found = [
            matrix("in", "recurrent", 2 * inner + self.heads, hidden, shards=self.heads),
            matrix("in_groups", "recurrent", low, hidden, shards=self.groups),
            matrix("conv", "convolution", inner, self.kernel, shards=self.heads),
            matrix("conv_groups", "convolution", low, self.kernel, shards=self.groups),
            vector("dt_a_d", "other", 3 * self.heads, shards=self.heads),
            matrix("out", "recurrent", hidden, inner, shards=self.heads, by_columns=True),
        ]
        if self.conv_bias:
            found.append(vector("conv_bias", "bias", inner, shards=self.heads))
            found.append(vector("conv_bias_groups", "bias", low, shards=self.groups))
        if self.projection_bias:
            found.append(vector("in_bias", "bias", 2 * inner + low + self.heads))
            found.append(vector("out_bias", "bias", hidden))
        if self.gated_norm:
            found.append(vector("gated_norm", "norm", inner, shards=self.heads))
        return tuple(found)

    def entries(self) -> tuple[Entry, ...]:
        """Convolution columns of the channels and of B and C, and the state."""
        low = 2 * self.groups * self.state
        return (
            _columns(self.heads, self.inner, self.kernel),
            _columns(self.groups, low, self.kernel, "convolution columns of B and C"),
            _state("state", self.heads, self.head_dim * self.state),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class GatedDeltaNet(Bounded):
    """Gated delta net (Qwen3-Next, Qwen3.5): `v_heads` matrices of key width by value width."""

    k_heads: Annotated[int, Gt(0)]
    k_dim: Annotated[int, Gt(0)]
    v_heads: Annotated[int, Gt(0)]
    v_dim: Annotated[int, Gt(0)]
    kernel: Annotated[int, Gt(0)]
    kind: Literal["gated-delta"] = "gated-delta"

    def __post_init__(self) -> None:
        Bounded.__post_init__(self)
        if self.v_heads % self.k_heads:
            raise FieldError("v_heads", f"must be a multiple of the {self.k_heads} key heads, got {self.v_heads}")

    @property
    def title(self) -> str:
        """The kind in words."""
        return f"gated delta net, state {self.v_heads} x {self.k_dim} x {self.v_dim}"

    @property
    def query_heads(self) -> int:
        """Value heads, which tensor parallelism spreads."""
        return self.v_heads

    def tensors(self, hidden: int) -> tuple[Tensor, ...]:
        """Weights of one layer for a model of width `hidden`."""
        keys, values = self.k_heads * self.k_dim, self.v_heads * self.v_dim
        return (
            matrix("in_qk", "recurrent", 2 * keys, hidden, shards=self.k_heads),
            matrix("in_vz", "recurrent", 2 * values, hidden, shards=self.v_heads),
            matrix("in_ba", "recurrent", 2 * self.v_heads, hidden, shards=self.v_heads),
            matrix("conv_qk", "convolution", 2 * keys, self.kernel, shards=self.k_heads),
            matrix("conv_v", "convolution", values, self.kernel, shards=self.v_heads),
            vector("dt_a", "other", 2 * self.v_heads, shards=self.v_heads),
            vector("gated_norm", "norm", self.v_dim),
            matrix("out", "recurrent", hidden, values, shards=self.v_heads, by_columns=True),
        )

    def entries(self) -> tuple[Entry, ...]:
        """Convolution columns of queries, keys and values, and the state."""
        return (
            _columns(self.k_heads, 2 * self.k_heads * self.k_dim, self.kernel, "convolution columns of q, k"),
            _columns(self.v_heads, self.v_heads * self.v_dim, self.kernel, "convolution columns of v"),
            _state("state", self.v_heads, self.k_dim * self.v_dim),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class KimiDelta(Bounded):
    """Kimi delta attention (KDA): `heads` square matrices of `head_dim`, gated channel by channel."""

    heads: Annotated[int, Gt(0)]
    head_dim: Annotated[int, Gt(0)]
    kernel: Annotated[int, Gt(0)]
    kind: Literal["kda"] = "kda"

    @property
    def title(self) -> str:
        """The kind in words."""
        return f"Kimi delta attention, state {self.heads} x {self.head_dim} x {self.head_dim}"

    @property
    def query_heads(self) -> int:
        """Heads, which tensor parallelism spreads."""
        return self.heads

    def tensors(self, hidden: int) -> tuple[Tensor, ...]:
        """Weights of one layer for a model of width `hidden`."""
        width, cuts = self.heads * self.head_dim, self.heads
        return (
            matrix("qkv", "recurrent", 3 * width, hidden, shards=cuts),
            matrix("conv", "convolution", 3 * width, self.kernel, shards=cuts),
            vector("dt_bias", "bias", width, shards=cuts),
            vector("a", "other", self.heads, shards=cuts),
            matrix("beta", "recurrent", self.heads, hidden, shards=cuts),
            vector("gated_norm", "norm", self.head_dim),
            matrix("gates_a", "recurrent", self.head_dim, hidden, copies=2),
            matrix("gates_b", "recurrent", width, self.head_dim, copies=2, shards=cuts),
            matrix("out", "recurrent", hidden, width, shards=cuts, by_columns=True),
        )

    def entries(self) -> tuple[Entry, ...]:
        """Convolution columns of queries, keys and values, and the state."""
        return (
            _columns(self.heads, 3 * self.heads * self.head_dim, self.kernel),
            _state("state", self.heads, self.head_dim**2),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LightningAttention(Bounded):
    """Lightning (linear) attention of MiniMax-Text-01: `heads` square matrices of `head_dim`."""

    heads: Annotated[int, Gt(0)]
    head_dim: Annotated[int, Gt(0)]
    state_bits: Annotated[int, Ge(8)] = CONVOLUTION_BITS  # [bit] the reference keeps 16, servers 32
    kind: Literal["lightning"] = "lightning"

    @property
    def title(self) -> str:
        """The kind in words."""
        return f"lightning attention, state {self.heads} x {self.head_dim} x {self.head_dim}"

    @property
    def query_heads(self) -> int:
        """Heads, which tensor parallelism spreads."""
        return self.heads

    def tensors(self, hidden: int) -> tuple[Tensor, ...]:
        """Weights of one layer for a model of width `hidden`: q, k, v, gate, output and its norm."""
        width = self.heads * self.head_dim
        return (
            matrix("qkv", "recurrent", 3 * width, hidden, shards=self.heads),
            matrix("gate", "recurrent", width, hidden, shards=self.heads),
            vector("inner_norm", "norm", width),
            matrix("out", "recurrent", hidden, width, shards=self.heads, by_columns=True),
        )

    def entries(self) -> tuple[Entry, ...]:
        """The state."""
        return (_state("state", self.heads, self.head_dim**2, self.state_bits),)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShortConvolution(Bounded):
    """Gated short convolution over all channels (LFM2)."""

    kernel: Annotated[int, Gt(0)]
    width: Annotated[int, Gt(0)]
    bias: bool = False
    kind: Literal["short-conv"] = "short-conv"

    @property
    def title(self) -> str:
        """The kind in words."""
        return f"short convolution, {self.kernel} taps"

    @property
    def query_heads(self) -> int:
        """None: channels are cut one by one."""
        return 0

    def tensors(self, hidden: int) -> tuple[Tensor, ...]:
        """Weights of one layer for a model of width `hidden`."""
        found = [
            matrix("in", "recurrent", 3 * self.width, hidden, shards=self.width),
            matrix("conv", "convolution", self.width, self.kernel, shards=self.width),
            matrix("out", "recurrent", hidden, self.width, shards=self.width, by_columns=True),
        ]
        if self.bias:
            found.append(vector("biases", "bias", 3 * self.width + self.width + hidden))
        return tuple(found)

    def entries(self) -> tuple[Entry, ...]:
        """The convolution's columns."""
        return (_columns(self.width, self.width, self.kernel),)
