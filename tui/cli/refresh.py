"""`whatfits offers refresh`: new prices from the web or a file. The only command that uses a network."""

import argparse
import datetime
import json
from typing import Any

from catalogs import folder
from catalogs.price_lists import FORMS, Source
from catalogs.refresh import Outcome, refresh
from catalogs.store import HardwareCatalog
from catalogs.tables import to_table
from engine.errors import WhatfitsError
from tui.cli.parser import Parser
from tui.cli.progress import Progress
from tui.cli.run import BAD_INPUT, complain
from tui.render.plain import plain

_EXAMPLES = """\
examples:
  whatfits offers refresh                                       gpuhunt's lists of all its providers
  whatfits offers refresh --provider aws,lambda                 of these
  whatfits offers refresh --from skypilot --provider vast       SkyPilot's list of one cloud
  whatfits offers refresh https://example.org/aws/catalog.zip
  whatfits offers refresh ./runpod/vms.csv --dry-run            read and check a file, keep nothing

Prices are checked row by row, and a list of which more than half is refused changes nothing. What is taken is kept as a
dated snapshot in the folder of fetched data; the shipped prices and your own offers stay as they are.
"""


def refresh_parser() -> Parser:
    """`whatfits offers refresh`."""
    parser = Parser(
        prog="whatfits offers refresh",
        description="Take new prices from gpuhunt's or SkyPilot's price lists.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("source", nargs="?", default="", metavar="ADDRESS|FILE", help="a zip or CSV (gpuhunt's)")
    parser.add_argument("--provider", metavar="NAME,..", default="", help="whose prices; seen from the name of a file")
    parser.add_argument("--from", choices=FORMS, dest="form", help="kind of list; seen from its header")
    parser.add_argument("--accept-jumps", action="store_true", help="take prices that are far from those before")
    parser.add_argument("--dry-run", action="store_true", help="keep nothing")
    parser.add_argument("-f", "--format", choices=("text", "json"), default="text", help="how to print (text)")
    return parser


def run_refresh(arguments: list[str]) -> int:
    """Run the command: each provider for itself, so that one that fails harms no other."""
    options = refresh_parser().parse_args(arguments)
    catalog = HardwareCatalog()
    code = 0
    done = []
    for source in _sources(options):
        try:
            outcome = _one(source, catalog, options)
        except WhatfitsError as error:
            complain(error)
            code = BAD_INPUT
            continue
        done.append(outcome)
        if options.format == "text":
            print("\n".join(_lines(outcome, dry=options.dry_run)), flush=True)
    if options.format == "json":
        print(json.dumps([_data(outcome) for outcome in done], indent=2))
    return code


def _sources(options: argparse.Namespace) -> list[Source]:
    names = [name.strip() for name in options.provider.split(",") if name.strip()]
    if not options.source and not names:
        from catalogs.importers.gpuhunt import PROVIDERS

        names = list(PROVIDERS)
    return [Source(place=options.source, provider=name, form=options.form) for name in names or [""]]


def _one(source: Source, catalog: HardwareCatalog, options: argparse.Namespace) -> Outcome:
    label = source.provider or source.place
    with Progress(f"fetching {plain(label)[-40:]}") as progress:
        return refresh(
            source,
            catalog,
            folder.data_dir(),
            now=datetime.datetime.now(datetime.UTC),
            tell=lambda here, total: progress.show(here, total, f"{here / 1e6:.1f} MB"),
            write=not options.dry_run,
            accept_jumps=options.accept_jumps,
        )


def _lines(outcome: Outcome, *, dry: bool) -> list[str]:
    """What became of a list, for people."""
    held = outcome.snapshot
    lines = [
        f"{plain(held.provider)}: {held.accepted:,} offers of {held.rows:,} rows, prices of {outcome.offers[0].as_of} "
        f"({outcome.offers[0].as_of_basis}), from {plain(held.address)}"
    ]
    lines += [f"  refused {count:,}: {plain(reason)}" for reason, count in held.rejected.items()]
    if held.unknown_gpus:
        lines.append(f"  unknown GPUs (rows): {plain(', '.join(held.unknown_gpus))}")
    lines.append("  nothing was kept (--dry-run)" if dry else f"  kept in {plain(str(outcome.path))}")
    return lines


def _data(outcome: Outcome) -> dict[str, Any]:
    return {**to_table(outcome.snapshot), "path": None if outcome.path is None else str(outcome.path)}
