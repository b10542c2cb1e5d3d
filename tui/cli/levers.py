"""`whatfits levers`: what each lever saves and costs for a scenario, alone and together, with published evidence."""

import argparse
import re
import sys
from typing import Any

from catalogs.evidence_store import EvidenceCatalog
from catalogs.facts import Catalogs
from engine.errors import FieldError
from engine.report import Report
from engine.strategies import Budgets, Effect, Lever, Levers, chosen, combinations, levers_of, ranked
from engine.units import parse_tokens, shorten
from tui.cli.answering import placed_scenario_of, report_of
from tui.cli.inputs import Item, items
from tui.cli.output import print_json
from tui.cli.parser import TABLE_FORMATS, Parser, add_scenario_options
from tui.render.lever_text import Pulled, effect_table, levers_data, levers_markdown, levers_text

_EXAMPLES = """\
examples:
  whatfits levers mine.toml
  whatfits levers -m Llama-3.3-70B-Instruct -c 128k -n 8 -g h100-sxm -x 4 -r vllm
  whatfits levers mine.toml --with cache:fp8,weights:fp8     those together instead of the best ones
  whatfits levers mine.toml --window 8192 --evict 0.5,0.1 --shared 20k
  whatfits levers -m Llama-4-Scout-17B-16E-Instruct -c 10M -x 8 -g h200-sxm --format json

Seconds and dollars are best estimates; `whatfits report` has their bands. Quality is quoted as it was published.
"""


def levers(arguments: list[str]) -> int:
    """Run the command."""
    options = _parser().parse_args(arguments)
    options.files = [] if options.file is None else [options.file]
    catalogs, evidence = Catalogs(), EvidenceCatalog()
    budgets = _budgets(options)
    names = [word.strip() for text in options.together for word in text.split(",") if word.strip()]
    answers = [_pulled(item, catalogs, evidence, budgets, names) for item in items(options)]
    match options.format:
        case "json":
            data = [levers_data(pulled) for pulled in answers]
            print_json(data[0] if len(data) == 1 else data)
        case "csv":
            for pulled in answers:
                sys.stdout.write(effect_table(pulled.before, (*pulled.together, *pulled.alone)).csv())
        case _:
            render = levers_markdown if options.format == "markdown" else levers_text
            sys.stdout.write("\n".join(render(pulled) for pulled in answers))
    return 0


def _pulled(item: Item, catalogs: Catalogs, evidence: EvidenceCatalog, budgets: Budgets, names: list[str]) -> Pulled:
    report = report_of(item, catalogs, placed_scenario_of(item))
    pulled = Levers(report, evidence.quality)
    found, missing = levers_of(pulled.report, budgets)
    if names:
        return Pulled(
            report=pulled.report,
            before=pulled.before,
            alone=(),
            together=(_named(pulled, found, names, report),),
            ref=item.ref,
        )
    alone = ranked(pulled, found)
    return Pulled(
        report=pulled.report,
        before=pulled.before,
        alone=alone,
        together=combinations(pulled, alone),
        missing=missing,
        ref=item.ref,
    )


def _named(pulled: Levers, found: tuple[Lever, ...], names: list[str], report: Report) -> Effect:
    effect = pulled.effect(chosen(found, names))
    if effect is None:
        raise FieldError("--with", f"{report.runtime.name} does not take {', '.join(names)} together")
    return effect


def _budgets(options: argparse.Namespace) -> Budgets:
    """What the options say of windows and the like. Raises `FieldError` whose field is the option."""
    given: dict[str, Any] = {}
    for option, name in (("window", "window_tokens"), ("sinks", "sink_tokens"), ("shared", "shared_tokens")):
        text = getattr(options, option)
        if text is not None:
            given[name] = parse_tokens(text, field=f"--{option}", least=1 if option == "window" else 0)
    if options.evict:
        given["eviction_shares"] = tuple(_share(word) for text in options.evict for word in text.split(","))
    return Budgets(**given)


def _share(text: str) -> float:
    if not re.fullmatch(r"0?\.\d{1,6}|1(\.0*)?", text.strip(), re.ASCII) or float(text) == 0:
        raise FieldError("--evict", f"must be shares such as 0.2,0.12, got {shorten(text)}")
    return float(text)


def _parser() -> Parser:
    parser = Parser(
        prog="whatfits levers",
        description="What each lever on memory, time and price saves and costs, alone and together, the best first.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("file", nargs="?", metavar="FILE", help="a scenario file; - reads JSON Lines of scenarios")
    add_scenario_options(parser)
    group = parser.add_argument_group("levers")
    group.add_argument(
        "--with", metavar="LEVER,..", action="append", default=[], dest="together", help="these together, no others"
    )
    group.add_argument("--window", metavar="TOKENS", help="window beside the sinks (4096)")
    group.add_argument("--sinks", metavar="TOKENS", help="first tokens that are kept beside a window (4)")
    group.add_argument("--evict", metavar="SHARE,..", action="append", help="shares that eviction keeps (0.2,0.12)")
    group.add_argument("--shared", metavar="TOKENS", help="tokens that all prompts begin with (half of the prompt)")
    parser.add_argument("-f", "--format", choices=TABLE_FORMATS, default="text", help="how to print (text)")
    return parser
