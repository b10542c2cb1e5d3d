"""Fields: what may be typed, how it is shown, how it is stepped."""

import pytest

from engine.errors import WhatfitsError
from engine.scenario import KeyValueFormats
from engine.units import parse_bytes
from tui.fields import LOAD_FIELDS, exact_bytes, load_fields, next_nice, short_exact
from tui.model_fields import held_value, layer_fields, model_fields
from tui.values import put

BY_ID = {field.id: field for field in LOAD_FIELDS}


@pytest.mark.parametrize(
    ("field", "text", "value"),
    [
        ("workload.context", "128k", 128_000),
        ("workload.context", "128Ki", 131_072),
        ("workload.output", "auto", None),
        ("workload.output", "0", 0),
        ("workload.concurrency", "MAX", "max"),
        ("workload.concurrency", "16", 16),
        ("precision.weights", "auto", "auto"),
        ("precision.weights", "half", "fp16"),
        ("precision.cache", "q8_0/f16", KeyValueFormats(k="q8_0", v="fp16")),
        ("deployment.gpus", "", None),
        ("deployment.tp", "8", 8),
        ("deployment.device_memory", "80 GB", 80 * 10**9),
        ("cost.usd_per_gpu_hour", "$5.90", 5.9),
    ],
)
def test_text_is_read(field, text, value):
    assert BY_ID[field].parse(text) == value


@pytest.mark.parametrize(
    ("field", "text", "reason"),
    [
        ("workload.context", "128x", "unknown suffix"),
        ("workload.context", "0", "between 1"),
        ("workload.context", "", "cannot read"),
        ("workload.concurrency", "-1", "between 1"),
        ("precision.weights", "fp9", "did you mean fp"),
        ("precision.cache", "bf16/nope", "unknown cache format"),
        ("deployment.device_memory", "80", "no unit"),
        ("deployment.runtime", "vlm", "unknown runtime"),
        ("deployment.gpu", "  ", "must not be empty"),
    ],
)
def test_what_is_no_value_is_refused_with_a_reason(field, text, reason):
    with pytest.raises(WhatfitsError) as caught:
        BY_ID[field].parse(text)
    assert reason in caught.value.message
    assert caught.value.field in ("", ".k", ".v")


@pytest.mark.parametrize("tokens", [1, 999, 1000, 131_072, 128_000, 10**6, 10_485_760, 10**12])
def test_what_a_token_field_shows_reads_back_exactly(tokens):
    assert BY_ID["workload.context"].parse(short_exact(tokens)) == tokens


@pytest.mark.parametrize("size", [80 * 10**9, 96 * 2**30, 85_520_809_984, 12_345, 1])
def test_what_a_size_field_shows_reads_back_exactly(size):
    assert parse_bytes(exact_bytes(size)) == size


@pytest.mark.parametrize("field", LOAD_FIELDS, ids=lambda field: field.id)
def test_every_field_shows_its_usual_values_so_that_they_read_back(field):
    for value in (*field.nice, *field.choices):
        assert field.parse(field.text(value)) == value
    assert list(field.nice) == sorted(field.nice)


def test_usual_values_end_somewhere():
    assert next_nice((1, 2, 4), 4, 1) is None
    assert next_nice((), 4, 1) is None


def test_the_runtime_brings_its_options(ready):
    labels = [field.label for field in load_fields(ready.scenario)]
    assert labels.index("memory fraction") == labels.index("runtime") + 1
    unknown = put(ready.scenario, ("deployment", "runtime"), "generic")
    assert [field.label for field in load_fields(unknown)] == labels


def test_a_model_has_the_fields_of_its_layers(ready_on):
    state = ready_on(model="meta-llama/Llama-4-Scout-17B-16E-Instruct")
    model = state.answers.report.model
    fields = {field.id: field for field in model_fields(model)}
    chunk = next(field for field in fields.values() if field.label == "chunk")
    assert held_value(state.scenario, model, chunk) == 8192
    assert held_value(put(state.scenario, chunk.path, 4096), model, chunk) == 4096
    with pytest.raises(WhatfitsError, match="which layers does not define"):
        fields["model.stack"].parse("12 x nonsense")


def test_an_unknown_model_leaves_only_its_name():
    assert [field.label for field in model_fields(None)] == ["model"]


def test_every_shipped_model_has_fields_that_read_back(known):
    for model_id in list(known.models.entries())[::7]:
        model = known.models.model(model_id)
        for kind in model.layer_counts:
            for field in layer_fields(model, kind):
                held = model.layers[kind]
                value = getattr(getattr(held, field.path[3]), field.path[4])
                assert field.parse(field.text(value)) == value, (model_id, field.id)
