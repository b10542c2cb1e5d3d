"""What the Model and Load panes hold, and how the cursor moves in them."""

from dataclasses import replace

import pytest

from tui import forms
from tui.answers import Answers, Problem
from tui.values import put

SCOUT = "meta-llama/Llama-4-Scout-17B-16E-Instruct"
SIZES = [40, 46, 59, 80, 120, 200]


def test_a_model_shows_fields_figures_and_its_kinds_of_layers(ready_on):
    rows = forms.form(ready_on(model=SCOUT), "model", 80)
    titles = [row.title for row in rows if isinstance(row, forms.Heading)]
    assert titles == ["sizes", "chunked: 36 x chunks of 8,192, GQA 40/8", "full: 12 x full attention, GQA 40/8"]
    values = {cell.label: cell.value for cell in forms.cells_of(rows)}
    assert values["layers"] == "12 x (3 chunked, full)"
    assert values["cache/token"] == "48.0 KiB"
    assert values["active"] == "17.17B"


def test_a_changed_value_is_marked_and_counted(ready_on):
    state = ready_on(model=SCOUT)
    path = ("model", "layers", "full", "mixer", "kv_heads")
    state = replace(state, scenario=put(state.scenario, path, 4))
    marks = {cell.id: cell.mark for cell in forms.cells_of(forms.form(state, "model", 80))}
    assert [cell_id for cell_id, mark in marks.items() if mark == "~"] == [".".join(path)]
    assert "1 field edited" in forms.model_title_note(state)


def test_a_problem_stands_at_its_field(ready):
    answers = replace(ready.answers, problem=Problem("deployment.gpus", "is 8, but"))
    state = replace(ready, answers=answers)
    cells = forms.cells_of(forms.form(state, "load", 80))
    assert [(cell.label, cell.problem) for cell in cells if cell.problem] == [("gpus", "is 8, but")]


def test_without_an_answer_the_name_can_still_be_edited(ready):
    state = replace(ready, answers=Answers(asked=ready.scenario, problem=Problem("model.id", "unknown")))
    cells = forms.cells_of(forms.form(state, "model", 80))
    assert [(cell.label, cell.problem) for cell in cells] == [("model", "unknown")]
    assert len(forms.cells_of(forms.form(state, "load", 80))) > 15


@pytest.mark.parametrize("pane", ["model", "load"])
@pytest.mark.parametrize("width", SIZES)
def test_ids_are_unique_and_every_cell_is_reached_by_arrows(ready_on, pane, width):
    rows = forms.form(ready_on(model=SCOUT), pane, width)
    ids = [cell.id for cell in forms.cells_of(rows)]
    assert len(set(ids)) == len(ids)
    seen, front = set(), [ids[0]]
    while front:
        here = front.pop()
        if here not in seen:
            seen.add(here)
            front += [forms.moved(rows, here, dy, dx) for dy, dx in ((1, 0), (-1, 0), (0, 1), (0, -1))]
    assert seen == set(ids)


def test_moves_stay_within_the_form(ready):
    rows = forms.form(ready, "load", 80)
    ids = [cell.id for cell in forms.cells_of(rows)]
    assert forms.moved(rows, ids[0], -5, -5) == ids[0]
    assert forms.moved(rows, ids[0], 10**6, 0) == ids[-1]
    assert forms.moved(rows, "gone", 1, 0) == ids[0]
    assert forms.moved((), "x", 1, 0) is None


def test_going_down_keeps_the_side(ready):
    rows = forms.form(ready, "model", 80)
    assert forms.moved(rows, "model.vocabulary", 1, 0) == "model.tied_embeddings"
    below = forms.moved(rows, "model.tied_embeddings", 1, 0)
    assert below.startswith(forms.FIGURE)
    assert "active" in below


def test_the_load_says_what_was_chosen(ready):
    cells = {cell.label: cell for cell in forms.cells_of(forms.form(ready, "load", 80))}
    assert cells["context"].note == "10,000,000 tokens: 9,999,000 in + 1,000 out"
    assert cells["tp"].value == "auto 8"
    assert "driver shows 79.6 GiB" in cells["memory"].note
    assert "article 2025-04-08" in cells["$/GPU-h"].note
    narrow = {cell.label: cell for cell in forms.cells_of(forms.form(ready, "load", 46))}
    assert narrow["tp"].value == "(8)"


def test_warnings_stand_below_the_load(ready):
    remarks = [row.text for row in forms.form(ready, "load", 80) if isinstance(row, forms.Remark)]
    assert any("never released" in text for text in remarks)


def test_the_options_of_a_runtime_come_last_with_their_defaults(ready_on):
    state = ready_on(deployment={"runtime": "vllm", "options": {"enforce_eager": True}})
    rows = forms.form(state, "load", 80)
    titles = [row.title for row in rows if isinstance(row, forms.Heading)]
    assert titles[-1] == "options of vllm"
    cells = {cell.label: cell for cell in forms.cells_of(rows)}
    assert (cells["enforce eager"].value, cells["enforce eager"].note) == ("yes", "default no")
    assert (cells["num speculative tokens"].value, cells["num speculative tokens"].note) == ("auto", "0, the default")
    assert "newest" in cells["version"].note
