"""Sweeps that cannot have worked on their prompts: faster than the datasheet allows.

Servers keep prompts of earlier runs; a sweep that sends the same ones again measures a prefix cache. Such a series is
told by runs that would need more than every flop and byte of the peak.
"""

from collections import defaultdict
from collections.abc import Iterable

from engine.latency.work import prompt_flops
from tests.accuracy.perf_rows import PerfRow
from tests.accuracy.predict_latency import place_of

SHARE_OF_RUNS = 0.1
"""From what share of impossible runs on a whole sweep is left out [-]; one sweep of the file has any, 4 of 21."""


def least_tpot_seconds(row: PerfRow) -> float:
    """The least time a token can take at the datasheet's rates, without launches or messages [s]."""
    place, load = place_of(row), row.load
    work, speeds, plan = place.work, place.speeds, row.plan
    experts = sum(group.parameters * group.share for group in work.experts)
    coded = work.coded.parameters + experts
    prompt = load.new * 2 * (coded / speeds.peak_coded + work.plain.parameters / speeds.peak_16)
    prompt += prompt_flops(row.model, load.new, load.cached) / plan.tp / speeds.peak_16
    running = load.concurrency * load.output * row.value / (prompt + load.output * row.value) / plan.dp
    touched = sum(group.bytes * group.coverage(running) for group in work.experts)
    read = work.coded.bytes + work.plain.bytes + work.head.bytes + touched
    read += running * work.cache_bytes(load.mean_context) / 2  # in case the cache was of 8 bits
    return read / speeds.bandwidth + max(0.0, running - 1) * prompt / max(1, load.output)


def impossible_series(rows: Iterable[PerfRow]) -> frozenset[str]:
    """Sweeps of which too many runs are faster than can be."""
    runs: dict[str, list[bool]] = defaultdict(list)
    for row in rows:
        if row.measure == "tpot" and row.regime == "serving":
            runs[row.series].append(row.value < least_tpot_seconds(row))
    return frozenset(name for name, fast in runs.items() if sum(fast) > SHARE_OF_RUNS * len(fast))
