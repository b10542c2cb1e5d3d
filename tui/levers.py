"""The levers pane: what each lever of the scenario does, computed a few at a time, and what its keys do."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

from catalogs.evidence_store import EvidenceCatalog
from engine.errors import WhatfitsError
from engine.retrieval import Comparison, compare_ways, corpus_of
from engine.strategies import Effect, Lever, Levers, applied, chosen, combinations, levers_of
from engine.strategies.together import gains, order
from engine.triangle import Triangle, triangle
from tui.lever_view import INPUTS, stepped
from tui.state import AppState, beside, changed, closed, pointed
from tui.values import put

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from engine.report import Report
    from tui.controller import Controller

WHOLE = frozenset(("tokens", "chunk_tokens", "top_k", "answer_tokens"))
"""Inputs that are whole numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeverList:
    """What is known of a report's levers: `effects` of those that bring anything, in order once it is `finished`.

    `best` are the best ones together. `together` is the effect of those named `marked`; `comparison` is with retrieval
    for the scenario's corpus, beside the `triangle`.
    """

    report: Report
    levers: tuple[Lever, ...] = ()
    before: Effect | None = None
    effects: tuple[Effect, ...] = ()
    done: int = 0
    finished: bool = False
    best: tuple[Effect, ...] = ()
    marked: tuple[str, ...] = ()
    together: Effect | None = None
    triangle: Triangle | None = None
    comparison: Comparison | None = None


@cache
def evidence() -> EvidenceCatalog:
    """The published evidence, read once."""
    return EvidenceCatalog()


class Pulling:
    """The levers of a report while they are tried, one at a time, so that keys are answered in between."""

    def __init__(self, report: Report) -> None:
        self.list = LeverList(report=report)
        self._pulled: Levers | None = None
        self._steps = self._all()

    def serves(self, report: Report) -> bool:
        """Whether the levers are those of a report too: all but the corpus is the same. If so they become its own."""
        held = self.list.report
        if held is report:
            return True
        same = replace(held.scenario, retrieval=report.scenario.retrieval) == report.scenario
        if same and held.facts == report.facts:
            self.list = replace(self.list, report=report)
            return True
        return False

    def run(self, state: AppState, is_over: Callable[[], bool]) -> bool:
        """Go on until `is_over`; whether all that the state shows is there. At least one step is done each time."""
        while not self._shown(state):
            if not self._aside(state) and next(self._steps, None) is None:
                break
            if is_over():
                break
        return self._shown(state)

    def _shown(self, state: AppState) -> bool:
        return answered(self.list, state)

    def _aside(self, state: AppState) -> bool:
        """What keys asked for, before the rest of the list; whether there was anything."""
        view, found = state.lever_view, self.list
        if view.picture and (found.comparison is None or found.comparison.corpus != corpus_of(found.report)):
            compared = compare_ways(found.report, scores=evidence().scores, trained=evidence().trained)
            self.list = replace(found, comparison=compared, triangle=found.triangle or triangle(found.report))
            return True
        if self._pulled is not None and found.levers and found.marked != view.marked:
            known = [lever for lever in found.levers if lever.id in view.marked]
            together = self._pulled.effect(known) if known else None
            self.list = replace(found, marked=view.marked, together=together)
            return True
        return False

    def _all(self) -> Iterator[bool]:
        pulled = self._pulled = Levers(self.list.report, evidence().quality)
        levers, _ = levers_of(pulled.report)
        self.list = replace(self.list, levers=levers, before=pulled.before)
        yield True
        found: list[Effect] = []
        for lever in levers:
            effect = pulled.effect((lever,))
            if effect is not None and gains(effect, pulled.before):
                found.append(effect)
            self.list = replace(self.list, effects=tuple(sorted(found, key=order)), done=self.list.done + 1)
            yield True
        self.list = replace(self.list, best=combinations(pulled, self.list.effects), finished=True)


def answered(found: LeverList | None, state: AppState) -> bool:
    """Whether a list has all that the state shows of it."""
    view, report = state.lever_view, state.answers.report
    if found is None or found.report is not report or report is None:
        return False
    if view.picture:
        return found.comparison is not None and found.comparison.corpus == corpus_of(report)
    return found.finished and found.marked == view.marked


# --- steps ------------------------------------------------------------------------------------------------


def under(state: AppState) -> Effect | None:
    """The effect under the cursor."""
    found = state.answers.levers
    if found is None or not found.effects:
        return None
    held = state.cursor("levers")
    return next((effect for effect in found.effects if effect.id == held), found.effects[0])


