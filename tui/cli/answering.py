"""From an item of the input to its report, for commands that work on with one."""

from pathlib import Path

from catalogs.facts import Catalogs
from engine.report import Report, evaluate
from engine.scenario import Scenario
from tui.cli.inputs import Item


def scenario_of(item: Item) -> Scenario:
    """The scenario of an item. Raises the error that kept it from one."""
    if item.scenario is None:
        assert item.error is not None
        raise item.error
    return item.scenario


def placed_scenario_of(item: Item) -> Scenario:
    """The scenario of an item, for commands that stop at the first error: it names the file or line, too."""
    if item.error is not None and item.where:
        raise item.error.under(item.where)
    return scenario_of(item)


def report_of(item: Item, catalogs: Catalogs, scenario: Scenario | None = None) -> Report:
    """The report on an item, or on what was made of its scenario. Raises `WhatfitsError`."""
    asked = scenario_of(item) if scenario is None else scenario
    return evaluate(asked, catalogs.facts(asked, folder=item.folder or Path.cwd()))
