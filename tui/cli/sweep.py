"""`whatfits sweep`: the figures of a scenario over one of its inputs, as the app's Sweep pane shows them."""

import argparse
import json
import shutil
import sys
from collections.abc import Callable

from catalogs.facts import Catalogs
from engine.errors import FieldError, WhatfitsError
from engine.units import parse_tokens, parse_usd
from tui.axes import BY_NAME, Value
from tui.cli.answering import report_of
from tui.cli.inputs import Item, items
from tui.cli.output import draws
from tui.cli.parser import TABLE_FORMATS, Parser, add_scenario_options
from tui.cli.run import BAD_INPUT, complain, exit_code
from tui.render.sweep_text import chart_lines, sweep_csv, sweep_data, sweep_table, sweep_title
from tui.state import Axis, Quantity
from tui.sweep import Sweep, Sweeping

OVER: dict[str, Axis] = {
    "context": "context",
    "concurrency": "sequences",
    "cache": "cache",
    "weights": "weights",
    "gpus": "gpus",
    "price": "price",
}
"""What a sweep goes over: the word of the command line, and the axis."""

QUANTITIES: dict[str, Quantity] = {"memory": "memory", "tpot": "TPOT", "usd": "$/1M out"}
"""What a chart shows."""

CHART_ROWS = 16
MOST_COLUMNS = 160

_EXAMPLES = """\
examples:
  whatfits sweep mine.toml --over context
  whatfits sweep -m Llama-3.3-70B-Instruct -g h100-sxm -x 4 -r vllm --over concurrency --format csv
  whatfits sweep mine.toml --over context --values 32k,128k,1M,10M
  whatfits sweep mine.toml --over price --values 1.5,2,2.5 --format markdown
  whatfits sweep mine.toml --over context --chart memory

The deployment stays as the scenario has it (or as it is chosen for it), so that places can be compared; over gpus,
tensor and pipeline parallelism are chosen for each number. Prices are dollars of one GPU and hour.
"""


def sweep(arguments: list[str]) -> int:
    """Run the command."""
    options = _parser().parse_args(arguments)
    axis = OVER[options.over]
    places = None if options.values is None else _places(options.values, axis)
    catalogs = Catalogs()
    code = 0
    found: list[Sweep] = []
    for item in items(options):
        try:
            swept = _swept(item, catalogs, axis, places)
        except WhatfitsError as error:
            complain(error, item.where)
            code = max(code, exit_code(error))
            continue
        if places is not None or not swept.points:
            for label, problem in swept.left_out:
                complain(problem, f"{item.where}: {label}" if item.where else label)
        if not swept.points:
            code = max(code, BAD_INPUT)
        else:
            found.append(swept)
    _print(found, options)
    return code


def _swept(item: Item, catalogs: Catalogs, axis: Axis, places: tuple[Value, ...] | None) -> Sweep:
    sweeping = Sweeping(report_of(item, catalogs), axis, places)
    sweeping.run(lambda: False)
    return sweeping.sweep


def _places(text: str, axis: Axis) -> tuple[Value, ...]:
    """The places of `--values`, in the order in which they are given. Raises `FieldError`."""
    words = [word.strip() for word in text.split(",")]
    if not all(words):
        raise FieldError("--values", "must be a list such as 32k,128k,1M, without gaps")
    return tuple(dict.fromkeys(_place(word, axis) for word in words))


def _place(word: str, axis: Axis) -> Value:
    if axis in BY_NAME:
        return word
    if axis == "price":
        return parse_usd(word, field="--values")
    return parse_tokens(word, field="--values", least=1)


def _print(found: list[Sweep], options: argparse.Namespace) -> None:
    if options.chart is not None:
        quantity = QUANTITIES[options.chart]
        columns = min(MOST_COLUMNS, shutil.get_terminal_size().columns)
        ascii_only = options.ascii or not draws()
        _print_parts(found, lambda swept: chart_lines(swept, quantity, columns, CHART_ROWS, ascii_only=ascii_only))
        return
    match options.format:
        case "json":
            data = [sweep_data(swept, options.over) for swept in found]
            if data:
                print(json.dumps(data[0] if len(data) == 1 else data, indent=2))
        case "csv":
            sys.stdout.write(sweep_csv(found))
        case "markdown":
            _print_parts(found, lambda swept: [sweep_title(swept), "", *sweep_table(swept).markdown()])
        case _:
            _print_parts(found, lambda swept: [sweep_title(swept), "", *sweep_table(swept).lines()])


def _print_parts(found: list[Sweep], lines: Callable[[Sweep], list[str]]) -> None:
    sys.stdout.write("\n".join("\n".join(lines(swept)) + "\n" for swept in found))


def _parser() -> Parser:
    parser = Parser(
        prog="whatfits sweep",
        description="Memory, times and prices of a scenario over one of its inputs.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("files", nargs="*", metavar="FILE", help="scenario files; - reads JSON Lines of scenarios")
    parser.add_argument("--over", choices=tuple(OVER), default="context", help="the input (context)")
    parser.add_argument("--values", metavar="LIST", help="its places, with commas between; left out, the usual ones")
    parser.add_argument(
        "--chart", choices=tuple(QUANTITIES), nargs="?", const="memory", help="draw a quantity (memory) instead"
    )
    parser.add_argument("--ascii", action="store_true", help="draw with ASCII characters only")
    add_scenario_options(parser)
    parser.add_argument("-f", "--format", choices=TABLE_FORMATS, default="text", help="how to print (text)")
    return parser
