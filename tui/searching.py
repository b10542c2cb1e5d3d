"""What keys do in the search pane, where they differ from what they do elsewhere."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tui import filing, machines, sought, why, wishing
from tui.state import Why, closed, filtered, pointed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tui.answers import Compared
    from tui.controller import Controller
    from tui.sought import Sought


def _wish(step: Callable[[Sought], Sought]) -> Callable[[Controller], None]:
    """A key that changes the wish."""

    def do(controller: Controller) -> None:
        controller.state = replace(controller.state, sought=step(controller.state.sought))

    return do


def _turn(by: int) -> Callable[[Controller], None]:
    def do(controller: Controller) -> None:
        controller.state = wishing.turned(controller.state, by)

    return do


def _answer(controller: Controller) -> Compared | None:
    """The answer for the row under the cursor; says so where there is none."""
    row = machines.under(controller.state)
    if row is None:
        controller.say("nothing is found yet")
        return None
    name = machines.row_id(row)
    controller.state = pointed(controller.state, "search", name)
    controller.ask_machine(name, machines.scenario_of(controller.state, row))
    answer = controller.state.answers.machine
    if answer is not None and answer.problem is not None:
        controller.say(answer.problem.message)
    return answer


def _type(controller: Controller) -> None:
    controller.state = wishing.asked(controller.state)


def _enter(controller: Controller) -> None:
    """The row in full; there, its arithmetic."""
    state = controller.state
    row = machines.under(state)
    if row is None:
        controller.say("nothing is found yet")
    elif state.sought.opened:
        _explain(controller)
    else:
        shown = pointed(state, "search", machines.row_id(row))
        controller.state = replace(shown, sought=replace(state.sought, opened=True))


def _explain(controller: Controller) -> None:
    answer = _answer(controller)
    if answer is not None and answer.report is not None:
        asked = Why(machine=answer.name)
        controller.state = replace(why.opened_on(controller.state, ()), why=asked)


def _take(controller: Controller) -> None:
    controller.state, text = machines.taken(controller.state, now=controller.now)
    controller.say(text)


def _keep(controller: Controller) -> None:
    answer = _answer(controller)
    if answer is not None and answer.report is not None:
        controller.state, text = machines.duplicated(controller.state, answer, now=controller.now)
        controller.say(text)


def _back(controller: Controller) -> None:
    """One level back: the row that is shown in full, the search, the filter, the pane."""
    state = controller.state
    if state.sought.opened:
        controller.state = replace(state, sought=replace(state.sought, opened=False))
    elif controller.cancel_search():
        controller.say("stopped; what was found stays, another wish starts anew")
    elif state.filter("search"):
        controller.state = filtered(state, "search", "")
    else:
        controller.state = closed(state)


def _filter(controller: Controller) -> None:
    controller.state = filing.prompted(controller.state, "filter", controller.state.filter("search"))


def _frontier(held: Sought) -> Sought:
    return replace(held, frontier=not held.frontier)


DOES: Mapping[str, Callable[[Controller], None]] = {
    "search": _back,
    "next": _wish(lambda held: sought.across(held, 1)),
    "previous": _wish(lambda held: sought.across(held, -1)),
    "enter": _enter,
    "insert": _type,
    "more": _turn(1),
    "less": _turn(-1),
    "reset": _wish(sought.back_to_default),
    "sort": _wish(lambda held: sought.ranked_next(held, 1)),
    "reverse": _wish(lambda held: sought.ranked_next(held, -1)),
    "filter": _filter,
    "take": _take,
    "chart": _wish(_frontier),
    "duplicate": _keep,
    "why": _explain,
    "back": _back,
}
"""What commands do here; all others do what they do in every pane."""
