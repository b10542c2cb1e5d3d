"""What is pasted into the app and is no value of a field: a config.json with a model of its own, a start-up log."""

from dataclasses import replace

from catalogs.tables import to_table
from engine.errors import WhatfitsError
from engine.scenario import as_another
from engine.units import format_count
from tui.state import AppState, changed, said

PASTED_ID = "pasted"


def looks_like_config(text: str) -> bool:
    """Whether pasted text is meant as a config: a JSON table, which is no value of any field."""
    return text.lstrip().startswith("{")


LEAST_LOG_LINES = 2
"""A start-up log has at least so many lines; what is meant for a field has one."""


def looks_like_log(text: str) -> bool:
    """Whether pasted text is meant as a start-up log: lines with the words of one runtime."""
    # terminals paste the end of a line as a carriage return
    if len(text.strip().splitlines()) < LEAST_LOG_LINES:
        return False
    # its patterns are compiled when there is something to look for
    from catalogs.importers.log_lines import MARKS

    return any(mark in text for marks in MARKS.values() for mark in marks)


def with_pasted_config(state: AppState, text: str, *, now: float) -> AppState:
    """The scenario with the model of a pasted config; unchanged, with the reason, if it cannot be read."""
    # importers know many families, and only a config needs them
    from catalogs.importers.hf_config import import_config, parse_config

    try:
        spec = import_config(parse_config(text, "the pasted text"), model_id=PASTED_ID, source="pasted")
    except WhatfitsError as error:
        return said(state, f"not taken: {error}", now=now)
    scenario = as_another(replace(state.scenario, model=to_table(spec)), "model")
    taken = changed(replace(state, edit=None, prompt=None), scenario, field_id="model", now=now)
    return said(taken, f"model of the pasted config: {format_count(spec.parameters)} parameters", now=now)
