"""Whatever a config holds: a model, or one error that says what is wrong; never anything else, and soon."""

import copy
import json
import math
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalogs.importers.hf_config import import_config, read_config
from engine.cache import ideal_curve
from engine.cache_formats import cache_precision
from engine.errors import WhatfitsError
from engine.model import ModelSpec

DATA = Path(__file__).parents[2] / "data" / "models"
# one config of each model_type is enough to start from
BASES = {}
for path in sorted(DATA.glob("*.json")):
    base = read_config(path)
    BASES.setdefault((base.get("model_type"), tuple(sorted(base))), base)
BASES = list(BASES.values())

POOL = sorted({name for base in BASES for part in (base, base.get("text_config") or {}) for name in part})
WORDS = ["full_attention", "sliding_attention", "linear_attention", "conv", "mamba", "moe", "dense", "LLLG", "MEM*"]
NUMBERS = st.integers(-2, 12) | st.sampled_from([64, 128, 4096, 10**6, 10**9, 2**70]) | st.floats()
PLAIN = st.none() | st.booleans() | NUMBERS | st.sampled_from(WORDS) | st.text(max_size=4)
VALUES = st.recursive(
    PLAIN,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.sampled_from(POOL), inner, max_size=3),
    max_leaves=8,
)
CHANGES = st.lists(
    st.tuples(st.sampled_from(["set", "drop", "list", "nest"]), st.sampled_from(POOL), VALUES), min_size=1, max_size=5
)


def changed(base, changes):
    config = copy.deepcopy(base)
    for how, name, value in changes:
        text = config.get("text_config")
        part = text if isinstance(text, dict) and (name in text or name not in config) else config
        if how == "set":
            part[name] = value
        elif how == "drop":
            part.pop(name, None)
        elif how == "list":
            part[name] = [value] * 8
        elif isinstance(part.get(name), dict):
            part[name] = {**part[name], "head_dim": value, "num_heads": value}
    return config


def check(config):
    try:
        model = import_config(config, model_id="fuzz/model")
    except WhatfitsError as error:
        message = str(error)
        assert message
        assert "\n" not in message
        assert len(message) < 1000
        return
    assert isinstance(model, ModelSpec)
    assert model.parameters >= model.text_parameters >= model.active_parameters > 0
    curve = ideal_curve(model, cache_precision("bf16"))
    assert 0 <= curve.bytes(0) <= curve.ceiling_bytes(10_000_000)
    assert math.isfinite(curve.slope(1000))


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(BASES), CHANGES)
def test_changed_configs(base, changes):
    check(changed(base, changes))


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from(POOL) | st.text(max_size=6), VALUES, max_size=12))
def test_nonsense(config):
    check(config)


@pytest.mark.slow
@settings(max_examples=20_000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(BASES), CHANGES)
def test_changed_configs_at_length(base, changes):
    check(changed(base, changes))


@pytest.mark.parametrize(
    "value",
    [[[]] * 3000, "x" * 100_000, {str(i): i for i in range(5000)}, 10**5000],
    ids=["list", "text", "table", "number"],
)
def test_large_values(value):
    base = json.loads((DATA / "meta-llama__Llama-3.1-8B.json").read_text())
    for name in ("layer_types", "hidden_size", "model_type", "rope_scaling", "quantization_config", "architectures"):
        check({**base, name: value})
