"""A start-up log beside what the engine says of it, and what of it a scenario can take over."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from catalogs.facts import Catalogs
from catalogs.importers.measured import calibration_of
from catalogs.importers.runtime_log import Observation, Row, compare, parse_log, scenario_table
from catalogs.merge import merged
from catalogs.scenarios import parse_scenario
from catalogs.tables import to_table
from engine.errors import FieldError
from engine.estimate import high, low
from engine.parallel import DEGREES
from engine.report import Report, evaluate
from engine.scenario import Calibration, MeasuredMemory, MeasuredSpeed, Scenario, WeightChoice
from engine.units import MAX_TOKENS

FAR_FACTOR = 1.25
"""How far outside its band weights or a pool may lie before the GPU or the plan is doubted [-]: a judgement, wide
enough for versions and GPUs that no log was checked of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogCheck:
    """A log and the prediction. `report` answers the scenario that the log tells, `rows` are what both say.

    `calibration` holds what can be taken over; `fits_base` says whether that is the model of the scenario that it was
    checked against, if there was one. `assumed` is the log's name for a model that no catalog has, which is then taken
    to be the scenario's.
    """

    source: str
    observation: Observation
    report: Report
    rows: tuple[Row, ...]
    calibration: Calibration
    fits_base: bool
    assumed: str = ""

    @property
    def taken(self) -> dict[str, int]:
        """What was measured and counts, by name [byte]."""
        memory = self.calibration.memory
        return {f.name: size for f in fields(memory) if (size := getattr(memory, f.name)) is not None}

    @property
    def doubtful(self) -> tuple[str, ...]:
        """What lies so far from the prediction that the log may be of another machine than is thought."""
        return tuple(
            row.item.removesuffix("_bytes")
            for row in self.rows
            if row.item in ("weights_bytes", "pool_bytes")
            and not low(row.predicted) / FAR_FACTOR <= row.observed <= high(row.predicted) * FAR_FACTOR
        )


def check_log(
    text: str,
    catalogs: Catalogs,
    *,
    today: datetime.date,
    base: Scenario | None = None,
    folder: Path | None = None,
    changes: Mapping[str, Any] | None = None,
    source: str = "",
) -> LogCheck:
    """What a log says against what the engine predicts for the scenario that it tells.

    What the log leaves open is that of `base`, if it has the same model; `changes` win over both. `folder` is where
    the model's path starts. Raises `WhatfitsError`.
    """
    observation = parse_log(text)
    fits_base = base is not None and _same_model(observation, base, catalogs)
    told = scenario_table(observation)
    if base is not None:
        told = _completed(told, observation, base, same=fits_base)
    table = merged(told, changes or {})
    if not table.get("model"):
        raise FieldError("--model", "is needed: the log does not name the model")
    if "gpu" not in table["deployment"]:
        raise FieldError("--gpu", "is needed: the log does not name the GPU")
    scenario = parse_scenario(table)
    facts = catalogs.facts(scenario, folder=folder, today=today)
    if "weights" not in (changes or {}).get("precision", {}):
        scenario = _published(scenario, facts.model.stored_format, base if fits_base else None)
    report = evaluate(scenario, facts)
    found = calibration_of(observation, report, today=today, source=source)
    # what does not count for the very scenario that it is of never will
    counted = evaluate(replace(scenario, calibration=found), facts).measured
    used = () if counted is None else counted.used
    memory = {f.name: getattr(found.memory, f.name) for f in fields(MeasuredMemory) if f"memory.{f.name}" in used}
    return LogCheck(
        source=source,
        observation=observation,
        report=report,
        rows=compare(observation, report),
        calibration=replace(found, memory=MeasuredMemory(**memory)),
        fits_base=fits_base,
        assumed=_unknown(observation, catalogs) if fits_base else "",
    )


