"""What ranks pay to talk: all-reduces of tensor parallelism, exchanges of expert parallelism, hops between stages.

Time of one = a part for the message, whatever its size, and a part for its bytes. Sizes and floors of single
collectives are measured in loops; inside a step they cost more, because every one waits for the slowest rank. That
factor is fitted for NVLink (`Constants.join`); machines without it have no measured step.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

from engine.hardware import Accelerator, Node
from engine.latency.efficiencies import Constants
from engine.latency.machine import kind_of

BUS_GB_PER_S: dict[str, dict[int, float]] = {
    "a100": {2: 193, 4: 217, 8: 222},
    "h100": {2: 318, 4: 350, 8: 445},
    "h200": {2: 318, 4: 350, 8: 445},
    "b200": {2: 534, 4: 634, 8: 704},
    "gb200": {2: 530, 4: 628},
    "rtx-pro-6000": {2: 39, 4: 26, 8: 25},
}
"""Bus bandwidth of an all-reduce of 512 MB with NCCL [GB/s], by beginning of the id and ranks.
Source: aiconfigurator 0.12, collective tables. Its L40S machine (20, 5.2 and 1.5 GB/s) is left out: it is twelve times
slower than RTX PRO 6000 on a slot half as fast, and servers of L40S serve faster than it would allow."""

LINK_SHARE = 0.75
"""What of one direction of a link an all-reduce makes use of [-]: 0.71 to 0.99 on H100, 0.59 to 0.78 on B200."""

PCIE_BUS_SHARE = 0.4
"""The same of a PCIe x16 slot [-]: 39 and 26 of 64 GB/s on RTX PRO 6000; L40S reaches far less with many ranks."""

PCIE_GB_PER_S = {"3.0": 16.0, "4.0": 32.0, "5.0": 64.0, "6.0": 128.0}  # [GB/s] x16, one direction, on paper
USUAL_PCIE_GB_PER_S = 32.0  # [GB/s] a slot that nobody has described: PCIe 4.0 x16
PCIE_FLOOR_US = {1: 11.0, 2: 28.0, 3: 56.0}
"""A small all-reduce over PCIe [us] by log2 of the ranks: twice what loops show (5.7, 14, 28 us for 2, 4, 8 L40S)."""

NETWORK_SHARE = 0.72
"""What of the network between nodes a message sees [-]: 36 of 50 GB/s, H100 point to point (Vidur's profiles)."""
NETWORK_DEFAULT_GB_PER_S = 50.0  # [GB/s] a GPU, one direction: a node of 8 x 400 Gb/s
NETWORK_FLOOR_US = 60.0
"""A small all-reduce that leaves the node [us]: 133 us for 128 KB over 2 x 8 A100, about half of it for the bytes."""
HOP_US = 8.0  # [us] point to point over NVLink, 128 KB (Vidur's profiles)
NETWORK_HOP_US = 24.0  # [us] between nodes

EXCHANGE_US = 13.0
"""Dispatch or combine of experts' inputs for few tokens [us]: DeepEP low latency on H100, 8 GPUs."""
EXCHANGE_SHARE = 0.45
"""Their bytes against one direction of NVLink [-]: 128 tokens a rank of DeepSeek-V3 in 37 + 67 us on H100."""

ELEMENT_BYTES = 2  # [byte] activations are exchanged in 16 bits


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """How the ranks of a tensor-parallel group, and of the experts, are joined. Bandwidths in byte/s."""

    ranks: int
    bus: float
    floor_us: float  # of a small all-reduce, before the factor of the runtime
    exchange: float  # an exchange of experts' inputs, one direction
    nvlink: bool  # whether floor_us is in units of `Constants.join`
    hop_us: float
    hop: float
    ring_us: float = 0.0  # a small exchange among context-parallel ranks
    ring: float = math.inf  # to the next context-parallel rank, one direction


def pcie_bytes_per_s(accelerator: Accelerator) -> float:
    """What the slot of an accelerator carries in one direction [byte/s], on paper."""
    return 1e9 * PCIE_GB_PER_S.get(accelerator.pcie[:3], USUAL_PCIE_GB_PER_S)


@lru_cache(maxsize=4096)
def links_of(
    accelerator: Accelerator, node: Node | None, domain: int, ranks: int, stages: int, contexts: int = 1
) -> Links:
    """The links of `ranks` GPUs that work on one layer, where `domain` GPUs share a fast link.

    Beyond the domain, and between pipeline stages in different nodes, the network counts; so it does between
    `contexts` groups of such ranks that share the tokens of a prompt.
    """
    inside = ranks <= max(1, domain)
    link = accelerator.interconnect_bytes_per_s
    pcie = pcie_bytes_per_s(accelerator)
    fast = link is not None and ranks <= (accelerator.link_gpus or domain)
    bus = _bus(accelerator, ranks, link if fast else None, pcie)
    one_way = link if fast and link is not None else pcie
    doublings = math.log2(ranks) if ranks > 1 else 0.0
    floor = 2 + 3 * doublings if fast else PCIE_FLOOR_US.get(math.ceil(doublings), 56.0)
    network = _network(node, domain)
    if not inside:
        bus, one_way, floor, fast = min(bus, network), min(one_way, network), NETWORK_FLOOR_US * doublings / 4, False
    crosses = ranks * stages * contexts > max(1, domain)
    apart = ranks * contexts > max(1, domain)
    return Links(
        ranks=ranks,
        bus=bus,
        floor_us=floor if ranks > 1 else 0.0,
        exchange=one_way * EXCHANGE_SHARE,
        nvlink=fast,
        hop_us=NETWORK_HOP_US if crosses else HOP_US,
        hop=network if crosses else one_way * LINK_SHARE,
        ring_us=(NETWORK_FLOOR_US if apart else HOP_US) * (1 if contexts > 1 else 0),
        ring=network if apart else one_way * LINK_SHARE,
    )


def _bus(accelerator: Accelerator, ranks: int, link: float | None, pcie: float) -> float:
    for start, table in BUS_GB_PER_S.items():
        if accelerator.id.startswith(start) and "pcie" not in accelerator.id and "nvl" not in accelerator.id:
            sizes = sorted(table)
            return 1e9 * table[min(sizes, key=lambda size: (abs(size - ranks), size))]
    if link is not None:
        return link * LINK_SHARE
    return pcie * PCIE_BUS_SHARE


def _network(node: Node | None, domain: int) -> float:
    if node is None or node.network_bytes_per_s is None:
        return 1e9 * NETWORK_DEFAULT_GB_PER_S * NETWORK_SHARE
    return node.network_bytes_per_s / max(1, min(node.gpus, domain)) * NETWORK_SHARE


def all_reduce_seconds(links: Links, message_bytes: float, constants: Constants, join: float) -> float:
    """One all-reduce within a decode step [s]; `join` is the runtime's factor [-].

    floor + 2 (n - 1) / n x bytes / bus bandwidth, each with its fitted factor.
    """
    n = links.ranks
    if n == 1:
        return 0.0
    floor = links.floor_us * (constants.join * join if links.nvlink else 1.0)
    # small messages do not reach NVLink's bandwidth; PCIe is slow enough that they reach its own
    volume = constants.join_volume if links.nvlink else 1.0
    return floor * 1e-6 + volume * volume_seconds(links, message_bytes)


def volume_seconds(links: Links, message_bytes: float) -> float:
    """The bytes of an all-reduce alone [s]."""
    n = links.ranks
    return 2 * (n - 1) / n * message_bytes / links.bus


def exchange_seconds(links: Links, tokens: float, hidden: int, top_k: int, join: float) -> float:
    """Dispatch and combine of one layer of experts for `tokens` tokens a rank [s]: 8 bits out, 16 back."""
    sent = tokens * top_k * hidden * (1 + ELEMENT_BYTES)
    return 2 * EXCHANGE_US * 1e-6 * join + sent / links.exchange


def is_measured(accelerator: Accelerator) -> bool:
    """Whether steps over several of this accelerator were measured: NVLink servers of three generations."""
    generation, memory = kind_of(accelerator)
    return memory == "hbm" and generation in ("ampere", "hopper", "blackwell")
