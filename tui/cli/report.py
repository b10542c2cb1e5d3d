"""`whatfits report`: answers as text, JSON, JSON Lines, Markdown or CSV."""

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from catalogs.evidence_store import EvidenceCatalog
from catalogs.facts import Catalogs
from catalogs.scenarios import variants
from engine.errors import WhatfitsError
from engine.report import Report, evaluate
from engine.scenario import Scenario
from tui.cli.inputs import Item, items
from tui.cli.parser import report_parser
from tui.cli.run import DOES_NOT_FIT, complain, exit_code
from tui.render.evidence import evidence_data
from tui.render.json_report import error_data, report_data


@dataclass(frozen=True, slots=True)
class Answer:
    """A scenario's report with those of its variants, or the error that kept it from one."""

    item: Item
    report: Report | None = None
    variants: tuple[Report, ...] = ()
    evidence: tuple[Mapping[str, Any], ...] = ()
    error: WhatfitsError | None = None

    def data(self) -> dict[str, Any]:
        """The answer as data."""
        if self.report is None:
            assert self.error is not None
            return error_data(self.error, ref=self.item.ref)
        others = [report_data(variant) for variant in self.variants]
        return report_data(self.report, ref=self.item.ref, variants=others, evidence=self.evidence)


def report(arguments: list[str]) -> int:
    """Run the command."""
    options = report_parser().parse_args(arguments)
    if options.explain == "?":
        return _list_figures()
    catalogs, evidence = Catalogs(), EvidenceCatalog()
    code = 0
    answers = []
    for item in items(options):
        found = answer(item, catalogs, evidence)
        code = max(code, _code(found, options.require_fit))
        if found.error is not None:
            complain(found.error, item.where)
        if options.format == "jsonl" and options.explain is None:
            # line by line, so that a long input gives answers while it is read
            print(json.dumps(found.data()), flush=True)
        else:
            answers.append(found)
    if options.explain is not None:
        _explain(options.explain, answers, options.format)
    elif options.format != "jsonl":
        _print(options.format, answers)
    return code


def answer(item: Item, catalogs: Catalogs, evidence: EvidenceCatalog) -> Answer:
    """The answer to an item; what is wrong with it is an answer too."""
    if item.scenario is None:
        return Answer(item, error=item.error)
    try:
        return _answer(item, item.scenario, catalogs, evidence)
    except WhatfitsError as error:
        return Answer(item, error=error)


def _answer(item: Item, scenario: Scenario, catalogs: Catalogs, evidence: EvidenceCatalog) -> Answer:
    def one(what: Scenario, folder: Path | None = item.folder) -> Report:
        return evaluate(what, catalogs.facts(what, folder=folder))

    found = one(scenario)
    others = []
    for index, variant in enumerate(variants(scenario)):
        try:
            others.append(one(variant))
        except WhatfitsError as error:
            raise error.under(f"variant[{index}]") from error
    quoted = tuple(evidence_data(found, evidence))
    return Answer(item, report=found, variants=tuple(others), evidence=quoted)


def _code(answer: Answer, require_fit: bool) -> int:
    if answer.error is not None:
        return exit_code(answer.error)
    assert answer.report is not None
    return DOES_NOT_FIT if require_fit and not answer.report.capacity.fits else 0


def _print(style: str, answers: list[Answer]) -> None:
    good = [answer for answer in answers if answer.report is not None]
    match style:
        case "json":
            data = [answer.data() for answer in answers]
            print(json.dumps(data[0] if len(data) == 1 else data, indent=2))
        case "csv":
            from tui.render.flat import reports_csv

            sys.stdout.write(reports_csv(answer.data() for answer in answers))
        case _:
            from tui.render.text import report_markdown, report_text

            render = report_markdown if style == "markdown" else report_text
            texts = [
                render(a.report, a.variants, evidence=[row["text"] for row in a.evidence])
                for a in good
                if a.report is not None
            ]
            sys.stdout.write("\n\n".join(texts))


def _explain(name: str, answers: list[Answer], style: str) -> None:
    from engine.explain import explain
    from tui.render.json_report import figure_data
    from tui.render.tree import tree_lines

    figures = [explain(answer.report, name) for answer in answers if answer.report is not None]
    if style in ("json", "jsonl"):
        for figure in figures:
            print(json.dumps(figure_data(figure), indent=2 if style == "json" else None))
    else:
        print("\n\n".join("\n".join(tree_lines(figure)) for figure in figures))


def _list_figures() -> int:
    from engine.explain import figure_names

    print("\n".join(figure_names()))
    return 0
