"""Usual values of the inputs: within the bounds of what they set."""

from dataclasses import fields

from engine.corpus import Corpus
from tui.lever_view import INPUTS, NICE, stepped


def test_steps_stay_within_the_usual_values():
    for name in INPUTS:
        assert list(NICE[name]) == sorted(NICE[name])
        assert stepped(name, NICE[name][0], -1) == NICE[name][0]
        assert stepped(name, NICE[name][-1], 1) == NICE[name][-1]
    assert stepped("questions_per_day", 1_000, -1) == 100
    assert stepped("prefix_cached", 1, -1) == 0


def test_usual_values_are_within_the_bounds():
    names = {field.name for field in fields(Corpus)}
    for name in INPUTS:
        assert name in names
        for value in NICE[name]:
            whole = name in ("tokens", "chunk_tokens", "top_k", "answer_tokens")
            Corpus(**{name: int(value) if whole else bool(value) if name == "prefix_cached" else value})
