"""`whatfits search`: the questions that people ask, in every format, within every limit."""

import csv
import io
import json

import pytest

from catalogs.store import HardwareCatalog
from engine.search import Search

KEYS = ("gpu", "gpus", "nodes", "plan", "weights", "cache", "runtime", "usd_per_hour", "offer")
SCOUT = "Llama-4-Scout-17B-16E-Instruct"


@pytest.fixture
def search(whatfits):
    def run(*arguments):
        ran = whatfits("search", *arguments, "--format", "json")
        assert (ran.code, ran.err) == (0, "")
        return json.loads(ran.out)

    return run


def test_cheapest_llama_on_one_node(search):
    data = search("-m", "Llama-3.3-70B-Instruct", "-w", "fp8", "-c", "128k", "-n", "16", "--nodes", "1")
    assert data["schema"] == "whatfits.search/1"
    assert data["evaluated"] == data["total"] > 1000
    assert data["complete"]
    found = data["candidates"]
    assert len(found) == data["fits"]
    prices = [row["usd_per_hour"] for row in found]
    known = [price for price in prices if price is not None]
    assert known == sorted(known)
    # a missing price is missing, never zero, and last
    assert None in prices
    assert prices[: len(known)] == known
    assert min(known) > 0
    for row in found:
        assert set(KEYS) <= set(row)
        assert (row["nodes"], row["weights"]) == (1, "fp8")
        assert set(row["plan"]) == {"tp", "pp", "dp", "ep", "dcp", "cp"}
        if row["offer"] is not None:
            assert row["offer"]["provider"]
            assert row["offer"]["instance"]
            assert row["offer"]["as_of"]
            assert row["offer"]["source"]
            assert row["offer"]["age_days"] is not None


def test_fewest_gpus_for_deepseek(search):
    data = search("-m", "DeepSeek-V3", "-w", "auto", "-c", "128k", "-n", "64", "--rank", "gpus")
    found = data["candidates"]
    assert [row["gpus"] for row in found] == sorted(row["gpus"] for row in found)
    assert found[0]["weights"] == "fp8-block"
    assert data["runner_up"]["why"]


def test_longest_context_of_gemma_on_one_card_of_24_gb(search):
    data = search("-m", "gemma-3-27b-it", "--memory", "24GB", "-x", "1", "--rank", "context")
    found = data["candidates"]
    cards = HardwareCatalog().accelerators()
    assert {cards[row["gpu"]].label_gb for row in found} == {24}
    contexts = [row["max_context_tokens"] for row in found]
    assert contexts == sorted(contexts, reverse=True)
    # 4-bit weights leave room for all that the model takes
    assert contexts[0] == 131_072
    assert found[0]["weights"] == "int4-awq"


def test_which_nodes_hold_the_released_scout_at_10m_tokens(search):
    data = search("-m", SCOUT, "-w", "bf16", "-k", "bf16,fp8", "-c", "10M", "--nodes", "1")
    by_cache = {
        cache: {(row["gpus"], row["gpu"]) for row in data["candidates"] if row["cache"] == cache}
        for cache in ("bf16", "fp8")
    }
    # 217 GB of weights and 493 GB of cache (246 GB in fp8), on eight GPUs of 80 GB or of 141 GB
    assert (8, "h200-sxm") in by_cache["bf16"]
    assert (8, "h100-sxm") not in by_cache["bf16"]
    assert (8, "h100-sxm") in by_cache["fp8"]
    assert by_cache["bf16"] < by_cache["fp8"]
    prices = [row["usd_per_hour"] for row in data["candidates"] if row["usd_per_hour"] is not None]
    assert prices == sorted(prices)


