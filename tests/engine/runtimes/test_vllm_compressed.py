"""DeepSeek-V4 on vLLM: the groups and blocks that its developers work out in pull request 52495."""

from catalogs.model_store import ModelCatalog
from engine.parallel import Plan
from engine.runtimes import RUNTIMES
from engine.runtimes.vllm_compressed import packed_groups
from tests.engine.runtimes.cases import GIB, reserve

FLASH = ModelCatalog().model("deepseek-ai/DeepSeek-V4-Flash")


def test_five_groups():
    groups = packed_groups(FLASH, RUNTIMES["vllm"].cache_precision("fp8_ds_mla"))
    assert [(group.block_tokens, group.window) for group in groups] == [
        (256, 0),
        (64, 128),
        (64, 128),
        (4, 8),
        (8, 128),
    ]
    kept, first, second, *_ = groups
    # 21 layers of ratio 4 with index keys, 20 of ratio 128
    assert sum(size for _, size in kept.pages) == 21 * (37_440 + 8640) + 20 * 1728
    assert len(first.pages) + len(second.pages) == 43


def test_blocks_of_one_request():
    found = reserve(
        FLASH,
        plan=Plan(tp=2),
        weights="fp8-block",
        cache="fp8_ds_mla",
        context_tokens=100_000,
        options={"max_num_batched_tokens": 8192, "kv_cache_memory_bytes": 40 * GIB},
    )
    in_flight = 2 * 8192
    windows = 2 * (-(-(127 + in_flight) // 64) + 1)
    # 4,099 and 2,065 pages for tokens in flight, as the pull request says
    assert found.need.units(100_000) == -(-100_000 // 256) + windows + 4099 + 2065
    assert found.pool.unit_bytes == (1_002_240,)
