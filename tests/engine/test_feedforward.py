"""Feed-forward parts against published layer sizes; bounds; what a token does not use."""

import pytest

from engine.errors import FieldError
from engine.feedforward import Dense, Experts, LinearFeedForward, NoFeedForward, Stated
from engine.tensors import count_parameters


def size(part, hidden):
    return count_parameters(part.tensors(hidden))


GOLDEN = [
    # Llama-3.1-8B: 3 x 4096 x 14336
    (Dense(width=14_336), 4096, 176_160_768),
    # GPT-2: two projections of 4 x 768 with biases
    (Dense(width=3072, gated=False, bias=True), 768, 4_722_432),
    # gated with biases: 3HI + 2I + H
    (Dense(width=10, bias=True), 4, 120 + 20 + 4),
    # BitNet: a norm of the inner width
    (Dense(width=6912, inner_norm=True), 2560, 3 * 2560 * 6912 + 6912),
    # Mixtral-8x7B: 8 x 176,160,768 and a router
    (Experts(experts=8, top_k=2, width=14_336), 4096, 8 * 176_160_768 + 8 * 4096),
    # DeepSeek-V3: 256 routed and one shared expert of 2048
    (Experts(experts=256, top_k=8, width=2048, shared_width=2048), 7168, 257 * 44_040_192 + 256 * 7168),
    # Qwen1.5-MoE: the shared expert has a gate
    (
        Experts(experts=60, top_k=4, width=1408, shared_width=5632, shared_gate=True),
        2048,
        60 * 8_650_752 + 60 * 2048 + 3 * 2048 * 5632 + 2048,
    ),
    # gpt-oss: X(3HI + 2I + H) + XH + X
    (
        Experts(experts=32, top_k=4, width=2880, bias=True, router_bias=True),
        2880,
        32 * (3 * 2880**2 + 3 * 2880) + 32 * 2880 + 32,
    ),
    # Nemotron-3: latent experts without a gate: 2XzI + 2Hz + XH + 2HS
    (
        Experts(experts=512, top_k=22, width=2688, gated=False, shared_width=5376, latent=1024),
        4096,
        512 * 2 * 1024 * 2688 + 2 * 4096 * 1024 + 512 * 4096 + 2 * 4096 * 5376,
    ),
    (Stated(parameters=295_173_920), 5120, 295_173_920),
    (Stated(parameters=0), 5120, 0),
    (LinearFeedForward(), 64, 4096),
    (NoFeedForward(), 64, 0),
]


@pytest.mark.parametrize(("part", "hidden", "expected"), GOLDEN)
def test_parameters(part, hidden, expected):
    assert size(part, hidden) == expected


@pytest.mark.parametrize("part", [part for part, _, _ in GOLDEN])
def test_every_part_says_what_it_is(part):
    assert part.title


@pytest.mark.parametrize(("part", "hidden"), [(part, hidden) for part, hidden, _ in GOLDEN])
def test_ranks_together_hold_at_least_everything(part, hidden):
    for tensor_parallel, expert_parallel in ((1, 1), (2, 1), (8, 1), (1, 8), (8, 8), (1, 1000)):
        ranks = max(tensor_parallel, expert_parallel)
        for tensor in part.tensors(hidden):
            assert tensor.on_rank(tensor_parallel, expert_parallel).parameters * ranks >= tensor.parameters


def test_only_routed_experts_lie_idle():
    experts = Experts(experts=256, top_k=8, width=2048, shared_width=2048)
    assert experts.expert_parameters(7168) == 44_040_192
    assert experts.inactive_parameters(7168) == 248 * 44_040_192
    for part in (Dense(width=8), Stated(parameters=8), LinearFeedForward(), NoFeedForward()):
        assert part.inactive_parameters(8) == 0


def test_an_expert_has_its_biases():
    # gpt-oss-20b: params_per_expert of the reference
    experts = Experts(experts=32, top_k=4, width=2880, bias=True)
    assert experts.expert_parameters(2880) == 24_891_840


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("top_k", {"experts": 8, "top_k": 9, "width": 4}),
        ("experts", {"experts": 0, "top_k": 1, "width": 4}),
        ("width", {"experts": 8, "top_k": 1, "width": 0}),
    ],
)
def test_refusals_name_the_field(field, values):
    with pytest.raises(FieldError) as caught:
        Experts(**values)
    assert caught.value.field == field
