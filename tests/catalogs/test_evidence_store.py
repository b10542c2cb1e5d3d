"""Shipped evidence: read, complete, traceable to its tables, and about things that exist."""

import csv
from pathlib import Path

import pytest

from catalogs.evidence_store import EvidenceCatalog
from catalogs.model_store import ModelCatalog
from engine.cache_formats import CACHE_FORMATS
from engine.evidence import effective_context, trained_context
from engine.formats import WEIGHT_FORMATS

DATA = Path(__file__).parent.parent / "data"
EVIDENCE = EvidenceCatalog()
STRATEGIES = {"sinks+window", "eviction", "duo-attention"}


def test_every_row_has_a_source_and_a_subject():
    assert len(EVIDENCE.quality) >= 25
    for row in EVIDENCE.quality:
        assert row.source
        assert row.model
        assert row.benchmark
        weights = row.strategy.startswith("weights:") and row.strategy.removeprefix("weights:") in WEIGHT_FORMATS
        assert weights or row.strategy in CACHE_FORMATS or row.strategy in STRATEGIES, row.strategy
        assert row.finding or row.change_percent is not None


def test_models_exist():
    catalog = ModelCatalog()
    for row in (*EVIDENCE.scores, *EVIDENCE.trained):
        for name in row.models:
            assert catalog.find(name) == name


@pytest.mark.parametrize(("name", "benchmark"), [("ruler.csv", "RULER"), ("nolima.csv", "NoLiMa")])
def test_scores_are_those_of_the_published_tables(name, benchmark):
    with (DATA / name).open(encoding="utf-8") as file:
        table = {row["model"]: row for row in csv.DictReader(file)}
    rows = [row for row in EVIDENCE.scores if row.benchmark == benchmark]
    assert {row.model for row in rows} == set(table)
    for row in rows:
        for held in row.scores:
            assert float(table[row.model][f"{held.tokens // 1000}K"]) == held.score


@pytest.mark.parametrize(
    ("model", "benchmark", "tokens"),
    # facts on memory, 9.1 and 9.2; where RULER's own column disagrees with its rule, the scores decide
    [
        ("meta-llama/Llama-3.1-70B", "RULER", 64_000),
        ("meta-llama/Llama-3.1-8B", "RULER", 32_000),
        ("Qwen/Qwen3-14B", "RULER", 64_000),
        ("Qwen/Qwen3-235B-A22B", "RULER", 128_000),
        ("internlm/internlm2_5-7b-chat", "RULER", 4_000),
        ("meta-llama/Llama-4-Scout-17B-16E-Instruct", "NoLiMa", 1_000),
        ("meta-llama/Llama-3.1-8B", "NoLiMa", 1_000),
        ("google/gemma-3-12b-it", "NoLiMa", 1_000),
    ],
)
def test_effective_contexts(model, benchmark, tokens):
    (row,) = [r for r in EVIDENCE.scores if model in r.models and r.benchmark == benchmark]
    assert effective_context(row).tokens == tokens


def test_scout_claims_ten_million_and_was_measured_to_a_thousand():
    (row,) = [r for r in EVIDENCE.scores if "Llama 4 Scout" in r.model]
    found = effective_context(row)
    assert (found.claimed_tokens, found.tokens, found.score_at_longest) == (10_000_000, 1_000, 21.6)


def test_a_claimed_context_is_not_a_trained_one():
    scout = trained_context(EVIDENCE.trained, "meta-llama/llama-4-scout-17b-16e-instruct")
    assert (scout.tokens, scout.sure) == (256_000, "secondary")
    assert trained_context(EVIDENCE.trained, "nobody/nothing") is None
