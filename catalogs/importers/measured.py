"""A start-up log as a calibration: what it measured of a rank, when, and everything that this depends on."""

import datetime

from catalogs.importers.runtime_log import Observation
from engine.estimate import best
from engine.report import Report
from engine.scenario import Calibration, MeasuredMemory

_ITEMS = {
    "weights_bytes": "weights",
    "activation_bytes": "activation",
    "graph_bytes": "graphs",
    "non_torch_bytes": "non_torch",
    "pool_bytes": "pool",
}
"""What logs print, by the names that calibrations have for it."""

PRINTED_BYTES = 2**30 // 100
"""How far apart two sizes may be that are printed alike, with two decimals of a GiB [byte]."""


def calibration_of(observation: Observation, report: Report, *, today: datetime.date, source: str = "") -> Calibration:
    """What a log measured; `report` answers the scenario that the log tells.

    A log without a date was written `today`, one that prints no year in the last twelve months.
    """
    setting, plan, memory = report.choice.setting, report.plan, report.scenario.deployment.device_memory
    visible = report.facts.accelerator.visible_bytes
    if memory is not None and abs(memory - best(visible)) <= PRINTED_BYTES:
        # the catalog's own figure, as the log rounds it
        memory = None
    return Calibration(
        date=day_of(observation.day, today).isoformat(),
        source=source,
        runtime=observation.runtime,
        runtime_version=observation.version,
        model=report.model.id,
        parameters=report.model.parameters,
        weights=report.weights.id,
        cache=report.cache.label,
        gpu=report.facts.accelerator.id,
        device_memory=memory,
        context=setting.context_tokens,
        options=dict(setting.options),
        memory=_memory(observation),
        **plan.degrees,
    )


def _memory(observation: Observation) -> MeasuredMemory:
    items = observation.items
    found = {name: round(items[printed]) for printed, name in _ITEMS.items() if items.get(printed, 0) > 0}
    if items.get("graph_bytes") == items.get("captured_graph_bytes"):
        # what was captured in the end is not what was set aside for it
        found.pop("graphs", None)
    return MeasuredMemory(**found)


def day_of(stamp: str, today: datetime.date) -> datetime.date:
    """The day of a log's time stamp, which may lack the year; today where it has none, or none that there is."""
    if not stamp:
        return today
    years = (stamp[:4],) if len(stamp) > len("11-20") else (str(today.year), str(today.year - 1))
    for year in years:
        try:
            found = datetime.date.fromisoformat(f"{year}-{stamp[-5:]}")
        except ValueError:
            continue
        if len(years) == 1 or found <= today:
            return found
    return today
