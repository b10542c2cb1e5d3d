"""`gpus add` and `offers add`: what is written is what every other command then uses."""

import json

import pytest


def test_an_own_accelerator_with_its_node_and_price(whatfits, tmp_path):
    added = whatfits(
        "gpus", "add", "4090-48", "--like", "rtx-4090", "label_gb=48", "driver_bytes=49140 MiB", "name=Big 4090"
    )
    assert (added.code, added.err) == (0, "")
    assert added.out == f"4090-48 is in {tmp_path / 'config' / 'gpus.toml'}\n"
    assert whatfits("gpus", "add", "box", "--node", "gpu=4090-48", "gpus=2").code == 0
    assert (
        whatfits(
            "offers",
            "add",
            "mine",
            "provider=us",
            "instance=box",
            "gpu=4090-48",
            "gpus=2",
            "on_demand_usd_per_hour=1.5",
        ).code
        == 0
    )
    shown = json.loads(whatfits("gpus", "show", "4090-48", "--format", "json").out)
    assert (shown["driver_bytes"], shown["origin"], shown["retrieved"]) == (49140 * 2**20, "user", "2026-11")
    arguments = ("report", "-m", "Llama-3.1-8B-Instruct", "-g", "4090-48", "-x", "4", "--format", "json")
    report = json.loads(whatfits(*arguments).out)
    assert report["cost"]["usd_per_hour"] == 3.0
    assert report["cost"]["price"]["origin"] == "your own catalog"
    assert "crosses_nodes" in {warning["code"] for warning in report["warnings"]}
    text = whatfits(*arguments[:-2]).out
    assert "your own catalog" in text
    assert "4 GPUs are 2 nodes of 2 GPUs" in text


def test_an_owned_machine_and_the_rent_instead(whatfits):
    added = whatfits(
        *("offers", "add", "owned", "provider=us", "instance=rack", "gpu=H100 SXM", "gpus=8", "kind=ownership"),
        *("ownership.capital_usd=280000", "ownership.years=4", "ownership.power_watts=10200"),
        *("ownership.usd_per_kwh=0.12", "ownership.power_overhead=1.3"),
    )
    assert (added.code, added.err) == (0, "")
    report = ("report", "-m", "Llama-3.1-8B-Instruct", "-g", "h100", "-x", "8")
    cost = json.loads(whatfits(*report, "--format", "json").out)["cost"]
    assert cost["usd_per_hour"] == pytest.approx(9.5766, abs=1e-3)
    assert cost["price"]["kind"] == "ownership"
    assert cost["alternative"]["price"]["kind"] in ("rent", "reseller")
    text = whatfits(*report).out
    assert "$280,000 over 4 years, 13.3 kW at $0.12/kWh" in text
    assert "rented instead: " in text
    listed = json.loads(whatfits("offers", "--gpu", "h100", "--format", "json").out)
    assert next(row for row in listed if row["id"] == "owned")["usd_per_hour"] == pytest.approx(9.5766, abs=1e-3)


def test_without_an_own_machine_the_report_tells_what_owning_costs(whatfits):
    report = whatfits("report", "-m", "Llama-3.1-8B-Instruct", "-g", "h100", "-x", "8", "--format", "json")
    alternative = json.loads(report.out)["cost"]["alternative"]
    assert alternative["usd_per_hour"] == pytest.approx(8 * 1.69)
    assert alternative["price"]["kind"] == "ownership"


def test_replacing(whatfits):
    arguments = ("offers", "add", "a", "provider=p", "instance=i", "gpu=l4", "gpus=1", "on_demand_usd_per_hour=1")
    assert whatfits(*arguments).code == 0
    again = whatfits(*arguments)
    assert again.code == 2
    assert again.err.startswith("whatfits: a: is already in ")
    assert whatfits(*arguments, "--force").code == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("gpus", "add"), "the following arguments are required: ID"),
        (("gpus", "add", "x"), "gpus.name: is missing"),
        (("gpus", "add", "x", "label=48"), "gpus.label: unknown key"),
        (("gpus", "add", "x", "--like", "h101"), "--like: unknown GPU 'h101'; did you mean"),
        (("gpus", "add", "x", "id=y"), "id: is the first word after add"),
        (("gpus", "add", "x", "nonsense"), "KEY=VALUE: nonsense is no assignment"),
        (("gpus", "add", "x", "--node", "--like", "hgx-h100"), "--like: no such node; did you mean hgx-h100-8"),
        (("offers", "add", "x", "provider=p", "instance=i", "gpu=h101", "gpus=1"), "offers.gpu: unknown GPU 'h101'"),
        (("offers", "add", "x", "provider=p", "instance=i", "gpu=l4", "gpus=many"), "offers.gpus: must be a number"),
    ],
)
def test_bad_input_is_one_line_and_writes_nothing(whatfits, tmp_path, arguments, said):
    ran = whatfits(*arguments)
    assert ran.code == 2
    assert ran.out == ""
    assert said.replace("nonsense is", "'nonsense' is") in ran.err
    assert ran.err.count("\n") == 1
    assert not (tmp_path / "config").exists()
