"""Scenario files: what is refused and how it is said, variants, round trips, and saves that break off."""

import os
import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalogs import files
from catalogs.scenarios import (
    DEFAULT,
    parse_scenario,
    read_scenario,
    scenario_text,
    shipped,
    variants,
    with_changes,
    write_scenario,
)
from engine.errors import FileProblemError, WhatfitsError
from engine.scenario import (
    Calibration,
    Cost,
    Deployment,
    KeyValueFormats,
    MeasuredMemory,
    MeasuredSpeed,
    Precision,
    Scenario,
    Workload,
)

GOOD = {"schema": "whatfits/1", "model": {"id": "x"}}

BAD = [
    ({"model": {"id": "x"}}, "schema", 'is missing; write schema = "whatfits/1"'),
    (GOOD | {"schema": "whatfits/2"}, "schema", "must be whatfits/1"),
    ({"schema": "whatfits/1"}, "model", "is missing"),
    (GOOD | {"workloads": {}}, "workloads", "unknown key; did you mean workload"),
    (GOOD | {"workload": {"contxt": 5}}, "workload.contxt", "unknown key; did you mean context"),
    (GOOD | {"workload": {"context": "10Q"}}, "workload.context", "unknown suffix 'Q' in '10Q'"),
    (GOOD | {"workload": {"context": -1}}, "workload.context", "must be more than 0, got -1"),
    (GOOD | {"workload": {"context": 1.5}}, "workload.context", "must be an integer"),
    (GOOD | {"workload": {"context": True}}, "workload.context", "must be an integer"),
    (GOOD | {"workload": {"context": float("nan")}}, "workload.context", "must be a finite number, got nan"),
    (GOOD | {"workload": {"concurrency": "many"}}, "workload.concurrency", "or max"),
    (GOOD | {"workload": {"context": 10, "output": 20}}, "workload.output", "must be at most the context"),
    (GOOD | {"workload": 5}, "workload", "must be a table, got 5"),
    (GOOD | {"deployment": {"gpus": 0}}, "deployment.gpus", "must be more than 0, got 0"),
    (GOOD | {"deployment": {"gpus": "8"}}, "deployment.gpus", "must be an integer"),
    (GOOD | {"deployment": {"device_memory": "80"}}, "deployment.device_memory", "no unit in '80'"),
    (GOOD | {"cost": {"usd_per_gpu_hour": -2}}, "cost.usd_per_gpu_hour", "must be 0 or more"),
    (GOOD | {"cost": {"usd_per_gpu_hour": float("inf")}}, "cost.usd_per_gpu_hour", "must be a finite number"),
    (GOOD | {"precision": {"cache": {"kk": "fp8"}}}, "precision.cache.kk", "unknown key"),
    (GOOD | {"calibration": {"memory": {"wieghts": "1 GiB"}}}, "calibration.memory.wieghts", "did you mean weights"),
    (GOOD | {"calibration": {"memory": {"pool": "14"}}}, "calibration.memory.pool", "no unit in '14'"),
    (GOOD | {"calibration": {"memory": {"pool": 0}}}, "calibration.memory.pool", "must be more than 0, got 0"),
    (GOOD | {"calibration": {"speed": {"tpot_ms": 5}}}, "calibration.speed.tpot_ms", "unknown key"),
    (GOOD | {"calibration": {"speed": {"tpot_seconds": 0}}}, "calibration.speed.tpot_seconds", "more than 0"),
    (GOOD | {"calibration": {"speed": {"ttft_seconds": 1.0}}}, "calibration.speed.context", "is missing"),
    (
        GOOD | {"calibration": {"speed": {"context": "8k", "concurrency": "all"}}},
        "calibration.speed.concurrency",
        "or max",
    ),
    (GOOD | {"calibration": {"date": "20 November"}}, "calibration.date", "must be a day such as 2026-11-20"),
    (GOOD | {"calibration": {"tp": 0}}, "calibration.tp", "must be more than 0, got 0"),
    (GOOD | {"variant": [{"workload": {"contex": 1}}]}, "variant[0].workload.contex", "did you mean context"),
    (GOOD | {"variant": [{}, {"workload": {"context": 0}}]}, "variant[1].workload.context", "more than 0"),
    (GOOD | {"variant": [{"variant": []}]}, "variant[0].variant", "a variant has no variants"),
    (GOOD | {"variant": {"name": "x"}}, "variant", "must be a list"),
]


