"""`whatfits levers`: ranked, quoted, in every form, and strict about what it is asked."""

import csv
import io
import json

import pytest

LLAMA = (
    "-m", "Llama-3.3-70B-Instruct", "-c", "128k", "-n", "8", "-g", "h200-sxm", "-x", "4", "-r", "vllm",
    "-s", "cost.usd_per_gpu_hour=3",
)  # fmt: skip


def test_text_has_the_tables_the_notes_and_the_evidence(whatfits):
    ran = whatfits("levers", *LLAMA)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("meta-llama/Llama-3.3-70B-Instruct on 4 x h200-sxm, ")
    for part in ("together", "alone: what fits first", "published on quality, never averaged", "not in this runtime"):
        assert part in ran.out
    assert max(map(len, ran.out.splitlines())) <= 120


def test_json_is_ranked_and_adds_up(whatfits):
    data = json.loads(whatfits("levers", *LLAMA, "-f", "json").out)
    assert data["schema"] == "whatfits.levers/1"
    before, levers = data["before"], data["levers"]
    by_id = {row["levers"][0]["id"]: row for row in levers}
    held = before["cache_bytes"] + before["weights_bytes"]
    assert all(row["saved_bytes"] == held - row["cache_bytes"] - row["weights_bytes"] for row in levers)
    # half of 8 sequences of 128,000 tokens of 320 KiB each
    assert by_id["cache:fp8"]["saved_bytes"] == pytest.approx(8 * 128_000 * 327_680 // 2, rel=0.001)
    assert [row["fits"] for row in levers] == sorted((row["fits"] for row in levers), reverse=True)
    assert by_id["sinks+window"]["forgets"]
    assert by_id["prefix"]["levers"][0]["only_when"]
    assert data["together"][0]["usd_per_request"] < before["usd_per_request"]


def test_levers_that_are_named_are_shown_together(whatfits):
    data = json.loads(whatfits("levers", *LLAMA, "--with", "cache:fp8,weights:fp8", "-f", "json").out)
    (both,) = data["together"]
    assert [lever["id"] for lever in both["levers"]] == ["cache:fp8", "weights:fp8"]
    assert data["levers"] == []
    text = whatfits("levers", *LLAMA, "--with", "cache:fp8", "--with", "weights:fp8").out
    assert "cache:fp8 + weights:fp8" in text


def test_budgets_change_the_levers(whatfits):
    data = json.loads(
        whatfits("levers", *LLAMA, "--window", "8k", "--evict", "0.5", "--shared", "100k", "-f", "json").out
    )
    by_id = {row["levers"][0]["id"]: row for row in data["levers"]}
    assert "eviction:0.5" in by_id
    assert by_id["sinks+window"]["cache_bytes"] >= 8 * 8_004 * 327_680
    assert by_id["prefix"]["saved_bytes"] == pytest.approx(7 * 100_000 * 327_680, rel=0.01)


def test_csv_and_markdown(whatfits):
    rows = list(csv.DictReader(io.StringIO(whatfits("levers", *LLAMA, "-f", "csv").out)))
    assert rows[0]["lever"] == "as it is"
    assert "cache:fp8" in {row["lever"] for row in rows}
    out = whatfits("levers", *LLAMA, "-f", "markdown").out
    assert out.startswith("## Levers\n")
    assert "### Published on quality, never averaged" in out


@pytest.mark.parametrize("model", ["DeepSeek-V3", "Qwen/Qwen3-235B-A22B", "google/gemma-3-27b-it"])
@pytest.mark.parametrize("runtime", ["generic", "sglang", "llama.cpp", "transformers", "tensorrt-llm"])
def test_every_kind_of_model_and_runtime_is_answered(whatfits, model, runtime):
    ran = whatfits("levers", "-m", model, "-c", "32k", "-g", "h200-sxm", "-x", "8", "-r", runtime, "-f", "json")
    assert (ran.code, ran.err) == (0, "")
    assert json.loads(ran.out)["levers"]


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        (("--with", "cache:fp9"), "--with"),
        (("--with", "cache:fp8,cache:nvfp4"), "--with"),
        (("--evict", "2"), "--evict"),
        (("--evict", "0.5,,x"), "--evict"),
        (("--window", "0"), "--window"),
        (("--shared", "a"), "--shared"),
        (("-c", "x"), "workload.context"),
        (("--format", "xml"), "--format"),
    ],
)
def test_bad_input_is_one_line(whatfits, arguments, field):
    ran = whatfits("levers", *LLAMA, *arguments)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert field in ran.err


def test_a_file_that_is_not_there(whatfits):
    ran = whatfits("levers", "nowhere.toml")
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert "nowhere.toml" in ran.err
