"""Ranks that share the tokens of a prompt: what gets faster, what does not, and what it costs in messages."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalogs.store import HardwareCatalog
from engine.cache_formats import cache_precision
from engine.formats import weight_format
from engine.latency import deployed, explain_performance, performance
from engine.latency.decode import step
from engine.latency.prefill import prefill
from engine.parallel import Plan
from tests.engine import examples
from tests.engine.setup import ask

H100 = HardwareCatalog().accelerators()["h100-sxm"]


def place(model, domain=8, **degrees):
    plan = Plan(**degrees)
    found = deployed(model, weight_format("bf16"), cache_precision("bf16"), plan, H100, domain=domain)
    assert found is not None
    return found


@settings(max_examples=60, deadline=None)
@given(
    model=st.sampled_from(examples.ALL),
    tokens=st.integers(1, 10_000_000),
    cached=st.integers(0, 1_000_000),
    cp=st.sampled_from([2, 4, 16]),
)
def test_work_is_shared_and_nothing_more(model, tokens, cached, cp):
    alone = prefill(place(model, tp=8), tokens, cached, chunk=8192)
    shared = prefill(place(model, tp=8, cp=cp), tokens, cached, chunk=8192)
    assert shared.attention == pytest.approx(alone.attention / cp)
    assert alone.linear / cp <= shared.linear * (1 + 1e-9)
    assert shared.linear <= alone.linear
    assert shared.chunks == -(-tokens // (8192 * cp))
    assert shared.seconds >= (1 - 1e-9) * alone.seconds / cp - alone.launches


def test_a_ring_within_a_node_is_faster_than_one_over_the_network():
    # few heads to compute with, and keys as wide as ever: what goes round takes longer than attention
    near = prefill(place(examples.LLAMA_70B, tp=1, cp=8, domain=8), 20_000, chunk=8192)
    far = prefill(place(examples.LLAMA_70B, tp=1, cp=8, domain=1), 20_000, chunk=8192)
    assert far.messages > near.messages
    assert far.attention == near.attention


def test_a_token_reads_all_weights_and_a_share_of_the_cache():
    alone, shared = (step(place(examples.LLAMA_70B, tp=8, cp=cp), 4, 1_000_000) for cp in (1, 8))
    assert shared.weights == alone.weights
    assert shared.cache < alone.cache / 4
    assert shared.messages > alone.messages


def test_it_is_explained_and_marked_as_unmeasured():
    report = ask(model=examples.LLAMA_70B, gpu=H100, context=1_000_000, gpus=32, tp=8, pp=1, cp=4)
    found = performance(report)
    assert explain_performance(report, "latency.prefill_seconds").value == pytest.approx(found.prefill_seconds.best)
    assert explain_performance(report, "latency.tpot_seconds").value == pytest.approx(found.tpot_seconds.best)
    assert "ranks that share a prompt" in found.known_error
    assert any("context parallelism" in note for note in found.notes)
