"""Caches elsewhere: fetched, or worked on again."""

import pytest

from catalogs.store import HardwareCatalog
from engine.strategies import placement
from engine.strategies.placing import fetch_seconds
from tests.engine import examples
from tests.engine.setup import UNKNOWN, ask

GPUS = HardwareCatalog().accelerators()


def test_recompute_or_fetch():
    # facts on memory 8.3, Llama-3.1-70B at 32k: break-even 0.71 GB/s at 400 TFLOP/s, 15.1 s to recompute,
    # 0.43 s at 25 GB/s, 1.5 s at 7 GB/s
    report = ask(examples.LLAMA_70B, gpu=GPUS["h100-sxm"], gpus=2, context=33_000)
    found = placement(report, slot_bytes_per_s=12.5e9)
    assert found.bytes == 32_000 * 327_680
    assert found.host_seconds == pytest.approx(0.43, rel=0.05)
    assert found.disk_seconds == pytest.approx(1.5, rel=0.01)
    assert found.disk_seconds < found.recompute_seconds
    assert found.break_even_bytes_per_s == pytest.approx(found.bytes / found.recompute_seconds)
    # two GPUs at about 0.6 of 2 x 989 TFLOPS against 400
    assert 0.71e9 < found.break_even_bytes_per_s < 4 * 0.71e9
    assert placement(ask(examples.LLAMA_70B, gpu=UNKNOWN, gpus=2)) is None


def test_replicas_fetch_at_once():
    one = ask(examples.LLAMA_70B, gpu=GPUS["h200-sxm"], gpus=1, context=30_000)
    four = ask(examples.LLAMA_70B, gpu=GPUS["h200-sxm"], gpus=4, dp=4, context=30_000)
    assert fetch_seconds(one, "running") == pytest.approx(4 * fetch_seconds(four, "running"))
    assert fetch_seconds(one, "host") == fetch_seconds(four, "host") < fetch_seconds(one, "disk")
