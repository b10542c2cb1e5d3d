"""Caches outside of the GPUs: what it takes to fetch them, against working on the prompt again."""

from collections.abc import Callable
from dataclasses import dataclass

from engine.latency import deployed_of, load_of
from engine.latency.collectives import pcie_bytes_per_s
from engine.latency.prefill import prefill
from engine.report import Report
from engine.strategies.lever import Place

PCIE_SHARE = 0.8  # [-] of the slot's paper rate that copies reach
NVME_BYTES_PER_S = 7e9  # [byte/s] one PCIe 4.0 disk, sequential reads


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """Cache of one context on the host or on disk instead of working on its prompt again.

    `break_even_bytes_per_s` is the bandwidth from which fetching is faster than recomputing [byte/s]; `*_seconds` are
    to recompute, to fetch from host memory over the slots, and from one disk.
    """

    bytes: int
    break_even_bytes_per_s: float
    host_bytes_per_s: float
    recompute_seconds: float
    host_seconds: float
    disk_seconds: float


def host_bytes_per_s(report: Report) -> float:
    """What the slots of all ranks of a replica give together [byte/s]: ranks fetch at once."""
    slot = pcie_bytes_per_s(report.facts.accelerator) * PCIE_SHARE
    return slot * (report.gpus // report.plan.dp)


def placement(report: Report, *, slot_bytes_per_s: float | None = None) -> Placement | None:
    """Keeping the cache of one context outside the GPUs, against working on its prompt again; None without rates.

    bandwidth needed = cache bytes / seconds to recompute. `slot_bytes_per_s` is per GPU, by default 0.8 of its slot;
    the ranks of a deployment fetch their parts at once.
    """
    place = deployed_of(report)
    if place is None:
        return None
    load = load_of(report)
    held = report.memory.curve.bytes(load.prompt)
    ranks = report.gpus // report.plan.dp
    rate = host_bytes_per_s(report) if slot_bytes_per_s is None else slot_bytes_per_s * ranks
    again = prefill(place, load.prompt, chunk=load.chunk).seconds
    return Placement(
        bytes=held,
        break_even_bytes_per_s=held / again if again else 0.0,
        host_bytes_per_s=rate,
        recompute_seconds=again,
        host_seconds=held / rate,
        disk_seconds=held / NVME_BYTES_PER_S,
    )


def fetch_seconds(report: Report, place: Place | None, kept: Callable[[int], int] = int) -> float:
    """Seconds until one context is there; for `running` ones, what one token reads of it.

    A replica's ranks share its sequences, so that replicas fetch theirs at once.
    """
    load = load_of(report)
    if place == "running":
        held = report.memory.curve.bytes(kept(load.mean_context))
        return held / host_bytes_per_s(report) / report.plan.dp
    held = report.memory.curve.bytes(kept(load.prompt))
    return held / (NVME_BYTES_PER_S if place == "disk" else host_bytes_per_s(report))
