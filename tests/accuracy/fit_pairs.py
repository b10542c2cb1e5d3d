"""Fits the pairs of `engine.latency.stacks` to single sequences on one GPU: `python -m tests.accuracy.fit_pairs`.

Needs numpy and scipy. Prints each pair with its rows and errors, and writes what each pair would be without a model,
and without a GPU where the pair has several, to tests/data/latency_pairs.json.
"""

import json
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from statistics import mean

from engine.latency import load, stacks
from engine.latency.machine import family_of, is_old, kind_of
from engine.latency.stacks import PAIRS, Pair
from tests.accuracy.perf_rows import PerfRow, read_rows
from tests.accuracy.predict_latency import predict

PAIR_FOLDS = Path(__file__).parent.parent / "data" / "latency_pairs.json"
READ_SPREAD, LAUNCH_SPREAD = 0.15, 1.0  # of the logarithms
READ_MIDDLE, LAUNCH_MIDDLE = 0.82, 8.0
MOST_READ = 0.95
"""No read of weights reaches more of the bandwidth [-]: best GEMM kernels of the op tables."""
ROW_SPREAD = 0.1

Key = tuple[str, str]


def pair_key(row: PerfRow) -> Key | None:
    """The pair that a row is predicted by; None where it is the constants of today's servers."""
    generation, memory = kind_of(row.accelerator)
    family = family_of(row.runtime)
    name = f"{family}-old" if is_old(family, row.version) else family
    if generation == "gaudi":
        return "server", "gaudi"
    if generation in ("amd", "intel") and memory == "hbm":
        return (name, generation) if (name, generation) in PAIRS else None
    return (name, memory) if (name, memory) in PAIRS else None


@contextmanager
def using(pairs: Mapping[Key, Pair]) -> Iterator[None]:
    """The engine with other pairs in place of some of its own."""
    kept = dict(stacks.PAIRS)
    stacks.PAIRS.update(pairs)
    _forget()
    try:
        yield
    finally:
        stacks.PAIRS.update(kept)
        _forget()


def _forget() -> None:
    stacks.stack_of.cache_clear()
    load.deployed.cache_clear()


def fit_pair(key: Key, rows: list[PerfRow]) -> Pair:
    """Read share and launch time that fit these rows best."""
    import numpy as np
    from scipy.optimize import least_squares

    middles = np.log([READ_MIDDLE, LAUNCH_MIDDLE])

    def pair(logs: "np.ndarray") -> Pair:
        read, launch = np.exp(logs).tolist()
        return replace(PAIRS[key], read=round(min(read, MOST_READ), 3), launch=round(launch, 2))

    def residuals(logs: "np.ndarray") -> "np.ndarray":
        with using({key: pair(logs)}):
            errors = np.log([predict(row).ratio for row in rows]) / ROW_SPREAD
        return np.concatenate([errors, (logs - middles) / [READ_SPREAD, LAUNCH_SPREAD]])

    found = least_squares(residuals, middles, loss="soft_l1", diff_step=0.02, max_nfev=30)
    return pair(found.x)


def rows_by_pair() -> dict[Key, list[PerfRow]]:
    """Single sequences on one GPU by the pair that predicts them."""
    found: dict[Key, list[PerfRow]] = defaultdict(list)
    for row in read_rows():
        if isinstance(row, PerfRow) and row.regime == "batch 1, one GPU" and (key := pair_key(row)) is not None:
            found[key].append(row)
    return found


def main() -> int:
    """Fits everything and prints it."""
    folds: dict[str, dict[str, dict[str, list[float]]]] = {"model": {}, "gpu": {}}
    for key, rows in sorted(rows_by_pair().items()):
        pair = fit_pair(key, rows)
        with using({key: pair}):
            error = 100 * mean(predict(row).error for row in rows)
        print(f"{key}: read={pair.read}, launch={pair.launch}, {len(rows)} rows, MAPE {error:.1f} %", flush=True)
        for kind in ("model", "gpu"):
            names = {_name(row, kind) for row in rows}
            for left_out in sorted(names) if len(names) > 1 else ():
                part = fit_pair(key, [row for row in rows if _name(row, kind) != left_out])
                folds[kind].setdefault(left_out, {})["|".join(key)] = [part.read, part.launch]
    PAIR_FOLDS.write_text(json.dumps(folds, indent=1) + "\n", encoding="utf-8")
    return 0


def _name(row: PerfRow, kind: str) -> str:
    return row.model.id if kind == "model" else row.accelerator.id


if __name__ == "__main__":
    sys.exit(main())
