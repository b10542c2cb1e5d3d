"""`whatfits gpus add` and `offers add`: entries of the user's own catalogs, from the command line."""

import argparse
import datetime
from typing import Any

from catalogs import folder
from catalogs.merge import parse_assignment, set_key
from catalogs.own_entries import add, entry_of, like
from catalogs.store import HardwareCatalog
from engine.errors import FieldError, UnknownKeyError, nearest
from engine.hardware import Accelerator, Node, Offer
from tui.cli.parser import Parser
from tui.render.plain import plain

_EXAMPLES = {
    "gpus": """\
examples:
  whatfits gpus add lab-48 name="Lab card" vendor=nvidia label_gb=48 driver_bytes="47.5 GiB"
  whatfits gpus add 4090-48 --like rtx-4090 label_gb=48 driver_bytes="49140 MiB" name="RTX 4090 48GB"
  whatfits gpus add rack --node gpu=rtx-4090 gpus=4 network_bytes_per_s=12.5e9

Keys are those of `whatfits gpus show h100-sxm --format json`; tables within are dotted: peaks.bf16_flops_per_s=1e14.
""",
    "offers": """\
examples:
  whatfits offers add our-h100 provider=us instance=rack gpu=h100 gpus=8 on_demand_usd_per_hour=19.5
  whatfits offers add owned provider=us instance=rack gpu=h100 gpus=8 kind=ownership ownership.capital_usd=280000 \\
      ownership.years=4 ownership.power_watts=10200 ownership.usd_per_kwh=0.12 ownership.power_overhead=1.3

Keys are those of `whatfits offers show NAME --format json`. Your own offers win over all others.
""",
}
_OWN_SOURCE = "entered by the user"


def add_parser(name: str) -> Parser:
    """`whatfits gpus add` and `offers add`."""
    parser = Parser(
        prog=f"whatfits {name} add",
        description=f"Write an entry into your own catalog of {'accelerators' if name == 'gpus' else 'prices'}.",
        epilog=_EXAMPLES[name],
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("id", metavar="ID", help="its name in scenarios")
    parser.add_argument("values", nargs="*", metavar="KEY=VALUE", help="what it is")
    parser.add_argument("--like", metavar="NAME", help="begin as a copy of this one")
    parser.add_argument("--force", action="store_true", help="replace an entry of this id")
    if name == "gpus":
        parser.add_argument("--node", action="store_true", help="a node: how many GPUs share a machine")
    return parser


def add_entry(name: str, arguments: list[str]) -> int:
    """Run the command."""
    # options may stand between the values
    options = add_parser(name).parse_intermixed_args(arguments)
    catalog = HardwareCatalog()
    cls: Any = Offer
    if name == "gpus":
        cls = Node if options.node else Accelerator
    table = _table(options, cls, catalog)
    table["id"] = options.id
    entry = entry_of(cls, table, where=name)
    if not isinstance(entry, Accelerator):
        catalog.accelerator(entry.gpu, field=f"{name}.gpu")
    path = add(folder.config_dir(), entry, force=options.force)
    # read back as every other command will
    HardwareCatalog().accelerators()
    print(f"{plain(entry.id)} is in {plain(str(path))}")
    return 0


def _table(options: argparse.Namespace, cls: type, catalog: HardwareCatalog) -> dict[str, Any]:
    today = datetime.date.today().isoformat()
    table: dict[str, Any] = {}
    if options.like is not None:
        table = like(_model(options.like, cls, catalog), options.id)
    if cls is Offer:
        table |= {"as_of": today, "as_of_basis": "day it was entered", "source": _OWN_SOURCE}
    elif cls is Accelerator:
        table |= {"retrieved": today[:7], "sources": [_OWN_SOURCE]}
    else:
        table |= {"retrieved": today[:7], "source": _OWN_SOURCE}
    for text in options.values:
        key, value = parse_assignment(text, field="KEY=VALUE")
        if key == "id":
            raise FieldError("id", "is the first word after add")
        set_key(table, key, value, field="KEY=VALUE")
    return table


def _model(name: str, cls: type, catalog: HardwareCatalog) -> Any:
    if cls is Accelerator:
        return catalog.accelerator(name, field="--like")
    if cls is Offer:
        return catalog.offer(name, field="--like")
    found = catalog.nodes().get(name)
    if found is None:
        raise UnknownKeyError("--like", f"no such node{nearest(name[:60], catalog.nodes())}")
    return found
