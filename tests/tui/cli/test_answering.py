"""An item of the input becomes a report, or says what kept it from one."""

import pytest

from catalogs.facts import Catalogs
from catalogs.scenarios import shipped
from engine.errors import FieldError
from tui.cli.answering import placed_scenario_of, report_of, scenario_of
from tui.cli.inputs import Item

WRONG = Item(where="line 3", error=FieldError("workload.context", "must be more than 0"))


def test_what_is_wrong_is_raised_as_it_is_or_with_its_place():
    for ask in (scenario_of, lambda item: report_of(item, Catalogs())):
        with pytest.raises(FieldError) as caught:
            ask(WRONG)
        assert caught.value is WRONG.error
    with pytest.raises(FieldError) as caught:
        placed_scenario_of(WRONG)
    assert caught.value.field == "line 3.workload.context"


def test_a_scenario_without_a_file_is_answered_from_here():
    item = Item(where="", scenario=shipped())
    assert scenario_of(item) is placed_scenario_of(item) is item.scenario
    assert report_of(item, Catalogs()).scenario == item.scenario
