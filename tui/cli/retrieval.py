"""`whatfits retrieval`: long context against retrieval for a corpus, and the triangle of context, latency and cost."""

import argparse
import re
import sys
from dataclasses import fields, replace
from typing import Any

from catalogs.evidence_store import EvidenceCatalog
from catalogs.facts import Catalogs
from engine.corpus import Corpus
from engine.errors import FieldError, WhatfitsError
from engine.retrieval import compare_ways
from engine.scenario import Scenario
from engine.triangle import triangle
from engine.units import parse_seconds, parse_tokens, parse_usd, shorten
from tui.cli.answering import placed_scenario_of, report_of
from tui.cli.inputs import Item, items
from tui.cli.output import draws, print_json
from tui.cli.parser import Parser, add_scenario_options
from tui.render.retrieval import ASSUMED, Weighed, retrieval_data, retrieval_markdown, retrieval_text

_EXAMPLES = """\
examples:
  whatfits retrieval -m Llama-4-Scout-17B-16E-Instruct -g h200-sxm -x 8 --corpus 10M --read-share 0.1
  whatfits retrieval mine.toml --corpus 2M --queries-per-day 200 --chunk 512 --top-k 20
  whatfits retrieval mine.toml --corpus 2M --no-prefix-cache --changed-per-day 0.05 --format markdown

Without --corpus it is as long as the scenario's prompt. Every assumption is printed with its option, and may stand in
a scenario file under [retrieval], by the names that --format json has.
"""


def retrieval(arguments: list[str]) -> int:
    """Run the command."""
    options = _parser().parse_args(arguments)
    options.files = [] if options.file is None else [options.file]
    given = _given(options)
    catalogs, evidence = Catalogs(), EvidenceCatalog()
    answers = [(item, _weighed(item, given, catalogs, evidence)) for item in items(options)]
    if options.format == "json":
        data = [retrieval_data(weighed, item.ref) for item, weighed in answers]
        print_json(data[0] if len(data) == 1 else data)
        return 0
    render = retrieval_markdown if options.format == "markdown" else retrieval_text
    plain_only = options.ascii or not draws()
    sys.stdout.write("\n".join(render(weighed, ascii_only=plain_only) for _, weighed in answers))
    return 0


def _weighed(item: Item, given: dict[str, Any], catalogs: Catalogs, evidence: EvidenceCatalog) -> Weighed:
    asked = placed_scenario_of(item)
    report = report_of(item, catalogs, replace(asked, retrieval=_corpus(asked, given)))
    return Weighed(
        report=report,
        comparison=compare_ways(report, scores=evidence.scores, trained=evidence.trained),
        triangle=triangle(report),
    )


def _corpus(scenario: Scenario, given: dict[str, Any]) -> Corpus:
    """The scenario's corpus with what the options say of it. Raises `FieldError` whose field is the option."""
    try:
        return replace(scenario.retrieval, **given)
    except WhatfitsError as error:
        option = next((option for option, name, _ in ASSUMED if name == error.field), error.field)
        raise FieldError(option, error.message) from error


def _given(options: argparse.Namespace) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for option, name, _ in ASSUMED:
        text = getattr(options, option.removeprefix("--").replace("-", "_"))
        if option == "--no-prefix-cache":
            # a file may say the same
            found |= {name: False} if text else {}
        elif text is not None:
            found[name] = _value(option, name, text)
    return found


def _value(option: str, name: str, text: str) -> Any:
    """What a person wrote, by what the field is counted in."""
    if name.endswith("tokens") or name == "top_k":
        return parse_tokens(text, field=option, least=1)
    if name == "search_seconds":
        return parse_seconds(text, field=option)
    if "usd" in name:
        return parse_usd(text, field=option)
    if not re.fullmatch(r"\d{0,12}(\.\d{1,12})?", text, re.ASCII) or not text:
        raise FieldError(option, f"must be a number such as 0.1 or 1000, got {shorten(text)}")
    return float(text)


def _parser() -> Parser:
    parser = Parser(
        prog="whatfits retrieval",
        description="Long context against retrieval for a corpus: dollars and seconds a question, break-even, rules.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("file", nargs="?", metavar="FILE", help="a scenario file; - reads JSON Lines of scenarios")
    add_scenario_options(parser)
    group = parser.add_argument_group("the corpus and how it is asked (defaults in parentheses)")
    usual = {f.name: f.default for f in fields(Corpus)}
    for option, name, meaning in ASSUMED:
        if option == "--no-prefix-cache":
            group.add_argument(option, action="store_true", help="every question reads the whole prompt again")
            continue
        value = "the scenario's prompt" if name == "tokens" else f"{usual[name]:g}"
        group.add_argument(option, metavar=_metavar(name), help=f"{meaning} ({value})")
    parser.add_argument("--ascii", action="store_true", help="draw with ASCII characters only")
    parser.add_argument(
        "-f", "--format", choices=("text", "json", "markdown"), default="text", help="how to print (text)"
    )
    return parser


def _metavar(name: str) -> str:
    if name.endswith("tokens"):
        return "TOKENS"
    if "usd" in name:
        return "USD"
    return "TIME" if name == "search_seconds" else "N"
