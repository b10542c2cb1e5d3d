"""How many dependent kernels one token passes in a layer: each costs a few microseconds, whatever its size.

At small batches on fast GPUs this, and not bandwidth, is what a step waits for. The counts are those of fused serving
stacks (projection, rotation with cache write, attention, output projection, norms), read from their model code; what
one kernel costs is fitted (`engine.latency.efficiencies`).
"""

from functools import singledispatch

from engine.feedforward import Dense, Experts, FeedForward, LinearFeedForward, NoFeedForward, Stated
from engine.mixers import (
    Attention,
    CompressedAttention,
    LatentAttention,
    LinearMixer,
    NoMixer,
    ShortConvolution,
)
from engine.model import Layer

STATE_KERNELS = 7.0
"""Projection, convolution, gates, scan, norm, output projection, next norm."""


@singledispatch
def mixer_launches(mixer: object) -> float:
    """Kernels of one layer's mixer for one token; a mixer of its own kind is one more function."""
    del mixer
    return STATE_KERNELS


@mixer_launches.register
def _(mixer: Attention) -> float:
    # norm, q/k/v projection, rotation, cache write, attention with its reduction, output projection
    index = 4.0 if mixer.index_heads else 0.0
    return 6.0 + (1.0 if mixer.qk_norm != "none" else 0.0) + index


@mixer_launches.register
def _(mixer: LatentAttention) -> float:
    # two low-rank projections with norms, rotation, absorption before and after attention, quantised inputs
    return 12.0 + (4.0 if mixer.index_heads else 0.0)


@mixer_launches.register
def _(mixer: CompressedAttention) -> float:
    compressor = 3.0 if mixer.ratio else 0.0
    return 13.0 + compressor + (5.0 if mixer.index_heads else 0.0)


@mixer_launches.register
def _(mixer: ShortConvolution) -> float:
    del mixer
    return 4.0


@mixer_launches.register
def _(mixer: LinearMixer) -> float:
    del mixer
    return 2.0


@mixer_launches.register
def _(mixer: NoMixer) -> float:
    del mixer
    return 0.0


def feed_forward_launches(ffn: FeedForward) -> float:
    """Kernels of one layer's feed-forward for one token."""
    match ffn:
        case Experts(shared_width=shared, latent=latent):
            # norm, router, choice, sorting, two grouped products, activation, two quantisations or scatter, sum
            return 9.0 + (3.0 if shared else 0.0) + (2.0 if latent else 0.0)
        case Dense() | Stated():
            return 4.0
        case LinearFeedForward():
            return 2.0
        case NoFeedForward():
            return 0.0


def layer_launches(layer: Layer) -> float:
    """Kernels of one layer for one token; a mixer beside another adds its own."""
    beside = mixer_launches(layer.beside) if layer.beside is not None else 0.0
    return mixer_launches(layer.mixer) + beside + feed_forward_launches(layer.ffn)