def test_the_article_from_its_offers(search):
    data = search("--kind", "historical", "-x", "8,32", "--rank", "context", "--labels")
    table = {
        (row["gpus"], row["gpu"]): (row["usd_per_hour"], row["max_context_tokens"], row["nodes"])
        for row in data["candidates"]
    }
    assert table == {
        (8, "h100-sxm"): (28, 4_462_834, 1),
        (8, "h200-sxm"): (47, 8_076_766, 1),
        (32, "h100-sxm"): (115, 10_000_000, 4),
        (32, "a100-sxm-80"): (72, 10_000_000, 4),
    }
    assert {row["offer"]["kind"] for row in data["candidates"]} == {"historical"}


def test_text(whatfits):
    ran = whatfits("search", "-m", "Llama-3.3-70B-Instruct", "-c", "32k", "-n", "8", "--limit", "3")
    lines = ran.out.splitlines()
    assert ran.code == 0
    assert lines[0] == "meta-llama/Llama-3.3-70B-Instruct: 32,000 tokens x 8 sequences"
    assert lines[3] == "cheapest first, the best of each machine"
    assert " more; --limit shows them" in ran.out
    assert "runner-up: " in ran.out
    assert "lowest $/h by format" in ran.out
    # each price has a provider, a day and an age
    assert all(", 2026-" in line or ", 2025-" in line for line in lines[5:8])


def test_old_prices_are_marked(whatfits):
    out = whatfits("search", "-m", "Llama-3.1-8B-Instruct", "-g", "v100-sxm-16", "-c", "8k", "-x", "1").out
    assert "(359 d!)" in out
    assert "that price is old" in out


def test_pareto(whatfits, search):
    data = search("-m", "Llama-3.3-70B-Instruct", "-c", "8k", "--pareto")
    front = data["candidates"]
    assert 1 < len(front) < 30
    assert front == data["pareto"]
    prices = [row["usd_per_hour"] for row in front]
    contexts = [row["max_context_tokens"] for row in front]
    assert prices == sorted(prices)
    assert contexts == sorted(set(contexts))
    assert "cost against context" in whatfits("search", "-m", "Llama-3.3-70B-Instruct", "-c", "8k", "--pareto").out


def test_other_formats(whatfits):
    base = (
        "search",
        "-m",
        "Llama-3.1-8B-Instruct",
        "-c",
        "8k",
        "-g",
        "l4,a10g",
        "-x",
        "1-2",
        "-w",
        "bf16",
        "-k",
        "bf16",
    )
    rows = list(csv.DictReader(io.StringIO(whatfits(*base, "--format", "csv").out)))
    assert {row["gpu"] for row in rows} == {"l4", "a10g"}
    assert rows[0]["offer.provider"]
    lines = [json.loads(line) for line in whatfits(*base, "--format", "jsonl").out.splitlines()]
    assert len(lines) == len(rows) + 1
    assert lines[-1]["schema"] == "whatfits.search/1"
    assert "candidates" not in lines[-1]
    assert whatfits(*base, "--format", "markdown").out.count("|---") >= 1