@pytest.mark.parametrize(("table", "field", "message"), BAD, ids=[f"{field}-{m[:12]}" for _, field, m in BAD])
def test_bad_content_is_one_line_with_key_value_and_the_way_out(table, field, message):
    with pytest.raises(WhatfitsError) as caught:
        parse_scenario(table)
    assert caught.value.field == field
    assert message in caught.value.message
    assert "\n" not in str(caught.value)


def test_the_shipped_scenario_reads_the_same_with_and_without_pydantic():
    assert shipped() == read_scenario(DEFAULT)
    names = [variant.name for variant in variants(shipped())]
    assert names == ["8x H200", "32x H100", "32x A100", "8-bit cache", "released Scout, 8x H200"]


def test_dotted_keys_of_variants_change_only_what_they_name():
    base = shipped()
    by_name = {variant.name: variant for variant in variants(base)}
    h200 = by_name["8x H200"]
    assert h200.deployment.device_memory == 141 * 10**9
    assert h200.deployment.options == base.deployment.options
    assert h200.deployment.gpus == 8
    assert h200.workload == base.workload
    assert by_name["8-bit cache"].deployment == base.deployment
    assert by_name["8-bit cache"].cost == base.cost


def test_another_model_or_gpu_comes_without_what_was_said_of_the_first():
    base = {
        "model": {"id": "a", "hidden": 5},
        "deployment": {"gpu": "g", "gpus": 8, "device_memory": 5},
        "cost": {"offer": "o"},
    }
    assert with_changes(base, {"model": {"id": "b"}})["model"] == {"id": "b"}
    assert with_changes(base, {"model": {"hidden": 6}})["model"] == {"id": "a", "hidden": 6}
    moved = with_changes(base, {"deployment": {"gpu": "h"}})
    assert moved["deployment"] == {"gpu": "h", "gpus": 8}
    assert "cost" not in moved
    assert with_changes(base, {"deployment": {"gpu": "g"}})["cost"] == {"offer": "o"}
    assert with_changes(base, {"deployment": {"gpu": "h"}, "cost": {"offer": "p"}})["cost"] == {"offer": "p"}


def test_another_runtime_comes_without_the_options_of_the_first():
    base = {"deployment": {"runtime": "generic", "gpus": 8, "options": {"memory_fraction": 0.9}}}
    assert with_changes(base, {"deployment": {"runtime": "vllm"}})["deployment"] == {"runtime": "vllm", "gpus": 8}
    assert with_changes(base, {"deployment": {"gpus": 4}})["deployment"]["options"] == {"memory_fraction": 0.9}


def test_measurements_that_do_not_say_of_what_go_with_it():
    memory = {"weights": "14 GiB"}
    base = {"model": {"id": "a"}, "deployment": {"gpu": "g", "runtime": "vllm"}, "calibration": {"memory": memory}}
    for changes in ({"model": {"id": "b"}}, {"deployment": {"gpu": "h"}}, {"deployment": {"runtime": "sglang"}}):
        assert "calibration" not in with_changes(base, changes)
    stated = base | {"calibration": {"memory": memory, "model": "a", "gpu": "g", "runtime": "vllm"}}
    for changes in ({"model": {"id": "b"}}, {"deployment": {"gpu": "h"}}, {"deployment": {"runtime": "sglang"}}):
        assert with_changes(stated, changes)["calibration"] == stated["calibration"]
    assert with_changes(base, {"workload": {"context": 5}})["calibration"] == base["calibration"]


def test_measured_sizes_are_written_as_a_log_prints_them():
    memory = MeasuredMemory(weights=round(14.99 * 2**30), pool=2**30, graphs=12_345)
    calibration = Calibration(date="2026-11-20", memory=memory, device_memory=round(79.19 * 2**30))
    lines = scenario_text(Scenario(model={"id": "x"}, calibration=calibration)).splitlines()
    assert {'weights = "14.99 GiB"', 'pool = "1 GiB"', "graphs = 12345", 'device_memory = "79.19 GiB"'} <= set(lines)


