"""`whatfits compare`: scenarios, their variants or all runtimes side by side."""

import argparse
from collections.abc import Iterable, Iterator
from dataclasses import replace

from catalogs.facts import Catalogs
from catalogs.scenarios import variants
from engine.errors import WhatfitsError
from engine.report import Report
from engine.runtimes import RUNTIMES
from engine.scenario import Scenario, under_runtime
from tui.cli.answering import report_of
from tui.cli.inputs import Item, items
from tui.cli.output import print_table
from tui.cli.parser import TABLE_FORMATS, Parser, add_scenario_options
from tui.cli.run import complain, exit_code
from tui.render.text import variant_table

_EXAMPLES = """\
examples:
  whatfits compare                                   the scenario that ships, and its variants
  whatfits compare a.toml b.toml
  whatfits compare mine.toml --runtimes              the same under every runtime
  whatfits compare -m Llama-3.3-70B-Instruct -c 128k -g h100-sxm -x 4 --runtimes
"""


def compare(arguments: list[str]) -> int:
    """Run the command."""
    options = _parser().parse_args(arguments)
    catalogs = Catalogs()
    reports: list[Report] = []
    code = 0
    for item in items(options):
        if item.scenario is None:
            assert item.error is not None
            complain(item.error, item.where)
            code = max(code, exit_code(item.error))
            continue
        found, errors = _answers(catalogs, item, _scenarios(item.scenario, options.runtimes))
        reports += found
        if not found and len({str(error) for _, error in errors}) == 1:
            # what is wrong with all of them is wrong with the scenario
            errors = [("", errors[0][1])]
        for name, error in errors:
            complain(error, ": ".join(part for part in (item.where, name) if part))
            # a runtime that cannot serve a format is an answer of the comparison, not bad input
            code = max(code, 0 if options.runtimes and found else exit_code(error))
    if reports:
        print_table(variant_table(reports), options.format)
    return code


def _answers(
    catalogs: Catalogs, item: Item, scenarios: Iterable[Scenario]
) -> tuple[list[Report], list[tuple[str, WhatfitsError]]]:
    """The answers, and what kept the others from one, each with the scenario's name."""
    reports, errors = [], []
    for scenario in scenarios:
        try:
            reports.append(report_of(item, catalogs, scenario))
        except WhatfitsError as error:
            errors.append((scenario.name, error))
    return reports, errors


def _scenarios(scenario: Scenario, runtimes: bool) -> Iterator[Scenario]:
    """The scenario with its variants, or once for each runtime."""
    if not runtimes:
        yield scenario
        yield from variants(scenario)
        return
    for runtime in RUNTIMES:
        yield replace(under_runtime(scenario, runtime), name=runtime, variant=())


def _parser() -> Parser:
    parser = Parser(
        prog="whatfits compare",
        description="Scenarios with their variants side by side, or one scenario under every runtime.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("files", nargs="*", metavar="FILE", help="scenario files; - reads JSON Lines of scenarios")
    add_scenario_options(parser)
    parser.add_argument("--runtimes", action="store_true", help="each scenario under every runtime")
    parser.add_argument("-f", "--format", choices=TABLE_FORMATS, default="text", help="how to print (text)")
    return parser
