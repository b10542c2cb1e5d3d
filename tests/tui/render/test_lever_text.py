"""Levers as text: signs, changes, and what stands below the tables."""

import pytest

from catalogs.evidence_store import EvidenceCatalog
from catalogs.store import HardwareCatalog
from engine.scenario import Cost
from engine.strategies import Levers, chosen, levers_of, ranked
from tests.engine import examples
from tests.engine.setup import ask
from tui.render.lever_text import (
    MARKS,
    Pulled,
    effect_table,
    levers_data,
    levers_markdown,
    levers_text,
    marks,
    saved_text,
    sections,
)

GPUS = HardwareCatalog().accelerators()


def pulled(**more):
    asked = {"gpus": 4, "context": 100_000, "concurrency": 8, "runtime": "vllm", **more}
    report = ask(examples.LLAMA_70B, gpu=GPUS["h200-sxm"], cost=Cost(usd_per_gpu_hour=3.0), **asked)
    levers = Levers(report, EvidenceCatalog().quality)
    found, missing = levers_of(levers.report)
    return Pulled(report=levers.report, before=levers.before, alone=ranked(levers, found), missing=missing)


PULLED = pulled()
BY_ID = {effect.id: effect for effect in PULLED.alone}


def test_signs_say_what_to_bear_in_mind():
    assert marks(BY_ID["cache:fp8"]) == ""
    assert marks(BY_ID["sinks+window"]) == "!x"
    assert marks(BY_ID["prefix"]) == "?"
    assert all(sign in MARKS for sign in "!?x")


def test_next_to_nothing_is_shown_as_nothing():
    assert saved_text(BY_ID["offload:host"]) == "0"
    assert float(saved_text(BY_ID["cache:fp8"])) == pytest.approx(BY_ID["cache:fp8"].saved_bytes / 2**30, abs=0.05)


def test_the_table_begins_with_what_is():
    table = effect_table(PULLED.before, PULLED.alone)
    assert table.rows[0][0].text == "as it is"
    assert [row[0].value for row in table.rows[1:]] == [effect.id for effect in PULLED.alone]
    assert table.rows[0][2].text == ""


def test_every_row_that_was_published_is_quoted_with_its_source_and_once():
    quoted = dict.fromkeys(
        text for title, rows in sections(PULLED) if title.startswith("published") for _, texts in rows for text in texts
    )
    wanted = {row.text for effect in PULLED.alone for row in effect.quality}
    assert wanted <= set(quoted)
    assert all(row.source in row.text for effect in PULLED.alone for row in effect.quality)
    text = levers_text(PULLED)
    assert text.count("GSM8K: 0.9168 -> 0.9181") == 1
    assert "nothing is known here of" in text


def test_what_the_runtime_lacks_is_said():
    text = levers_text(PULLED)
    assert "vLLM does not have" in text
    assert "q4_0" in text
    assert "vLLM has no such thing; tensorrt-llm, llama.cpp do" in text


def test_markdown_and_data_hold_the_same():
    assert levers_markdown(PULLED).count("\n| ") >= len(PULLED.alone)
    data = levers_data(PULLED)
    assert data["schema"] == "whatfits.levers/1"
    assert [row["levers"][0]["id"] for row in data["levers"]] == list(BY_ID)
    assert data["before"]["saved_bytes"] == 0
    quoted = next(row for row in data["levers"] if row["levers"][0]["id"] == "cache:fp8")["quality"]
    assert {"model", "benchmark", "source", "before", "after", "change_percent"} <= quoted[0].keys()


def test_levers_by_name_stand_alone():
    levers = Levers(PULLED.report, EvidenceCatalog().quality)
    found, _ = levers_of(levers.report)
    effect = levers.effect(chosen(found, ["cache:fp8", "offload:host"]))
    text = levers_text(Pulled(report=levers.report, before=levers.before, alone=(), together=(effect,)))
    assert "cache:fp8 + offload:host" in text
    assert "alone:" not in text
    assert "fetching is faster from" in text
