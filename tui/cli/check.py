"""`whatfits check LOG`: what the engine predicts against what a runtime's own start-up log says."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from catalogs.facts import Catalogs
from catalogs.files import LIMIT_BYTES, read_text
from catalogs.importers.runtime_log import Observation, Row, compare, parse_log, scenario_table
from catalogs.merge import merged
from catalogs.scenarios import parse_scenario
from engine.errors import FieldError
from engine.estimate import best, high, low
from engine.report import Report, evaluate
from engine.units import format_gib, format_tokens
from tui.cli.inputs import changes_of
from tui.cli.parser import Parser, add_scenario_options

_EXAMPLES = """\
examples:
  whatfits check server.log --gpu h100-sxm          the log names the model, not the GPU
  whatfits check server.log -m gpt-oss-120b -g h100-sxm --format json
  vllm serve ... 2>&1 | tee /dev/stderr | whatfits check - -g rtx-4090
"""


def check(arguments: list[str]) -> int:
    """Run the command."""
    options = check_parser().parse_args(arguments)
    observation = parse_log(_text(options.log))
    report = _report(observation, options)
    rows = compare(observation, report)
    if options.format == "json":
        print(json.dumps(_data(observation, report, rows), indent=2))
    else:
        print("\n".join(_lines(observation, report, rows)))
    return 0


def check_parser() -> Parser:
    """`whatfits check`."""
    parser = Parser(
        prog="whatfits check",
        description="Compare what the engine predicts with a start-up log of vLLM, SGLang, TensorRT-LLM or llama.cpp.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("log", metavar="LOG", help="the log; - reads standard input")
    add_scenario_options(parser)
    parser.add_argument("-f", "--format", choices=("text", "json"), default="text", help="how to print (text)")
    return parser


def _text(name: str) -> str:
    if name == "-":
        return sys.stdin.buffer.read(LIMIT_BYTES).decode("utf-8", "replace")
    return read_text(Path(name))


def _report(observation: Observation, options: argparse.Namespace) -> Report:
    """The report on the scenario that the log tells, with what the options change."""
    table = merged(scenario_table(observation), changes_of(options))
    if not table.get("model"):
        raise FieldError("--model", "is needed: the log does not name the model")
    if "gpu" not in table["deployment"]:
        raise FieldError("--gpu", "is needed: the log does not name the GPU")
    scenario = parse_scenario(table)
    return evaluate(scenario, Catalogs().facts(scenario))


def _lines(observation: Observation, report: Report, rows: tuple[Row, ...]) -> list[str]:
    head = f"{report.runtime.name} {observation.version or ''}".strip()
    found = [f"{head}, {report.model.id}, {report.gpus} x {report.facts.accelerator.name}, {report.plan.label}", ""]
    if not rows:
        return [*found, "the log prints nothing that the engine predicts"]
    cells: list[tuple[str, ...]] = [("", "predicted", "low", "high", "log", "off")]
    for row in rows:
        ends = (best(row.predicted), low(row.predicted), high(row.predicted), row.observed)
        shown = tuple(_shown(value, row.unit) for value in ends)
        cells.append((row.item.removesuffix("_bytes").replace("_", " "), *shown, f"{row.difference:+.2%}"))
    widths = [max(len(line[column]) for line in cells) for column in range(len(cells[0]))]
    for line in cells:
        name, *rest = line
        padded = (text.rjust(width) for text, width in zip(rest, widths[1:], strict=True))
        found.append("  ".join((name.ljust(widths[0]), *padded)).rstrip())
    return found


def _shown(value: float, unit: str) -> str:
    return format_gib(round(value), 2) if unit == "B" else format_tokens(round(value))


def _data(observation: Observation, report: Report, rows: tuple[Row, ...]) -> dict[str, Any]:
    return {
        "schema": "whatfits.check/1",
        "runtime": observation.runtime,
        "version": observation.version,
        "model": report.model.id,
        "plan": report.plan.label,
        "settings": dict(observation.settings),
        "rows": [
            {
                "item": row.item,
                "unit": row.unit,
                "predicted": {
                    "low": low(row.predicted),
                    "best": best(row.predicted),
                    "high": high(row.predicted),
                },
                "observed": row.observed,
                "difference": row.difference,
            }
            for row in rows
        ],
    }
