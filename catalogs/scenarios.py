"""Scenario files: read and validated, written whole or not at all, and their variants."""

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from catalogs.files import read_toml, write_text_atomic
from catalogs.merge import merged
from catalogs.tables import build, to_table, validate
from engine.errors import FieldError, UnknownKeyError, WhatfitsError, nearest
from engine.scenario import SCHEMA, Scenario
from engine.units import parse_bytes

SHIPPED = Path(__file__).parent / "scenarios"
DEFAULT = SHIPPED / "reality-check.toml"
"""The scenario that opens by default."""


def shipped(path: Path = DEFAULT) -> Scenario:
    """A scenario that ships with the program, checked by tests and so read without pydantic."""
    return build(Scenario, read_toml(path))


def read_scenario(path: str | os.PathLike[str]) -> Scenario:
    """The scenario in a TOML file.

    Raises `FileProblemError` for a file that cannot be read, and another `WhatfitsError` for content that is not
    right; its field is the key.
    """
    return parse_scenario(read_toml(path))


def parse_scenario(table: Mapping[str, Any]) -> Scenario:
    """The scenario that a table (of TOML or JSON) describes, variants checked too. Raises `WhatfitsError`."""
    scenario = validate(Scenario, table)
    if "schema" not in table:
        raise FieldError("schema", f'is missing; write schema = "{SCHEMA}"')
    variants(scenario)
    return scenario


def variants(scenario: Scenario) -> tuple[Scenario, ...]:
    """What each variant of a scenario makes of it, in order. Raises `WhatfitsError` under `variant[i]`."""
    if not scenario.variant:
        return ()
    base = to_table(replace(scenario, variant=()))
    return tuple(_variant(base, table, f"variant[{index}]") for index, table in enumerate(scenario.variant))


def _variant(base: Mapping[str, Any], table: Mapping[str, Any], where: str) -> Scenario:
    if "variant" in table:
        raise FieldError(f"{where}.variant", "a variant has no variants")
    try:
        return validate(Scenario, with_changes(base, table))
    except UnknownKeyError as error:
        known = ("name", "notes", "model", "precision", "workload", "deployment", "cost", "retrieval", "calibration")
        hint = nearest(error.field[:60], known) if "." not in error.field else ""
        raise UnknownKeyError(f"{where}.{error.field}", error.message + hint) from error
    except WhatfitsError as error:
        raise error.under(where) from error


def with_changes(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """A scenario's table with what differs.

    Another model, GPU or runtime comes without what was said of the first one: a model without its overrides, a GPU
    without the memory and the price that were given for another, a runtime without another's version and options.
    Measurements stay if they say what they are of.
    """
    table = dict(base)
    model, deployment = changes.get("model"), changes.get("deployment")
    if isinstance(model, Mapping) and ("id" in model or "path" in model):
        table.pop("model", None)
        _as_another(table, "model")
    held = table.get("deployment")
    if isinstance(deployment, Mapping) and isinstance(held, Mapping):
        dropped: set[str] = set()
        if deployment.get("gpu", held.get("gpu")) != held.get("gpu"):
            dropped.add("device_memory")
            table.pop("cost", None)
            _as_another(table, "gpu")
        if deployment.get("runtime", held.get("runtime")) != held.get("runtime"):
            dropped |= {"runtime_version", "options"}
            _as_another(table, "runtime")
        table["deployment"] = {key: value for key, value in held.items() if key not in dropped}
    return merged(table, changes)


def _as_another(table: dict[str, Any], key: str) -> None:
    """Drop measurements that do not say of which model, GPU or runtime they are: it has become another."""
    held = table.get("calibration")
    if isinstance(held, Mapping) and key not in held:
        del table["calibration"]


def scenario_text(scenario: Scenario) -> str:
    """The scenario as a TOML file that reads back equal."""
    import tomli_w

    table = {"schema": SCHEMA, **to_table(scenario)}
    variants_last = {key: value for key, value in table.items() if key != "variant"}
    if scenario.variant:
        variants_last["variant"] = table["variant"]
    return tomli_w.dumps(_in_units(variants_last))


def _in_units(table: dict[str, Any]) -> dict[str, Any]:
    """The table with its sizes as text with a unit, where that is exact: `80 GB` rather than digits."""
    calibration = table.get("calibration", {})
    for section in (table.get("deployment", {}), calibration):
        if "device_memory" in section:
            section["device_memory"] = _with_unit(section["device_memory"])
    memory = calibration.get("memory", {})
    for name, size in memory.items():
        memory[name] = _with_unit(size)
    return table


def _with_unit(size: int) -> int | str:
    """A size in the largest unit that gives it exactly; one that was printed with two decimals is given so again."""
    for unit, suffix in ((10**9, "GB"), (2**30, "GiB"), (2**20, "MiB")):
        if size % unit == 0:
            return f"{size // unit} {suffix}"
    printed = f"{size / 2**30:.2f} GiB"
    return printed if parse_bytes(printed) == size else size


def write_scenario(path: str | os.PathLike[str], scenario: Scenario) -> None:
    """Write a scenario file atomically: at any moment the old or the new content is there, whole."""
    write_text_atomic(path, scenario_text(scenario))
