"""What was measured on the user's own machines, and how much of it holds for what is asked.

An item of memory is used where the engine predicts the same for what was running as for what is asked: then nothing
that the item depends on has changed, whatever else has. So weights stay when the context changes, and a pool does not
when a GPU may be filled further. With another model, weight format, GPU, runtime or plan nothing is used.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, cast

from engine.errors import WhatfitsError
from engine.estimate import Amount
from engine.memory import ItemKind, Ledger, Measured
from engine.model import ModelSpec
from engine.parallel import DEGREES, Plan
from engine.runtimes.base import Runtime, Setting
from engine.scenario import Calibration, MeasuredMemory
from engine.units import format_gib, format_tokens
from engine.verdict import Notice

ITEMS = tuple(f.name for f in fields(MeasuredMemory))
"""Names of what can be measured of a rank."""

AS_PREDICTED = "times are as predicted, without what was measured of this deployment"
"""For answers that set other deployments beside the measured one, which all have to be predicted alike."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What of a calibration was used: names of its entries, and those that were not, each with the reason."""

    calibration: Calibration
    used: tuple[str, ...] = ()
    left: tuple[tuple[str, str], ...] = ()

    @property
    def notices(self) -> tuple[Notice, ...]:
        """A warning for each reason why something that was measured is not used."""
        reasons: dict[str, list[str]] = {}
        for name, why in self.left:
            reasons.setdefault(why, []).append(name.partition(".")[2])
        return tuple(
            Notice(
                code="calibration_not_used",
                message=f"not used of the calibration: {', '.join(names)}; {why}",
                field="calibration",
            )
            for why, names in reasons.items()
        )


def label(calibration: Calibration) -> str:
    """When and with what it was measured.

    >>> label(Calibration(date="2026-11-20", runtime="vllm", runtime_version="0.11.0"))
    'measured 2026-11-20, vllm 0.11.0'
    """
    program = " ".join(word for word in (calibration.runtime, calibration.runtime_version) if word)
    return ", ".join(word for word in (f"measured {calibration.date}".strip(), program) if word)


def described(calibration: Calibration) -> str:
    """The same, and who says so."""
    return f"{label(calibration)}: {calibration.source}" if calibration.source else label(calibration)


def entries(calibration: Calibration) -> tuple[str, ...]:
    """Names of what was measured: `memory.weights`, `speed.tpot_seconds`."""
    times = ("tpot_seconds", "ttft_seconds", "prefill_seconds", "output_tokens_per_second")
    memory = (f"memory.{name}" for name in ITEMS if getattr(calibration.memory, name) is not None)
    return (*memory, *(f"speed.{name}" for name in times if getattr(calibration.speed, name) is not None))


def leaves_plan_open(calibration: Calibration) -> bool:
    """Whether it states no degree of the plan that was measured."""
    return all(getattr(calibration, d) is None for d in DEGREES)


def bound_to(calibration: Calibration, model: ModelSpec, plan: Plan, *, gpu: str, names: Iterable[str]) -> Calibration:
    """A calibration with the model and the GPU by their ids, and the degrees that it does not state from a plan;
    `names` are other names of the GPU."""
    known = {name.casefold(): gpu for name in (gpu, *names)}
    models = {name.casefold(): model.id for name in (model.id, *model.aliases)}
    then, what = calibration.gpu, calibration.model
    degrees = {d: getattr(calibration, d) or getattr(plan, d) for d in DEGREES}
    return replace(
        calibration,
        gpu=then if then is None else known.get(then.casefold(), then),
        model=what if what is None else models.get(what.casefold(), what),
        **degrees,
    )


def difference(calibration: Calibration, setting: Setting, runtime: Runtime) -> str:
    """In what the measured machine is another than the one that is asked about; empty if in nothing that is stated."""
    model, plan = setting.model, setting.plan
    pairs: tuple[tuple[str, Any, Any], ...] = (
        ("with", calibration.runtime, runtime.id),
        ("on", calibration.gpu, setting.gpu),
        ("of", calibration.model, model.id),
        ("with weights in", calibration.weights, setting.weights.id),
    )
    for word, then, now in pairs:
        if then is not None and then.casefold() != now.casefold():
            return f"measured {word} {then}, not {now}"
    if calibration.parameters is not None and calibration.parameters != model.parameters:
        return f"measured of a model with {calibration.parameters:,} parameters, not {model.parameters:,}"
    if any(getattr(calibration, d) not in (None, getattr(plan, d)) for d in DEGREES):
        then = Plan(**{d: getattr(calibration, d) or getattr(plan, d) for d in DEGREES})
        return f"measured under {then.label}, not {plan.label}"
    return ""


