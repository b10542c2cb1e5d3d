"""How wrong the engine's times are, by regime, hardware and model: `python -m tests.accuracy.latency`.

Served tokens are predicted by constants that have not seen the model, or the GPU, of the row (folds of
`tests.accuracy.fit_latency`). Other regimes are predicted by the shipped constants, which were not fitted to them but
for the pairs of `engine.latency.stacks`.
"""

import json
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import lru_cache
from statistics import mean, median

from engine.latency.efficiencies import Constants
from engine.latency.machine import kind_of
from engine.latency.stacks import PAIRS
from tests.accuracy.fit_latency import FOLDS
from tests.accuracy.fit_pairs import PAIR_FOLDS, pair_key, using
from tests.accuracy.perf_rows import PerfRow, Unanswered, read_rows
from tests.accuracy.predict_latency import Outcome, predict
from tests.accuracy.too_fast import impossible_series

CLASSES = {"c <= 8": (0, 8), "c 9-64": (8, 64), "c > 64": (64, 10**9)}
"""Concurrency classes: more than the first, at most the second."""


def answered(regime: str) -> list[PerfRow]:
    """Rows of a regime that are answered and possible."""
    rows = [row for row in read_rows() if isinstance(row, PerfRow) and row.regime == regime]
    left_out = impossible_series(rows)
    return [row for row in rows if row.series not in left_out]


def answered_share(regime: str) -> float:
    """Share of a regime's rows that are answered [-]."""
    rows = [row for row in read_rows() if row.regime == regime]
    return sum(isinstance(row, PerfRow) for row in rows) / len(rows)


@lru_cache(maxsize=1)
def _folds() -> dict[str, dict[str, Constants]]:
    table = json.loads(FOLDS.read_text(encoding="utf-8"))
    return {kind: {name: Constants(**values) for name, values in folds.items()} for kind, folds in table.items()}


@lru_cache(maxsize=4)
def held_out(kind: str) -> tuple[Outcome, ...]:
    """Served tokens by constants fitted without the row's `model` or `gpu`."""
    folds = _folds()[kind]
    key: Callable[[PerfRow], str] = (lambda r: r.model.id) if kind == "model" else (lambda r: r.accelerator.id)
    return tuple(predict(row, folds[key(row)]) for row in answered("serving"))


@lru_cache(maxsize=4)
def single_held_out(kind: str) -> tuple[Outcome, ...]:
    """Single sequences on one GPU by pairs fitted without the row's `model` or `gpu`.

    A pair that was measured on one GPU alone has nothing to be judged by without it: those rows are left out, as are
    rows that no pair predicts (today's servers, whose constants are fitted to served tokens).
    """
    folds = json.loads(PAIR_FOLDS.read_text(encoding="utf-8"))[kind]
    found = []
    for row in answered("batch 1, one GPU"):
        key = pair_key(row)
        if key is None:
            found.append(predict(row))
            continue
        fold = folds.get(row.model.id if kind == "model" else row.accelerator.id, {}).get("|".join(key))
        if fold is not None:
            with using({key: replace(PAIRS[key], read=fold[0], launch=fold[1])}):
                found.append(predict(row))
    return tuple(found)


@lru_cache(maxsize=16)
def shipped(regime: str) -> tuple[Outcome, ...]:
    """A regime by the shipped constants."""
    return tuple(predict(row) for row in answered(regime))


def concurrency_class(row: PerfRow) -> str:
    """The class of a row's number of clients."""
    return next(name for name, (low, high) in CLASSES.items() if low < row.load.concurrency <= high)


def errors(outcomes: Iterable[Outcome]) -> tuple[float, float]:
    """Mean and median absolute error [%]."""
    found = [100 * outcome.error for outcome in outcomes]
    return mean(found), median(found)


def quantile(values: Iterable[float], share: float) -> float:
    """The value below which `share` of the others lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def _line(name: str, outcomes: list[Outcome]) -> str:
    average, middle = errors(outcomes)
    ratios = [outcome.ratio for outcome in outcomes]
    spread = " / ".join(f"{quantile(ratios, share):.2f}" for share in (0.1, 0.5, 0.9))
    return f"{name:<44} {len(outcomes):>5} {average:>7.1f} {middle:>7.1f}   {spread}"


def table(title: str, outcomes: Iterable[Outcome], *groups: Callable[[Outcome], str]) -> str:
    """One line for all outcomes, and one for each value of each group."""
    every = list(outcomes)
    lines = [title, f"{'':<44} {'rows':>5} {'MAPE %':>7} {'median':>7}   measured/predicted p10 / p50 / p90"]
    lines.append(_line("all", every))
    for group in groups:
        parts: dict[str, list[Outcome]] = defaultdict(list)
        for outcome in every:
            parts[group(outcome)].append(outcome)
        lines += [_line(f"  {name}", part) for name, part in sorted(parts.items())]
    return "\n".join(lines)


def _kind(outcome: Outcome) -> str:
    generation, memory = kind_of(outcome.row.accelerator)
    return f"{generation} {memory}, {outcome.row.runtime}"


def main() -> int:
    """Prints all tables."""
    for kind in ("model", "gpu"):
        print(
            table(
                f"served tokens, {kind} left out",
                held_out(kind),
                lambda o: concurrency_class(o.row),
                _kind,
                lambda o: o.row.model.id,
            ),
            end="\n\n",
        )
        print(table(f"batch 1, one GPU, {kind} left out", single_held_out(kind), _kind), end="\n\n")
    regimes = dict.fromkeys(row.regime for row in read_rows())
    for regime in regimes:
        title = f"{regime}: {100 * answered_share(regime):.0f} % of the rows answered"
        print(table(title, shipped(regime), _kind), end="\n\n")
    reasons: dict[str, int] = defaultdict(int)
    for row in read_rows():
        if isinstance(row, Unanswered):
            reasons[row.reason] += 1
    print("not answered:", ", ".join(f"{count} {reason}" for reason, count in sorted(reasons.items())))
    return 0


if __name__ == "__main__":
    sys.exit(main())
