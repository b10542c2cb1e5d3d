"""What was imported survives a file: to a table, to TOML, and back through the check of users' files."""

import tomllib

import tomli_w

from catalogs.tables import build, to_table, validate
from engine.model import ModelSpec


def test_every_model_reads_back_equal(models):
    for model_id, model in models.items():
        text = tomli_w.dumps(to_table(model))
        again = validate(ModelSpec, tomllib.loads(text), where=model_id)
        assert again == model, model_id
        assert again.parameters == model.parameters


def test_the_quick_reader_agrees_with_the_strict_one(models):
    for model in models.values():
        assert build(ModelSpec, tomllib.loads(tomli_w.dumps(to_table(model)))) == model
