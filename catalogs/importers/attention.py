"""Attention with cached keys and values: which fields of a config make which mixer."""

from dataclasses import dataclass
from typing import Any, Final

from catalogs.importers.fields import HEADS, HIDDEN, KV_HEADS, SLIDING, Config
from engine.errors import FieldError
from engine.mixers import ChunkedAttention, CrossAttention, FullAttention, SharedCache, SlidingWindow
from engine.mixers.attention import Gate, QkNorm

Switch = bool | tuple[str, bool]
"""Fixed by the model_type, or a field that decides with its class default."""

ATTENTION_BIAS: Final = ("attention_bias", False)


def switched(config: Config, switch: Switch) -> bool:
    """Whether the switch is on for this config."""
    if isinstance(switch, bool):
        return switch
    return config.flag(switch[0], absent=switch[1])


@dataclass(frozen=True, slots=True, kw_only=True)
class Attn:
    """How a model_type builds its attention.

    `qk_norm` is what `qk_norm_if` switches on. `kv_heads` names the fields of the KV heads. Numbers that the
    fields leave out are class defaults.
    """

    qkv_bias: Switch = ATTENTION_BIAS
    out_bias: Switch = ATTENTION_BIAS
    qk_norm: QkNorm = "none"
    qk_norm_if: Switch = True
    gate: Gate = "none"
    sinks: bool = False
    inner_norm: bool = False
    kv_heads: tuple[str, ...] = KV_HEADS
    head_dim: tuple[str, ...] = ("head_dim",)
    multi_head: bool = False  # as many KV heads as query heads, whatever a field says
    square: bool = False  # all heads together are as wide as the model, as always where `multi_head`


@dataclass(frozen=True, slots=True, kw_only=True)
class Heads:
    """Numbers of heads and their width."""

    heads: int
    kv_heads: int
    head_dim: int


def head_dim_of(config: Config, heads: int, names: tuple[str, ...] = ("head_dim",)) -> int:
    """Width of a head: its field, or the hidden size divided by the heads. Raises `FieldError`."""
    width = config.integer_or_none(*names)
    if width is not None:
        return width
    hidden = config.integer(*HIDDEN)
    if hidden % heads:
        raise FieldError(names[0], f"is missing, and hidden_size {hidden} is no multiple of {heads} heads")
    return hidden // heads


def heads_of(config: Config, row: Attn) -> Heads:
    """The heads of a config. Raises `FieldError`."""
    heads = config.integer(*HEADS)
    kv_heads = None if row.multi_head else config.integer_or_none(*row.kv_heads)
    return Heads(heads=heads, kv_heads=kv_heads or heads, head_dim=head_dim_of(config, heads, row.head_dim))


def _parts(config: Config, row: Attn, heads: Heads) -> dict[str, Any]:
    if (row.square or row.multi_head) and heads.heads * heads.head_dim != config.integer(*HIDDEN):
        raise config.unsupported(row.head_dim[0], f"times {heads.heads} heads must be the hidden size here")
    norm = row.qk_norm if row.qk_norm != "none" and switched(config, row.qk_norm_if) else "none"
    if norm != "none" and row.qk_norm_if is True and not config.flag("use_qk_norm", absent=True):
        raise config.unsupported("use_qk_norm", "this model_type has these norms")
    return {
        "heads": heads.heads,
        "kv_heads": heads.kv_heads,
        "head_dim": heads.head_dim,
        "qkv_bias": switched(config, row.qkv_bias),
        "out_bias": switched(config, row.out_bias),
        "qk_norm": norm,
        "gate": row.gate,
        "sinks": row.sinks,
        "inner_norm": row.inner_norm,
    }


def full(config: Config, row: Attn, heads: Heads | None = None, **more: Any) -> FullAttention:
    """Attention that keeps all tokens."""
    parts = _parts(config, row, heads or heads_of(config, row)) | more
    return FullAttention(**parts)


def window(
    config: Config, row: Attn, heads: Heads | None = None, *, tokens: int | None = None, **more: Any
) -> SlidingWindow:
    """Attention that keeps a window of `tokens`, or of the config's `sliding_window`."""
    parts = _parts(config, row, heads or heads_of(config, row)) | more
    return SlidingWindow(**parts, window=tokens or config.integer(*SLIDING))


def chunked(config: Config, row: Attn) -> ChunkedAttention:
    """Attention that keeps one chunk."""
    parts = _parts(config, row, heads_of(config, row))
    return ChunkedAttention(**parts, chunk=config.integer("attention_chunk_size"))


def shared(config: Config, row: Attn, heads: Heads | None = None, *, tokens: int | None, **more: Any) -> SharedCache:
    """Attention that reads an earlier layer's cache, of a window or of all tokens."""
    parts = _parts(config, row, heads or heads_of(config, row)) | more
    return SharedCache(**parts, window=tokens)


def cross(config: Config, row: Attn) -> CrossAttention:
    """Attention to encoded images."""
    return CrossAttention(**_parts(config, row, heads_of(config, row)))
