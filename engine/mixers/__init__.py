"""The token mixers of a layer: what mixes information between tokens, and what it must remember of them.

A new kind is one frozen dataclass with the members of `engine.mixers.parts.TokenMixer` and a `kind` tag, added
to `Mixer` below. Nothing else has to know it: weights, cache, parallel plans, files and explanations read its
tensors and entries.
"""

from engine.mixers.absent import LinearMixer, NoMixer
from engine.mixers.attention import (
    Attention,
    ChunkedAttention,
    CrossAttention,
    FullAttention,
    SharedCache,
    SlidingWindow,
)
from engine.mixers.compressed import CompressedAttention
from engine.mixers.latent import LatentAttention
from engine.mixers.parts import Entry, TokenMixer
from engine.mixers.recurrent import (
    GatedDeltaNet,
    KimiDelta,
    LightningAttention,
    Mamba1,
    Mamba2,
    ShortConvolution,
)

Mixer = (
    FullAttention
    | SlidingWindow
    | ChunkedAttention
    | LatentAttention
    | CompressedAttention
    | Mamba1
    | Mamba2
    | GatedDeltaNet
    | KimiDelta
    | LightningAttention
    | ShortConvolution
    | SharedCache
    | CrossAttention
    | LinearMixer
    | NoMixer
)
"""Every kind of mixer; files tell them apart by `kind`."""

__all__ = [
    "Attention",
    "ChunkedAttention",
    "CompressedAttention",
    "CrossAttention",
    "Entry",
    "FullAttention",
    "GatedDeltaNet",
    "KimiDelta",
    "LatentAttention",
    "LightningAttention",
    "LinearMixer",
    "Mamba1",
    "Mamba2",
    "Mixer",
    "NoMixer",
    "SharedCache",
    "ShortConvolution",
    "SlidingWindow",
    "TokenMixer",
]
