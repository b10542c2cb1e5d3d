"""vLLM against its start-up logs: tokens from the pool that a log printed, and everything from the settings alone."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from engine.estimate import Amount, best, high, low
from engine.runtimes import RUNTIMES
from tests.accuracy.rows import GIB, Row, hardware, rows, setting_of

PRINTED_BYTES = GIB // 100  # [byte] sizes are printed with two decimals


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """A prediction and what was observed, tokens or bytes."""

    name: str
    model: str
    predicted: Amount
    observed: float
    print_error: float = 0.0  # relative, of what the prediction starts from

    @property
    def error(self) -> float:
        """Relative to what was observed."""
        return best(self.predicted) / self.observed - 1

    @property
    def covered(self) -> bool:
        """Whether the band holds the observation."""
        return low(self.predicted) <= self.observed <= high(self.predicted)


def stated_options(row: Row) -> dict[str, Any]:
    """The settings that a row states, as vLLM's options."""
    found: dict[str, Any] = {
        "gpu_memory_utilization": row.number("gpu_mem_util"),
        "max_num_batched_tokens": row.whole("max_num_batched_tokens"),
        "max_num_seqs": row.whole("max_num_seqs"),
        "block_size": row.whole("block_size"),
        "enforce_eager": row["eager_or_graph"] == "eager",
    }
    extra = row["extra"]
    if "prefix_caching=False" in extra:
        found["enable_prefix_caching"] = False
    elif "prefix caching" in extra:
        found["enable_prefix_caching"] = True
    if "MTP n=3" in extra and row.model.multi_token is not None:
        found["num_speculative_tokens"] = 3
    return found


def observed_tokens(row: Row) -> float | None:
    """The printed tokens; where a log prints the concurrency alone, what it amounts to."""
    tokens = row.number("kv_tokens")
    if tokens is None and row["max_concurrency"]:
        return float(row["max_concurrency"]) * float(row["concurrency_len"])
    return tokens


def from_pool() -> Iterator[Outcome]:
    """Tokens, given the pool that the log printed, on rows whose pool and tokens belong together."""
    gpus = hardware()
    for row in rows("vllm"):
        pool, tokens = row.number("available_kv_gib"), observed_tokens(row)
        if row["exact_pair"] != "yes" or pool is None or tokens is None:
            continue
        options = stated_options(row) | {"kv_cache_memory_bytes": int(pool * GIB)}
        setting = setting_of(row, options, gpus=gpus) or setting_of(
            Row(fields={**row.fields, "gpu_mem_gib": "80"}, model=row.model), options, gpus=gpus
        )
        assert setting is not None
        reservation = RUNTIMES["vllm"].reserve(setting)
        predicted = reservation.pool_tokens()
        if not row["kv_tokens"]:
            units = best(reservation.pool.units)
            predicted = round(units / reservation.need.units(setting.context_tokens) * setting.context_tokens)
        yield Outcome(
            name=row["id"],
            model=row["model"],
            predicted=predicted,
            observed=tokens,
            print_error=PRINTED_BYTES / 2 / (pool * GIB),
        )


def from_settings() -> Iterator[tuple[str, Outcome]]:
    """Every item that a log printed, from the settings alone, on rows that state them all."""
    gpus = hardware()
    for row in rows("vllm"):
        if row["settings_complete"] != "yes":
            continue
        setting = setting_of(row, stated_options(row), gpus=gpus)
        if setting is None:
            continue
        reservation = RUNTIMES["vllm"].reserve(setting)
        ledger = reservation.ledgers[0]
        observed: Mapping[str, tuple[Amount | None, float | None]] = {
            "tokens": (reservation.pool_tokens(), row.number("kv_tokens")),
            "pool": (ledger.pool_bytes, _bytes(row, "available_kv_gib")),
            "weights": (ledger.of("weights"), _bytes(row, "weights_gib")),
            "activation": (ledger.of("activation"), _bytes(row, "activation_gib")),
            "non-torch": (ledger.of("non_torch"), _bytes(row, "non_torch_gib")),
        }
        for item, (predicted, seen) in observed.items():
            if predicted is not None and seen is not None and seen > 0:
                yield item, Outcome(name=row["id"], model=row["model"], predicted=predicted, observed=seen)


def _bytes(row: Row, name: str) -> float | None:
    value = row.number(name)
    return None if value is None else value * GIB
