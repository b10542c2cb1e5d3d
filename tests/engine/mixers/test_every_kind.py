"""What every mixer promises, whatever its kind: tensors, entries, titles, and what ranks hold of both."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.mixers import (
    ChunkedAttention,
    CompressedAttention,
    CrossAttention,
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
from engine.tensors import ROLES, count_parameters

HIDDEN = 96
SMALL = st.integers(1, 24)


@st.composite
def attention(draw, kind, **more):
    kv_heads = draw(SMALL)
    indexer = draw(st.booleans())
    return kind(
        heads=kv_heads * draw(SMALL),
        kv_heads=kv_heads,
        head_dim=draw(SMALL),
        v_head_dim=draw(st.none() | SMALL),
        qkv_bias=draw(st.booleans()),
        out_bias=draw(st.booleans()),
        qk_norm=draw(st.sampled_from(("none", "head", "full"))),
        gate=draw(st.sampled_from(("none", "query", "head"))),
        sinks=draw(st.booleans()),
        inner_norm=draw(st.booleans()),
        index_heads=draw(SMALL) if indexer else 0,
        index_dim=draw(SMALL) if indexer else 0,
        **{name: draw(values) for name, values in more.items()},
    )


@st.composite
def compressed(draw):
    ratio = draw(st.sampled_from((0, 4, 128)))
    groups = draw(SMALL)
    return CompressedAttention(
        heads=groups * draw(SMALL),
        head_dim=draw(SMALL),
        q_rank=draw(SMALL),
        o_rank=draw(SMALL),
        o_groups=groups,
        window=draw(st.integers(1, 500)),
        ratio=ratio,
        index_heads=draw(SMALL) if ratio == 4 else 0,
        index_dim=draw(SMALL) if ratio == 4 else 0,
    )


@st.composite
def gated_delta(draw):
    k_heads = draw(SMALL)
    return GatedDeltaNet(
        k_heads=k_heads,
        k_dim=draw(SMALL),
        v_heads=k_heads * draw(SMALL),
        v_dim=draw(SMALL),
        kernel=draw(SMALL),
    )


KINDS = {
    "full": attention(FullAttention),
    "sliding": attention(SlidingWindow, window=st.integers(1, 500)),
    "chunked": attention(ChunkedAttention, chunk=st.integers(1, 500)),
    "shared": attention(SharedCache, window=st.none() | st.integers(1, 500)),
    "cross": attention(CrossAttention, image_tokens=st.integers(0, 500)),
    "latent": st.builds(
        LatentAttention,
        heads=SMALL,
        q_rank=st.none() | SMALL,
        kv_rank=SMALL,
        nope_dim=SMALL,
        rope_dim=st.integers(0, 8),
        v_dim=SMALL,
    ),
    "compressed": compressed(),
    "mamba1": st.builds(Mamba1, inner=SMALL, state=SMALL, dt_rank=SMALL, kernel=SMALL, inner_norms=st.booleans()),
    "mamba2": st.builds(
        Mamba2, heads=SMALL, head_dim=SMALL, groups=SMALL, state=SMALL, kernel=SMALL, projection_bias=st.booleans()
    ),
    "gated-delta": gated_delta(),
    "kda": st.builds(KimiDelta, heads=SMALL, head_dim=SMALL, kernel=SMALL),
    "lightning": st.builds(LightningAttention, heads=SMALL, head_dim=SMALL),
    "short-conv": st.builds(ShortConvolution, kernel=SMALL, width=SMALL, bias=st.booleans()),
    "linear": st.just(LinearMixer()),
    "none": st.just(NoMixer()),
}
MIXERS = st.one_of(*KINDS.values())
TOKENS = st.integers(0, 100_000)


def kept(mixer, tokens, count):
    return sum(
        getattr(entry.span, count)(tokens) * entry.heads * entry.width * (entry.bits or 16) for entry in mixer.entries()
    )


def test_every_kind_of_mixer_is_tried():
    assert set(KINDS) == {kind.__dataclass_fields__["kind"].default for kind in Mixer.__args__}


@given(MIXERS, TOKENS, TOKENS)
def test_a_longer_context_never_needs_less_room(mixer, one, other):
    shorter, longer = sorted((one, other))
    assert kept(mixer, longer, "ceiling") >= kept(mixer, shorter, "ceiling") >= kept(mixer, shorter, "count")


@given(MIXERS, st.integers(1, 64))
def test_ranks_together_hold_at_least_everything(mixer, ranks):
    tensors = mixer.tensors(HIDDEN)
    on_rank = sum(tensor.on_rank(ranks).parameters for tensor in tensors)
    assert count_parameters(tensors) <= on_rank * ranks
    assert on_rank <= count_parameters(tensors)


@given(MIXERS)
def test_tensors_and_entries_are_well_formed(mixer):
    assert mixer.title
    assert mixer.query_heads >= 0
    for tensor in mixer.tensors(HIDDEN):
        assert tensor.role in ROLES
        assert min(tensor.rows, tensor.columns, tensor.copies, tensor.shards) >= 1
        # a cut in more parts than there are rows or columns would lose elements
        assert tensor.shards <= (tensor.rows if tensor.cut == "rows" else tensor.columns)
    names = [tensor.name for tensor in mixer.tensors(HIDDEN)]
    assert len(names) == len(set(names))
    for entry in mixer.entries():
        assert entry.heads >= 1
        assert entry.width >= 1
        assert (entry.stored == "state") == (entry.bits is not None)


@pytest.mark.parametrize("kind", ["shared", "none", "linear"])
def test_some_layers_keep_nothing(kind):
    @given(KINDS[kind])
    def keeps_nothing(mixer):
        assert mixer.entries() == ()

    keeps_nothing()


@pytest.mark.parametrize("kind", ["mamba1", "mamba2", "gated-delta", "kda", "lightning", "short-conv"])
def test_a_state_does_not_grow(kind):
    @given(KINDS[kind])
    def does_not_grow(mixer):
        assert not any(entry.grows for entry in mixer.entries())
        assert kept(mixer, 0, "count") == kept(mixer, 10**7, "count") > 0

    does_not_grow()
