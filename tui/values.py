"""Reading and changing one value of a frozen scenario by its key, without pydantic."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from engine.scenario import WHOLE_MODEL, Scenario, as_another

Path = tuple[str, ...]
"""A key of a scenario, part by part: ("model", "layers", "full", "mixer", "kv_heads")."""

OWN_GPU: Mapping[str, tuple[str, ...]] = {
    "deployment": ("device_memory",),
    "cost": ("usd_per_gpu_hour", "offer"),
}
"""What a scenario says of its own GPU alone; another GPU comes without it, as in the table of all GPUs."""


def get(scenario: Scenario, path: Path) -> Any:
    """The value at `path`; None where it is left out or does not exist."""
    here: Any = scenario
    for part in path:
        here = here.get(part) if isinstance(here, Mapping) else getattr(here, part, None)
        if here is None:
            return None
    return here


def is_set(scenario: Scenario, path: Path) -> bool:
    """Whether the scenario says anything at `path` that leaving it out would not say."""
    value = get(scenario, path)
    return value is not None and value != default(path)


def default(path: Path) -> Any:
    """What leaving `path` out means, where that is a plain value; None where something else decides."""
    if path[0] == "model" or len(path) != 2:
        return None
    section = Scenario.__dataclass_fields__[path[0]].default
    return getattr(section, path[1]) if path[1] != "options" else None


def put(scenario: Scenario, path: Path, value: Any) -> Scenario:
    """The scenario with `value` at `path`; None leaves the key out, which means its default.

    Another model comes without the overrides of the first, another GPU without what was said of the first one
    alone, another runtime without the options and the version of the first. Raises `FieldError`.
    """
    if path == ("calibration",):
        return replace(scenario, calibration=value)
    if path == ("model", "id"):
        return as_another(replace(scenario, model={"id": value}), "model")
    if path[0] == "model":
        return replace(scenario, model=_put_in_table(scenario.model, path[1:], value))
    section = getattr(scenario, path[0])
    if len(path) > 2:
        table = _put_in_table(getattr(section, path[1]), path[2:], value)
        changed = replace(scenario, **{path[0]: replace(section, **{path[1]: table})})
    else:
        changed = replace(scenario, **{path[0]: _put_in_section(section, path, value)})
    if path == ("deployment", "gpu"):
        return as_another(without_own_gpu(changed), "gpu")
    if path == ("deployment", "runtime"):
        plain = replace(changed.deployment, options={}, runtime_version=None)
        return as_another(replace(changed, deployment=plain), "runtime")
    return changed


def without_own_gpu(scenario: Scenario) -> Scenario:
    """The scenario without what it says of its own GPU alone."""
    for section, names in OWN_GPU.items():
        bare = replace(getattr(scenario, section), **dict.fromkeys(names))
        scenario = replace(scenario, **{section: bare})
    return scenario


def _put_in_section(section: Any, path: Path, value: Any) -> Any:
    name = path[1]
    changes: dict[str, Any] = {name: default(path) if value is None else value}
    if name == "context" and section.output is not None and section.output > changes[name]:
        # a shorter context than the output that was asked for: the output is chosen again
        changes["output"] = None
    return replace(section, **changes)


def _put_in_table(table: Mapping[str, Any], path: Path, value: Any) -> dict[str, Any]:
    changed = dict(table)
    name = path[0]
    if len(path) > 1:
        held = changed.get(name)
        inner = _put_in_table(held if isinstance(held, Mapping) else {}, path[1:], value)
        if inner:
            changed[name] = inner
        else:
            changed.pop(name, None)
    elif value is None:
        changed.pop(name, None)
    else:
        changed[name] = value
    return changed


def overrides(scenario: Scenario) -> int:
    """How many values of its model a scenario overrides; 0 for a model that it spells out whole."""
    if is_inline(scenario):
        return 0
    return sum(_leaves(value) for key, value in scenario.model.items() if key not in ("id", "path"))


def is_inline(scenario: Scenario) -> bool:
    """Whether the scenario holds a whole model instead of naming one."""
    return scenario.model.keys() >= WHOLE_MODEL and "path" not in scenario.model


def _leaves(value: Any) -> int:
    return sum(_leaves(item) for item in value.values()) if isinstance(value, Mapping) else 1
