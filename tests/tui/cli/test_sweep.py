"""`whatfits sweep`: the figures of the app's Sweep pane in every form."""

import csv
import io
import json

import pytest

from tui.cli.sweep import OVER, QUANTITIES

MODEL = ("-m", "Llama-3.3-70B-Instruct", "-g", "h100-sxm", "-x", "8", "-r", "vllm", "-c", "32k")


@pytest.fixture
def swept(whatfits):
    def run(*arguments):
        ran = whatfits("sweep", *arguments, "-f", "json")
        assert (ran.code, ran.err) == (0, "")
        return json.loads(ran.out)

    return run


@pytest.mark.parametrize("over", OVER)
def test_every_axis(swept, over):
    data = swept(*MODEL, "--over", over)
    assert (data["schema"], data["over"]) == ("whatfits.sweep/1", over)
    assert len(data["points"]) > 3
    for point in data["points"]:
        assert point["fits"] == (point["reason"] is None)
        assert point["tpot_seconds"]["low"] <= point["tpot_seconds"]["best"] <= point["tpot_seconds"]["high"]


def test_a_place_is_the_report_of_that_scenario(swept, whatfits):
    (point,) = swept(*MODEL, "--over", "context", "--values", "64k", "--tp", "8", "--pp", "1")["points"]
    arguments = [word if word != "32k" else "64k" for word in MODEL]
    report = json.loads(whatfits("report", *arguments, "--tp", "8", "--pp", "1", "-f", "json").out)
    assert point["max_context_tokens"] == report["capacity"]["max_context_tokens"]
    assert point["tpot_seconds"] == report["latency"]["tpot_seconds"]
    assert point["usd_per_hour"] == report["cost"]["usd_per_hour"]


def test_the_price_alone_moves_the_price(swept):
    points = swept(*MODEL, "--over", "price", "--values", "2,4")["points"]
    assert [point["usd_per_hour"] for point in points] == [16, 32]
    assert len({json.dumps(point["tpot_seconds"]) for point in points}) == 1
    cheap, dear = (point["usd_per_million_output_tokens"]["best"] for point in points)
    assert dear == pytest.approx(2 * cheap)


def test_over_gpus_the_plan_is_chosen_for_each(swept):
    points = swept(*MODEL, "--over", "gpus", "--values", "4,8,16")["points"]
    assert [point["gpus"] for point in points] == [4, 8, 16]
    assert [point["plan"] for point in points] == ["TP4", "TP8", "TP8 PP2"]


def test_text_markdown_and_csv_have_the_same_rows(whatfits):
    asked = (*MODEL, "--over", "weights", "--values", "bf16,fp8")
    text = whatfits("sweep", *asked).out.splitlines()
    assert text[0].startswith("by weight format; meta-llama/Llama-3.3-70B-Instruct; 8 x h100-sxm")
    assert [line.split()[0] for line in text[2:]] == ["weights", "bf16", "fp8"]
    markdown = whatfits("sweep", *asked, "-f", "markdown").out.splitlines()
    assert [line.split()[1] for line in markdown[2:] if line.startswith("| ")] == ["weights", "bf16", "fp8"]
    rows = list(csv.DictReader(io.StringIO(whatfits("sweep", *asked, "-f", "csv").out)))
    assert [row["value"] for row in rows] == ["bf16", "fp8"]
    assert float(rows[0]["tpot_seconds.low"]) <= float(rows[0]["tpot_seconds.best"])


@pytest.mark.parametrize("quantity", QUANTITIES)
@pytest.mark.parametrize("over", ["context", "cache"])
def test_charts(whatfits, monkeypatch, quantity, over):
    monkeypatch.setenv("COLUMNS", "80")
    ran = whatfits("sweep", *MODEL, "--over", over, "--chart", quantity, "--ascii")
    assert ran.code == 0
    assert ran.out.isascii()
    lines = ran.out.splitlines()
    assert len(lines) > 8
    assert max(len(line) for line in lines[2:]) <= 80
    drawn = whatfits("sweep", *MODEL, "--over", over, "--chart", quantity).out
    assert not drawn.isascii()


def test_places_without_an_answer_are_said_where_they_were_asked_for(whatfits):
    ran = whatfits("sweep", *MODEL, "--over", "cache", "--values", "bf16,q8_0", "-f", "json")
    assert ran.code == 0
    assert ran.err.startswith("whatfits: q8_0: precision.cache: vLLM has no cache format")
    data = json.loads(ran.out)
    assert [point["value"] for point in data["points"]] == ["bf16"]
    assert [row["label"] for row in data["left_out"]] == ["q8_0"]
    ran = whatfits("sweep", *MODEL, "--over", "cache", "--values", "q8_0")
    assert (ran.code, ran.out) == (2, "")


@pytest.mark.parametrize(
    "arguments",
    [
        ("--over", "nothing"),
        ("--values", "1k,,2k"),
        ("--over", "gpus", "--values", "0"),
        ("--over", "price", "--values", "cheap"),
        ("--over", "context", "--values", "lots"),
        ("--chart", "taste"),
        ("-m", "no-such-model"),
        ("missing.toml",),
    ],
)
def test_bad_input_is_one_line(whatfits, arguments):
    ran = whatfits("sweep", *arguments)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)


def test_several_scenarios(whatfits, tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text('schema = "whatfits/1"\n[model]\nid = "Llama-3.1-8B"\n')
    out = whatfits("sweep", str(path), str(path), "--values", "4k,8k").out
    assert out.count("by context; ") == 2
    rows = list(csv.DictReader(io.StringIO(whatfits("sweep", str(path), str(path), "--values", "4k", "-f", "csv").out)))
    assert len(rows) == 2
