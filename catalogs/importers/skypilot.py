"""SkyPilot's catalogs: `vms.csv` of each cloud, with an on-demand and a spot price in every row.

https://github.com/skypilot-org/skypilot-catalog, `catalogs/v8/<cloud>/vms.csv`. Columns are read by their names: the
order differs by cloud. `GpuInfo` is not read: it is a Python literal, and its memory is often wrong. On GCP the machine
and its accelerators are separate rows whose prices are added.
"""

from collections.abc import Iterable, Iterator, Mapping

from catalogs.importers.instances import chips_of
from catalogs.importers.price_rows import PriceRow, RowError, number_of, records, size_of, text_of
from engine.hardware import OfferKind

FORM = "skypilot"
BASES = (
    "https://raw.githubusercontent.com/skypilot-org/skypilot-catalog/master/catalogs/v8",
    "https://skypilot-catalog.s3.us-east-1.amazonaws.com/catalogs/v8",
)
"""The second stands in where the first turns too many requests away."""

REQUIRED = ("InstanceType", "AcceleratorName", "AcceleratorCount", "Price", "SpotPrice", "Region")

_HOSTS: Mapping[str, Mapping[int, str]] = {
    "A100": {n: f"a2-highgpu-{n}g" for n in (1, 2, 4, 8)} | {16: "a2-megagpu-16g"},
    "A100-80GB": {n: f"a2-ultragpu-{n}g" for n in (1, 2, 4, 8)},
    "H100": {n: f"a3-highgpu-{n}g" for n in (1, 2, 4, 8)},
    "H100-MEGA": {8: "a3-megagpu-8g"},
    "H200": {8: "a3-ultragpu-8g"},
    "B200": {8: "a4-highgpu-8g"},
    "GB200": {4: "a4x-highgpu-4g"},
    "L4": {1: "g2-standard-4", 2: "g2-standard-24", 4: "g2-standard-48", 8: "g2-standard-96"},
    "RTX-PRO-6000": {1: "g4-standard-48", 2: "g4-standard-96", 4: "g4-standard-192", 8: "g4-standard-384"},
}
"""Google's machine types by accelerator and number: the only host that holds so many, or the smallest."""
_HOST_NAMES = frozenset(name for sizes in _HOSTS.values() for name in sizes.values())
_KINDS: Mapping[str, OfferKind] = {"vast": "market", "shadeform": "reseller"}


def addresses(provider: str) -> tuple[str, ...]:
    """Where a cloud's list is, the mirror last."""
    return tuple(f"{base}/{provider}/vms.csv" for base in BASES)


def rows(lines: Iterable[str], *, provider: str, where: str) -> Iterator[PriceRow | RowError]:
    """The machines with GPUs, row by row, or why a row is none. Raises `FieldError` for what is no such list."""
    hosts: dict[tuple[str, str], PriceRow] = {}
    parts: list[tuple[PriceRow, str]] = []
    kind = _KINDS.get(provider, "rent")
    for record in records(lines, REQUIRED, where=where):
        try:
            if not record:
                raise RowError("a row with another number of cells than the header")
            name, machine = record["AcceleratorName"].strip(), record["InstanceType"].strip()
            zone = record.get("AvailabilityZone", "").strip() or record["Region"].strip()
            if not name:
                if machine in _HOST_NAMES:
                    hosts[machine, zone] = _priced(record, machine, "host", 1, kind)
            elif machine:
                yield _priced(record, machine, name, _count(record, name), _kind(machine, kind))
            elif chips_of(name) is not None:
                yield _priced(record, name, name, _count(record, name), kind)
            else:
                parts.append((_priced(record, "accelerator", name, _count(record, name), kind), zone))
        except RowError as problem:
            yield problem
    for part, zone in parts:
        yield _with_host(part, hosts, zone)


def _kind(machine: str, kind: OfferKind) -> OfferKind:
    # RunPod's community machines are other people's, at their prices
    return "market" if machine.endswith("_COMMUNITY") else kind


def _count(record: Mapping[str, str], name: str) -> float:
    count = number_of(record, "AcceleratorCount", what="number of GPUs")
    if count is None or count <= 0:
        raise RowError("no number of GPUs")
    return count * (chips_of(name) or 1)


def _priced(record: Mapping[str, str], machine: str, name: str, gpus: float, kind: OfferKind) -> PriceRow:
    row = PriceRow(
        instance=machine,
        gpu=name,
        gpus=gpus,
        region=text_of(record, "Region", what="region"),
        on_demand_usd=number_of(record, "Price", what="price"),
        # zero stands for "none" in a spot column
        spot_usd=number_of(record, "SpotPrice", what="spot price") or None,
        vcpus=size_of(record, "vCPUs"),
        ram_gib=size_of(record, "MemoryGiB"),
        kind=kind,
    )
    if row.on_demand_usd is None and row.spot_usd is None:
        raise RowError("no price")
    return row


def _with_host(part: PriceRow, hosts: Mapping[tuple[str, str], PriceRow], zone: str) -> PriceRow | RowError:
    """An accelerator's price with that of the machine around it."""
    machine = _HOSTS.get(part.gpu, {}).get(int(part.gpus))
    if machine is None:
        return RowError("an accelerator without a machine of its own")
    host = hosts.get((machine, zone))
    if host is None:
        return RowError("no price of the machine around the accelerator")
    if not part.on_demand_usd:
        return RowError("a price of zero")
    spots = (part.spot_usd, host.spot_usd)
    return PriceRow(
        instance=machine,
        gpu=part.gpu,
        gpus=part.gpus,
        region=part.region,
        on_demand_usd=part.on_demand_usd + (host.on_demand_usd or 0.0),
        spot_usd=None if spots[0] is None else spots[0] + (spots[1] or 0.0),
        vcpus=host.vcpus,
        ram_gib=host.ram_gib,
        kind=part.kind,
    )
