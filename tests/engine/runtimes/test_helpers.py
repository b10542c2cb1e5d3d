"""Versions, cache types, solving, plans: what the runtimes share."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import FieldError
from engine.estimate import Band
from engine.hardware import Accelerator
from engine.parallel import Plan
from engine.runtimes.cache_types import CacheTypes
from engine.runtimes.llama_cpp_options import rounded
from engine.runtimes.pages import heads_on_rank, index_bytes
from engine.runtimes.plans import refused_by_transformers, refused_without_tensor_parallelism
from engine.runtimes.solve import largest
from engine.runtimes.versions import Steps, chosen_version, is_before_release, parse_version, step_versions
from engine.runtimes.vllm_versions import TABLES
from tests.engine.runtimes.cases import GIB, LLAMA_8B


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("0.19.0", (0, 19, 0)),
        ("v0.6.4.post1", (0, 6, 4)),
        ("~0.9.2/0.10", (0, 9, 2)),
        ("0.7.0-dev (V1)", (0, 7, 0)),
        ("0.17.1 ROCm", (0, 17, 1)),
        ("1", (1, 0, 0)),
    ],
)
def test_versions_are_read(text, version):
    assert parse_version(text) == version


def test_versions_that_are_none():
    with pytest.raises(FieldError, match=r"deployment\.runtime_version"):
        parse_version("latest")
    assert chosen_version(None, (9, 9, 9)) == (9, 9, 9)
    assert is_before_release("0.20.1rc1.dev16")
    assert not is_before_release("0.17.1 ROCm")


def test_rules_change_at_their_steps():
    steps = Steps((((0, 0, 0), "old"), ((1, 2, 0), "new")), "example")
    assert [steps.at(v) for v in ((0, 1, 0), (1, 1, 9), (1, 2, 0), (9, 0, 0))] == ["old", "old", "new", "new"]
    listed = step_versions(TABLES)
    assert listed == tuple(sorted(listed, key=parse_version, reverse=True))
    assert all(table.why for table in TABLES.values())
    for table in TABLES.values():
        assert [since for since, _ in table.rows] == sorted(since for since, _ in table.rows)


@given(limit=st.integers(1, 10**12), edge=st.integers(0, 10**12), slope=st.integers(1, 10**6), step=st.integers(1, 300))
def test_largest_finds_the_edge(limit, edge, slope, step):
    calls = []

    def margin(n):
        calls.append(n)
        return (edge - -(-n // step) * step) * slope

    found = largest(margin, limit=limit)
    assert found == min(limit, edge // step * step)
    assert len(calls) < 150


def test_cache_types():
    types = CacheTypes(runtime="It", names={"own": "fp8", "bf16": "bf16"}, mixed=True)
    assert types.precision("own").label == "fp8"
    assert types.precision("fp8_e4m3").label == "fp8"
    assert types.precision("own", "bf16").label == "fp8/bf16"
    for name in ("q8_0", "nonsense", "x" * 100):
        with pytest.raises(FieldError, match="it has fp8, bf16"):
            types.precision(name)


def test_small_numbers():
    assert [heads_on_rank(8, n) for n in (1, 3, 8, 16)] == [8, 3, 1, 1]
    assert index_bytes(128) == 132
    assert rounded(1) == 256


def test_plans():
    assert refused_without_tensor_parallelism(LLAMA_8B, Plan(pp=40), "it")[0][0] == "pp"
    assert refused_by_transformers(LLAMA_8B, Plan(tp=8, dcp=1)) == ()
    assert refused_by_transformers(LLAMA_8B, Plan(tp=8, dcp=2))[-1][0] == "dcp"


def test_what_a_program_sees_of_a_card():
    known = Accelerator(
        id="a", name="a", vendor="nvidia", label_gb=80, driver_bytes=85 * 10**9, torch_total_bytes=84 * 10**9
    )
    assert known.visible_bytes.best == 84 * 10**9
    unknown = Accelerator(id="b", name="b", vendor="nvidia", label_gb=24, driver_bytes=24 * GIB)
    assert unknown.visible_bytes == Band(24 * GIB - 9 * GIB // 10, 24 * GIB - GIB // 2, 24 * GIB - GIB // 4)
    assert Accelerator(id="c", name="c", vendor="amd", label_gb=192, driver_bytes=1).visible_bytes == 1


def test_runtimes_are_known_by_their_own_ids():
    from engine.runtimes import RUNTIMES, runtime_of

    assert [runtime.id for runtime in RUNTIMES.values()] == list(RUNTIMES)
    assert runtime_of("vLLM") is RUNTIMES["vllm"]
