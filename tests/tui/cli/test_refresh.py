"""`offers refresh`, against a real server on this machine; no other command has a network."""

import io
import json
import socket
import sys

import pytest

from tests.catalogs.price_server import good, serving
from tests.catalogs.test_refresh import AWS, HEADER, zipped
from tui.cli.progress import Progress, bar_text


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")


def test_text_and_what_is_used_afterwards(whatfits, tmp_path):
    with serving({"/aws/catalog.zip": good(zipped("aws.csv", AWS))}) as (base, _):
        ran = whatfits("offers", "refresh", f"{base}/aws/catalog.zip")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("aws: 3 offers of 5 rows, prices of ")
    assert "unknown GPUs (rows): RadeonV520 (1)" in ran.out
    assert f"kept in {tmp_path / 'data'}" in ran.out
    shown = json.loads(whatfits("offers", "show", "aws-p5.48xlarge", "--format", "json").out)
    assert (shown["origin"], shown["on_demand_usd_per_hour"]) == ("refreshed", 50.0)
    arguments = ("report", "-m", "gpt-oss-120b", "-g", "h100", "-x", "8", "--set", "cost.offer=aws-p5.48xlarge")
    assert "refreshed prices" in whatfits(*arguments).out
    found = whatfits("search", "-m", "gpt-oss-120b", "-c", "32k", "--provider", "aws", "--format", "json")
    assert {row["offer"]["origin"] for row in json.loads(found.out)["candidates"]} == {
        "refreshed prices",
        "shipped catalog",
    }


def test_several_providers_each_for_itself(whatfits, tmp_path):
    answers = {"/v3/aws/version": good(b"20261109-1"), "/v3/aws/20261109-1/catalog.zip": good(zipped("aws.csv", AWS))}
    with serving(answers) as (base, _):
        ran = whatfits("offers", "refresh", f"{base}/v3", "--provider", "gcp,aws", "--format", "json")
    assert ran.code == 2
    assert ran.err.count("\n") == 1
    assert "/v3/gcp/version: the server answers 404" in ran.err
    data = json.loads(ran.out)
    assert [(row["provider"], row["version"], row["accepted"]) for row in data] == [("aws", "20261109-1", 3)]
    assert len(list((tmp_path / "data").iterdir())) == 1


def test_a_dry_run_keeps_nothing(whatfits, tmp_path):
    path = tmp_path / "aws.csv"
    path.write_text(AWS)
    ran = whatfits("offers", "refresh", str(path), "--dry-run")
    assert "nothing was kept" in ran.out
    assert not (tmp_path / "data").exists()


def test_refused_lists_are_one_line(whatfits, tmp_path):
    path = tmp_path / "aws.csv"
    path.write_text(HEADER + "p5.48xlarge,us-east-1,NaN,192,2048.0,8,H100,80.0,False,,nvidia,\n")
    ran = whatfits("offers", "refresh", str(path))
    assert ran.code == 2
    why = "more than half of its 1 rows is refused (1 x a price that is no number); nothing was changed"
    assert ran.err == f"whatfits: {path}: {why}\n"
    assert not (tmp_path / "data").exists()


def test_no_other_command_uses_a_network(whatfits, monkeypatch):
    def never(*_, **__):
        raise AssertionError("a socket was made")

    monkeypatch.setattr(socket, "socket", never)
    monkeypatch.setattr(socket, "create_connection", never)
    scenario = ("-m", "Llama-3.1-8B-Instruct", "-g", "h100")
    commands = [
        ("report",),
        ("report", *scenario),
        ("search", *scenario, "-c", "8k"),
        ("models",),
        ("gpus",),
        ("offers", "--all"),
        ("offers", "show", "aws-p5.48xlarge"),
        ("offers", "add", "x", "provider=p", "instance=i", "gpu=l4", "gpus=1", "on_demand_usd_per_hour=1"),
        ("gpus", "add", "x", "--like", "l4"),
    ]
    for command in commands:
        assert whatfits(*command).code == 0
    with pytest.raises(AssertionError, match="a socket was made"):
        whatfits("offers", "refresh", "http://127.0.0.1:1/aws.csv")


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_the_bar_is_for_terminals_and_leaves_no_trace():
    screen = Terminal()
    with Progress("fetching x", stream=screen) as bar:
        bar.show(50, 100, "0.1 MB")
        bar.show(51, 100, "0.1 MB")  # too soon after the last
        bar.show(100, 100, "0.2 MB")
    text = screen.getvalue()
    assert "fetching x [============            ]  50 % 0.1 MB" in text
    assert "51 %" not in text
    assert "100 %" in text
    assert text.rsplit("\r", 2)[1].strip() == ""
    pipe = io.StringIO()
    with Progress("fetching x", stream=pipe) as bar:
        bar.show(1, 2)
    assert pipe.getvalue() == ""


def test_bars():
    assert bar_text(5, None) == ""
    assert bar_text(0, 10).startswith("[   ")
    assert bar_text(20, 10) == f"[{'=' * 24}] 100 %"


def test_progress_goes_to_standard_error(whatfits, monkeypatch):
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    with serving({"/aws.csv": good(AWS.encode())}) as (base, _):
        whatfits("offers", "refresh", f"{base}/aws.csv")
    assert "100 %" in screen.getvalue()
