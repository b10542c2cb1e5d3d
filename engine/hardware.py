"""Accelerators, the nodes they come in, and the offers that rent them."""

from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import Ge, Gt

from engine.bounds import Bounded, Unit
from engine.estimate import Amount, Band

GB = 10**9
GIB = 2**30

Confidence = Literal["high", "medium", "low"]


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
    against; `torch_total_bytes` what PyTorch reports as total capacity [byte], a little less.
    """

    id: str
    name: str
    vendor: str
    label_gb: Annotated[float, Gt(0)]
    driver_bytes: Annotated[int, Gt(0), Unit("bytes")] | None = None
    driver_evidence: str = ""
    torch_total_bytes: Annotated[int, Gt(0), Unit("bytes")] | None = None
    shared_memory: bool = False  # the CPU uses the same memory
    bandwidth_bytes_per_s: Annotated[float, Gt(0)] | None = None
    peaks: Peaks = Peaks()
    form_factor: str = ""
    interconnect: str = ""
    interconnect_bytes_per_s: Annotated[float, Gt(0)] | None = None  # one direction
    pcie: str = ""
    node_gpus: Annotated[int, Gt(0)] = 8  # devices of the usual node
    tdp_watts: Annotated[float, Gt(0)] | None = None
    release_year: int | None = None
    status: Literal["ga", "announced"] = "ga"
    confidence: Confidence = "medium"
    unverified: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    retrieved: str = ""
    notes: str = ""

    @property
    def memory_bytes(self) -> Amount:
        """Memory of the device: what its driver shows, or a band around the label where nobody has published that.

        HBM labels are GiB in truth and GDDR cards with ECC show 6.3 % less than label x 2^30, so what the driver
        will show lies between label x 10^9 and label x 2^30. The cautious end is the best guess.
        """
        if self.driver_bytes is not None:
            return self.driver_bytes
        label_bytes = round(self.label_gb * GB)
        return Band(label_bytes, label_bytes, round(self.label_gb * GIB))


@dataclass(frozen=True, slots=True, kw_only=True)
class Node(Bounded):
    """A reference shape: how many devices share a node, what joins them, and what joins nodes.

    `network_bytes_per_s` is the sum over the node's network cards, one direction.
    """

    id: str
    gpu: str
    gpus: Annotated[int, Gt(0)]
    intra_node: str = ""
    network_bytes_per_s: Annotated[float, Gt(0)] | None = None
    source: str = ""
    notes: str = ""


OfferKind = Literal["rent", "market", "serverless", "reseller", "ownership", "historical"]
"""rent: a provider's list price. market: bids of many hosts. serverless: billed by the second. reseller: passes on
others' machines. ownership: cost of owning, not rent. historical: quoted to reproduce an old text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer(Bounded):
    """A machine with a price, a place and a date. Prices are for the whole machine; None means not known.

    `gpus` can be a fraction (a sixth of a card). `as_of` is an ISO day, or a range of months `2026-01..2026-03`
    whose day is not known.
    """

    id: str
    provider: str
    instance: str
    gpu: str
    gpus: Annotated[float, Gt(0)]
    kind: OfferKind = "rent"
    on_demand_usd_per_hour: Annotated[float, Ge(0)] | None = None
    spot_usd_per_hour: Annotated[float, Ge(0)] | None = None
    region: str = ""
    as_of: str = ""
    as_of_basis: str = ""
    vcpus: Annotated[float, Gt(0)] | None = None
    ram_gib: Annotated[float, Gt(0)] | None = None
    network_bytes_per_s: Annotated[float, Gt(0)] | None = None
    intra_node: str = ""
    source: str = ""
    notes: str = ""
