"""How well one run of a series tells the others: `python -m tests.accuracy.residuals`.

A series is one deployment (model, formats, GPU, plan and runtime) at several loads. Of every pair of its runs the ratio
measured / predicted of the one is divided by that of the other: what is left of the error once a run was measured.
"""

import itertools
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from engine.latency.bands import clients_class, single_kind
from engine.latency.load import Load
from engine.latency.residuals import REMAINDERS, near
from tests.accuracy.latency import held_out, quantile, shipped, single_held_out
from tests.accuracy.perf_rows import PerfRow
from tests.accuracy.predict_latency import Outcome, place_of

SHARES = (0.08, 0.92)
"""Of a hundred quotients those of which the rows of `REMAINDERS` are the ends."""


@dataclass(frozen=True, slots=True)
class Quotients:
    """Quotients of the pairs that a row of `REMAINDERS` is about, and how many series they are from."""

    values: tuple[float, ...]
    series: int


def _deployment(row: PerfRow) -> tuple[object, ...]:
    return (row.model.id, row.weights.id, row.cache.label, row.accelerator.id, row.runtime, row.plan)


def quotients(outcomes: Iterable[Outcome], counts: Callable[[Load, Load], bool]) -> Quotients:
    """Those of all pairs of one series with two loads for which `counts` holds."""
    series: dict[tuple[object, ...], list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        series[_deployment(outcome.row)].append(outcome)
    found: list[float] = []
    with_pairs = 0
    for runs in series.values():
        pairs = [
            there.ratio / here.ratio
            for here, there in itertools.permutations(runs, 2)
            if here.row.load != there.row.load and counts(here.row.load, there.row.load)
        ]
        found += pairs
        with_pairs += bool(pairs)
    return Quotients(tuple(found), with_pairs)


def _same_class(first: Load, second: Load) -> bool:
    return clients_class(first.concurrency) == clients_class(second.concurrency)


def _near_prompts(first: Load, second: Load) -> bool:
    return near(first.new, second.new) and near(first.prompt, second.prompt)


def _any(first: Load, second: Load) -> bool:
    del first, second
    return True


def _of_kind(outcomes: Iterable[Outcome], kind: tuple[str, str]) -> list[Outcome]:
    return [outcome for outcome in outcomes if single_kind(place_of(outcome.row)) == kind]


def measured(key: tuple[str, str]) -> Quotients:
    """The quotients behind a row of `REMAINDERS`."""
    match key:
        case "serving", "same class":
            return quotients(held_out("model"), _same_class)
        case "serving", _:
            return quotients(held_out("model"), lambda a, b: not _same_class(a, b))
        case "one", ("servers of today" | "llama.cpp unified" | "gaudi"):
            # each measured on one GPU alone
            return quotients(_of_kind(single_held_out("model"), key), _any)
        case "one", _:
            return quotients(_of_kind(single_held_out("gpu"), key), _any)
        case "several", _:
            return quotients(_of_kind(shipped("batch 1, several GPUs"), key), _any)
        case "offline", _:
            return quotients(shipped("offline maximum"), lambda a, b: near(a.mean_context, b.mean_context))
        case "prompt long", _:
            return quotients(shipped("prefill, 30k and more"), _near_prompts)
        case "prompt short", _:
            return quotients(shipped("prefill, shorter"), _near_prompts)
        case "first token", _:
            return quotients(shipped("first token"), _same_class)
    raise LookupError(f"no runs are known for {key}")


def main() -> int:
    """Prints what the rows of `REMAINDERS` are taken from."""
    print(f"{'':<28} {'pairs':>7} {'series':>7}   8th / 50th / 92nd of a hundred, as shipped")
    for key, row in REMAINDERS.items():
        found = measured(key)
        ends = " / ".join(f"{quantile(found.values, share):.3f}" for share in (SHARES[0], 0.5, SHARES[1]))
        name = ", ".join(part for part in key if part)
        print(f"{name:<28} {len(found.values):>7,} {found.series:>7}   {ends}   {row.low:.2f} to {row.high:.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
