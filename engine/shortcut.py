"""The shortcut that articles print for the cache of a sequence, kept for comparison: it holds for few models."""

from dataclasses import dataclass

from engine.mixers import Attention
from engine.model import ModelSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortcut:
    """What the shortcut says [byte], and the two widths that it takes to be one.

    `width` is hidden / kv_heads, which the shortcut writes for kv_heads x head_dim (`true_width`); `windowed`
    says that some layers do not keep every token, which the shortcut ignores.
    """

    cache_bytes: int
    layers: int
    width: int
    true_width: int
    windowed: bool

    @property
    def holds(self) -> bool:
        """Whether it says the same as the model's real shape."""
        return self.width == self.true_width and not self.windowed

    @property
    def warning(self) -> str:
        """Why it does not hold; empty if it does."""
        reasons = []
        if self.width != self.true_width:
            reasons.append(f"hidden / kv_heads = {self.width:,} is not kv_heads x head_dim = {self.true_width:,}")
        if self.windowed:
            reasons.append("not all layers keep every token")
        return "; ".join(reasons)


def shortcut(model: ModelSpec, *, tokens: int, sequences: int, bits: int) -> Shortcut | None:
    """Cache bytes by the shortcut; None for a model without keys and values in heads.

    bytes = layers x tokens x sequences x 2 x (hidden / kv_heads) x bits / 8

    Source: "Llama 4 and the 10 Million-Token Context: An Engineering Reality Check" (8 April 2025), whose
    hypothetical model has hidden 5120, 8 KV heads of 80 and 48 layers: 122,880 bytes a token at 16 bits.
    """
    attention = [m for kind in model.layer_counts if isinstance(m := model.layers[kind].mixer, Attention)]
    if not attention:
        return None
    widest = max(attention, key=lambda mixer: mixer.kv_heads * mixer.head_dim)
    layers = model.layer_count
    width = model.hidden // widest.kv_heads
    plain = all(model.layers[kind].mixer.kind == "full" for kind in model.layer_counts)
    return Shortcut(
        cache_bytes=layers * tokens * sequences * 2 * width * bits // 8,
        layers=layers,
        width=width,
        true_width=widest.kv_heads * widest.head_dim,
        windowed=not plain,
    )
