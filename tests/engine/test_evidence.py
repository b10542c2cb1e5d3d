"""Effective context from scores, and evidence that is quoted with where it is from."""

import pytest

from engine.evidence import (
    ContextScores,
    LengthScore,
    Quality,
    about_model,
    about_strategy,
    effective_context,
)


def scores(*values, base=None, benchmark="RULER"):
    rows = tuple(LengthScore(tokens=4000 * 2**i, score=v) for i, v in enumerate(values))
    return ContextScores(
        benchmark=benchmark, model="M", models=("org/M",), base=base, claimed_tokens=10**6, scores=rows, source="s"
    )


def test_the_first_length_that_fails_ends_it():
    found = effective_context(scores(95, 90, 85, 88))
    assert found.tokens == 8000
    assert not found.beyond
    assert found.score_at_longest == 88


def test_held_to_the_end_or_not_at_all():
    assert effective_context(scores(95, 90)).beyond
    nothing = effective_context(scores(80, 70))
    assert nothing.tokens is None
    assert nothing.shortest_tested == 4000


def test_nolima_counts_against_its_own_base():
    assert effective_context(scores(80, 70, 60, base=90.0, benchmark="NoLiMa")).tokens == 4000


def test_models_are_found_by_id():
    rows = [scores(95)]
    assert about_model(rows, "ORG/m")[0].model == "M"
    assert about_model(rows, "org/other") == ()


def test_change_and_text():
    worse = Quality(strategy="fp8", model="A", benchmark="B", before=0.5, after=0.4, source="S", sure="abstract")
    assert worse.change_percent == pytest.approx(-20)
    assert worse.text == "A, B: 0.5 -> 0.4 (S, abstract)"
    perplexity = Quality(strategy="x", model="A", benchmark="P", before=10, after=11, lower_is_better=True, source="S")
    assert perplexity.change_percent == pytest.approx(-10)
    told = Quality(strategy="x", model="A", benchmark="P", finding="fine", source="S")
    assert told.change_percent is None
    assert told.text == "A, P: fine (S)"


def test_the_models_own_figures_come_first():
    rows = [
        Quality(strategy="fp8", model=name, benchmark="B", finding="f", source="S") for name in ("Other-8B", "Mine-7B")
    ]
    assert [q.model for q in about_strategy(rows, "fp8", model_id="org/Mine-7B")] == ["Mine-7B", "Other-8B"]
    assert about_strategy(rows, "nvfp4") == ()
