"""`whatfits models`, `gpus` and `offers`: lists, filters, one entry, every format."""

import csv
import io
import json

import pytest


def rows(ran):
    assert ran.code == 0, ran.err
    return json.loads(ran.out)


def test_models_are_found_by_words_in_any_of_their_names(whatfits):
    ids = [row["id"] for row in rows(whatfits("models", "gemma-3", "27b", "--format", "json"))]
    assert ids == ["google/gemma-3-27b-it"]
    assert len(rows(whatfits("models", "list", "latent", "--format", "json"))) > 5


def test_a_misspelt_model_finds_the_nearest(whatfits):
    ids = [row["id"] for row in rows(whatfits("models", "l4sct", "--format", "json"))]
    assert "meta-llama/Llama-4-Scout-17B-16E-Instruct" in ids


def test_a_model_is_shown_as_a_stack(whatfits):
    out = whatfits("models", "show", "gpt-oss-120b").out
    assert "openai/gpt-oss-120b" in out
    assert "18 x (" in out
    assert "window 128" in out
    assert "parameters by class" in out
    assert "experts" in out
    found = rows(whatfits("models", "show", "gpt-oss-120b", "--format", "json"))
    assert found["counted"]["layers"] == 36


def test_gpus(whatfits):
    found = rows(whatfits("gpus", "--vendor", "AMD", "--format", "json"))
    assert {row["id"] for row in found} >= {"mi300x", "mi355x"}
    h200 = rows(whatfits("gpus", "h200", "sxm", "--format", "json"))[0]
    assert h200["memory_bytes"] == 150_754_820_096
    assert rows(whatfits("gpus", "show", "NVIDIA H200", "--format", "json"))["id"] == "h200-sxm"
    assert "driver_bytes" in whatfits("gpus", "show", "h200-sxm").out


def test_offers_leave_out_what_is_no_rent_unless_asked(whatfits):
    usual = rows(whatfits("offers", "--gpu", "h100-sxm", "--format", "json"))
    assert {row["kind"] for row in usual} <= {"rent", "reseller"}
    every = rows(whatfits("offers", "--gpu", "h100-sxm", "--all", "--format", "json"))
    assert "article-8x-h100-80" in {row["id"] for row in every}
    shown = rows(whatfits("offers", "show", "article-8x-h100-80", "--format", "json"))
    assert shown["on_demand_usd_per_hour"] == 28
    assert shown["age_days"] == 596


@pytest.mark.parametrize("name", ["models", "gpus", "offers"])
def test_every_format_has_the_same_rows(whatfits, name):
    count = len(rows(whatfits(name, "--format", "json")))
    assert len(list(csv.reader(io.StringIO(whatfits(name, "--format", "csv").out)))) == count + 1
    assert len(whatfits(name, "--format", "markdown").out.splitlines()) == count + 2
    assert len(whatfits(name).out.splitlines()) == count + 1
