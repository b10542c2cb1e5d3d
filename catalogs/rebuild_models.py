"""Rebuild the shipped models from configs: `python -m catalogs.rebuild_models CONFIG_DIR`.

CONFIG_DIR holds `OWNER__NAME.json` files; `models.csv` beside it (or `--list FILE`) says for each where it is
from and how far to trust it, and `model_aliases.csv` (or `--aliases FILE`) names releases that are another model in
everything that is counted. Models that no config describes were entered by hand and are kept; the index is written
anew.
"""

import argparse
import csv
import io
import json
import sys
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import asdict, replace
from pathlib import Path

from catalogs.files import read_text, read_toml, write_text_atomic
from catalogs.importers.hf_config import import_config, read_config
from catalogs.model_store import INDEX_NAME, SHIPPED_FOLDER, ModelEntry, entry_of, file_name, fold
from catalogs.tables import build, to_table
from engine.errors import FieldError, WhatfitsError
from engine.model import ModelConfidence, ModelSpec

RETRIEVED = "2026-11"
"""When the configs of the data set were copied."""

_SUFFIXES = ("-instruct", "-it", "-hf", "-chat")


def main(arguments: Sequence[str] | None = None) -> int:
    """Import every config, write what changed, and print what was refused and why."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("configs", type=Path, help="folder of OWNER__NAME.json files")
    parser.add_argument("--list", type=Path, help="CSV of the files' sources; models.csv beside the folder")
    parser.add_argument("--aliases", type=Path, help="CSV of further names; model_aliases.csv beside the folder")
    parser.add_argument("--into", type=Path, default=SHIPPED_FOLDER, help="folder of the model files")
    parser.add_argument("--retrieved", default=RETRIEVED, help="when the configs were copied, YYYY-MM")
    given = parser.parse_args(arguments)
    rows = read_list(given.list or given.configs.parent / "models.csv")
    models, refused = import_all(given.configs, rows, retrieved=given.retrieved)
    hand = entered_by_hand(given.into, {model.id for model in models} | set(refused) | set(rows))
    further = read_aliases(given.aliases or given.configs.parent / "model_aliases.csv", set(refused) | set(rows))
    write_all(given.into, with_aliases([*models, *hand], hand, further))
    for model_id, reason in refused.items():
        print(f"refused {model_id}: {reason}", file=sys.stderr)
    print(f"{len(models)} models imported, {len(hand)} kept, {len(refused)} refused")
    return 0


def id_of(path: Path) -> str:
    """The id of the model in a file, from the file's name."""
    return path.stem.replace("__", "/")


def entered_by_hand(directory: Path, described: Set[str]) -> list[ModelSpec]:
    """The models of a folder that no config describes."""
    paths = sorted(directory.glob("*.toml")) if directory.is_dir() else []
    return [read_model(path) for path in paths if id_of(path) not in described]


def read_list(path: Path) -> dict[str, Mapping[str, str]]:
    """The rows of the list of sources, by id."""
    return {row["hf_id"]: row for row in csv.DictReader(io.StringIO(read_text(path)))}


def read_aliases(path: Path, described: Set[str]) -> dict[str, str]:
    """Further names, each with the id of the model that it means; none without the file.

    Raises `FieldError` for a model that is not `described`, and for a name that means two.
    """
    if not path.exists():
        return {}
    found: dict[str, str] = {}
    for row in csv.DictReader(io.StringIO(read_text(path))):
        name, model_id = fold(row["alias"]), row["model"]
        if model_id not in described:
            raise FieldError(f"{path.name}: {row['alias']}", f"means {model_id}, which has no config")
        if found.setdefault(name, model_id) != model_id or name in {fold(known) for known in described}:
            raise FieldError(f"{path.name}: {row['alias']}", "means two models")
        found[name] = model_id
    return found


def read_model(path: Path) -> ModelSpec:
    """The model in a file of this catalog."""
    return build(ModelSpec, read_toml(path), where=path.name)


