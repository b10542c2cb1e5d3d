"""Scenarios and facts for tests of the engine, without any file."""

from typing import Any, Literal

from engine.cost import DatedOffer
from engine.hardware import Accelerator, Offer
from engine.model import ModelSpec
from engine.report import Facts, Report, evaluate
from engine.scenario import Cost, Deployment, Precision, Scenario, Workload

GIB = 2**30
GB = 10**9

H100 = Accelerator(id="h100-sxm", name="H100 SXM 80GB", vendor="nvidia", label_gb=80, driver_bytes=85_520_809_984)
H200 = Accelerator(id="h200-sxm", name="H200 SXM", vendor="nvidia", label_gb=141, driver_bytes=150_754_820_096)
UNKNOWN = Accelerator(id="new", name="New GPU", vendor="someone", label_gb=100)

OFFER = DatedOffer(
    offer=Offer(
        id="cloud-8x",
        provider="cloud",
        instance="8x",
        gpu="h100-sxm",
        gpus=8,
        on_demand_usd_per_hour=24.0,
        region="somewhere",
        as_of="2026-11-01",
    ),
    age_days=24,
)


def ask(
    model: ModelSpec,
    *,
    gpu: Accelerator = H100,
    context: int = 32_768,
    concurrency: int | Literal["max"] = 1,
    weights: str = "bf16",
    cache: str = "bf16",
    cost: Cost | None = None,
    offers: tuple[DatedOffer, ...] = (),
    **deployment: Any,
) -> Report:
    """The report on a model."""
    scenario = Scenario(
        model={"id": model.id},
        precision=Precision(weights=weights, cache=cache),
        workload=Workload(context=context, concurrency=concurrency),
        deployment=Deployment(gpu=gpu.id, **deployment),
        cost=cost or Cost(),
    )
    return evaluate(scenario, Facts(model=model, accelerator=gpu, offers=offers))
