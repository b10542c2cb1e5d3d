"""The compute buffer of llama.cpp: the most that one graph of a prompt needs at once.

Dense models on the CPU backend: the largest of the head, a feed-forward, and attention without flash attention.
Measured with real llama.cpp (data/llamacpp_cache.csv): caches of 16 or 32 bits 192 of 193 within 3 %, quantised ones
140 of 155. Mixtures of experts, latent and recurrent models follow no closed form; their band is wider.
"""

from dataclasses import dataclass
from functools import lru_cache

from engine.cache_formats import CachePrecision
from engine.estimate import Band
from engine.feedforward import Dense, Experts
from engine.mixers import Attention, LatentAttention, Mixer
from engine.model import ModelSpec
from engine.runtimes.llama_cpp_cache import window_of
from engine.runtimes.llama_cpp_options import CacheShape
from engine.runtimes.pages import RECURRENT

FP32_BYTES = 4  # [byte] activations and logits
HALF_BYTES = 2  # [byte]
FLASH_MASK_BYTES, PLAIN_MASK_BYTES = 2, 4  # [byte] an element of the mask, with flash attention and without
LONG_CONTEXT = 32_768  # [token] from which on a quantised cache adds one more vector of the model's width

DENSE_SPREAD = (0.99, 1.03)
"""Band of dense models with caches of 16 bits and more, as factors: 182 of 193 within 1 %, 192 within 3 %."""
QUANTISED_SPREAD = (0.97, 1.075)
"""The same of quantised caches: 140 of 155 within 3 %, worst 7.5 %."""
OTHER_SPREAD = (0.85, 1.30)
"""Of experts, latent and recurrent models: gpt-oss-20b, jamba-1.5-mini, DeepSeek-V2-Lite and Qwen3-30B-A3B alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Widths:
    """What the graph's tensors are as wide as, the largest over the layers."""

    vocabulary: int
    hidden: int
    dense: int
    routed: int  # of experts: what the chosen ones hold of a token
    recurrent: int  # rows of a recurrent layer's input projections
    kv_width: int  # keys, or values, of all heads
    heads: int
    attention: bool
    simple: bool  # neither experts nor latent nor recurrent


@lru_cache(maxsize=512)
def widths_of(model: ModelSpec) -> Widths:
    """The widths of a model."""
    layers = [model.layers[kind] for kind in model.layer_counts]
    dense = max((layer.ffn.width for layer in layers if isinstance(layer.ffn, Dense)), default=0)
    experts = [layer.ffn for layer in layers if isinstance(layer.ffn, Experts)]
    mixers = [layer.mixer for layer in layers]
    attention = [m for m in mixers if isinstance(m, Attention)]
    return Widths(
        vocabulary=model.vocabulary,
        hidden=model.hidden,
        dense=dense,
        routed=max((ffn.top_k * (2 * ffn.width + model.hidden) for ffn in experts), default=0),
        recurrent=max((_input_rows(m, model.hidden) for m in mixers if isinstance(m, RECURRENT)), default=0),
        kv_width=max((m.kv_heads * m.head_dim for m in attention), default=0),
        attention=any(isinstance(m, Attention | LatentAttention) for m in mixers),
        heads=max((m.query_heads for m in mixers), default=0),
        simple=not experts and not any(isinstance(m, (LatentAttention, *RECURRENT)) for m in mixers),
    )


def _input_rows(mixer: Mixer, hidden: int) -> int:
    return sum(t.rows * t.copies for t in mixer.tensors(hidden) if t.role == "recurrent" and t.name.startswith("in"))


@dataclass(frozen=True, slots=True, kw_only=True)
class ComputeCurve:
    """The compute buffer as a function of the cache's shape, everything else worked out [byte].

    The largest of the head (`row` for each output), the feed-forward with the mask, and attention.
    """

    row: int
    long_row: int
    rows: int
    forward: int
    mask_cell: int
    window_mask_cell: int
    attention_cell: int
    attention: int
    low: float
    high: float

    def bytes(self, shape: CacheShape, outputs: int) -> int:
        """The buffer where logits of so many tokens may be asked for at once."""
        rows = min(self.rows, outputs)
        head = rows * (self.long_row if shape.cells * shape.streams >= LONG_CONTEXT else self.row)
        mask = shape.cells * self.mask_cell + shape.window_cells * self.window_mask_cell
        attention = self.attention + shape.cells * self.attention_cell
        return max(head, max(self.forward, attention) + mask)

    def band(self, shape: CacheShape, outputs: int) -> Band:
        """The same with what it may be off."""
        middle = self.bytes(shape, outputs)
        return Band(int(middle * self.low), middle, int(middle * self.high))


@lru_cache(maxsize=1024)
def compute_curve(
    model: ModelSpec, cache: CachePrecision, *, ubatch: int, flash: bool = True, gpu: bool = True
) -> ComputeCurve:
    """The compute buffer of a model whose graphs have `ubatch` tokens.

    On a GPU the token table is looked up on the host, which saves one vector of the model's width beside the logits.
    """
    size = widths_of(model)
    quantised = cache.k.block_elements > 1 or cache.v.block_elements > 1
    vectors = 1 if gpu else 2
    row = FP32_BYTES * (size.vocabulary + vectors * size.hidden)
    mask = ubatch * (FLASH_MASK_BYTES if flash else PLAIN_MASK_BYTES) if size.attention else 0
    widest = max(3 * size.dense + 4 * size.hidden, size.routed + 5 * size.hidden, 3 * size.recurrent + size.hidden)
    cell = fixed = 0
    if size.attention and not flash:
        cell = FP32_BYTES * size.heads * ubatch
        fixed = (5 * size.hidden + 2 * size.kv_width) * ubatch * FP32_BYTES
    elif size.attention and "fp32" in (cache.k.id, cache.v.id):
        # flash attention reads 16 bits, and a 32-bit cache is cast as a whole
        cell = HALF_BYTES * size.kv_width * ((cache.k.id == "fp32") + (cache.v.id == "fp32"))
        fixed = 5 * size.hidden * ubatch * FP32_BYTES
    low, high = (QUANTISED_SPREAD if quantised else DENSE_SPREAD) if size.simple else OTHER_SPREAD
    return ComputeCurve(
        row=row,
        long_row=row + FP32_BYTES * size.hidden * quantised,
        rows=ubatch,
        forward=widest * ubatch * FP32_BYTES,
        mask_cell=mask,
        window_mask_cell=mask if window_of(model) else 0,
        attention_cell=cell,
        attention=fixed,
        low=low,
        high=high,
    )