def calibrated(scenario: Scenario, check: LogCheck) -> Scenario:
    """The scenario with what the log measured; times that were measured on the same stay.

    One that leaves the version of the log's runtime open gets that too: the newest rules are not those it ran by.
    """
    held, found = scenario.calibration, check.calibration
    speed = held.speed if held is not None and _alike(held, found) else MeasuredSpeed()
    with_it = replace(scenario, calibration=replace(found, speed=speed))
    version = added_version(scenario, check)
    return (
        with_it
        if version is None
        else replace(with_it, deployment=replace(with_it.deployment, runtime_version=version))
    )


def added_version(scenario: Scenario, check: LogCheck) -> str | None:
    """The version that taking over the log puts into a scenario; None if it leaves that alone."""
    here, there = scenario.deployment, check.report.scenario.deployment
    if here.runtime_version is not None or here.runtime.casefold() != there.runtime:
        return None
    return there.runtime_version


def _alike(held: Calibration, found: Calibration) -> bool:
    names = ("runtime", "runtime_version", "model", "weights", "gpu", *DEGREES)
    return all(getattr(held, name) in (None, getattr(found, name)) for name in names)


def _unknown(observation: Observation, catalogs: Catalogs) -> str:
    """The log's name for its model, if no catalog has it."""
    named = str(scenario_table(observation).get("model", {}).get("id", ""))
    return "" if not named or catalogs.models.find(named) is not None else named


def _same_model(observation: Observation, base: Scenario, catalogs: Catalogs) -> bool:
    """Whether a log is of the scenario's model: by id, by its number of parameters, or because it names none."""
    table = scenario_table(observation)
    named = table.get("model", {}).get("id")
    known = None if named is None else catalogs.models.find(named)
    if known is None:
        return True
    held = base.model.get("id")
    if not isinstance(held, str):
        return True
    own = catalogs.models.find(held)
    if own is None or own == known:
        return True
    return catalogs.models.model(own).parameters == catalogs.models.model(known).parameters


def _completed(told: dict[str, Any], observation: Observation, base: Scenario, *, same: bool) -> dict[str, Any]:
    """What a log tells, on the GPU of a scenario; of one with the `same` model everything that the log leaves open."""
    own = to_table(replace(base, variant=(), calibration=None, name="", notes=""))
    held = own.get("deployment", {})
    place: dict[str, Any] = {"gpu": base.deployment.gpu, **told["deployment"]}
    if not same:
        return {**told, "deployment": place}
    if "device_memory" in held:
        place.setdefault("device_memory", held["device_memory"])
    stated = [name for name in DEGREES if name in observation.settings]
    place |= {name: held[name] for name in DEGREES if name in held and name not in stated}
    if "gpus" in held and not stated:
        # the log says nothing of a plan: that of the scenario, given or chosen
        place = {key: value for key, value in place.items() if key not in DEGREES or key in held}
        place["gpus"] = held["gpus"]
    if base.deployment.runtime.casefold() == observation.runtime:
        place["options"] = {**held.get("options", {}), **place.get("options", {})}
        if "runtime_version" in held:
            place.setdefault("runtime_version", held["runtime_version"])
    workload = {**own.get("workload", {}), **told.get("workload", {})}
    if workload.get("output", 0) > workload.get("context", MAX_TOKENS):
        del workload["output"]
    precision = {**own.get("precision", {}), **told.get("precision", {})}
    return {**told, "model": own["model"], "deployment": place, "workload": workload, "precision": precision}


def _published(scenario: Scenario, stored: str, base: Scenario | None) -> Scenario:
    """The scenario with the weights of its base or of the checkpoint, where the log says the same less exactly: it
    writes fp8 for every way of scaling it."""
    told = scenario.precision.weights_text
    choices: list[str | WeightChoice] = ["auto"] if base is None else [base.precision.weights, "auto"]
    for choice in choices:
        exact = choice if isinstance(choice, str) else choice.text
        if told != "auto" and (stored if exact == "auto" else exact).startswith(told):
            return replace(scenario, precision=replace(scenario.precision, weights=choice))
    return scenario
