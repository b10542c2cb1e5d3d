"""A search that goes on in slices: what it asks, when it is drawn, and when it starts anew."""

from dataclasses import replace
from itertools import pairwise

import pytest

from catalogs.scenarios import shipped
from engine.search import RANKS, Search, Wish
from engine.search.wish import Rank
from tui import sought
from tui.finding import DRAW_SECONDS, Finding, question, wish_of
from tui.sought import ALL, OWN, Wanted
from tui.values import put

LLAMA = put(shipped(), ("model", "id"), "Llama-3.3-70B-Instruct")
LOAD = replace(
    LLAMA,
    workload=replace(LLAMA.workload, context=32_000, concurrency=8, output=None),
    deployment=replace(LLAMA.deployment, options={}),
)


class Ticking:
    """A clock that goes on by so much each time that it is looked at."""

    def __init__(self, by):
        self.by, self.now = by, 0.0

    def __call__(self):
        self.now += self.by
        return self.now


def finished(solver, scenario=LOAD, **wanted):
    finding = Finding(solver, question(scenario, Wanted(**wanted), None))
    finding.run(lambda: 0.0, 1.0)
    return finding.found


def test_orders_are_those_of_the_engine():
    assert sought.RANKS == RANKS
    assert set(sought.RANK_WORDS) == set(Rank.__args__)


@pytest.mark.parametrize(
    "same",
    [
        put(LOAD, ("deployment", "gpu"), "mi300x"),
        replace(LOAD, deployment=replace(LOAD.deployment, gpus=3, tp=1, pp=3)),
        replace(LOAD, cost=replace(LOAD.cost, usd_per_gpu_hour=1.0, offer=None)),
        replace(LOAD, name="another", notes="x", variant=()),
    ],
)
def test_what_a_search_does_not_look_at_asks_the_same(same):
    assert question(same, Wanted(), None) == question(LOAD, Wanted(), None)
    assert question(same, Wanted(rank="gpus"), None) == question(LOAD, Wanted(rank="headroom"), None)


@pytest.mark.parametrize(
    "other",
    [
        put(LOAD, ("workload", "context"), 64_000),
        put(LOAD, ("workload", "concurrency"), 9),
        put(LOAD, ("precision", "weights"), "int8"),
        put(LOAD, ("deployment", "runtime"), "vllm"),
        put(LOAD, ("model", "id"), "gpt-oss-120b"),
        put(LOAD, ("deployment", "options", "memory_fraction"), 0.8),
    ],
)
def test_what_it_looks_at_asks_anew(other):
    assert question(other, Wanted(), None) != question(LOAD, Wanted(), None)


def test_it_finds_what_the_command_line_finds(solver, known):
    found = finished(solver, weights=ALL, nodes=1)
    facts = known.table_facts(LOAD, today=solver.today)
    told = Search(found.question.scenario, facts, Wish(nodes=(1,), caches=("bf16",), runtimes=("generic",), times=True))
    assert set(found.candidates) == set(told.all())
    assert (found.evaluated, found.done) == (found.total, True)


def test_the_longest_context_is_looked_for_among_all_contexts(solver):
    too_long = put(LOAD, ("workload", "context"), 10_000_000)
    assert "at most 131,072" in finished(solver, too_long).problem.message
    assert finished(solver, too_long, rank="context").problem is None
    assert not wish_of(question(LOAD, Wanted(rank="context"), None)).needs_times


def test_limits_are_kept(solver):
    everything = finished(solver, weights=ALL)
    usd = sorted(row.usd_per_hour for row in everything.candidates if row.usd_per_hour is not None)[5]
    cheap = finished(solver, weights=ALL, usd=usd).candidates
    assert len(cheap) >= 6
    assert all(row.usd_per_hour <= usd for row in cheap)
    assert all(row.timing.tpot_seconds <= 0.05 for row in finished(solver, weights=ALL, tpot=0.05).candidates)
    assert {row.gpu for row in finished(solver, maker="amd").candidates} <= {
        gpu for gpu, known in everything.facts.items() if known.accelerator.vendor == "amd"
    }
    assert all(row.gpus <= 2 for row in finished(solver, gpus=2).candidates)
    assert all(row.quote.spot for row in finished(solver, prices="spot").candidates)
    assert {row.runtime for row in finished(solver, runtime="vllm").candidates} == {"vllm"}


def test_runtimes_without_the_format_are_left_out_and_named(solver):
    found = finished(solver, runtime=ALL, cache="fp8", gpus=8, nodes=1)
    assert any("llama.cpp has no cache format 'fp8'" in reason for reason in found.left_out)
    assert {"vllm", "sglang"} <= {row.runtime for row in found.candidates}
    assert "llama.cpp has no cache format" in finished(solver, runtime="llama.cpp", cache="fp8").problem.message


def test_options_of_the_scenario_hold_for_its_own_runtime_alone(solver):
    eager = put(put(LOAD, ("deployment", "runtime"), "vllm"), ("deployment", "options"), {"enforce_eager": True})
    found = finished(solver, eager, runtime=ALL, gpus=4, nodes=1)
    assert found.problem is None
    assert {"vllm", "sglang", "generic"} <= {row.runtime for row in found.candidates}


def test_an_option_that_a_runtime_does_not_take_is_told(solver):
    wrong = put(LOAD, ("deployment", "options"), {"no_such_option": 1})
    found = finished(solver, wrong)
    assert "no_such_option" in found.problem.message or "no_such_option" in found.problem.field
    assert found.finished


def test_first_rows_come_at_once_and_the_others_a_few_times_a_second(solver):
    clock = Ticking(0.001)
    finding = Finding(solver, question(LOAD, Wanted(weights=ALL, cache=ALL), None))
    drawn = []
    while not finding.found.finished:
        before = finding.found
        finding.run(clock, 0.004)
        if finding.found is not before:
            drawn.append((clock.now, finding.found))
    times = [when for when, _ in drawn]
    assert drawn[0][1].candidates
    assert times[0] < 0.2
    assert all(later - earlier >= DRAW_SECONDS for earlier, later in pairwise(times[:-1]))
    sizes = [len(found.candidates) for _, found in drawn]
    assert sizes == sorted(sizes)
    assert drawn[-1][1] == replace(finished(solver, weights=ALL, cache=ALL), facts=drawn[-1][1].facts)


def test_a_stopped_search_keeps_what_it_found(solver):
    finding = Finding(solver, question(LOAD, Wanted(weights=ALL), None))
    finding.run(Ticking(0.01), 0.05)
    finding.cancel()
    found = finding.found
    assert found.cancelled
    assert 0 < found.evaluated < found.total
    finding.run(Ticking(0.01), 5.0)
    assert finding.found is found


def test_own_formats_are_those_of_the_scenario():
    fp8 = put(LOAD, ("precision", "weights"), "fp8")
    assert wish_of(question(fp8, Wanted(), None)).weights == ("fp8",)
    assert wish_of(question(fp8, Wanted(weights=ALL), None)).weights == ()
    assert wish_of(question(fp8, Wanted(weights="int8", cache=OWN), None)).caches == ("bf16",)
