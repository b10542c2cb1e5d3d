"""Every figure of a report has a derivation that evaluates to it."""

import pytest

from engine.errors import UnknownNameError
from engine.estimate import best
from engine.explain import FIGURE_NAMES, explain, explained
from engine.figures import Figure, given, made
from engine.report import Report
from engine.scenario import Cost
from tests.engine import examples
from tests.engine.setup import H200, OFFER, UNKNOWN, ask


def reported(report: Report, name: str) -> object:
    """What the report says where the derivation says `name`."""
    memory, rank, capacity = report.memory, report.rank, report.capacity
    return {
        "model.parameters": report.model.parameters,
        "model.text_parameters": report.model.text_parameters,
        "model.active_parameters": report.model.active_parameters,
        "memory.weights_bytes": memory.weights_bytes,
        "memory.ideal_cache_bytes": memory.cache_bytes,
        "memory.ideal_cache_bytes_per_sequence": memory.cache_bytes_per_sequence,
        "memory.state_bytes_per_sequence": memory.state_bytes_per_sequence,
        "memory.reserved_cache_bytes": best(memory.reserved_bytes),
        "memory.rank.device_bytes": best(rank.device_bytes),
        "memory.rank.usable_bytes": best(rank.usable_bytes),
        "memory.rank.weights_bytes": best(rank.weights_bytes),
        "memory.rank.cache_pool_bytes": best(rank.pool_bytes),
        "memory.rank.free_bytes": rank.free_bytes,
        "capacity.cache_pool_tokens": best(capacity.pool_tokens),
        "capacity.max_context_tokens": best(capacity.max_context_tokens),
        "capacity.max_concurrency": best(capacity.max_sequences),
        "capacity.min_gpus": capacity.min_gpus,
        "cost.usd_per_hour": report.quote and report.quote.usd_per_hour,
    }[name]


REPORTS = [
    *(ask(model, offers=(OFFER,), concurrency=3) for model in examples.ALL),
    ask(examples.SCOUT, gpu=H200, gpus=16, context=10_000_000, cache="q8_0", cost=Cost(usd_per_gpu_hour=4.25)),
    ask(examples.LLAMA_70B, gpu=UNKNOWN, gpus=3, concurrency="max"),
    ask(examples.DEEPSEEK_V3, gpus=8, tp=8, dcp=8),
    # formats whose layers differ, whose newest tokens wait, whose keys and values differ
    ask(examples.LLAMA_70B, weights="q4_k_m", cache="turboquant_k8v4"),
    ask(examples.GEMMA_27B, weights="iq3_xs", cache="kivi-2bit"),
    ask(examples.DEEPSEEK_V3, weights="fp8+head=fp8", cache="fp8_ds_mla"),
    ask(examples.QWEN3_NEXT, weights="exl2-4.25", cache="kvquant-3bit"),
]


@pytest.mark.parametrize("report", REPORTS, ids=range(len(REPORTS)))
def test_derivations_evaluate_to_the_report(report):
    for name in explained(report):
        figure = explain(report, name)
        assert figure.value == pytest.approx(reported(report, name)), name
        assert figure.evaluate() == pytest.approx(figure.value), name


@pytest.mark.parametrize("report", REPORTS[:3], ids=range(3))
def test_every_leaf_says_where_it_is_from(report):
    def leaves(figure: Figure):
        if not figure.terms:
            yield figure
        for term in figure.terms:
            yield from leaves(term)

    for name in explained(report):
        assert all(leaf.source for leaf in leaves(explain(report, name))), name


def test_all_names_are_known_and_others_are_refused():
    assert set(explained(REPORTS[0])) == set(FIGURE_NAMES)
    with pytest.raises(UnknownNameError, match=r"did you mean memory\.weights_bytes"):
        explain(REPORTS[0], "memory.weight_bytes")


def test_without_a_price_there_is_none_to_explain():
    report = ask(examples.LLAMA_70B)
    assert "cost.usd_per_hour" not in explained(report)
    with pytest.raises(UnknownNameError, match="no price is known"):
        explain(report, "cost.usd_per_hour")


def test_estimates_are_marked_through_to_the_top():
    assert not explain(REPORTS[-6], "memory.rank.cache_pool_bytes").exact
    assert explain(REPORTS[0], "memory.rank.cache_pool_bytes").exact


def test_a_made_figure_is_computed_from_its_terms():
    seven, two = given("a", 7, source="test"), given("b", 2, source="test")
    assert made("q", "floor quotient", seven, two).value == 3
    assert made("q", "ceiling quotient", seven, two).value == 4
    assert made("d", "difference", seven, two, two).value == 3
    assert made("p", "product", seven, two).evaluate() == 14


def test_averages_are_marked_and_layouts_are_not():
    assert not explain(REPORTS[-1], "memory.weights_bytes").exact
    assert not explain(REPORTS[-1], "memory.ideal_cache_bytes").exact
    assert explain(REPORTS[-2], "memory.weights_bytes").exact
    assert explain(REPORTS[-3], "memory.ideal_cache_bytes").exact
