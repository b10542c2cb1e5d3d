"""Accelerators, the nodes they come in, and the offers that rent them."""

from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import Ge, Gt, Le

from engine.bounds import Bounded, Unit
from engine.errors import FieldError
from engine.estimate import Amount, Band, best, high, low
from engine.ownership import Ownership

GB = 10**9
GIB = 2**30

DRIVER_RESERVE_BYTES = (GIB // 4, GIB // 2, 9 * GIB // 10)
"""What PyTorch sees less than the driver shows, on NVIDIA cards [byte]: 0.26-0.43 GiB on 16-24 GB cards (T4, A10,
3090, 4090), 0.46 on H100, 0.6-0.85 on A100-80, H200 and B200. Source: "total capacity" in PyTorch's texts."""
TOTAL_SPREAD_BYTES = GIB // 20
"""How far reports of one card's total differ [byte]: H100-80 as 79.10 to 79.25 GiB in public logs."""

Confidence = Literal["high", "medium", "low"]
Share = Annotated[float, Gt(0), Le(1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Peaks(Bounded):
    """Dense peak rates of one accelerator [flop/s, for int8 op/s]; None where the chip or our sources lack one."""

    fp32_flops_per_s: Annotated[float, Gt(0)] | None = None
    tf32_flops_per_s: Annotated[float, Gt(0)] | None = None
    fp16_flops_per_s: Annotated[float, Gt(0)] | None = None
    bf16_flops_per_s: Annotated[float, Gt(0)] | None = None
    fp8_flops_per_s: Annotated[float, Gt(0)] | None = None
    int8_ops_per_s: Annotated[float, Gt(0)] | None = None
    fp4_flops_per_s: Annotated[float, Gt(0)] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Accelerator(Bounded):
    """One device as a driver lists it.

    `label_gb` is the number on the box [GB]; `driver_bytes` what the driver shows [byte], the figure to size
    against; `torch_total_bytes` what PyTorch reports as total capacity [byte], a little less. Where the CPU uses the
    same memory, `model_share` is the least and the most of it that a model may take as the system comes, and
    `label_gb` the largest configuration. `node_gpus` devices share a node (or an NVLink domain), `link_gpus` of them
    are joined by the fast link: all of a node with switches, two by a bridge, one where there is none.
    """

    id: str
    name: str
    vendor: str
    label_gb: Annotated[float, Gt(0)]
    driver_bytes: Annotated[int, Gt(0), Unit("bytes")] | None = None
    driver_evidence: str = ""
    torch_total_bytes: Annotated[int, Gt(0), Unit("bytes")] | None = None
    shared_memory: bool = False  # the CPU uses the same memory
    model_share: tuple[Share, Share] | None = None  # least and most
    model_share_evidence: str = ""
    bandwidth_bytes_per_s: Annotated[float, Gt(0)] | None = None
    peaks: Peaks = Peaks()
    form_factor: str = ""
    interconnect: str = ""
    interconnect_bytes_per_s: Annotated[float, Gt(0)] | None = None  # one direction
    pcie: str = ""
    node_gpus: Annotated[int, Gt(0)] = 8  # devices of the usual node
    link_gpus: Annotated[int, Gt(0)] | None = None  # None: not known
    tdp_watts: Annotated[float, Gt(0)] | None = None
    release_year: int | None = None
    status: Literal["ga", "announced"] = "ga"
    confidence: Confidence = "medium"
    unverified: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    retrieved: str = ""
    notes: str = ""

    def __post_init__(self) -> None:
        Bounded.__post_init__(self)
        if self.model_share is not None and self.model_share[0] > self.model_share[1]:
            raise FieldError("model_share", f"must be the least and the most, got {self.model_share}")

    @property
    def visible_bytes(self) -> Amount:
        """What a program sees as total memory: what PyTorch reports, or the driver's figure less its reserve.

        Shared memory is told apart by what CUDA reports already, and other vendors' drivers keep nothing back.
        """
        if self.torch_total_bytes is not None:
            total = self.torch_total_bytes
            return Band(total - TOTAL_SPREAD_BYTES, total, total + TOTAL_SPREAD_BYTES)
        if self.vendor != "nvidia" or self.shared_memory:
            return self.memory_bytes
        least, usual, most = DRIVER_RESERVE_BYTES
        shown = self.memory_bytes
        return Band(low(shown) - most, best(shown) - usual, high(shown) - least)

    @property
    def memory_bytes(self) -> Amount:
        """Memory that a model may take: what the driver shows, or a band where nobody has published that.

        HBM labels are GiB in truth and GDDR cards with ECC show 6.3 % less than label x 2^30, so what the driver
        will show lies between label x 10^9 and label x 2^30. Shared memory is sold in GiB, and a share of it is
        the model's. The cautious end is the best guess.
        """
        if self.driver_bytes is not None:
            return self.driver_bytes
        if self.model_share is not None:
            least, most = (round(share * self.label_gb * GIB) for share in self.model_share)
            return Band(least, least, most) if least < most else least
        label_bytes = round(self.label_gb * GB)
        return Band(label_bytes, label_bytes, round(self.label_gb * GIB))


@dataclass(frozen=True, slots=True, kw_only=True)
class Node(Bounded):
    """A reference shape: how many devices share a node, what joins them, and what joins nodes.

    `network_bytes_per_s` is the sum over the node's network cards, one direction; `link_gpus` how many of the devices
    the fast link joins, where it is not what their accelerator says.
    """

    id: str
    gpu: str
    gpus: Annotated[int, Gt(0)]
    intra_node: str = ""
    link_gpus: Annotated[int, Gt(0)] | None = None
    network_bytes_per_s: Annotated[float, Gt(0)] | None = None
    source: str = ""
    retrieved: str = ""
    notes: str = ""

    @property
    def network_bytes_per_s_and_gpu(self) -> float | None:
        """Each device's share of the network between nodes, one direction [byte/s]."""
        return None if self.network_bytes_per_s is None else self.network_bytes_per_s / self.gpus


OfferKind = Literal["rent", "market", "serverless", "reseller", "ownership", "historical"]
"""rent: a provider's list price. market: bids of many hosts. serverless: billed by the second. reseller: passes on
others' machines. ownership: cost of owning, not rent. historical: quoted to reproduce an old text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer(Bounded):
    """A machine with a price, a place and a date. Prices are for the whole machine; None means not known.

    `gpus` can be a fraction (a sixth of a card); `joined_gpus` is how many devices of several such machines share a
    host or a rack, where a price is for a part of one (a GPU of eight, a tray of a rack). `as_of` is an ISO day, or
    a range of months `2026-01..2026-03` whose day is not known. An owned machine has `ownership` in place of a price.
    """

    id: str
    provider: str
    instance: str
    gpu: str
    gpus: Annotated[float, Gt(0)]
    joined_gpus: Annotated[float, Gt(0)] | None = None
    kind: OfferKind = "rent"
    on_demand_usd_per_hour: Annotated[float, Ge(0)] | None = None
    spot_usd_per_hour: Annotated[float, Ge(0)] | None = None
    ownership: Ownership | None = None
    region: str = ""
    as_of: str = ""
    as_of_basis: str = ""
    vcpus: Annotated[float, Gt(0)] | None = None
    ram_gib: Annotated[float, Gt(0)] | None = None
    network_bytes_per_s: Annotated[float, Gt(0)] | None = None
    intra_node: str = ""
    source: str = ""
    notes: str = ""

    @property
    def machine_gpus(self) -> float:
        """Devices that can work together as in one machine."""
        return max(self.gpus, self.joined_gpus or 0)

    def usd_per_hour(self, *, spot: bool = False) -> float | None:
        """The price of an hour: on demand (or of an owned machine), or as spot; None if it is not known."""
        if spot:
            return self.spot_usd_per_hour
        if self.on_demand_usd_per_hour is None and self.ownership is not None:
            return self.ownership.usd_per_hour
        return self.on_demand_usd_per_hour