def with_measured(runtime: Runtime, setting: Setting) -> Setting:
    """The setting with those measured items of its calibration that hold for it."""
    calibration = setting.calibration
    if calibration is None or difference(calibration, setting, runtime):
        return replace(setting, measured=None)
    taken = _taken(calibration)
    moved = _moved(runtime, setting, taken)
    held = {name: size for name, size in taken.items() if name not in moved}
    return replace(setting, measured=Measured(note=described(calibration), **held) if held else None)


def _taken(calibration: Calibration) -> dict[str, int]:
    return {name: size for name in ITEMS if (size := getattr(calibration.memory, name)) is not None}


def _moved(runtime: Runtime, setting: Setting, names: Iterable[str]) -> list[str]:
    """The items for which the engine predicts something else than for what was running."""
    changes = _changes(setting)
    if not changes:
        return []
    asked = replace(setting, calibration=None, measured=None)
    here, there = runtime.reserve(asked).ledgers[0], _then(runtime, asked, changes.values())
    return [name for name in names if _predicted(here, name) != _predicted(there, name)]


def _predicted(ledger: Ledger, name: str) -> Amount | None:
    return ledger.pool_bytes if name == "pool" else ledger.of(cast("ItemKind", name))


def _changes(setting: Setting) -> dict[str, Mapping[str, Any]]:
    """What is stated of the machine that was running and differs from a setting: in words, and as fields of it."""
    calibration = setting.calibration
    assert calibration is not None, "asked for only where something was measured"
    found: dict[str, Mapping[str, Any]] = {}
    if calibration.runtime_version not in (None, setting.version):
        found[f"version {calibration.runtime_version}"] = {"version": calibration.runtime_version}
    if calibration.context not in (None, setting.context_tokens):
        tokens = calibration.context or 0
        found[f"a context of {format_tokens(tokens)}"] = {"context_tokens": tokens}
    if calibration.device_memory not in (None, setting.total_bytes):
        size = calibration.device_memory or 0
        found[f"{format_gib(size, 2)} a GPU"] = {"device_bytes": size, "visible_bytes": size}
    then = setting.options if calibration.options is None else calibration.options
    for name in {**then, **setting.options}:
        if then.get(name) != setting.options.get(name):
            words = f"{name} = {then[name]}" if name in then else f"{name} left to the runtime"
            found[words] = {name: then.get(name)}
    return found


def _then(runtime: Runtime, asked: Setting, changes: Iterable[Mapping[str, Any]]) -> Ledger:
    """The first stage's ledger of a setting with changes; those that are no field of it are options.

    Raises `WhatfitsError` under the calibration's keys.
    """
    values, options = {}, dict(asked.options)
    for change in changes:
        for name, value in change.items():
            if name in _FIELDS:
                values[name] = value
            elif value is None:
                options.pop(name, None)
            else:
                options[name] = value
    try:
        return runtime.reserve(replace(asked, options=options, **values)).ledgers[0]
    except WhatfitsError as error:
        key = error.field.removeprefix("deployment.")
        raise type(error)(f"calibration.{key}", error.message) from error


_FIELDS = frozenset(("version", "context_tokens", "device_bytes", "visible_bytes"))


def usage(runtime: Runtime, setting: Setting, ledger: Ledger) -> Usage | None:
    """What of a setting's calibration the first stage's ledger holds; None without a calibration.

    Entries of speed are not looked at here: times are computed only when they are asked for.
    """
    calibration = setting.calibration
    if calibration is None:
        return None
    taken = _taken(calibration)
    apart = difference(calibration, setting, runtime)
    if apart:
        return Usage(calibration=calibration, left=tuple((f"memory.{name}", apart) for name in taken))
    inside = {str(item.kind) for item in ledger.items if item.measured} | ({"pool"} if ledger.pool_note else set())
    moved = _moved(runtime, setting, taken)
    left = _blamed(runtime, setting, moved) if moved else []
    absent = f"no item of {runtime.name}'s ledger that a measurement replaces"
    left += [(f"memory.{name}", absent) for name in taken if name not in inside and name not in moved]
    return Usage(
        calibration=calibration, used=tuple(f"memory.{name}" for name in taken if name in inside), left=tuple(left)
    )


def _blamed(runtime: Runtime, setting: Setting, moved: Iterable[str]) -> list[tuple[str, str]]:
    """Items that do not hold any more, each with those changes that move its prediction by themselves."""
    asked, changes = replace(setting, calibration=None, measured=None), _changes(setting)
    here = runtime.reserve(asked).ledgers[0]
    alone = {words: _then(runtime, asked, [change]) for words, change in changes.items()}
    found = []
    for name in moved:
        at_fault = [words for words, there in alone.items() if _predicted(here, name) != _predicted(there, name)]
        found.append((f"memory.{name}", f"measured with {', '.join(at_fault or changes)}"))
    return found
