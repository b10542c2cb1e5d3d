"""What the fullest GPU of a report holds, item by item: the same rows for text and for the screen."""

from engine.estimate import Amount
from engine.report import Report


def rank_rows(report: Report) -> list[tuple[str, Amount]]:
    """Name and size [byte] of each item, from the memory of the GPU down to what is free of it, or missing."""
    rank = report.rank
    ledger = report.choice.reservation.ledgers[rank.stage]
    rows: list[tuple[str, Amount]] = [("memory", rank.device_bytes), ("may be used", rank.usable_bytes)]
    rows += [(f"{item.name}, measured" if item.measured else item.name, item.amount) for item in ledger.items]
    pool = "pool for the cache, measured" if ledger.pool_note else "pool for the cache"
    rows += [(pool, rank.pool_bytes), ("cache needed", rank.cache_bytes)]
    rows.append(("free", rank.free_bytes) if rank.free_bytes >= 0 else ("missing", -rank.free_bytes))
    return rows
