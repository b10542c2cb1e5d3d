"""Options of every command, and help that teaches by example."""

import argparse
from typing import NoReturn

from engine.errors import FieldError, nearest

COMMANDS = {
    "report": "answer one scenario or many",
    "compare": "scenarios, variants or runtimes side by side",
    "search": "find the machines that serve a model as wished",
    "sweep": "figures over contexts, sequences, formats, GPUs or prices",
    "levers": "what would save memory, time and money, and at what loss",
    "retrieval": "long context against retrieval for a corpus",
    "check": "compare with a runtime's own start-up log",
    "launch": "the runtime's command line",
    "schema": "the JSON Schema of scenario files",
    "models": "list, search and show models",
    "gpus": "list, show, detect and add accelerators",
    "offers": "list, show, refresh and add prices",
    "keys": "list the app's commands and their keys",
    "serve": "the same answers over HTTP, for scripts and pages",
}
"""Commands with what they do, in the order of the help."""

TABLE_FORMATS = ("text", "json", "markdown", "csv")
"""Forms in which any table can be printed."""

_REPORT_EXAMPLES = """\
examples:
  whatfits report                                   the scenario that ships with the program
  whatfits report mine.toml                         your own
  whatfits report --model Llama-3.3-70B-Instruct --context 128k --gpu h100-sxm --gpus 2 --cache fp8
  whatfits report mine.toml --set workload.concurrency=max --set deployment.options.memory_fraction=0.95
  whatfits report a.toml b.toml --format jsonl      one JSON object a line
  whatfits report mine.toml --explain memory.ideal_cache_bytes
  echo '{"schema": "whatfits/1", "ref": 7, "model": {"id": "gpt-oss-120b"}}' | whatfits report - --format jsonl

exit status: 0 done, 1 does not fit (with --require-fit), 2 bad input, 3 model not supported
"""

_MAIN_EXAMPLES = """\
examples:
  whatfits                        open the app on the scenario that ships with the program
  whatfits mine.toml              open the app on your own scenario
  whatfits report mine.toml       the same answer as text; --format json, jsonl, markdown or csv
  whatfits sweep mine.toml        the same over contexts; --over gpus, price, weights ...
  whatfits launch mine.toml       the command line that starts its runtime so
  whatfits models gemma           models whose name holds gemma
  whatfits models show gpt-oss-120b
  whatfits gpus --format csv
  whatfits offers --gpu h200-sxm

Without a terminal `whatfits [FILE]` prints the text report. Every command has its own --help.
"""


_MORE_WORDS = {
    "gpus": """\
more, each with its own --help:
  whatfits gpus detect     what this or another host has, and what of it is free
  whatfits gpus add        an accelerator or a node of your own
""",
    "offers": """\
more, each with its own --help:
  whatfits offers refresh  new prices from gpuhunt's or SkyPilot's lists; the only command that uses a network
  whatfits offers add      a price of your own, rented or owned
""",
}


class Parser(argparse.ArgumentParser):
    """A parser whose complaints are ours: one line, exit 2."""

    def error(self, message: str) -> NoReturn:
        """Raise instead of printing the usage."""
        raise FieldError("", f"{message}; see {self.prog} --help")


def main_parser() -> Parser:
    """`whatfits [FILE]`."""
    listed = "\n".join(f"  {name:<9} {text}" for name, text in COMMANDS.items())
    parser = Parser(
        prog="whatfits",
        usage="whatfits [FILE] | whatfits COMMAND ...",
        description="Does this model with this context fit on those GPUs, at what price, and why?",
        epilog=f"commands:\n{listed}\n\n{_MAIN_EXAMPLES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("file", nargs="?", metavar="FILE", help="a scenario file (TOML)")
    parser.add_argument("--version", action="store_true", help="print the version")
    parser.add_argument("--ascii", action="store_true", help="draw the app with ASCII characters only")
    parser.add_argument("--mouse", action="store_true", help="let the app take the mouse")
    parser.add_argument(
        "--color", choices=("auto", "ansi", "256", "true", "none"), default="auto", help="colours of the app"
    )
    return parser


def report_parser() -> Parser:
    """`whatfits report`."""
    parser = Parser(
        prog="whatfits report",
        description="Answer scenarios: memory, fit, capacity, price, and what they rest on.",
        epilog=_REPORT_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("files", nargs="*", metavar="FILE", help="scenario files; - reads JSON Lines of scenarios")
    add_scenario_options(parser)
    _add_format(parser, ("text", "json", "jsonl", "markdown", "csv"))
    parser.add_argument("--require-fit", action="store_true", help="exit with 1 if a scenario does not fit")
    parser.add_argument(
        "--explain", metavar="FIGURE", help="print how a figure comes about; ? lists what can be explained"
    )
    return parser


def add_scenario_options(parser: argparse.ArgumentParser) -> None:
    """Options that change a scenario before it is answered."""
    group = parser.add_argument_group("what to change in the scenario")
    group.add_argument(
        "-m",
        "--model",
        metavar="NAME|PATH",
        help="a model's id, the path of a config.json or GGUF file, or - for a config on standard input",
    )
    group.add_argument("-c", "--context", metavar="TOKENS", help="tokens of one sequence: 32768, 128k, 10M")
    group.add_argument("-n", "--concurrency", metavar="N|max", help="sequences at once")
    group.add_argument("-g", "--gpu", metavar="NAME", help="an accelerator, by id or as drivers write it")
    group.add_argument("-x", "--gpus", metavar="N", help="how many of them")
    group.add_argument("-r", "--runtime", metavar="NAME", help="the serving runtime")
    group.add_argument("-w", "--weights", metavar="FORMAT", help="format of the weights")
    group.add_argument("-k", "--cache", metavar="FORMAT", help="format of the cache; K/V apart as q8_0/f16")
    for name, meaning in (("tp", "tensor"), ("pp", "pipeline"), ("dp", "data"), ("ep", "expert")):
        group.add_argument(f"--{name}", metavar="N", help=f"degree of {meaning} parallelism")
    group.add_argument(
        "-s", "--set", metavar="KEY=VALUE", action="append", default=[], dest="sets", help="any scenario key"
    )


def list_parser(name: str) -> Parser:
    """`whatfits models`, `gpus` and `offers`."""
    what = {"models": "models", "gpus": "accelerators", "offers": "prices"}[name]
    parser = Parser(
        prog=f"whatfits {name}",
        usage=f"whatfits {name} [list] [TEXT ...] | whatfits {name} show NAME",
        description=f"List {what}, those that match all of TEXT, or show one.",
        epilog=_MORE_WORDS.get(name, ""),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("words", nargs="*", metavar="TEXT", help="words to look for, or show and a name")
    _add_format(parser, TABLE_FORMATS)
    if name == "offers":
        parser.add_argument("-g", "--gpu", metavar="NAME", help="offers of one accelerator")
        parser.add_argument("--all", action="store_true", help="markets, cost of ownership and old prices too")
    if name == "gpus":
        parser.add_argument("--vendor", metavar="NAME", help="one vendor's")
    return parser


def _add_format(parser: argparse.ArgumentParser, formats: tuple[str, ...]) -> None:
    parser.add_argument("-f", "--format", choices=formats, default="text", help="how to print (text)")


def unknown_command(name: str) -> FieldError:
    """What to say of a first word that is neither a command nor a file."""
    return FieldError(name, f"no such file or command{nearest(name[:60], COMMANDS)}")
