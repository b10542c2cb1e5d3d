"""Configs of the data set, each read and imported once."""

import csv
from pathlib import Path

import pytest

from catalogs.importers.hf_config import import_config, read_config
from engine.errors import WhatfitsError

DATA = Path(__file__).parents[2] / "data"


@pytest.fixture(scope="session")
def listed():
    """Rows of models.csv by id."""
    with open(DATA / "models.csv", encoding="utf-8", newline="") as stream:
        return {row["hf_id"]: row for row in csv.DictReader(stream)}


@pytest.fixture(scope="session")
def configs(listed):
    """Configs by id."""
    return {model_id: read_config(DATA / row["file"]) for model_id, row in listed.items()}


@pytest.fixture(scope="session")
def outcomes(configs):
    """What importing each config gives: a ModelSpec, or the reason why not."""
    found = {}
    for model_id, config in configs.items():
        try:
            found[model_id] = import_config(config, model_id=model_id)
        except WhatfitsError as error:
            found[model_id] = error
    return found


@pytest.fixture(scope="session")
def models(outcomes):
    """The configs that could be imported, as models by id."""
    return {model_id: found for model_id, found in outcomes.items() if not isinstance(found, WhatfitsError)}
