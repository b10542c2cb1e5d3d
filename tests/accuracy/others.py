"""SGLang against its few logs."""

from collections.abc import Iterator

from engine.runtimes import RUNTIMES
from tests.accuracy.rows import hardware, rows, setting_of
from tests.accuracy.vllm import Outcome


def sglang_tokens() -> Iterator[Outcome]:
    """max_total_num_tokens from the settings alone, on rows that state them all."""
    gpus = hardware()
    for row in rows("sglang"):
        tokens, fraction = row.number("kv_tokens"), row.number("gpu_mem_util")
        if row["settings_complete"] != "yes" or tokens is None or fraction is None:
            continue
        setting = setting_of(row, {"mem_fraction_static": fraction}, gpus=gpus)
        if setting is not None:
            predicted = RUNTIMES["sglang"].reserve(setting).pool_tokens()
            yield Outcome(name=row["id"], model=row["model"], predicted=predicted, observed=tokens)


def sglang_tokens_from_pool() -> Iterator[Outcome]:
    """Tokens of the pool whose size a log printed, by the cell alone."""
    gpus = hardware()
    for row in rows("sglang"):
        tokens, pool = row.number("kv_tokens"), row.number("kv_total_gib")
        if pool is None and row["k_gib"]:
            pool = float(row["k_gib"]) + float(row["v_gib"])
        setting = setting_of(row, {}, gpus=gpus)
        if tokens is None or pool is None or setting is None:
            continue
        reservation = RUNTIMES["sglang"].reserve(setting)
        page = row.whole("block_size", 1) or 1
        predicted = int(pool * 2**30) // reservation.pool.unit_bytes[0] // page * page
        yield Outcome(name=row["id"], model=row["model"], predicted=predicted, observed=tokens)
