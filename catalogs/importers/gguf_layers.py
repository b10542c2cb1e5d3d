"""The layers of a GGUF file: what the tensors of a block are, with what the metadata says of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from catalogs.importers.gguf_file import GgufTensor
from catalogs.importers.gguf_meta import Metadata
from catalogs.importers.gguf_names import LARGE_ROLES, LAYER_NORMS, LAYER_ROLES, Arch
from engine.errors import FieldError, UnsupportedModelError, WhatfitsError
from engine.feedforward import Dense, Experts, FeedForward, NoFeedForward
from engine.mixers import (
    Attention,
    ChunkedAttention,
    FullAttention,
    GatedDeltaNet,
    KimiDelta,
    LatentAttention,
    LinearMixer,
    Mamba1,
    Mamba2,
    Mixer,
    NoMixer,
    SharedCache,
    ShortConvolution,
    SlidingWindow,
)
from engine.mixers.attention import QkNorm
from engine.model import Layer
from engine.tensors import Role, count_parameters
from engine.units import shorten

Shapes = Mapping[str, tuple[int, ...]]
"""Dimensions of a block's tensors by what follows its number: `attn_q.weight`."""


_PER_LAYER = ("inp_gate.weight", "proj.weight", "post_norm.weight")
"""What per-layer embeddings add to a layer; the spec counts it with them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """What the metadata says of one layer. `window` is None where it attends to all tokens."""

    heads: int
    kv_heads: int
    key_dim: int
    value_dim: int
    window: int | None = None
    shared: bool = False


def role_in_layer(name: str, where: str) -> Role:
    """The class of a tensor of a layer; raises `UnsupportedModelError` for one that no rule knows."""
    base, _, kind = name.rpartition(".")
    if kind not in ("weight", "bias", "scale", "input_scale"):
        base, kind = name, ""
    role = LAYER_ROLES.get(base)
    if role is None:
        raise UnsupportedModelError(f"{where}.{shorten(name)[1:-1]}", "is a tensor that no rule knows")
    if kind.endswith("scale"):
        # beside matrices in NVFP4, and of some routers
        return "other"
    if kind == "bias" and role != "experts":
        return "router" if role == "router" else "norm" if role == "norm" else "bias"
    return role


class LayerReader:
    """Makes layers of blocks; blocks that are alike are read once."""

    def __init__(self, meta: Metadata, arch: Arch, hidden: int) -> None:
        self.meta = meta
        self.arch = arch
        self.hidden = hidden
        self._known: dict[tuple[Any, ...], Layer] = {}

    def layer(self, shapes: Shapes, numbers: Numbers, where: str) -> Layer:
        """The layer of a block. Raises `WhatfitsError` where tensors and metadata disagree."""
        key = (tuple(shapes.items()), numbers)
        if key not in self._known:
            self._known[key] = self._read(shapes, numbers, where)
        return self._known[key]

    def _read(self, shapes: Shapes, numbers: Numbers, where: str) -> Layer:
        try:
            mixer = self._mixer(shapes, numbers, where)
            beside = self._recurrent(shapes) if isinstance(mixer, Attention) else None
            layer = Layer(mixer=mixer, ffn=self._feed_forward(shapes), norm_vectors=self._norms(shapes), beside=beside)
        except FieldError as error:
            raise UnsupportedModelError(where, f"its tensors make no layer: {error}") from error
        except KeyError as error:
            raise UnsupportedModelError(where, f"lacks the tensor {error.args[0]}") from error
        except (ValueError, ArithmeticError) as error:
            if isinstance(error, WhatfitsError):
                raise
            raise UnsupportedModelError(where, "has tensors of shapes that no rule knows") from error
        extra = self._rest(layer, shapes, where)
        if not extra:
            return layer
        return Layer(mixer=mixer, ffn=layer.ffn, norm_vectors=layer.norm_vectors, beside=beside, extra=extra)

    def _norms(self, shapes: Shapes) -> int:
        return sum(
            1 for name, dims in shapes.items() if name.rpartition(".")[0] in LAYER_NORMS and dims == (self.hidden,)
        )

    def _rest(self, layer: Layer, shapes: Shapes, where: str) -> dict[str, int]:
        """What the rules did not count: only small parts may be left."""
        counted = layer.tensors(self.hidden)
        large = sum(_elements(d) for n, d in shapes.items() if role_in_layer(n, where) in LARGE_ROLES)
        found = count_parameters(t for t in counted if t.role in LARGE_ROLES)
        unused = 0
        if isinstance(layer.mixer, SharedCache):
            # files hold keys and values that a layer with a borrowed cache does not use
            unused = large - found
        elif "attn_k_b.weight" in shapes and "attn_kv_b.weight" in shapes:
            # files of early 2025 hold the second projection of a latent twice
            unused = _elements(shapes["attn_kv_b.weight"])
        if unused < 0 or large - unused != found:
            raise UnsupportedModelError(where, f"its matrices hold {large:,} weights, the rules count {found:,}")
        beside_layer = _sum(shapes, _PER_LAYER)
        small = _sum(shapes, shapes) - count_parameters(counted) - unused - beside_layer
        if small < 0:
            raise UnsupportedModelError(where, f"lacks {-small:,} small parameters that the rules count")
        laurel = min(small, _sum(shapes, ("laurel_l.weight", "laurel_r.weight")))
        parts = (("unused", unused), ("laurel", laurel), ("small", small - laurel))
        return {name: count for name, count in parts if count}

    # --- mixers -------------------------------------------------------------------------------------------

    def _mixer(self, shapes: Shapes, numbers: Numbers, where: str) -> Mixer:
        if "attn_kv_a_mqa.weight" in shapes:
            return self._latent(shapes, numbers)
        recurrent = self._recurrent(shapes)
        if isinstance(recurrent, GatedDeltaNet | KimiDelta | ShortConvolution):
            return recurrent
        if "attn_q.weight" in shapes or "attn_qkv.weight" in shapes:
            return self._attention(shapes, numbers)
        if recurrent is not None:
            return recurrent
        if shapes.get("attn_output.weight") == (self.hidden, self.hidden):
            return LinearMixer()
        if any(name.startswith(("attn_output.", "ssm_", "shortconv.")) for name in shapes):
            raise UnsupportedModelError(where, "holds a mixer that no rule knows")
        return NoMixer()

    def _attention(self, shapes: Shapes, numbers: Numbers) -> Mixer:
        fused = shapes.get("attn_qkv.weight")
        heads, kv_heads = numbers.heads, numbers.kv_heads or numbers.heads
        key, value = numbers.key_dim, numbers.value_dim
        gate = self.arch.query_gate
        if fused is not None:
            _require("attn_qkv", fused[-1], heads * key + kv_heads * (key + value))
        else:
            _require("attn_q", shapes["attn_q.weight"][-1], (2 if gate else 1) * heads * key)
            if "attn_k.weight" in shapes:
                _require("attn_k", shapes["attn_k.weight"][-1], kv_heads * key)
        made: dict[str, Any] = {
            "heads": heads,
            "kv_heads": kv_heads,
            "head_dim": key,
            "v_head_dim": value if value != key else None,
            "qkv_bias": "attn_qkv.bias" in shapes or "attn_q.bias" in shapes,
            "out_bias": "attn_output.bias" in shapes,
            "qk_norm": _qk_norm(shapes, key),
            "gate": "query" if gate else "head" if "attn_gate.weight" in shapes else "none",
            "sinks": "attn_sinks.weight" in shapes or "attn_sinks" in shapes,
            "inner_norm": "attn_sub_norm.weight" in shapes,
            "k_is_v": fused is None and "attn_v.weight" not in shapes,
        }
        if "indexer.k_proj.weight" in shapes:
            width = shapes["indexer.k_proj.weight"][-1]
            made |= {"index_dim": width, "index_heads": shapes["indexer.q_proj.weight"][-1] // width}
        if numbers.shared:
            return SharedCache(**made | {"k_is_v": False}, window=numbers.window)
        if numbers.window is None:
            return FullAttention(**made)
        if self.arch.chunked:
            return ChunkedAttention(**made, chunk=numbers.window)
        return SlidingWindow(**made, window=numbers.window)

    def _latent(self, shapes: Shapes, numbers: Numbers) -> LatentAttention:
        rank = self.meta.whole("attention.kv_lora_rank")
        rope = shapes["attn_kv_a_mqa.weight"][-1] - rank
        low = shapes.get("attn_q_a.weight")
        query = shapes["attn_q_b.weight" if low else "attn_q.weight"][-1]
        _require("attn_q", query % numbers.heads, 0)
        index = shapes.get("indexer.attn_k.weight")
        return LatentAttention(
            heads=numbers.heads,
            q_rank=low[-1] if low else None,
            kv_rank=rank,
            nope_dim=query // numbers.heads - rope,
            rope_dim=rope,
            v_dim=shapes["attn_output.weight"][0] // numbers.heads,
            index_heads=shapes["indexer.proj.weight"][-1] if index else 0,
            index_dim=index[-1] if index else 0,
            index_top_k=self.meta.whole("attention.indexer.top_k", absent=0, least=0) if index else 0,
        )

    def _recurrent(self, shapes: Shapes) -> Mixer | None:
        """The mixer with a state, if the block has one."""
        if "shortconv.conv.weight" in shapes:
            kernel, width = shapes["shortconv.conv.weight"]
            return ShortConvolution(kernel=kernel, width=width, bias="shortconv.in_proj.bias" in shapes)
        if "ssm_conv1d_q.weight" in shapes:
            return KimiDelta(
                heads=self.meta.per_layer("attention.head_count", 1)[0],
                head_dim=self.meta.whole("kda.head_dim"),
                kernel=shapes["ssm_conv1d_q.weight"][0],
            )
        if "ssm_conv1d.weight" not in shapes:
            return None
        kernel = shapes["ssm_conv1d.weight"][0]
        inner, state = self.meta.whole("ssm.inner_size"), self.meta.whole("ssm.state_size")
        if "ssm_x.weight" in shapes:
            return Mamba1(
                inner=inner,
                state=state,
                dt_rank=shapes["ssm_dt.weight"][0],
                kernel=kernel,
                inner_norms="ssm_dt_norm.weight" in shapes,
                conv_bias="ssm_conv1d.bias" in shapes,
            )
        heads, groups = self.meta.whole("ssm.time_step_rank"), self.meta.whole("ssm.group_count")
        _require("ssm.inner_size", inner % heads, 0)
        if any(f"{name}.weight" in shapes for name in ("ssm_ba", "ssm_beta_alpha", "ssm_beta")):
            return GatedDeltaNet(k_heads=groups, k_dim=state, v_heads=heads, v_dim=inner // heads, kernel=kernel)
        return Mamba2(
            heads=heads,
            head_dim=inner // heads,
            groups=groups,
            state=state,
            kernel=kernel,
            conv_bias="ssm_conv1d.bias" in shapes,
            projection_bias="ssm_in.bias" in shapes,
            gated_norm="ssm_norm.weight" in shapes,
        )

    # --- feed-forward -------------------------------------------------------------------------------------

    def _feed_forward(self, shapes: Shapes) -> FeedForward:
        if "ffn_down_exps.weight" in shapes:
            return self._experts(shapes)
        down = shapes.get("ffn_down.weight")
        if down is None:
            return NoFeedForward()
        width, up = down[0], shapes["ffn_up.weight"][-1]
        # gate and up may lie in one tensor
        gated = "ffn_gate.weight" in shapes or up == 2 * width
        return Dense(
            width=width,
            gated=gated,
            bias="ffn_down.bias" in shapes,
            inner_norm="ffn_sub_norm.weight" in shapes,
        )

    def _experts(self, shapes: Shapes) -> Experts:
        down = shapes["ffn_down_exps.weight"]
        if len(down) != 3:
            raise FieldError("ffn_down_exps", "is not one matrix for each expert")
        width, inner, experts = down
        shared = shapes.get("ffn_down_shexp.weight") or shapes.get("ffn_down.weight") or (0,)
        return Experts(
            experts=experts,
            top_k=self.meta.whole("expert_used_count"),
            width=width,
            gated="ffn_gate_exps.weight" in shapes or "ffn_gate_up_exps.weight" in shapes,
            shared_width=shared[0],
            shared_gate="ffn_gate_inp_shexp.weight" in shapes,
            router_bias="ffn_gate_inp.bias" in shapes,
            bias="ffn_down_exps.bias" in shapes,
            latent=inner if inner != self.hidden else 0,
        )


def _elements(dims: tuple[int, ...]) -> int:
    total = 1
    for dim in dims:
        total *= dim
    return total


def _sum(shapes: Shapes, names: Iterable[str]) -> int:
    """Elements of some tensors, of those that are there."""
    return sum(_elements(shapes[name]) for name in names if name in shapes)


def _require(name: str, found: int, wanted: int) -> None:
    if found != wanted:
        raise FieldError(name, f"has {found:,}, and the metadata make it {wanted:,}")


def _qk_norm(shapes: Shapes, key_dim: int) -> QkNorm:
    dims = shapes.get("attn_q_norm.weight")
    if dims is None:
        return "none"
    return "head" if dims == (key_dim,) else "full"


def shapes_of(tensors: Mapping[str, GgufTensor]) -> Shapes:
    """The dimensions of a block's tensors."""
    return {name: tensor.dims for name, tensor in tensors.items()}
