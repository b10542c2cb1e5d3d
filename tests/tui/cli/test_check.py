"""`whatfits check`: a log in, a table or JSON out."""

import json

import pytest

from engine.errors import FieldError
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