NAMES = st.text(max_size=30).filter(lambda text: text.isprintable())
SCENARIOS = st.builds(
    Scenario,
    name=NAMES,
    notes=NAMES,
    model=st.fixed_dictionaries(
        {"id": st.text(min_size=1, max_size=20)},
        optional={"hidden": st.integers(1, 10**6), "layers": st.just({"a": {"mixer": {"kv_heads": 2}}})},
    ),
    precision=st.builds(
        Precision,
        weights=st.sampled_from(["auto", "fp8"]),
        cache=st.one_of(st.sampled_from(["bf16", "fp8"]), st.builds(KeyValueFormats, k=st.just("q8_0"))),
    ),
    workload=st.builds(
        Workload,
        context=st.integers(1000, 10**8),
        output=st.none() | st.integers(0, 1000),
        concurrency=st.integers(1, 10**6) | st.just("max"),
    ),
    deployment=st.builds(
        Deployment,
        gpus=st.none() | st.integers(1, 1000),
        tp=st.none() | st.integers(1, 64),
        device_memory=st.none() | st.integers(1, 2**45) | st.integers(1, 300).map(lambda gb: gb * 10**9),
        options=st.dictionaries(
            st.sampled_from(["memory_fraction", "x-y"]),
            st.floats(0.1, 1) | st.booleans() | st.integers(0, 9) | NAMES,
        ),
    ),
    cost=st.builds(Cost, usd_per_gpu_hour=st.none() | st.floats(0, 100), offer=st.none() | NAMES),
    calibration=st.none()
    | st.builds(
        Calibration,
        date=st.sampled_from(["", "2026-11-20"]),
        source=NAMES,
        gpu=st.none() | NAMES,
        tp=st.none() | st.integers(1, 64),
        context=st.none() | st.integers(1, 10**8),
        options=st.none() | st.dictionaries(st.sampled_from(["a", "b-c"]), st.booleans() | st.integers(0, 9)),
        memory=st.builds(
            MeasuredMemory,
            weights=st.none() | st.integers(1, 2**45) | st.integers(1, 9999).map(lambda n: round(n / 100 * 2**30)),
            pool=st.none() | st.integers(1, 2**45),
        ),
        speed=st.builds(
            MeasuredSpeed,
            context=st.integers(1, 10**8),
            concurrency=st.integers(1, 10**6) | st.just("max"),
            tpot_seconds=st.none() | st.floats(1e-6, 10.0),
        ),
    ),
    variant=st.lists(st.fixed_dictionaries({"name": NAMES}), max_size=2).map(tuple),
)


@settings(max_examples=150, deadline=None)
@given(SCENARIOS)
def test_written_and_read_back_is_the_same_value(scenario):
    assert parse_scenario(tomllib.loads(scenario_text(scenario))) == scenario


def test_a_written_file_says_its_schema_first_and_memory_with_a_unit():
    lines = scenario_text(shipped()).splitlines()
    assert lines[0] == 'schema = "whatfits/1"'
    assert 'device_memory = "80 GB"' in lines


class Killed(BaseException):
    """Stands for the process being killed: no handler of errors sees it."""


STEPS = ["open", "write", "fsync", "replace"]


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_between_any_two_steps_of_a_save_the_file_is_whole(tmp_path, monkeypatch, step, when):
    path = tmp_path / "a.toml"
    old, new = shipped(), Scenario(name="new", model={"id": "y"})
    write_scenario(path, old)
    real = getattr(os, step)

    def killed(*args, **more):
        if when == "after":
            real(*args, **more)
        raise Killed

    monkeypatch.setattr(files.os, step, killed)
    with pytest.raises(Killed):
        write_scenario(path, new)
    monkeypatch.undo()
    assert read_scenario(path) in (old, new)
    if (step, when) != ("replace", "after"):
        assert read_scenario(path) == old


def test_reading_what_is_no_file(tmp_path):
    with pytest.raises(FileProblemError, match="no such file"):
        read_scenario(tmp_path / "missing.toml")
    with pytest.raises(FileProblemError, match="is a folder"):
        read_scenario(tmp_path)
    broken = tmp_path / "broken.toml"
    broken.write_text("schema = ")
    with pytest.raises(FileProblemError, match="is not valid TOML"):
        read_scenario(broken)