def test_a_file_gives_load_formats_and_runtime(search, tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(
        'schema = "whatfits/1"\n[model]\nid = "gpt-oss-120b"\n[precision]\nweights = "mxfp4"\ncache = "fp8"\n'
        '[workload]\ncontext = "64k"\nconcurrency = 4\n[deployment]\nruntime = "vllm"\n'
    )
    data = search(str(path), "-g", "h100")
    assert data["workload"] == {"context_tokens": 64_000, "concurrency": 4}
    assert {(row["weights"], row["cache"], row["runtime"]) for row in data["candidates"]} == {("mxfp4", "fp8", "vllm")}
    assert {row["cache"] for row in search(str(path), "-g", "h100", "-k", "bf16")["candidates"]} == {"bf16"}


def test_limits(search):
    base = ("-m", "Llama-3.3-70B-Instruct", "-c", "32k", "-n", "4")
    assert all(row["usd_per_hour"] <= 5 for row in search(*base, "--max-usd", "5")["candidates"])
    assert {row["gpu"][:2] for row in search(*base, "--vendor", "amd")["candidates"]} <= {"mi", "rx", "r9", "w7", "st"}
    assert {row["offer"]["provider"] for row in search(*base, "--provider", "runpod")["candidates"]} == {"runpod"}
    spot = search(*base, "--spot")["candidates"]
    assert spot
    assert all(row["offer"]["spot"] for row in spot)
    assert search(*base, "--limit", "2")["candidates"] == search(*base)["candidates"][:2]


def test_times(search):
    base = ("-m", "Llama-3.1-8B-Instruct", "-c", "8k", "-n", "4", "-g", "h100,l4", "-w", "bf16", "-k", "bf16")
    data = search(*base, "--max-tpot", "30ms", "--max-ttft", "10s", "--rank", "tokens")
    assert data["candidates"]
    assert all(row["tpot_seconds"] <= 0.03 for row in data["candidates"])
    prices = [row["usd_per_million_output_tokens"] for row in data["candidates"] if row["offer"]]
    assert prices == sorted(prices)


def test_nothing_found(whatfits):
    base = ("search", "-m", "DeepSeek-V3", "-g", "t4", "-c", "8k", "-x", "1")
    ran = whatfits(*base)
    assert (ran.code, ran.err) == (0, "")
    assert "nothing fits; allow more GPUs" in ran.out
    assert whatfits(*base, "--require-fit").code == 1


def test_stopping_keeps_what_was_found(whatfits, monkeypatch):
    whole = Search.run

    def stopped(self):
        for number, step in enumerate(whole(self)):
            if number == 30:
                raise KeyboardInterrupt
            yield step

    monkeypatch.setattr(Search, "run", stopped)
    ran = whatfits("search", "-m", "Llama-3.1-8B-Instruct", "-c", "8k", "--format", "json")
    data = json.loads(ran.out)
    assert ran.code == 130
    assert not data["complete"]
    assert 0 < data["evaluated"] < data["total"]
    assert data["candidates"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("-m", "Llama-3.3-70B-Instruct", "-c", "200k"), "workload.context: is 200,000, and meta-llama/Llama-3.3-70B"),
        (("-m", "lama-3"), "model.id: "),
        (("-g", "A100"), "--gpu: unknown GPU 'A100'; did you mean a100-pcie-40"),
        (("-x", "0"), "--gpus: must be from 1"),
        (("-x", "8-1"), "--gpus: must be from 1"),
        (("-x", "1-99999"), "--gpus: must be from 1 to 4096"),
        (("-x", "many"), "--gpus: must be numbers such as 1-8,16, got 'many'"),
        (("-w", "fp9"), "precision.weights: unknown weight format 'fp9'"),
        (("-k", "fp9"), "precision.cache: unknown cache format 'fp9'"),
        (("-r", "vlm"), "deployment.runtime: unknown runtime 'vlm'; did you mean vllm"),
        (("--vendor", "nvidai"), "--vendor: unknown 'nvidai'; did you mean nvidia"),
        (("--provider", "amazon"), "--provider: unknown 'amazon'"),
        (("--kind", "rented"), "--kind: unknown 'rented'; did you mean rent"),
        (("--memory", "24"), "--memory: "),
        (("--max-usd", "cheap"), "--max-usd: "),
        (("--max-ttft", "soon"), "--max-ttft: "),
        (("--limit", "0"), "--limit: must be a whole number from 1"),
        (("--rank", "best"), "argument --rank: invalid choice"),
        (("none.toml",), "none.toml: no such file or folder"),
    ],
)
def test_bad_input_is_one_line(whatfits, arguments, said):
    ran = whatfits("search", *arguments)
    assert ran.code == 2
    assert said in ran.err
    assert ran.out == ""
    assert ran.err.count("\n") == 1


def test_runtimes_without_the_named_format_are_left_out_and_named(whatfits):
    ran = whatfits("search", "-m", "Llama-3.1-8B-Instruct", "-c", "8k", "-x", "1", "-k", "fp8", "-r", "all")
    assert (ran.code, ran.err) == (0, "")
    assert "left out: llama.cpp has no cache format 'fp8'" in ran.out
