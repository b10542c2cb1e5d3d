"""`whatfits report`: the article's numbers, every format, many scenarios, overrides."""

import csv
import io
import json
import sys

import pytest

from catalogs.scenarios import DEFAULT

SCOUT = "meta-llama/Llama-4-Scout-17B-16E-Instruct"
TOP = ["schema", "ref", "error", "model", "memory", "capacity", "latency", "throughput", "cost", "quality"]
TOP += ["warnings", "not_modelled"]
SECTIONS = {
    "model": ["id", "parameters", "text_parameters", "active_parameters", "layers", "max_context_tokens"],
    "memory": [
        "weights_bytes",
        "ideal_cache_bytes",
        "ideal_cache_bytes_per_sequence",
        "state_bytes_per_sequence",
        "reserved_cache_bytes",
        "marginal_cache_bytes_per_token",
        "rank",
    ],
    "capacity": ["fits", "reason", "cache_pool_tokens", "max_context_tokens", "max_concurrency", "min_gpus"],
    "latency": ["prefill_seconds", "ttft_seconds", "tpot_seconds", "bound"],
    "throughput": ["output_tokens_per_second", "per_user_tokens_per_second", "input_tokens_per_second"],
    "cost": [
        "usd_per_hour",
        "usd_per_million_input_tokens",
        "usd_per_million_output_tokens",
        "usd_per_request",
        "price",
    ],
}
RANK = [
    "device_bytes",
    "usable_bytes",
    "weights_bytes",
    "activation_bytes",
    "graph_bytes",
    "non_torch_bytes",
    "cache_pool_bytes",
    "free_bytes",
]


def data(ran):
    assert ran.code == 0, ran.err
    return json.loads(ran.out)


def feed(monkeypatch, text: str | bytes) -> None:
    raw = text if isinstance(text, bytes) else text.encode()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(raw)))


def test_the_shipped_scenario_reproduces_the_article(whatfits):
    ran = whatfits("report")
    assert ran.code == 0
    for expected in ("1,228.8 GB", "614.4 GB", "0.123 GB", "1.229 GB", "122.9 GB", "61.440 GB"):
        assert expected in ran.out
    rows = {line.split("  ")[1].strip(): line for line in ran.out.splitlines() if line.startswith("  ")}
    assert "4.46M" in rows["Reality check: 10M tokens"]
    assert "28.00" in rows["Reality check: 10M tokens"]
    assert "8.07M" in rows["8x H200"]
    assert "47.00" in rows["8x H200"]
    assert "10M" in rows["32x H100"]
    assert "115.00" in rows["32x H100"]
    assert "72.00" in rows["32x A100"]
    assert "492.7 GB" in rows["released Scout, 8x H200"]
    assert "memory of one GPU is set to 74.5 GiB by the scenario" in ran.out
    assert "holds for this model" in ran.out


@pytest.mark.parametrize(
    ("context", "expected"),
    [("10M", 492_727_959_552), ("10Mi", 481.125 * 2**30), ("1Mi", 49.125 * 2**30)],
)
def test_the_released_scout(whatfits, context, expected):
    found = data(whatfits("report", "-m", SCOUT, "-c", context, "-f", "json", "-w", "bf16"))
    assert found["memory"]["ideal_cache_bytes_per_sequence"] == expected
    assert found["memory"]["weights_bytes"] == 217_283_587_072
    assert found["model"]["parameters"] == 108_641_793_536
    assert found["model"]["text_parameters"] == 107_769_861_120
    assert found["model"]["active_parameters"] == 17_172_894_720
    assert not found["memory"]["shortcut"]["holds"]


def test_the_json_report_has_every_promised_key(whatfits):
    found = data(whatfits("report", "-m", SCOUT, "--format", "json"))
    assert [key for key in TOP if key not in found] == []
    for section, keys in SECTIONS.items():
        assert [key for key in keys if key not in found[section]] == [], section
    assert [key for key in RANK if key not in found["memory"]["rank"]] == []
    assert found["schema"] == "whatfits.report/1"
    assert found["error"] is None


