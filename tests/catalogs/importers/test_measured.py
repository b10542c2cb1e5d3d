"""What a log measured as a calibration: sizes, the day, and what they depend on."""

import datetime

import pytest

from catalogs.importers.measured import calibration_of, day_of
from catalogs.importers.runtime_log import parse_log
from tests.catalogs.importers.test_runtime_log import SGLANG, VLLM_0_19, VLLM_V0, report_of

TODAY = datetime.date(2026, 11, 25)
GIB = 2**30


@pytest.mark.parametrize(
    ("stamp", "day"),
    [
        ("2025-07-22", "2025-07-22"),
        ("04-22", "2026-04-22"),
        ("11-25", "2026-11-25"),
        ("11-26", "2025-11-26"),
        ("02-29", "2026-11-25"),
        ("", "2026-11-25"),
    ],
    ids=["year", "this year", "today", "last year", "no such day", "none"],
)
def test_the_day(stamp, day):
    assert day_of(stamp, TODAY).isoformat() == day


def test_a_log_of_vllm():
    seen, report = report_of(VLLM_0_19, "h100-sxm")
    found = calibration_of(seen, report, today=TODAY, source="a log")
    assert (found.date, found.source) == ("2026-04-22", "a log")
    assert (found.runtime, found.runtime_version, found.gpu) == ("vllm", "0.19.0", "h100-sxm")
    assert (found.model, found.weights, found.context) == ("meta-llama/Llama-3.1-8B-Instruct", "bf16", 8192)
    assert found.parameters == report.model.parameters
    assert (found.tp, found.pp, found.device_memory) == (1, 1, None)
    assert found.options["gpu_memory_utilization"] == 0.95
    memory = found.memory
    assert [round(size / GIB, 2) for size in (memory.weights, memory.activation, memory.pool)] == [14.99, 1.89, 58.11]
    assert round(memory.graphs / GIB, 2) == 0.84


def test_what_was_captured_is_not_what_was_set_aside():
    text = "\n".join(line for line in VLLM_0_19.splitlines() if "Estimated CUDA graph" not in line)
    seen, report = report_of(text, "h100-sxm")
    assert seen.items["graph_bytes"] == 0.91 * GIB
    assert calibration_of(seen, report, today=TODAY).memory.graphs is None


def test_memory_of_a_gpu_that_the_catalog_has_otherwise():
    seen, report = report_of(VLLM_V0, "rtx-3090")
    found = calibration_of(seen, report, today=TODAY)
    assert found.device_memory in (None, int(23.58 * GIB))
    seen, report = report_of(VLLM_V0.replace("23.58", "23.10"), "rtx-3090")
    assert calibration_of(seen, report, today=TODAY).device_memory == int(23.10 * GIB)


def test_a_log_of_sglang():
    seen, report = report_of(SGLANG, "h100-sxm")
    found = calibration_of(seen, report, today=TODAY)
    assert (found.date, found.tp, found.runtime_version) == ("2025-07-22", 4, None)
    assert round(found.memory.pool / GIB, 2) == 16.46
    assert parse_log(SGLANG).items["weights_bytes"] == 55.4 * GIB
