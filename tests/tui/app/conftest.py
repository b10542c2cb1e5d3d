"""Sample catalogs for pictures: a few GPUs whose prices do not move when the real catalogs do. And quick waits."""

import datetime

import pytest

from catalogs.facts import Catalogs
from catalogs.store import HardwareCatalog
from tui.shell import WhatfitsApp
from tui.start import controller_for

TODAY = datetime.date(2026, 11, 25)

GPUS = ("a100-sxm-80", "l40s", "h100-sxm", "h200-sxm", "h200-nvl", "b200-sxm", "mi300x", "rtx-4090", "gb200")

PRICES = {
    "a100-sxm-80": 11.2,
    "l40s": 7.2,
    "h100-sxm": 20.0,
    "h200-sxm": 27.2,
    "b200-sxm": 44.0,
    "mi300x": 24.0,
    "rtx-4090": 4.0,
    "gb200": 84.0,
}
"""Dollars an hour for eight of each."""


class SampleHardware(HardwareCatalog):
    """The shipped catalog, of which only a few GPUs are listed."""

    def accelerators(self):
        known = super().accelerators()
        return {gpu: known[gpu] for gpu in GPUS}


@pytest.fixture
def quick_waits(monkeypatch):
    """Textual's pilot waits 20 ms at a time for the app to be idle; here it is asked more often."""
    monkeypatch.setattr("textual._wait.SLEEP_GRANULARITY", 0.002)
    monkeypatch.setattr("textual._wait.SLEEP_IDLE", 0.0005)


@pytest.fixture
def sample(tmp_path):
    """The sample catalogs."""
    config = tmp_path / "config"
    config.mkdir()
    rows = [
        f'[[offer]]\nid = "sample-{gpu}"\nprovider = "sample cloud"\ninstance = "8x {gpu}"\ngpu = "{gpu}"\ngpus = 8\n'
        f'on_demand_usd_per_hour = {usd}\nas_of = "2026-10-{day:02}"\n'
        for day, (gpu, usd) in enumerate(PRICES.items(), start=1)
    ]
    (config / "offers.toml").write_text("\n".join(rows))
    catalogs = Catalogs(config_dir=config, data_dir=tmp_path / "data")
    catalogs.hardware = SampleHardware(config_dir=config, data_dir=tmp_path / "data")
    return catalogs


@pytest.fixture
def sample_app(sample, tmp_path):
    """Make an app on the sample catalogs that answers at once, and in which no time passes."""

    def make(path=None, theme="textual-dark"):
        def controller():
            return controller_for(
                path, today=TODAY, clock=lambda: 0.0, catalogs=sample, recovery_dir=tmp_path / "state"
            )

        return WhatfitsApp(controller, theme=theme, delay=0)

    return make
