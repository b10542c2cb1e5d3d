"""The schema of scenario files: it takes what the program takes, and refuses what it refuses by its structure."""

import json
import tomllib
from dataclasses import fields

import pytest

from catalogs.scenarios import SHIPPED, parse_scenario, scenario_text
from catalogs.schema import DESCRIPTIONS, scenario_schema
from engine.corpus import Corpus
from engine.errors import WhatfitsError
from engine.scenario import Cost, Deployment, KeyValueFormats, Precision, Scenario, Workload
from tests.catalogs.json_schema import problems

SCHEMA = scenario_schema()
BASE = {"schema": "whatfits/1", "model": {"id": "gpt-oss-120b"}}

GOOD = [
    BASE,
    {**BASE, "model": {"path": "config.json", "max_context_tokens": 4096}},
    {**BASE, "model": {"hidden": 64, "vocabulary": 100, "layers": {}, "stack": "2 a"}},
    {**BASE, "workload": {"context": "10M", "output": 1000, "concurrency": "max"}},
    {**BASE, "workload": {"context": 32_768, "concurrency": "1k"}},
    {**BASE, "precision": {"weights": "fp8", "cache": {"k": "q8_0", "v": "f16"}}},
    {**BASE, "precision": {"weights": {"format": "bf16", "head": "fp8"}}},
    {**BASE, "deployment": {"runtime": "vllm", "gpus": 8, "device_memory": "79.6 GiB", "options": {"block_size": 16}}},
    {**BASE, "cost": {"usd_per_gpu_hour": 3}},
    {**BASE, "retrieval": {"tokens": "10M", "share_read": 0.1, "prefix_cached": False}},
    {**BASE, "variant": [{"name": "a", "precision": {"cache": "fp8"}}, {"workload": {"context": "1M"}}]},
    {**BASE, "precision": {"cache": {"k": "q8_0"}}, "variant": [{"precision": {"cache": {"v": "f16"}}}]},
    {**BASE, "variant": [{"model": {"max_context_tokens": 1000}, "deployment": {"options": {}}}]},
]

BAD = [
    {"model": {"id": "gpt-oss-120b"}},
    {**BASE, "schema": "whatfits/2"},
    {"schema": "whatfits/1"},
    {**BASE, "modle": {}},
    {**BASE, "model": {"id": "gpt-oss-120b", "hiden": 3}},
    {**BASE, "workload": {"context": 0}},
    {**BASE, "workload": {"context": "ten"}},
    {**BASE, "workload": {"concurrency": "most"}},
    {**BASE, "precision": {"cache": {"v": "f16"}}},
    {**BASE, "precision": {"cache": 8}},
    {**BASE, "deployment": {"gpus": 0}},
    {**BASE, "deployment": {"tp": 5000}},
    {**BASE, "deployment": {"device_memory": True}},
    {**BASE, "cost": {"usd_per_gpu_hour": -1}},
    {**BASE, "retrieval": {"share_read": 2}},
    {**BASE, "retrieval": {"corpus": "10M"}},
    {**BASE, "variant": {"name": "a"}},
    {**BASE, "variant": [{"variant": []}]},
]


def shipped():
    return sorted(SHIPPED.glob("*.toml"))


@pytest.mark.parametrize("path", shipped(), ids=lambda path: path.name)
def test_shipped_scenarios_are_valid(path):
    assert problems(tomllib.loads(path.read_text()), SCHEMA) == []


@pytest.mark.parametrize("table", GOOD, ids=range(len(GOOD)))
def test_what_is_read_is_valid_and_stays_so_when_it_is_written(table):
    assert problems(table, SCHEMA) == []
    if "layers" not in table["model"]:
        scenario = parse_scenario(table)
        assert problems(tomllib.loads(scenario_text(scenario)), SCHEMA) == []


@pytest.mark.parametrize("table", BAD, ids=range(len(BAD)))
def test_what_is_refused_is_not_valid(table):
    assert problems(table, SCHEMA)
    if "hiden" not in table.get("model", {}):
        with pytest.raises(WhatfitsError):
            parse_scenario(table)


def test_it_says_what_it_is_and_is_the_same_every_time():
    assert SCHEMA["$schema"].startswith("https://json-schema.org/")
    assert SCHEMA["title"]
    assert SCHEMA["description"]
    assert json.dumps(scenario_schema()) == json.dumps(SCHEMA)


def test_every_key_that_people_write_is_described():
    for cls in (Scenario, Precision, KeyValueFormats, Workload, Deployment, Cost, Corpus):
        held = SCHEMA if cls is Scenario else SCHEMA["$defs"][cls.__name__]
        names = [field.name for field in fields(cls)]
        assert list(held["properties"]) == names
        for name in names:
            assert held["properties"][name]["description"], f"{cls.__name__}.{name}"
    known = {f"{cls.__name__}.{f.name}" for cls in (Scenario, Precision, KeyValueFormats) for f in fields(cls)}
    known |= {f"{cls.__name__}.{field.name}" for cls in (Workload, Deployment, Cost, Corpus) for field in fields(cls)}
    assert set(DESCRIPTIONS) == known


def test_references_lead_somewhere():
    text = json.dumps(SCHEMA)
    names = {part.split('"')[0] for part in text.split('"#/$defs/')[1:]}
    assert names <= set(SCHEMA["$defs"])
