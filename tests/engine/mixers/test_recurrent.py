"""Golden vectors of mixers with a fixed state; state bytes as transformers 5.23.0 keeps them."""

import pytest

from engine.errors import FieldError
from engine.mixers import GatedDeltaNet, KimiDelta, LightningAttention, Mamba1, Mamba2, ShortConvolution
from engine.tensors import count_parameters

NANO = Mamba2(heads=64, head_dim=64, groups=8, state=128, kernel=4)
QWEN_NEXT = GatedDeltaNet(k_heads=16, k_dim=128, v_heads=32, v_dim=128, kernel=4)
KIMI = KimiDelta(heads=32, head_dim=128, kernel=4)
FALCON_MAMBA = Mamba1(inner=8192, state=16, dt_rank=256, kernel=4)


def state(mixer):
    return sum(e.span.count(0) * e.heads * e.width * e.bits for e in mixer.entries()) // 8


STATES = [
    # the state_bytes of these models in the reference, divided by their recurrent layers
    (FALCON_MAMBA, 37_748_736 // 64),
    (NANO, 49_364_992 // 23),
    (QWEN_NEXT, 77_856_768 // 36),
    (KIMI, 43_909_120 // 20),
    (ShortConvolution(kernel=3, width=1024), 61_440 // 10),
    # 64 heads of 128 x 128 at 16 bit
    (LightningAttention(heads=64, head_dim=128), 64 * 128 * 128 * 2),
]


@pytest.mark.parametrize(("mixer", "expected"), STATES)
def test_state_bytes(mixer, expected):
    assert state(mixer) == expected


H, D, S, R, K = 4096, 8192, 16, 256, 4
PARAMETERS = [
    (FALCON_MAMBA, H, 2 * H * D + D * K + D + D * (R + 2 * S) + R * D + D + D * S + D + D * H),
    (
        Mamba1(inner=D, state=S, dt_rank=R, kernel=K, inner_norms=True),
        H,
        2 * H * D + D * K + D + D * (R + 2 * S) + R * D + D + D * S + D + D * H + R + 2 * S,
    ),
    # c = D + 2GS = 6144: H(D + c + heads) + cK + c + 3 heads + D + DH
    (NANO, 2688, 2688 * (4096 + 6144 + 64) + 6144 * 4 + 6144 + 192 + 4096 + 4096 * 2688),
    (QWEN_NEXT, 2048, 2048 * (2 * 2048 + 2 * 4096) + 2 * 2048 * 32 + 8192 * 4 + 64 + 128 + 4096 * 2048),
    (
        KIMI,
        2304,
        3 * 2304 * 4096 + 3 * 4096 * 4 + 4096 + 32 + 2304 * 32 + 128 + 4096 * 2304 + 2 * (2304 * 128 + 128 * 4096),
    ),
    (ShortConvolution(kernel=3, width=1024), 1024, 4 * 1024**2 + 1024 * 3),
    (LightningAttention(heads=48, head_dim=128), 6144, 5 * 6144**2 + 6144),
]


@pytest.mark.parametrize(("mixer", "hidden", "expected"), PARAMETERS)
def test_parameters(mixer, hidden, expected):
    assert count_parameters(mixer.tensors(hidden)) == expected


@pytest.mark.parametrize("mixer", [mixer for mixer, _ in STATES])
def test_states_are_spread_over_ranks_by_head_or_channel(mixer):
    assert mixer.title
    assert all(entry.heads > 1 for entry in mixer.entries() if entry.name == "state")


def test_a_state_keeps_its_own_width():
    columns, _, matrix_state = QWEN_NEXT.entries()
    assert (columns.bits, matrix_state.bits) == (16, 32)
    assert LightningAttention(heads=1, head_dim=8, state_bits=32).entries()[0].bits == 32


def test_value_heads_are_a_multiple_of_key_heads():
    with pytest.raises(FieldError) as caught:
        GatedDeltaNet(k_heads=3, k_dim=8, v_heads=4, v_dim=8, kernel=4)
    assert caught.value.field == "v_heads"
