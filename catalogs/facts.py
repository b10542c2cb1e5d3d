"""What the catalogs know about the things that a scenario names: the way from its words to `engine.report.Facts`."""

import datetime
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from catalogs.merge import merged
from catalogs.model_files import ModelFile, read_model_file
from catalogs.model_store import ModelCatalog
from catalogs.prices import dated
from catalogs.shapes import join
from catalogs.store import ORIGINS, HardwareCatalog
from catalogs.tables import to_table, validate
from engine.errors import FieldError, UnknownKeyError
from engine.hardware import Accelerator
from engine.model import ModelSpec
from engine.report import Facts
from engine.scenario import WHOLE_MODEL, Scenario


class Catalogs:
    """Models and hardware together. Files are read when something in them is first asked for."""

    def __init__(self, *, config_dir: Path | None = None, data_dir: Path | None = None) -> None:
        self.hardware = HardwareCatalog(config_dir=config_dir, data_dir=data_dir)
        self.models = ModelCatalog(config_dir=config_dir)
        self._specs: dict[str, ModelFile] = {}

    def model(self, table: Mapping[str, Any], *, folder: Path | None = None) -> tuple[ModelSpec, str]:
        """The model that a scenario's `model` table names, its overrides applied, and where it is from, in words.

        A relative `path` starts at `folder`, the folder of the scenario file. Raises `WhatfitsError`.
        """
        found = self._model(table, folder)
        return found.model, found.origin

    def _model(self, table: Mapping[str, Any], folder: Path | None) -> ModelFile:
        key = f"{folder}|{table!r}"
        if key not in self._specs:
            if len(self._specs) > 256:
                self._specs.clear()
            self._specs[key] = self._read_model(table, folder)
        return self._specs[key]

    def _read_model(self, table: Mapping[str, Any], folder: Path | None) -> ModelFile:
        changes = {name: value for name, value in table.items() if name not in ("id", "path")}
        named, path = table.get("id"), table.get("path")
        stored = None
        if path is not None:
            base, origin, stored = self._from_path(path, folder)
            if named is not None:
                changes["id"] = named
        elif table.keys() >= WHOLE_MODEL and not (isinstance(named, str) and self.models.find(named)):
            # everything is here, and its id may be any name that no catalog has
            spec = validate(ModelSpec, {"id": "inline", **table}, where="model")
            return ModelFile(spec, "the scenario's own model")
        elif named is None:
            raise FieldError("model.id", "is missing; give id, path, or a whole model (hidden, layers, stack ...)")
        elif not isinstance(named, str):
            raise FieldError("model.id", f"must be text, got {named!r:.60}")
        else:
            base = self.models.model(named)
            origin = ORIGINS[self.models.origin(base.id)]
        if not changes:
            return ModelFile(base, origin, stored)
        _require_known_layers(base, changes.get("layers"))
        spec = validate(ModelSpec, merged(to_table(base), changes), where="model")
        if set(changes) - {"id", "name", "aliases", "notes", "max_context_tokens"}:
            # what the file holds is not this model any more
            stored = None
        return ModelFile(spec, f"{origin}, with changes of the scenario", stored)

    def _from_path(self, path: Any, folder: Path | None) -> ModelFile:
        if not isinstance(path, str) or not path:
            raise FieldError("model.path", "must be the path of a config.json, of its folder or of a GGUF file")
        where = Path(path).expanduser()
        if folder is not None and not where.is_absolute():
            where = folder / where
        return read_model_file(where)

    def facts(
        self,
        scenario: Scenario,
        *,
        folder: Path | None = None,
        today: datetime.date | None = None,
    ) -> Facts:
        """The facts for a scenario's own GPU. Raises `WhatfitsError`; its field is the scenario's key."""
        accelerator = self.hardware.accelerator(scenario.deployment.gpu, field="deployment.gpu")
        return self._facts(scenario, accelerator, folder, today or datetime.date.today())

    def table_facts(
        self, scenario: Scenario, *, folder: Path | None = None, today: datetime.date | None = None
    ) -> dict[str, Facts]:
        """The facts for the scenario's model on every accelerator, by id."""
        day = today or datetime.date.today()
        return {
            gpu: self._facts(scenario, accelerator, folder, day, own_gpu=False)
            for gpu, accelerator in self.hardware.accelerators().items()
        }

    def _facts(
        self,
        scenario: Scenario,
        accelerator: Accelerator,
        folder: Path | None,
        today: datetime.date,
        *,
        own_gpu: bool = True,
    ) -> Facts:
        held = self._model(scenario.model, folder)
        hardware = self.hardware
        named = None
        if scenario.cost.offer is not None and (own_gpu or accelerator.id == self._own_gpu(scenario)):
            offer = hardware.offer(scenario.cost.offer, field="cost.offer")
            if offer.gpu != accelerator.id:
                raise FieldError("cost.offer", f"{offer.id} is of {offer.gpu}, not of {accelerator.id}")
            named = dated(hardware, offer, today)
        return Facts(
            model=held.model,
            accelerator=accelerator,
            offers=tuple(dated(hardware, offer, today) for offer in hardware.offers_for(accelerator.id)),
            offer=named,
            domain=hardware.domain(accelerator),
            node=hardware.node_of(accelerator.id),
            stored=held.stored,
            model_origin=held.origin,
            gpu_origin=ORIGINS[hardware.origin("accelerator", accelerator.id)],
        )

    def _own_gpu(self, scenario: Scenario) -> str:
        return self.hardware.accelerator(scenario.deployment.gpu, field="deployment.gpu").id


def _require_known_layers(base: ModelSpec, changes: Any) -> None:
    """Raise for a change of a kind of layer that the model has not, unless it is a whole new one."""
    for name, layer in changes.items() if isinstance(changes, Mapping) else ():
        whole = isinstance(layer, Mapping) and "mixer" in layer and "ffn" in layer
        if name not in base.layers and not whole:
            known = ", ".join(base.layers)
            raise UnknownKeyError(join("model.layers", name), f"no such kind of layer; the model has {known}")
