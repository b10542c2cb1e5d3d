"""Facts and scenarios for tests of the search, without any file."""

from typing import Any, Literal

from engine.cost import DatedOffer
from engine.hardware import Accelerator, Offer, Peaks
from engine.model import ModelSpec
from engine.report import Facts
from engine.scenario import Deployment, Scenario, Workload

GIB = 2**30


def accelerator(name: str, memory_gib: float, **changes: Any) -> Accelerator:
    """A GPU with 8-bit arithmetic."""
    fields: dict[str, Any] = {
        "id": name,
        "name": name.upper(),
        "vendor": "nvidia",
        "label_gb": memory_gib,
        "driver_bytes": int(memory_gib * GIB),
        "bandwidth_bytes_per_s": 2e12,
        "peaks": Peaks(bf16_flops_per_s=4e14, fp8_flops_per_s=8e14, int8_ops_per_s=8e14),
        "link_gpus": 8,
    }
    return Accelerator(**(fields | changes))


def offer(name: str, gpu: str, gpus: float, usd: float | None, **changes: Any) -> DatedOffer:
    """An offer of yesterday."""
    own = bool(changes.pop("own", False))
    made = Offer(
        id=name,
        provider=str(changes.pop("provider", "cloud")),
        instance=name,
        gpu=gpu,
        gpus=gpus,
        on_demand_usd_per_hour=usd,
        as_of="2026-11-24",
        **changes,
    )
    return DatedOffer(offer=made, age_days=1, own=own, origin="shipped catalog")


SMALL = accelerator("small", 24)
BIG = accelerator("big", 80)
HUGE = accelerator(
    "huge", 180, vendor="amd", peaks=Peaks(bf16_flops_per_s=1e15, fp8_flops_per_s=2e15, fp4_flops_per_s=4e15)
)
MAC = accelerator("mac", 96, vendor="apple", node_gpus=1, link_gpus=1, peaks=Peaks(fp16_flops_per_s=3e13))
FUTURE = accelerator("future", 288, status="announced")

OFFERS = {
    "small": (offer("small-1", "small", 1, 0.7), offer("small-8", "small", 8, 6.0)),
    "big": (offer("big-1", "big", 1, 3.0), offer("big-8", "big", 8, 25.0, provider="other", spot_usd_per_hour=9.0)),
    "huge": (offer("huge-1", "huge", 1, 5.5, joined_gpus=8),),
    "mac": (),
    "future": (),
}


def facts(model: ModelSpec, *accelerators: Accelerator) -> dict[str, Facts]:
    """The facts of a model on some accelerators; on all five without any."""
    return {
        held.id: Facts(model=model, accelerator=held, offers=OFFERS.get(held.id, ()), domain=held.node_gpus)
        for held in accelerators or (SMALL, BIG, HUGE, MAC, FUTURE)
    }


def scenario(
    model: ModelSpec, *, context: int = 32_768, concurrency: int | Literal["max"] = 1, **deployment: Any
) -> Scenario:
    """A question about a model."""
    return Scenario(
        model={"id": model.id},
        workload=Workload(context=context, concurrency=concurrency, output=min(context, 100)),
        deployment=Deployment(**deployment),
    )