def test_times_and_prices_are_bands(whatfits):
    found = data(whatfits("report", "-m", "Llama-3.1-8B", "-g", "h100-sxm", "-x", "1", "-n", "8", "-f", "json"))
    bands = [
        *(found["latency"][key] for key in ("prefill_seconds", "ttft_seconds", "tpot_seconds")),
        *(found["throughput"].values()),
        *(found["cost"][key] for key in SECTIONS["cost"][1:4]),
    ]
    assert all(0 < band["low"] <= band["best"] <= band["high"] for band in bands)
    assert found["latency"]["known_error"]


def test_where_no_rate_is_known_no_time_is_told(whatfits, tmp_path):
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "gpus.toml").write_text(
        '[[accelerator]]\nid="mine"\nname="Mine"\nvendor="me"\nlabel_gb=80\n'
    )
    found = data(whatfits("report", "-m", "Llama-3.1-8B", "-g", "mine", "-x", "1", "-f", "json"))
    assert found["latency"]["tpot_seconds"] is None
    assert found["cost"]["usd_per_hour"] is None
    assert any("no time can be told" in line for line in found["not_modelled"])
    assert "not known" in whatfits("report", "-m", "Llama-3.1-8B", "-g", "mine", "-x", "1").out


def test_what_was_published_is_quoted(whatfits):
    found = data(whatfits("report", "-m", SCOUT, "-k", "fp8", "-f", "json"))
    assert {row["kind"] for row in found["quality"]} == {"effective_context", "cache_format"}
    assert all(row["source"] for row in found["quality"])


def test_what_does_not_fit_comes_with_what_would_help(whatfits):
    out = whatfits("report", "-m", "Llama-3.1-70B", "-g", "h100-sxm", "-x", "2", "-c", "128k", "-n", "4").out
    assert "what would help" in out
    assert "fp8" in out.split("what would help")[1]


def test_variants_are_nested_in_the_json_of_their_scenario(whatfits):
    found = data(whatfits("report", str(DEFAULT), "--format", "json"))
    assert [variant["name"] for variant in found["variants"]][:2] == ["8x H200", "32x H100"]
    assert found["variants"][3]["memory"]["ideal_cache_bytes"] == 614_400_000_000


def test_many_files_are_a_line_each(whatfits, tmp_path):
    good, bad = tmp_path / "good.toml", tmp_path / "bad.toml"
    good.write_text('schema = "whatfits/1"\nmodel.id = "gpt-oss-120b"\n')
    bad.write_text('schema = "whatfits/1"\nmodel.id = "gpt-oss-121b"\n')
    ran = whatfits("report", str(good), str(bad), str(good), "--format", "jsonl")
    lines = [json.loads(line) for line in ran.out.splitlines()]
    assert [line["error"] and line["error"]["field"] for line in lines] == [None, "model.id", None]
    assert ran.code == 2
    assert "openai/gpt-oss-120b" in ran.err


def test_standard_input_takes_json_lines_with_refs(whatfits, monkeypatch):
    lines = [
        {"schema": "whatfits/1", "ref": "a", "model": {"id": SCOUT}, "workload": {"context": "1M"}},
        {"schema": "whatfits/1", "ref": {"row": 2}, "model": {"id": SCOUT}, "workload": {"context": "1Q"}},
        {"schema": "whatfits/1", "model": {"id": SCOUT}, "workload": {"context": 1000}},
    ]
    feed(monkeypatch, "\n".join(json.dumps(line) for line in lines) + '\n\nnot json\n[1]\n{"a": NaN}\n')
    ran = whatfits("report", "-", "--format", "jsonl")
    found = [json.loads(line) for line in ran.out.splitlines()]
    assert [answer["ref"] for answer in found] == ["a", {"row": 2}, None, None, None, None]
    assert [answer["error"] is None for answer in found] == [True, False, True, False, False, False]
    assert found[1]["error"]["field"] == "workload.context"
    assert found[1]["memory"] is None
    assert "line 5: is not JSON" in ran.err
    assert "line 7: is not JSON: NaN is no number" in ran.err
    assert ran.code == 2


