"""Orders, the frontier, and why the second is not the first."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.cost import Quote
from engine.parallel import Plan
from engine.search import (
    RANKS,
    Candidate,
    Timing,
    best_of_each_machine,
    cheapest_by_format,
    pareto,
    ranked,
    runner_up,
    why_lost,
)


def priced(usd):
    return None if usd is None else Quote(usd_per_hour=usd, gpus=1, machines=1, kind="rent", basis="")


def candidate(usd=1.0, *, gpu="a", gpus=1, context=1000, free=0, weights="bf16", cache="bf16", kept=100, **changes):
    return Candidate(
        gpu=gpu,
        gpus=gpus,
        nodes=1,
        plan=Plan(tp=gpus),
        weights=weights,
        cache=cache,
        runtime="generic",
        quote=priced(usd),
        free_bytes=free,
        device_bytes=100,
        certain=True,
        max_context_tokens=context,
        max_sequences=changes.pop("sequences", 1),
        weights_bytes=kept,
        cache_bytes=kept,
        **changes,
    )


CANDIDATES = st.lists(
    st.builds(
        candidate,
        st.none() | st.sampled_from([0.0, 1.0, 2.5, 7.0]),
        gpu=st.sampled_from("abc"),
        gpus=st.integers(1, 8),
        context=st.integers(1, 9),
        free=st.integers(0, 5),
        weights=st.sampled_from(["bf16", "fp8"]),
        kept=st.integers(1, 3),
    ),
    max_size=12,
    # a search finds each machine and format once
    unique_by=lambda c: (c.gpu, c.gpus, c.weights),
)


@given(CANDIDATES, st.sampled_from(RANKS), st.randoms())
def test_one_order_whatever_the_order_of_finding(candidates, rank, random):
    order = ranked(candidates, rank)
    shuffled = list(candidates)
    random.shuffle(shuffled)
    assert ranked(shuffled, rank) == order


@given(CANDIDATES)
def test_the_frontier(candidates):
    front = pareto(candidates)
    costs = [c.usd_per_hour for c in front]
    contexts = [c.max_context_tokens for c in front]
    assert costs == sorted(costs)
    assert contexts == sorted(set(contexts))
    for c in candidates:
        if c.quote is not None:
            assert any(f.usd_per_hour <= c.usd_per_hour and f.max_context_tokens >= c.max_context_tokens for f in front)


def test_orders():
    cheap, few, roomy, long = (
        candidate(1.0, gpu="cheap", gpus=4),
        candidate(5.0, gpu="few", gpus=1),
        candidate(3.0, gpu="roomy", gpus=2, free=50),
        candidate(4.0, gpu="long", gpus=2, context=9000),
    )
    every = [few, roomy, long, cheap]
    firsts = {rank: ranked(every, rank)[0].gpu for rank in RANKS if rank != "tokens"}
    assert firsts == {"cost": "cheap", "gpus": "few", "headroom": "roomy", "context": "long"}
    quick = candidate(
        9.0, gpu="quick", timing=Timing(ttft_seconds=1, tpot_seconds=1, usd_per_million_output_tokens=1.0)
    )
    assert ranked([*every, quick], "tokens")[0] is quick


def test_of_one_price_what_keeps_more_of_the_model_comes_first():
    narrow = candidate(1.0, weights="int4", kept=25)
    wide = candidate(1.0, weights="bf16", kept=100)
    assert ranked([narrow, wide], "cost")[0] is wide
    assert best_of_each_machine(ranked([narrow, wide], "cost")) == [wide]
    assert runner_up(ranked([narrow, wide], "cost")) is None
    assert cheapest_by_format([narrow, wide]) == {("int4", "bf16"): narrow, ("bf16", "bf16"): wide}


@pytest.mark.parametrize(
    ("other", "rank", "text"),
    [
        ({"usd": 3.0}, "cost", "costs $1.00 more an hour (50 %)"),
        (
            {"usd": 3.0, "context": 5000},
            "cost",
            "costs $1.00 more an hour (50 %); it would give 4k tokens more of context",
        ),
        ({"usd": 3.0, "sequences": 9}, "cost", "costs $1.00 more an hour (50 %); it would give 8 sequences more"),
        ({"usd": None}, "cost", "has no known price"),
        ({"gpus": 3}, "cost", "takes 2 more GPUs for the same price"),
        ({"kept": 50}, "cost", "keeps less of weights or cache for the same price"),
        ({"gpus": 2, "usd": 1.0}, "gpus", "takes 1 more GPU; it would give $1.00 less an hour"),
        ({"context": 400, "usd": 1.5}, "context", "ends 600 tokens earlier; it would give $0.50 less an hour"),
        ({}, "cost", "is equal; the names decide"),
    ],
)
def test_why_the_second_lost(other, rank, text):
    winner = candidate(2.0)
    assert why_lost(winner, candidate(**{"usd": 2.0, "gpu": "b"} | other), rank) == text


def test_headroom_and_tokens_tell_their_own_reason():
    roomy, tight = candidate(2.0, free=3 * 2**30), candidate(2.0, gpu="b", free=2**30)
    assert why_lost(roomy, tight, "headroom") == "leaves 2.0 GiB less on the fullest GPU"
    fast = replace(roomy, timing=Timing(ttft_seconds=1, tpot_seconds=1, usd_per_million_output_tokens=1.0))
    slow = replace(tight, timing=Timing(ttft_seconds=1, tpot_seconds=1, usd_per_million_output_tokens=1.5))
    assert why_lost(fast, slow, "tokens") == "costs $0.50 more for a million tokens"