def import_all(
    configs: Path, rows: Mapping[str, Mapping[str, str]], *, retrieved: str = ""
) -> tuple[list[ModelSpec], dict[str, str]]:
    """The models of a folder of configs, and the reasons for those that were refused."""
    models, refused = [], {}
    for path in sorted(configs.glob("*.json"), key=lambda found: found.name.casefold()):
        model_id = id_of(path)
        row = rows.get(model_id, {})
        try:
            model = import_config(
                read_config(path),
                model_id=model_id,
                source=row.get("source", ""),
                retrieved=retrieved,
                name=friendly_name(model_id),
            )
        except WhatfitsError as error:
            refused[model_id] = str(error)
            continue
        models.append(with_trust(model, row.get("confidence", "")))
    return models, refused


def friendly_name(model_id: str) -> str:
    """The release's name as people write it.

    >>> friendly_name("meta-llama/Llama-3.1-8B-Instruct")
    'Llama 3.1 8B Instruct'
    """
    return model_id.rpartition("/")[2].replace("-", " ").replace("_", " ")


def with_trust(model: ModelSpec, said: str) -> ModelSpec:
    """The model with the confidence that its source deserves, and the source's own words in its notes."""
    notes = " ".join(part for part in (f"Config: {said}." if said else "", model.notes) if part)
    return replace(model, confidence=_confidence(model.confidence, said), notes=notes)


def _confidence(read: ModelConfidence, said: str) -> ModelConfidence:
    if read != "exact":
        return read
    kind = said.partition(";")[0].partition(" ")[0].rstrip(",")
    if kind in ("rebuilt", "class", "flattened") and "total exact" not in said:
        return "estimate"
    return "published" if kind in ("rebuilt", "class", "flattened", "preset", "official") else "exact"


def with_aliases(
    models: Iterable[ModelSpec], hand: Iterable[ModelSpec], further: Mapping[str, str] | None = None
) -> list[ModelSpec]:
    """The models with other names: the release alone, without its ending where that means one model, and `further`.

    A further name, and the part of it after the slash, goes before a short name that another model would have.
    """
    listed, kept = list(models), {model.id for model in hand}
    given: dict[str, list[str]] = {}
    for name, model_id in (further or {}).items():
        given.setdefault(model_id, []).append(name)
    taken = {part: model_id for name, model_id in (further or {}).items() for part in (name, name.rpartition("/")[2])}
    owners: dict[str, set[str]] = {}
    for model in listed:
        for name in _short_names(model.id):
            owners.setdefault(name, set()).add(model.id)
    full = {fold(model.id.rpartition("/")[2]) for model in listed}
    result = []
    for model in listed:
        names = _short_names(model.id)
        unique = [
            name
            for name in names
            if len(owners[name]) == 1
            and (name == names[0] or name not in full)
            and taken.get(name, model.id) == model.id
        ]
        aliases = model.aliases if model.id in kept else (*unique, *given.get(model.id, ()))
        result.append(replace(model, aliases=tuple(dict.fromkeys(aliases))))
    return result


def _short_names(model_id: str) -> list[str]:
    bare = fold(model_id.rpartition("/")[2])
    shorter = [bare.removesuffix(suffix) for suffix in _SUFFIXES if bare.endswith(suffix)]
    return [bare, *shorter]


def write_all(directory: Path, models: Sequence[ModelSpec]) -> None:
    """Write the files that changed, remove those of models that are gone, and write the index."""
    directory.mkdir(parents=True, exist_ok=True)
    names = {file_name(model.id) for model in models}
    for path in directory.glob("*.toml"):
        if path.name not in names:
            path.unlink()
    for model in models:
        path, text = directory / file_name(model.id), model_text(model)
        if not path.exists() or path.read_text() != text:
            write_text_atomic(path, text)
    entries = [entry_of(model, file_name(model.id)) for model in models]
    write_text_atomic(directory / INDEX_NAME, index_text(entries))


def model_text(model: ModelSpec) -> str:
    """A model as the text of its file."""
    import tomli_w

    return tomli_w.dumps(to_table(model))


def index_text(entries: Iterable[ModelEntry]) -> str:
    """The index as text: one line a model, in order of id, so that a change shows as one line."""
    ordered = sorted(entries, key=lambda entry: entry.id.casefold())
    defaults = asdict(ModelEntry(id=""))
    rows = [{key: value for key, value in asdict(entry).items() if value != defaults[key]} for entry in ordered]
    return "[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n"


if __name__ == "__main__":
    sys.exit(main())
