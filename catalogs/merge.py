"""Putting what someone changed over what was there: overrides of a model, variants of a scenario, `--set`."""

from collections.abc import Mapping
from dataclasses import fields
from functools import cache
from typing import Any, get_args

from engine.errors import FieldError
from engine.feedforward import FeedForward
from engine.mixers import Mixer
from engine.units import shorten


@cache
def _kinds() -> dict[str, list[frozenset[str]]]:
    """Field names of every tagged dataclass of the engine, by kind."""
    found: dict[str, list[frozenset[str]]] = {}
    for cls in (*get_args(Mixer), *get_args(FeedForward)):
        names = frozenset(f.name for f in fields(cls))
        kind = next(str(f.default) for f in fields(cls) if f.name == "kind")
        found.setdefault(kind, []).append(names)
    return found


def merged(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """`base` with `changes`, table by table; lists and plain values are replaced.

    A table that is given another `kind` keeps only what the new kind has too: an attention layer made into a
    sliding window keeps its heads, and loses nothing that it needs.
    """
    result = dict(base)
    kind = changes.get("kind")
    if isinstance(kind, str) and kind != base.get("kind"):
        # of several classes with one kind, the one that shares most with what is there is meant
        allowed = max(_kinds().get(kind, [frozenset[str]()]), key=lambda names: len(names & set(base)))
        result = {key: value for key, value in result.items() if key in allowed}
    for key, value in changes.items():
        held = result.get(key)
        if isinstance(value, Mapping) and isinstance(held, Mapping):
            value = merged(held, value)
        result[key] = value
    return result


def set_key(table: dict[str, Any], dotted: str, value: Any, *, field: str = "--set") -> None:
    """Put `value` at a dotted key, in place, making tables on the way. Raises `FieldError`."""
    path = dotted.split(".")
    if not all(part.strip() for part in path):
        raise FieldError(field, f"{shorten(dotted)} is no key; write workload.context=10M")
    here = table
    for part in path[:-1]:
        inner = here.get(part.strip())
        inner = dict(inner) if isinstance(inner, Mapping) else {}
        here[part.strip()] = inner
        here = inner
    here[path[-1].strip()] = value


def parse_assignment(text: str, *, field: str = "--set") -> tuple[str, Any]:
    """Key and value of `key=value`: the value as TOML would read it, and as text where it would not.

    >>> parse_assignment("workload.context=10M"), parse_assignment("deployment.gpus=8")
    (('workload.context', '10M'), ('deployment.gpus', 8))
    """
    key, sign, value = text.partition("=")
    if not sign or not key.strip():
        raise FieldError(field, f"{shorten(text)} is no assignment; write key=value, such as workload.context=10M")
    return key.strip(), parse_value(value.strip())


def parse_value(text: str) -> Any:
    """A value as TOML reads it; text that is not TOML stays text, and so does a date, which no key holds."""
    import tomllib

    try:
        value = tomllib.loads(f"value = {text}")["value"] if "\n" not in text else text
    except ValueError:
        return text
    except RecursionError:
        return text
    return value if isinstance(value, str | int | float | list | dict) else text
