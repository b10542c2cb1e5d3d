"""`whatfits check LOG`: what the engine predicts against what a runtime's own start-up log says, and taking it over."""

import argparse
import datetime
import json
import os
import sys
from pathlib import Path
from typing import Any

from catalogs.facts import Catalogs
from catalogs.files import LIMIT_BYTES, read_text
from catalogs.log_checks import LogCheck, added_version, calibrated, check_log
from catalogs.scenarios import read_scenario, write_scenario
from engine.errors import FieldError, FileProblemError, WhatfitsError
from engine.estimate import best, high, low
from engine.report import Report, evaluate
from engine.scenario import Scenario
from tui.cli.inputs import changes_of
from tui.cli.parser import Parser, add_scenario_options
from tui.cli.run import complain, exit_code
from tui.render.check import check_head, check_lines, doubt_line, taken_line
from tui.render.plain import plain

_EXAMPLES = """\
examples:
  whatfits check server.log --gpu h100-sxm          the log names the model, not the GPU
  whatfits check server.log -m gpt-oss-120b -g h100-sxm --format json
  vllm serve ... 2>&1 | tee /dev/stderr | whatfits check - -g rtx-4090
  whatfits check server.log -g h100-sxm --save mine.toml
                                                    a scenario of the log, with what it measured
  whatfits check server.log mine.toml --save        put what the log measured into mine.toml
"""


def check(arguments: list[str]) -> int:
    """Run the command."""
    options = check_parser().parse_args(arguments)
    target = _target(options)
    try:
        base = None if options.scenario is None else read_scenario(options.scenario)
    except WhatfitsError as error:
        # a file that cannot be read is named by the error itself
        complain(error, "" if isinstance(error, FileProblemError) else options.scenario)
        return exit_code(error)
    catalogs = Catalogs()
    found = check_log(
        _text(options.log),
        catalogs,
        today=datetime.date.today(),
        base=base,
        folder=None if options.scenario is None else Path(options.scenario).absolute().parent,
        changes=changes_of(options),
        source="start-up log" if options.log == "-" else f"start-up log {Path(options.log).name}",
    )
    if base is not None and not found.fits_base:
        told, held = found.report.model.id, base.model.get("id")
        raise FieldError("log", f"is of {told}, the scenario in {options.scenario} of {held}")
    saved = None if target is None else _saved(found, base, target, options, catalogs)
    if options.format == "json":
        print(json.dumps(_data(found, saved, target), indent=2))
        return 0
    lines = [check_head(found), ""]
    lines += check_lines(found) if found.rows else ["the log prints nothing that the engine predicts"]
    if doubt_line(found):
        lines += ["", doubt_line(found)]
    if saved is not None:
        version = None if base is None else added_version(base, found)
        also = "" if version is None else f", with runtime_version {version}"
        lines += ["", taken_line(found), plain(f"written to {target}{also}")]
        lines += [plain(notice.message) for notice in saved.warnings if notice.code == "calibration_not_used"]
    print("\n".join(lines))
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
    parser.add_argument(
        "scenario", nargs="?", metavar="SCENARIO", help="a scenario file, which says what the log leaves open"
    )
    add_scenario_options(parser)
    parser.add_argument("-f", "--format", choices=("text", "json"), default="text", help="how to print (text)")
    parser.add_argument(
        "--save",
        nargs="?",
        const="",
        metavar="FILE",
        help="write what was measured as [calibration] into SCENARIO, or with the log's own scenario into FILE",
    )
    return parser


def _text(name: str) -> str:
    if name == "-":
        return sys.stdin.buffer.read(LIMIT_BYTES).decode("utf-8", "replace")
    return read_text(Path(name))


def _target(options: argparse.Namespace) -> Path | None:
    """The file to write; None if none is wanted. Only the scenario that was read may be there already."""
    if options.save is None:
        return None
    name = options.save or options.scenario
    if not name:
        raise FieldError("--save", "needs the name of a file, or a SCENARIO to write into")
    own = options.scenario is not None and os.path.realpath(options.scenario) == os.path.realpath(name)
    if not own and os.path.lexists(name):
        raise FileProblemError(name, "exists; give another name, or the file as SCENARIO to write into it")
    return Path(name)


def _saved(
    found: LogCheck, base: Scenario | None, target: Path, options: argparse.Namespace, catalogs: Catalogs
) -> Report:
    """The report on the scenario with the measurements, once it is written."""
    if not found.taken:
        raise FieldError("log", "measures nothing that a scenario can take over; nothing was written")
    scenario = calibrated(found.report.scenario if base is None else base, found)
    folder = Path(options.scenario).absolute().parent if options.scenario else None
    report = evaluate(scenario, catalogs.facts(scenario, folder=folder))
    write_scenario(target, scenario)
    return report


def _data(found: LogCheck, saved: Report | None, target: Path | None) -> dict[str, Any]:
    observation, report = found.observation, found.report
    data: dict[str, Any] = {
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
            for row in found.rows
        ],
        "measured": {"date": found.calibration.date, **found.taken},
    }
    if saved is not None:
        data["saved"] = str(target)
        left = () if saved.measured is None else saved.measured.left
        data["not_used"] = [{"entry": entry, "reason": reason} for entry, reason in left]
    return data
