"""`whatfits check`: a log in, a table or JSON out, and what it measured into a scenario."""

import json

import pytest

from catalogs.scenarios import read_scenario
from engine.errors import FieldError, FileProblemError
from tests.catalogs.importers.test_runtime_log import LLAMA_CPP, VLLM_0_19
from tui.cli.check import check


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "server.log"
    path.write_text(VLLM_0_19)
    return str(path)


def test_text(log, capsys):
    assert check([log, "--gpu", "h100-sxm"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("vLLM 0.19.0, meta-llama/Llama-3.1-8B-Instruct, 1 x H100 SXM")
    assert "pool tokens" in out
    assert "476,016" in out


def test_json(log, capsys):
    assert check([log, "--gpu", "h100-sxm", "--format", "json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["schema"] == "whatfits.check/1"
    tokens = next(row for row in data["rows"] if row["item"] == "pool_tokens")
    assert tokens["observed"] == 476_016
    assert tokens["predicted"]["low"] <= 476_016 <= tokens["predicted"]["high"]


def test_what_the_log_does_not_say(log, tmp_path):
    with pytest.raises(FieldError, match=r"--gpu"):
        check([log])
    other = tmp_path / "llama.log"
    other.write_text(LLAMA_CPP.replace("print_info: general.name     = Llama 3.1 8B Instruct\n", ""))
    with pytest.raises(FieldError, match=r"--model"):
        check([str(other), "--gpu", "rtx-4090"])


def test_options_change_what_the_log_says(log, capsys):
    check([log, "-g", "h100-sxm", "--set", "deployment.options.gpu_memory_utilization=0.5", "-f", "json"])
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert next(row for row in rows if row["item"] == "pool_tokens")["difference"] < -0.3


# --- taken over -------------------------------------------------------------------------------------------

MINE = """\
schema = "whatfits/1"
name = "mine"
[model]
id = "meta-llama/Llama-3.1-8B-Instruct"
[workload]
context = "64k"
[deployment]
runtime = "vllm"
gpu = "h100-sxm"
tp = 1
pp = 1
[[variant]]
name = "two"
deployment.tp = 2
"""


@pytest.fixture
def mine(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(MINE)
    return path


def test_the_scenario_of_the_log_with_what_it_measured(log, tmp_path, capsys):
    target = tmp_path / "new.toml"
    assert check([log, "-g", "h100-sxm", "--save", str(target)]) == 0
    out = capsys.readouterr().out
    assert "vllm 0.19.0: weights 14.99 GiB, activation 1.89 GiB, non-torch 0.25 GiB, pool 58.11 GiB" in out
    assert f"written to {target}" in out
    assert "not used" not in out
    scenario = read_scenario(target)
    assert scenario.deployment.options["max_num_seqs"] == 1024
    assert scenario.calibration.source == "start-up log server.log"
    assert scenario.calibration.memory.pool == round(58.11 * 2**30)


def test_measured_items_join_a_scenario(log, mine, capsys):
    assert check([log, str(mine), "--save"]) == 0
    out = capsys.readouterr().out
    assert f"written to {mine}, with runtime_version 0.19.0" in out
    # the log ran at 0.95, the scenario at what the version takes
    assert "not used of the calibration: pool; measured with gpu_memory_utilization = 0.95" in out
    scenario = read_scenario(mine)
    assert (scenario.name, scenario.workload.context, len(scenario.variant)) == ("mine", 64_000, 1)
    assert scenario.deployment.options == {}
    assert scenario.calibration.context == 8192


def test_a_scenario_is_only_read_unless_it_is_to_be_written(log, mine, tmp_path, capsys):
    assert check([log, str(mine)]) == 0
    assert mine.read_text() == MINE
    capsys.readouterr()
    target = tmp_path / "other.toml"
    assert check([log, str(mine), "--save", str(target), "-f", "json"]) == 0
    assert mine.read_text() == MINE
    assert read_scenario(target).name == "mine"
    data = json.loads(capsys.readouterr().out)
    assert data["saved"] == str(target)
    assert data["not_used"][0]["entry"] == "memory.pool"
    assert data["measured"]["weights"] == round(14.99 * 2**30)


def test_no_other_file_is_overwritten(log, mine, tmp_path):
    other = tmp_path / "other.toml"
    other.write_text("precious")
    for arguments in ([log, "-g", "h100-sxm", "--save", str(other)], [log, str(mine), "--save", str(other)]):
        with pytest.raises(FileProblemError, match="exists"):
            check(arguments)
    assert other.read_text() == "precious"
    # another name of the scenario's own file is no other file
    link = tmp_path / "link.toml"
    link.symlink_to(mine)
    assert check([log, str(mine), "--save", str(link)]) == 0


def test_what_cannot_be_saved(log, mine, tmp_path):
    with pytest.raises(FieldError, match=r"--save: needs the name of a file"):
        check([log, "-g", "h100-sxm", "--save"])
    mine.write_text(MINE.replace("Llama-3.1-8B-Instruct", "Llama-3.3-70B-Instruct"))
    with pytest.raises(FieldError, match=r"log: is of meta-llama/Llama-3\.1-8B-Instruct, the scenario"):
        check([log, str(mine), "--save"])
    silent = tmp_path / "silent.log"
    silent.write_text("\n".join(line for line in VLLM_0_19.splitlines() if "GiB" not in line))
    with pytest.raises(FieldError, match="measures nothing"):
        check([str(silent), "-g", "h100-sxm", "--save", str(tmp_path / "new.toml")])
    assert not (tmp_path / "new.toml").exists()


def test_a_bad_scenario_is_named_with_its_file(whatfits, log, mine):
    mine.write_text(MINE.replace("[workload]", "[worklod]"))
    ran = whatfits("check", log, str(mine), "--save")
    assert ran.code == 2
    assert ran.err == f"whatfits: {mine}: worklod: unknown key; did you mean workload?\n"
    missing = whatfits("check", log, str(mine) + "x", "--save")
    assert missing.code == 2
    assert missing.err == f"whatfits: {mine}x: no such file or folder\n"


def test_a_save_that_breaks_off_leaves_the_old_file(log, mine, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(FileProblemError):
        check([log, str(mine), "--save"])
    assert mine.read_text() == MINE


def test_the_report_says_what_is_measured(whatfits, mine):
    args = (str(mine), "--set", 'calibration.memory.weights="14.2 GiB"', "--set", "calibration.date=2026-11-20")
    text = whatfits("report", *args)
    assert text.code == 0
    assert "measured  2026-11-20; used: weights" in text.out
    assert "weights, measured" in text.out
    data = json.loads(whatfits("report", *args, "--format", "json").out)
    assert data["calibration"]["used"] == ["memory.weights"]
    assert data["memory"]["rank"]["weights_bytes"] == round(14.2 * 2**30)
    why = whatfits("report", *args, "--explain", "memory.rank.weights_bytes").out
    assert "calibration.memory.weights; measured 2026-11-20" in why
    wrong = whatfits("report", str(mine), "--set", 'calibration.memory.wieghts="14.2 GiB"')
    assert wrong.code == 2
    assert "calibration.memory.wieghts: unknown key; did you mean weights?" in wrong.err


def test_a_report_without_measurements_says_nothing_of_them(whatfits, mine):
    assert "calibration" not in json.loads(whatfits("report", str(mine), "--format", "json").out)
    assert "measured  " not in whatfits("report", str(mine)).out
