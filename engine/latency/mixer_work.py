"""What a token mixer computes and reads: products of queries with keys, and cache entries, kind by kind.

Every kind of mixer has one function registered with `prefill_products`, and, where a decode step does not simply read
all that the layer keeps, one registered with `decode_reads`. A new kind is one new function; a kind that has none is
refused by name and never taken for standard attention.
"""

from dataclasses import dataclass
from functools import singledispatch

from engine.errors import UnsupportedModelError
from engine.mixers import (
    ChunkedAttention,
    CompressedAttention,
    CrossAttention,
    Entry,
    FullAttention,
    GatedDeltaNet,
    KimiDelta,
    LatentAttention,
    LightningAttention,
    LinearMixer,
    Mamba1,
    Mamba2,
    Mixer,
    NoMixer,
    SharedCache,
    ShortConvolution,
    SlidingWindow,
)
from engine.spans import AllTokens, LastTokens

QK_AND_AV = 4
"""Flops of one query-key pair for one element of a head [flop]: multiply and add, for the score and for the value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Products:
    """What one layer computes between tokens, beside its projections.

    `pairs` of queries and keys [-], `flops` of all heads together [flop], `index_flops` of an indexer [flop].
    `quadratic` says whether the pairs grow with the square of a long prompt, `windowed` whether a window or a chunk
    keeps them from it.
    """

    pairs: float
    flops: float
    index_flops: float = 0.0
    quadratic: bool = False
    windowed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """A cache entry that a decode step reads; at most `most` of them (None: all), `times` over (2: and written)."""

    entry: Entry
    most: int | None = None
    times: int = 1

    def count(self, tokens: int) -> int:
        """Entries read at a context of `tokens`."""
        held = self.entry.span.count(tokens)
        return self.times * (held if self.most is None else min(held, self.most))


def causal_pairs(new: int, cached: int = 0) -> float:
    """Query-key pairs of `new` tokens that attend to themselves, to those before and to `cached` ones.

    The causal mask is counted once: ((C + S)^2 - C^2) / 2.
    """
    return new * (cached + new / 2)


def window_pairs(new: int, cached: int, window: int) -> float:
    """Pairs where every token sees at most the last `window`: as `causal_pairs` until the window is full.

    S W - W^2 / 2 for a prompt of S > W tokens with nothing cached.
    """
    growing = max(0, min(new, window - cached))
    return causal_pairs(growing, cached) + float(new - growing) * window


def chunk_pairs(new: int, cached: int, chunk: int) -> float:
    """Pairs where tokens see their own chunk of `chunk` only: S A / 2 for whole chunks."""
    return _chunk_total(cached + new, chunk) - _chunk_total(cached, chunk)


def _chunk_total(tokens: int, chunk: int) -> float:
    whole, rest = divmod(tokens, chunk)
    return causal_pairs(chunk) * whole + causal_pairs(rest)


def sparse_pairs(new: int, cached: int, most: int) -> float:
    """Pairs where every token reads at most `most` chosen ones; `most` 0 means that it reads all."""
    return window_pairs(new, cached, most) if most else causal_pairs(new, cached)


def _refuse(mixer: object) -> UnsupportedModelError:
    kind = getattr(mixer, "kind", type(mixer).__name__)
    return UnsupportedModelError("model.layers", f"no formula tells how long a mixer of kind {kind} takes")


@singledispatch
def prefill_products(mixer: Mixer, new: int, cached: int) -> Products:
    """What one layer computes between tokens for `new` prompt tokens after `cached` ones [token].

    Raises `UnsupportedModelError` for a kind of mixer that no formula is known for. Source of the table of pairs and
    flops: FlashAttention's count of causal attention, and the papers of each kind.
    """
    del new, cached
    raise _refuse(mixer)


@singledispatch
def decode_products(mixer: Mixer, context: int) -> Products:
    """What one layer computes between tokens for one generated token at a context of `context` tokens."""
    return prefill_products(mixer, 1, max(0, context - 1))


@singledispatch
def decode_reads(mixer: Mixer) -> tuple[Read, ...]:
    """What one layer reads of its cache for one generated token: all that it keeps, unless its kind says otherwise."""
    return tuple(Read(entry=entry) for entry in mixer.entries())


# --- attention that keeps keys and values -----------------------------------------------------------------


def _heads_flops(mixer: FullAttention | SlidingWindow | ChunkedAttention | SharedCache | CrossAttention) -> int:
    return QK_AND_AV // 2 * mixer.heads * (mixer.head_dim + mixer.value_dim)


@prefill_products.register
def _(mixer: FullAttention, new: int, cached: int) -> Products:
    every = causal_pairs(new, cached)
    pairs = sparse_pairs(new, cached, _top_k(mixer))
    index = 2 * mixer.index_heads * mixer.index_dim * every
    return Products(pairs=pairs, flops=pairs * _heads_flops(mixer), index_flops=index, quadratic=True)


@prefill_products.register
def _(mixer: SlidingWindow, new: int, cached: int) -> Products:
    pairs = window_pairs(new, cached, mixer.window)
    return Products(pairs=pairs, flops=pairs * _heads_flops(mixer), windowed=True)


@prefill_products.register
def _(mixer: ChunkedAttention, new: int, cached: int) -> Products:
    pairs = chunk_pairs(new, cached, mixer.chunk)
    return Products(pairs=pairs, flops=pairs * _heads_flops(mixer), windowed=True)


@prefill_products.register
def _(mixer: SharedCache, new: int, cached: int) -> Products:
    # borrowing a cache saves bytes, not products
    pairs = causal_pairs(new, cached) if mixer.window is None else window_pairs(new, cached, mixer.window)
    return Products(
        pairs=pairs,
        flops=pairs * _heads_flops(mixer),
        quadratic=mixer.window is None,
        windowed=mixer.window is not None,
    )


@prefill_products.register
def _(mixer: CrossAttention, new: int, cached: int) -> Products:
    del cached
    pairs = float(new) * mixer.image_tokens
    return Products(pairs=pairs, flops=pairs * _heads_flops(mixer))


@decode_products.register
def _(mixer: ChunkedAttention, context: int) -> Products:
    # the mean over a chunk, not the place in it where this one token happens to fall
    pairs = float(min(context, mixer.chunk))
    return Products(pairs=pairs, flops=pairs * _heads_flops(mixer))


@decode_reads.register
def _(mixer: FullAttention) -> tuple[Read, ...]:
    most = _top_k(mixer) or None
    return tuple(Read(entry=e, most=None if e.stored == "index" else most) for e in mixer.entries())


@decode_reads.register
def _(mixer: SharedCache) -> tuple[Read, ...]:
    span = AllTokens() if mixer.window is None else LastTokens(mixer.window)
    keys = Entry(name="borrowed keys", stored="k", span=span, heads=mixer.kv_heads, width=mixer.head_dim)
    values = Entry(name="borrowed values", stored="v", span=span, heads=mixer.kv_heads, width=mixer.value_dim)
    return Read(entry=keys), Read(entry=values)


def _top_k(mixer: object) -> int:
    """Tokens that an indexer chooses; 0 where the model does not say, so that all of them are counted."""
    return int(getattr(mixer, "index_top_k", 0))


# --- latent and compressed attention ----------------------------------------------------------------------


@prefill_products.register
def _(mixer: LatentAttention, new: int, cached: int) -> Products:
    every = causal_pairs(new, cached)
    pairs = sparse_pairs(new, cached, mixer.index_top_k if mixer.index_heads else 0)
    # keys and values are expanded to heads for a prompt
    width = mixer.nope_dim + mixer.rope_dim + mixer.v_dim
    index = 2 * mixer.index_heads * mixer.index_dim * every
    return Products(pairs=pairs, flops=2 * mixer.heads * width * pairs, index_flops=index, quadratic=True)


@decode_products.register
def _(mixer: LatentAttention, context: int) -> Products:
    most = mixer.index_top_k if mixer.index_heads else 0
    pairs = float(min(context, most) if most else context)
    # one token works on the latent itself: the expansion is absorbed by the projections
    width = 2 * mixer.kv_rank + mixer.rope_dim
    index = 2.0 * mixer.index_heads * mixer.index_dim * context
    return Products(pairs=pairs, flops=2 * mixer.heads * width * pairs, index_flops=index, quadratic=True)


@decode_reads.register
def _(mixer: LatentAttention) -> tuple[Read, ...]:
    most = mixer.index_top_k or None if mixer.index_heads else None
    return tuple(Read(entry=e, most=None if e.stored == "index" else most) for e in mixer.entries())


@prefill_products.register
def _(mixer: CompressedAttention, new: int, cached: int) -> Products:
    pairs = window_pairs(new, cached, mixer.window)
    index = 0.0
    if mixer.ratio:
        beyond = causal_pairs(new, cached) / mixer.ratio
        index = 2 * mixer.index_heads * mixer.index_dim * beyond
        pairs += min(beyond, float(new) * mixer.index_top_k) if mixer.index_top_k else beyond
    flops = QK_AND_AV * mixer.heads * mixer.head_dim * pairs
    return Products(pairs=pairs, flops=flops, index_flops=index, quadratic=bool(mixer.ratio))


@decode_reads.register
def _(mixer: CompressedAttention) -> tuple[Read, ...]:
    most = mixer.index_top_k or None
    chosen = {"compressed"} if mixer.index_heads else set()
    return tuple(Read(entry=e, most=most if e.name in chosen else None) for e in mixer.entries())


# --- recurrent state, and layers without attention --------------------------------------------------------


@prefill_products.register
def _(mixer: Mamba1, new: int, cached: int) -> Products:
    return _state_products(new, cached, mixer.inner * mixer.state)


@prefill_products.register
def _(mixer: Mamba2, new: int, cached: int) -> Products:
    return _state_products(new, cached, mixer.inner * mixer.state)


@prefill_products.register
def _(mixer: GatedDeltaNet, new: int, cached: int) -> Products:
    return _state_products(new, cached, mixer.v_heads * mixer.k_dim * mixer.v_dim)


@prefill_products.register
def _(mixer: KimiDelta, new: int, cached: int) -> Products:
    return _state_products(new, cached, mixer.heads * mixer.head_dim**2)


@prefill_products.register
def _(mixer: LightningAttention, new: int, cached: int) -> Products:
    return _state_products(new, cached, mixer.heads * mixer.head_dim**2)


@prefill_products.register
def _(mixer: ShortConvolution, new: int, cached: int) -> Products:
    del cached
    return Products(pairs=float(new), flops=2.0 * new * mixer.width * mixer.kernel)


def _state_products(new: int, cached: int, elements: int) -> Products:
    """A state of `elements` is decayed, written and read once a token: about four flops an element."""
    del cached
    return Products(pairs=float(new), flops=float(QK_AND_AV * elements * new))


@prefill_products.register
def _(mixer: LinearMixer, new: int, cached: int) -> Products:
    del mixer, new, cached  # its projection is counted with the weights
    return Products(pairs=0.0, flops=0.0)


@prefill_products.register
def _(mixer: NoMixer, new: int, cached: int) -> Products:
    del mixer, new, cached
    return Products(pairs=0.0, flops=0.0)


def _read_and_written(mixer: Mixer) -> tuple[Read, ...]:
    """A state is read and written once a token, whatever the context."""
    return tuple(Read(entry=entry, times=2) for entry in mixer.entries())


for _kind in (Mamba1, Mamba2, GatedDeltaNet, KimiDelta, LightningAttention, ShortConvolution):
    decode_reads.register(_kind, _read_and_written)
