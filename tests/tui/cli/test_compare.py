"""`whatfits compare`: scenarios, variants and runtimes side by side."""

import json


def test_variants_stand_below_their_scenario(whatfits):
    rows = json.loads(whatfits("compare", "--format", "json").out)
    assert [row["name"] for row in rows][:3] == ["Reality check: 10M tokens", "8x H200", "32x H100"]
    assert [row["fits"] for row in rows] == [False, False, True, True, False, True]
    assert rows[1]["usd_per_hour"] == 47


def test_all_runtimes(whatfits):
    ran = whatfits(
        "compare", "-m", "Llama-3.1-8B", "-g", "h100-sxm", "-x", "1", "-c", "32k", "--runtimes", "-f", "json"
    )
    rows = {row["name"]: row for row in json.loads(ran.out)}
    assert set(rows) >= {"generic", "vllm", "sglang", "tensorrt-llm", "llama.cpp", "transformers"}
    assert all(row["fits"] for row in rows.values())


def test_a_runtime_without_the_format_is_said_and_left_out(whatfits):
    ran = whatfits("compare", "-m", "Llama-3.1-8B", "-x", "1", "-k", "q4_0", "--runtimes", "-f", "json")
    assert ran.code == 0
    assert "vllm: precision.cache" in ran.err
    assert "llama.cpp" in {row["name"] for row in json.loads(ran.out)}


def test_bad_input_is_one_line(whatfits):
    ran = whatfits("compare", "-m", "no-such-model")
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert ran.out == ""


def test_what_no_runtime_can_answer_is_said_once(whatfits):
    ran = whatfits("compare", "-m", "no-such-model", "--runtimes")
    assert (ran.code, ran.err.count("\n"), ran.out) == (2, 1, "")
