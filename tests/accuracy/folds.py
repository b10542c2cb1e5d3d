"""Constants that were fitted to logs, checked on models that they were not fitted to: one is left out at a time."""

import re
import statistics
from collections.abc import Iterator
from dataclasses import dataclass

from engine.runtimes.vllm_memory import shapes_of
from tests.accuracy.rows import Row, rows

_ESTIMATE = re.compile(r"graph estimate (\d+\.\d+) GiB")


@dataclass(frozen=True, kw_only=True)
class Fold:
    """What the other models' median says of a left-out model, and what its logs say [GiB]."""

    constant: str
    model: str
    fitted: float
    observed: float


def folds() -> Iterator[Fold]:
    """Graphs' estimate a layer, graphs really captured a layer, and memory outside PyTorch, version 0.19.0."""
    found = [row for row in rows("vllm") if row["runtime_version"] == "0.19.0" and row["pp"] == "1"]
    for experts in (False, True):
        held = [row for row in found if shapes_of(row.model, 1).experts is experts]
        kind = "experts" if experts else "dense"
        yield from _left_out(f"graph estimate a layer, {kind}", [(r, _estimate(r)) for r in held])
        yield from _left_out(f"graphs captured a layer, {kind}", [(r, _captured(r)) for r in held])
    for ranks in ("1", "2"):
        values = [(r, r.number("non_torch_gib")) for r in found if r["tp"] == ranks]
        yield from _left_out(f"memory outside PyTorch, TP{ranks}", values)


def _left_out(constant: str, values: list[tuple[Row, float | None]]) -> Iterator[Fold]:
    by_model: dict[str, list[float]] = {}
    for row, value in values:
        if value is not None:
            by_model.setdefault(row.model.id, []).append(value)
    if len(by_model) < 2:
        return
    for model, held in by_model.items():
        others = [statistics.median(other) for name, other in by_model.items() if name != model]
        yield Fold(constant=constant, model=model, fitted=statistics.median(others), observed=statistics.median(held))


def _estimate(row: Row) -> float | None:
    match = _ESTIMATE.search(row["note"])
    return float(match[1]) / row.model.layer_count if match else None


def _captured(row: Row) -> float | None:
    value = row.number("cudagraph_gib")
    return value / row.model.layer_count if value else None
