"""Whatever bytes a weight file holds: a model, or one error of ours in one line; soon, and without much memory."""

import json
import struct
import tracemalloc
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalogs.importers.gguf import import_gguf
from catalogs.importers.safetensors import describe, differences, read_safetensors, stored_from_safetensors
from catalogs.model_store import ModelCatalog
from engine.errors import WhatfitsError
from engine.formats import weight_format
from engine.weights import checkpoint_bytes
from tests.catalogs.importers.gguf_files import gguf_bytes, string
from tests.catalogs.importers.gguf_models import gguf_of
from tests.catalogs.importers.safetensors_files import checkpoint_of, header_table
from tests.engine import examples

MOST_MEMORY = 300 * 2**20  # [byte]
CATALOG = ModelCatalog()

QUICK = settings(
    max_examples=500, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
LONG = settings(QUICK, max_examples=20_000)

EDGE = st.sampled_from([0, 1, 2**16, 2**31, 2**32 - 1, 2**40, 2**62, 2**63, 2**64 - 1])
BYTES = st.tuples(st.just("bytes"), st.floats(0, 1), st.binary(min_size=1, max_size=12))
NUMBERS = st.tuples(st.just("number"), st.floats(0, 1), EDGE)
CUTS = st.tuples(st.just("cut"), st.floats(0, 1), st.just(0))
DAMAGE = st.lists(st.one_of(BYTES, NUMBERS, CUTS), min_size=1, max_size=4)


def damaged(data: bytes, changes) -> bytes:
    for how, where, what in changes:
        at = int(where * len(data))
        if how == "bytes":
            data = data[:at] + what + data[at + len(what) :]
        elif how == "number":
            data = data[:at] + struct.pack("<Q", what) + data[at + 8 :]
        else:
            data = data[:at]
    return data


def outcome(work) -> None:
    """A result or an error of ours; anything else fails the test by itself."""
    try:
        work()
    except WhatfitsError as error:
        text = str(error)
        assert text.isprintable(), text
        assert len(text) < 600


# --- GGUF ---------------------------------------------------------------------------------------------------------

FAMILIES = [
    "Qwen/Qwen2.5-0.5B-Instruct",
    "openai/gpt-oss-20b",
    "deepseek-ai/DeepSeek-V2-Lite",
    "ai21labs/Jamba-v0.1",
    "Qwen/Qwen3-Next-80B-A3B-Instruct",
    "LiquidAI/LFM2-1.2B",
    "google/gemma-3n-E2B-it",
    "google/gemma-4-26B-A4B",
    "moonshotai/Kimi-Linear-48B-A3B-Instruct",
]


def _base(model_id: str):
    model = CATALOG.model(model_id)
    # a few layers have all kinds, and are quicker to damage
    kinds = ", ".join(model.layer_kinds[:8])
    return gguf_of(replace(model, stack=kinds, multi_token=None, towers=()), weight_format("q4_k_m"))


BASES = [_base(model_id) for model_id in FAMILIES]
VALUES = st.one_of(
    st.integers(0, 2**32 - 1),
    st.sampled_from([0, 1, 2, 3, 7, 64, 100, 2**31]),
    st.text(max_size=5),
    st.booleans(),
    st.floats(width=32),
    st.lists(st.integers(0, 100), max_size=12),
    st.tuples(st.just("i64"), st.integers(-(2**63), 2**63 - 1)),
)
EDITS = st.lists(
    st.tuples(st.sampled_from(["value", "drop", "dims", "rename", "remove", "copy"]), st.integers(0, 10**6), VALUES),
    min_size=1,
    max_size=3,
)


def edited(base, edits):
    """A well-formed file of an odd model."""
    metadata, rows = dict(base[0]), list(base[1])
    for how, where, value in edits:
        key = sorted(metadata)[where % len(metadata)] if metadata else ""
        index = where % len(rows) if rows else 0
        match how:
            case "value" if metadata:
                metadata[key] = value
            case "drop" if metadata:
                del metadata[key]
            case "dims" if rows:
                name, dims, kind = rows[index]
                other = 256 * (1 + where % 40)
                rows[index] = (name, (dims[0], other, *dims[2:]) if len(dims) > 1 else (other,), kind)
            case "rename" if rows:
                rows[index] = (rows[(where // 7) % len(rows)][0] + "x", *rows[index][1:])
            case "remove" if rows:
                del rows[index]
            case "copy" if rows:
                name, dims, kind = rows[index]
                rows.append((name.replace("blk.0", f"blk.{where % 9}"), dims, kind))
    names = {name: (name, dims, kind) for name, dims, kind in rows}
    metadata.pop("general.alignment", None)
    return metadata, list(names.values())


def read_model(path: Path) -> None:
    model, stored = import_gguf(path)
    assert checkpoint_bytes(model, stored) > 0


def check_gguf_bytes(path, base, changes):
    path.write_bytes(damaged(gguf_bytes(*base)[0], changes))
    outcome(lambda: read_model(path))


def check_gguf_model(path, base, edits):
    path.write_bytes(gguf_bytes(*edited(base, edits))[0])
    outcome(lambda: read_model(path))


@QUICK
@given(base=st.sampled_from(BASES), changes=DAMAGE)
def test_damaged_gguf_files(tmp_path, base, changes):
    check_gguf_bytes(tmp_path / "m.gguf", base, changes)


@QUICK
@given(base=st.sampled_from(BASES), edits=EDITS)
def test_odd_gguf_models(tmp_path, base, edits):
    check_gguf_model(tmp_path / "m.gguf", base, edits)


@pytest.mark.slow
@LONG
@given(base=st.sampled_from(BASES), changes=DAMAGE)
def test_damaged_gguf_files_at_length(tmp_path, base, changes):
    check_gguf_bytes(tmp_path / "m.gguf", base, changes)


@pytest.mark.slow
@LONG
@given(base=st.sampled_from(BASES), edits=EDITS)
def test_odd_gguf_models_at_length(tmp_path, base, edits):
    check_gguf_model(tmp_path / "m.gguf", base, edits)


# --- safetensors --------------------------------------------------------------------------------------------------

SMALL = replace(examples.LLAMA_70B, stack="2 layer", vocabulary=512)
TABLES = [
    header_table(checkpoint_of(SMALL, packing)) for packing in ("fp8", "int4-gptq", "int4-awq", "nvfp4", "nf4-dq")
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
TABLE_EDITS = st.lists(
    st.tuples(
        st.sampled_from(["dtype", "shape", "data_offsets", "all", "name", "drop"]),
        st.integers(0, 10**6),
        JSON | st.sampled_from(["F32", "U8", "I32", "F8_E4M3", "F4"]) | st.lists(st.integers(0, 64), max_size=4),
    ),
    min_size=1,
    max_size=3,
)


def check_safetensors(path: Path, body: bytes) -> None:
    path.write_bytes(struct.pack("<Q", len(body)) + body)
    outcome(lambda: read_checkpoint(path))


def read_checkpoint(path: Path) -> None:
    header = read_safetensors(path)
    contents = describe(header)
    assert sum(contents.bytes_by_role.values()) == header.data_bytes
    differences(contents, SMALL)
    assert checkpoint_bytes(SMALL, stored_from_safetensors(header, contents, SMALL)) == header.data_bytes


def edited_table(table, edits):
    """A well-formed header of odd tensors; offsets follow shapes, so that most get past the first checks."""
    tensors = {name: dict(entry) for name, entry in table.items()}
    for how, where, value in edits:
        names = list(tensors)
        if not names:
            break
        name = names[where % len(names)]
        if how == "drop":
            del tensors[name]
        elif how == "name":
            tensors[f"{name}{str(value)[:8]}"] = tensors.pop(name)
        elif how == "all":
            tensors[name] = value
        elif isinstance(tensors[name], dict):
            tensors[name][how] = value
    return tensors


@QUICK
@given(table=st.sampled_from(TABLES), changes=DAMAGE)
def test_damaged_safetensors_files(tmp_path, table, changes):
    check_safetensors(tmp_path / "m.safetensors", damaged(json.dumps(table).encode(), changes))


@QUICK
@given(table=st.sampled_from(TABLES), edits=TABLE_EDITS)
def test_odd_safetensors_files(tmp_path, table, edits):
    check_safetensors(tmp_path / "m.safetensors", json.dumps(edited_table(table, edits)).encode())


@QUICK
@given(body=st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_header(tmp_path, body):
    check_safetensors(tmp_path / "m.safetensors", body)


@pytest.mark.slow
@LONG
@given(table=st.sampled_from(TABLES), changes=DAMAGE, edits=TABLE_EDITS)
def test_odd_safetensors_files_at_length(tmp_path, table, changes, edits):
    check_safetensors(tmp_path / "m.safetensors", json.dumps(edited_table(table, edits)).encode())
    check_safetensors(tmp_path / "m.safetensors", damaged(json.dumps(table).encode(), changes))


# shapes that no tensor of a format has, offsets that fit
ODD_SHAPES = [
    {"p.weight": ("F8_E4M3", ()), "p.weight_scale": ("F32", (1,))},
    {"p.weight": ("U8", (0, 4)), "p.weight_scale": ("F8_E4M3", (0, 1))},
    {"p.qweight": ("I32", (0, 8)), "p.scales": ("F16", (1, 8))},
    {"p.qweight": ("I32", (8, 8)), "p.scales": ("F16", (8,))},
    {"p.qweight": ("I32", (8, 8)), "p.scales": ("F16", (16, 8)), "p.g_idx": ("I32", (4,))},
    {"p.qweight": ("I32", (8, 8)), "p.scales": ("F16", (16, 64)), "p.qzeros": ("I32", (1, 1))},
    {"p.weight_packed": ("I32", (4, 4)), "p.weight_scale": ("BF16", (4, 0))},
    {"p.trellis": ("I16", (4,))},
    {"p.trellis": ("I16", (4, 4, 3))},
    {"p.q_weight": ("I32", (4,)), "p.q_invperm": ("I32", (4,))},
    {"p.q_weight": ("I32", (4, 0)), "p.q_invperm": ("I32", (4,))},
    {"p_blocks": ("U8", ()), "p_scales": ("U8", ())},
    {"p.scales": ("F16", (4,))},
    {"": ("F16", (4,)), ".": ("F16", (4,)), ".weight": ("F16", (4,)), "weight": ("F16", (4,))},
]


@pytest.mark.parametrize("tensors", ODD_SHAPES, ids=range(len(ODD_SHAPES)))
def test_odd_shapes(tmp_path, tensors):
    check_safetensors(tmp_path / "m.safetensors", json.dumps(header_table(tensors)).encode())


# --- memory -------------------------------------------------------------------------------------------------------


def hostile_files():
    """Files that claim much, each with a hole of 100 MB where the claimed things would be."""
    many = struct.pack("<IQQ", 3, 65_536, 65_536)
    yield "strings.gguf", b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + string("k") + struct.pack("<IIQ", 9, 8, 400_000)
    yield "keys.gguf", b"GGUF" + many
    yield "bytes.gguf", b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + string("k") + struct.pack("<IIQ", 9, 10, 2**40)
    yield "length.safetensors", struct.pack("<Q", 32 * 2**20)


def test_hostile_files_cost_little_memory(tmp_path):
    def read(path):
        return outcome(lambda: read_model(path) if path.suffix == ".gguf" else read_checkpoint(path))

    for name, start in hostile_files():
        path = tmp_path / name
        with path.open("wb") as stream:
            stream.write(start)
            stream.truncate(100_000_000)
        # once before it is measured: the first file of a kind loads modules too
        read(path)
        tracemalloc.start()
        try:
            read(path)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert peak < MOST_MEMORY, name
