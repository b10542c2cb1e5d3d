"""What was published on the quality of a report's cache format and of its model at long contexts: quoted only."""

from typing import Any

from catalogs.evidence_store import EvidenceCatalog
from engine.evidence import EffectiveContext, about_model, about_strategy
from engine.report import Report
from engine.units import short_tokens

PLAIN = frozenset(("bf16", "fp16", "fp32"))
"""Cache formats that are the model's own precision, of which there is nothing to tell."""


def evidence_data(report: Report, evidence: EvidenceCatalog) -> list[dict[str, Any]]:
    """Every row that concerns the report, as data with its source."""
    found: list[dict[str, Any]] = [
        {
            "kind": "effective_context",
            "benchmark": held.benchmark,
            "model": held.model,
            "tokens": held.tokens,
            "at_least": held.beyond,
            "longest_tested_tokens": held.longest_tested,
            "claimed_tokens": held.claimed_tokens,
            "text": context_text(held),
            "source": held.source,
        }
        for held in about_model(evidence.scores, report.model.id)
    ]
    for name in dict.fromkeys((report.cache.k.id, report.cache.v.id)):
        if name in PLAIN:
            continue
        found += [
            {
                "kind": "cache_format",
                "format": name,
                "benchmark": row.benchmark,
                "model": row.model,
                "before": row.before,
                "after": row.after,
                "text": row.text,
                "source": row.source,
            }
            for row in about_strategy(evidence.quality, name, model_id=report.model.id)
        ]
    return found


def context_text(held: EffectiveContext) -> str:
    """How far a model was measured to hold, in one line."""
    claimed = f", claimed {short_tokens(held.claimed_tokens)}" if held.claimed_tokens else ""
    if held.tokens is None:
        reach = f"fails at {short_tokens(held.shortest_tested)} already"
    elif held.beyond:
        reach = f"holds at {short_tokens(held.tokens)}, the longest tested"
    else:
        reach = f"holds to {short_tokens(held.tokens)}"
    longest = f"scores {held.score_at_longest:g} at {short_tokens(held.longest_tested)}"
    return f"{held.model}, {held.benchmark}: {reach}, {longest}{claimed} ({held.source})"