def moved(state: AppState, down: int, across: int) -> AppState:
    """Another lever under the cursor, or another input of the comparison."""
    view, found = state.lever_view, state.answers.levers
    if view.picture:
        name = beside(INPUTS, view.cursor, across or down)
        return state if name is None else replace(state, lever_view=replace(view, cursor=name))
    here = under(state)
    if found is None or here is None:
        return state
    return pointed(state, "levers", beside([effect.id for effect in found.effects], here.id, down))


def toggled(state: AppState) -> tuple[AppState, str]:
    """The lever under the cursor marked, or not any more; of two that exclude each other the last one stays."""
    found, here = state.answers.levers, under(state)
    if found is None or here is None or state.lever_view.picture:
        return state, "nothing is computed yet" if found is None else ""
    kinds = {lever.id: lever.kind for lever in found.levers}
    marked = [name for name in state.lever_view.marked if name in kinds]
    if here.id in marked:
        kept, text = [name for name in marked if name != here.id], ""
    else:
        out = [name for name in marked if kinds[name] == kinds[here.id]]
        kept = [*(name for name in marked if name not in out), here.id]
        text = f"instead of {out[0]}: both change the {kinds[here.id]}" if out else ""
    return replace(pointed(state, "levers", here.id), lever_view=replace(state.lever_view, marked=tuple(kept))), text


def pulled(state: AppState, *, now: float) -> tuple[AppState, str]:
    """The marked levers, or the one under the cursor, in the scenario, as one step; and what to say of the others."""
    found, here = state.answers.levers, under(state)
    if found is None or here is None:
        return state, "nothing is computed yet"
    known = [name for name in state.lever_view.marked if any(lever.id == name for lever in found.levers)]
    levers = chosen(found.levers, known or [here.id])
    settings = [lever for lever in levers if lever.changes]
    others = [lever for lever in levers if not lever.changes]
    scenario = state.scenario
    try:
        for lever in settings:
            scenario = applied(scenario, lever.changes)
    except WhatfitsError as error:
        return state, error.message
    texts = []
    if settings:
        texts.append(f"{', '.join(lever.id for lever in settings)} in the scenario now; u undoes")
    texts += [f"{lever.id} is no setting here: {lever.how or lever.title}" for lever in others]
    after = changed(state, scenario, field_id="", now=now)
    kept = tuple(lever.id for lever in others if lever.id in known)
    return replace(after, lever_view=replace(state.lever_view, marked=kept)), "; ".join(texts)


def turned(state: AppState) -> AppState:
    """The picture or the list."""
    return replace(state, lever_view=replace(state.lever_view, picture=not state.lever_view.picture))


def stepped_input(state: AppState, by: int, *, now: float) -> AppState:
    """The next usual value of the input under the cursor, as a step that can be undone."""
    name, report = state.lever_view.cursor, state.answers.report
    if not state.lever_view.picture or report is None:
        return state
    held = getattr(state.scenario.retrieval.of(report.scenario.workload.prompt_tokens), name)
    value: float | bool = stepped(name, float(held), by)
    value = int(value) if name in WHOLE else bool(value) if name == "prefix_cached" else value
    return _with_input(state, value, now=now)


def reset_input(state: AppState, *, now: float) -> AppState:
    """The input under the cursor as it is where nobody says."""
    return _with_input(state, None, now=now) if state.lever_view.picture else state


def _with_input(state: AppState, value: float | None, *, now: float) -> AppState:
    name = state.lever_view.cursor
    scenario = put(state.scenario, ("retrieval", name), value)
    return changed(state, scenario, field_id=f"retrieval.{name}", now=now)


def left(state: AppState) -> AppState:
    """One level back: from the picture to the list, from the list to where the pane was opened."""
    return turned(state) if state.lever_view.picture else closed(state)


def _state(step: Callable[[AppState], AppState]) -> Callable[[Controller], None]:
    def do(controller: Controller) -> None:
        controller.state = step(controller.state)

    return do


def _mark(controller: Controller) -> None:
    controller.state, text = toggled(controller.state)
    if text:
        controller.say(text)


def _pull(controller: Controller) -> None:
    if not controller.state.lever_view.picture:
        controller.state, text = pulled(controller.state, now=controller.now)
        controller.say(text)


def _step(by: int) -> Callable[[Controller], None]:
    def do(controller: Controller) -> None:
        controller.state = stepped_input(controller.state, by, now=controller.now)

    return do


def _reset(controller: Controller) -> None:
    controller.state = reset_input(controller.state, now=controller.now)


DOES: Mapping[str, Callable[[Controller], None]] = {
    "levers": _state(closed),
    "back": _state(left),
    "select": _mark,
    "enter": _pull,
    "take": _pull,
    "chart": _state(turned),
    "more": _step(1),
    "less": _step(-1),
    "reset": _reset,
}
"""What keys do in this pane, where they differ from what they do elsewhere."""
