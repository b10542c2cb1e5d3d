"""A config.json that is pasted into the app: its model in the place of the scenario's own."""

from dataclasses import replace

from catalogs.tables import to_table
from engine.errors import WhatfitsError
from engine.units import format_count
from tui.state import AppState, changed, said

PASTED_ID = "pasted"


def looks_like_config(text: str) -> bool:
    """Whether pasted text is meant as a config: a JSON table, which is no value of any field."""
    return text.lstrip().startswith("{")


def with_pasted_config(state: AppState, text: str, *, now: float) -> AppState:
    """The scenario with the model of a pasted config; unchanged, with the reason, if it cannot be read."""
    # importers know many families, and only a config needs them
    from catalogs.importers.hf_config import import_config, parse_config

    try:
        spec = import_config(parse_config(text, "the pasted text"), model_id=PASTED_ID, source="pasted")
    except WhatfitsError as error:
        return said(state, f"not taken: {error}", now=now)
    scenario = replace(state.scenario, model=to_table(spec))
    taken = changed(replace(state, edit=None, prompt=None), scenario, field_id="model", now=now)
    return said(taken, f"model of the pasted config: {format_count(spec.parameters)} parameters", now=now)