def test_options_change_the_scenario(whatfits):
    found = data(
        whatfits(
            "report", str(DEFAULT), "-c", "1M", "-n", "max", "-x", "16", "-k", "q8_0/f16", "--tp", "8",
            "--set", "deployment.options.memory_fraction=0.5", "--format", "json",
        )
    )  # fmt: skip
    assert found["workload"]["context_tokens"] == 1_000_000
    assert found["deployment"]["plan"] == {"tp": 8, "pp": 2, "dp": 1, "ep": 1, "dcp": 1, "cp": 1}
    assert found["deployment"]["cache"] == "q8_0/fp16"
    assert found["memory"]["rank"]["usable_bytes"] == 40 * 10**9
    assert found["workload"]["concurrency"] == found["capacity"]["max_concurrency"]


def test_another_gpu_comes_with_its_own_memory_and_price(whatfits):
    found = data(whatfits("report", str(DEFAULT), "-g", "NVIDIA H200", "--format", "json"))
    assert found["deployment"]["gpu"] == "h200-sxm"
    assert found["memory"]["rank"]["device_bytes"] == 150_754_820_096
    assert found["cost"]["price"]["provider"] != "article"
    # what the file says of other configurations was said of the first GPU
    assert "variants" not in found


def test_a_config_beside_the_scenario(whatfits, tmp_path, llama_config):
    (tmp_path / "config.json").write_text(json.dumps(llama_config))
    scenario = tmp_path / "own.toml"
    scenario.write_text('schema = "whatfits/1"\nmodel.path = "config.json"\nworkload.context = 131072\n')
    found = data(whatfits("report", str(scenario), "--format", "json"))
    assert found["memory"]["ideal_cache_bytes"] == 40 * 2**30
    again = data(whatfits("report", "-m", str(tmp_path), "-c", "131072", "--format", "json"))
    assert again["model"]["parameters"] == found["model"]["parameters"] == 70_553_706_496


def test_fields_of_a_model_can_be_overridden(whatfits):
    found = data(
        whatfits(
            "report", "-m", "Llama-3.1-70B", "-c", "131072", "--format", "json",
            "--set", "model.layers.layer.mixer.kv_heads=4", "--set", "model.max_context_tokens=1M",
        )
    )  # fmt: skip
    assert found["memory"]["ideal_cache_bytes"] == 20 * 2**30
    assert found["model"]["max_context_tokens"] == 1_000_000
    assert "changes of the scenario" in found["model"]["origin"]


def test_require_fit(whatfits):
    assert whatfits("report", "--require-fit").code == 1
    assert whatfits("report", "-m", "Llama-3.1-8B", "-x", "1", "--require-fit").code == 0


def test_csv_has_a_row_for_each_scenario_and_variant(whatfits):
    rows = list(csv.DictReader(io.StringIO(whatfits("report", "--format", "csv").out)))
    assert len(rows) == 6
    assert rows[0]["memory.ideal_cache_bytes"] == "1228800000000"
    assert rows[1]["cost.usd_per_hour"] == "47.0"


def test_markdown_has_headings_and_tables(whatfits):
    out = whatfits("report", "--format", "markdown").out
    assert out.startswith("# Reality check: 10M tokens\n")
    assert "## capacity" in out
    assert "| 32x A100 |" in out


def test_a_figure_is_taken_apart(whatfits):
    out = whatfits("report", "-m", "Llama-3.1-70B", "-c", "131072", "--explain", "memory.ideal_cache_bytes").out
    assert out.startswith("ideal cache = 42,949,672,960 B (42.9 GB, 40.0 GiB)")
    assert "80 x 131,072 x 8 x 2,048" in out
    assert "shipped catalog, stack" in out
    tree = data(whatfits("report", "--explain", "cost.usd_per_hour", "--format", "json"))
    assert tree["value"] == 28.0
    listed = whatfits("report", "--explain", "?").out.splitlines()
    assert "memory.weights_bytes" in listed


def test_text_of_several_scenarios_is_in_order(whatfits, tmp_path):
    paths = []
    for name in ("first", "second"):
        path = tmp_path / f"{name}.toml"
        path.write_text(f'schema = "whatfits/1"\nname = "{name}"\nmodel.id = "gpt-oss-20b"\n')
        paths.append(str(path))
    out = whatfits("report", *paths).out
    assert out.index("first") < out.index("second")
