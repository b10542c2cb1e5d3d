"""`whatfits launch`: the command line that starts a scenario's runtime as the report has it."""

import argparse
import json
import sys
from typing import Any

from catalogs.facts import Catalogs
from engine.errors import WhatfitsError
from engine.launch import launch as launch_of
from tui.cli.answering import report_of
from tui.cli.inputs import items
from tui.cli.parser import Parser, add_scenario_options
from tui.cli.run import DOES_NOT_FIT, complain, exit_code
from tui.render.launch import launch_data, launch_text

_EXAMPLES = """\
examples:
  whatfits launch mine.toml
  whatfits launch -m Llama-3.3-70B-Instruct -c 128k -g h100-sxm -x 4 -r vllm -k fp8
  whatfits launch mine.toml -r sglang --require-fit > serve.sh
  whatfits launch mine.toml -r vllm -f json | jq -r '.commands[0].command'

What does not fit is said in the first comment, and the command printed all the same. What no flag says is a comment.
"""


def launch(arguments: list[str]) -> int:
    """Run the command."""
    options = _parser().parse_args(arguments)
    catalogs = Catalogs()
    code = 0
    texts: list[str] = []
    data: list[dict[str, Any]] = []
    for item in items(options):
        try:
            report = report_of(item, catalogs)
            found = launch_of(report)
        except WhatfitsError as error:
            complain(error, item.where)
            code = max(code, exit_code(error))
            continue
        texts.append(launch_text(found, report))
        data.append(launch_data(found, report))
        if options.require_fit and not report.capacity.fits:
            code = max(code, DOES_NOT_FIT)
    if options.format == "text":
        sys.stdout.write("\n".join(texts))
    elif data:
        print(json.dumps(data[0] if len(data) == 1 else data, indent=2))
    return code


def _parser() -> Parser:
    parser = Parser(
        prog="whatfits launch",
        description="The runtime's command line for a scenario: its flags, and comments on what no flag says.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("files", nargs="*", metavar="FILE", help="scenario files; - reads JSON Lines of scenarios")
    add_scenario_options(parser)
    parser.add_argument("-f", "--format", choices=("text", "json"), default="text", help="how to print (text)")
    parser.add_argument("--require-fit", action="store_true", help="exit with 1 if a scenario does not fit")
    return parser
