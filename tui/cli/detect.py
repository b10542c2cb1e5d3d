"""`whatfits gpus detect`: the accelerators of this host, of another one, or of pasted output."""

import argparse
import sys
from typing import Any

from catalogs.detect import MIB, Device, Group, Host, detect_here, detect_over_ssh, from_text
from catalogs.files import read_text
from catalogs.store import HardwareCatalog
from engine.errors import FieldError
from engine.units import format_gib
from tui.cli.output import print_json, print_table
from tui.cli.parser import TABLE_FORMATS, Parser
from tui.render.plain import plain
from tui.render.table import Column, Table, cell

LIMIT_BYTES = 2_000_000
SCHEMA = "whatfits.detect/1"

_EXAMPLES = """\
examples:
  whatfits gpus detect                              this host: nvidia-smi, NVML, rocm-smi, amd-smi or hl-smi
  whatfits gpus detect --ssh me@gpu-box             another one, by the system's ssh
  ssh gpu-box nvidia-smi | whatfits gpus detect -   what some host printed
  whatfits gpus detect smi.csv --format json

Memory that others use is taken off what a model may have. Of several kinds of GPU each is shown for itself.
"""


def detect_parser() -> Parser:
    """`whatfits gpus detect`."""
    parser = Parser(
        prog="whatfits gpus detect",
        description="Find accelerators and what of their memory is free.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("file", nargs="?", metavar="FILE", help="output of a tool; - reads standard input")
    parser.add_argument("--ssh", metavar="HOST", help="ask another host: HOST or USER@HOST")
    parser.add_argument("-f", "--format", choices=TABLE_FORMATS, default="text", help="(text)")
    return parser


def run_detect(arguments: list[str]) -> int:
    """Run the command."""
    options = detect_parser().parse_args(arguments)
    if options.ssh is not None and options.file is not None:
        raise FieldError("--ssh", "and a file cannot both be read")
    catalog = HardwareCatalog()
    host = _host(options, catalog)
    match options.format:
        case "json":
            print_json(host_data(host))
        case "text":
            print("\n".join(_lines(host, catalog)))
        case style:
            print_table(_table(host), style)
    return 0


def _host(options: argparse.Namespace, catalog: HardwareCatalog) -> Host:
    if options.ssh is not None:
        return detect_over_ssh(options.ssh, catalog)
    if options.file == "-":
        data = sys.stdin.buffer.read(LIMIT_BYTES + 1)
        if len(data) > LIMIT_BYTES:
            raise FieldError("standard input", f"is longer than {LIMIT_BYTES:,} bytes")
        return from_text(data.decode("utf-8", "replace"), catalog, source="standard input")
    if options.file is not None:
        return from_text(read_text(options.file, limit_bytes=LIMIT_BYTES), catalog, source=options.file)
    return detect_here(catalog)


def host_data(host: Host) -> dict[str, Any]:
    """The devices as data; what is not known is null."""
    return {
        "schema": SCHEMA,
        "source": host.source,
        "mixed": host.mixed,
        "devices": [_device_data(device) for device in host.devices],
        "groups": [
            {
                "gpu": group.gpu,
                "name": group.name,
                "gpus": len(group.indexes),
                "device_memory_bytes": group.budget_bytes,
            }
            for group in host.groups
        ],
    }


def _device_data(device: Device) -> dict[str, Any]:
    reading = device.reading
    return {
        "index": device.index,
        "name": reading.name,
        "gpu": device.gpu,
        "could_be": list(device.match.could_be),
        "total_bytes": device.total_bytes,
        "used_bytes": reading.used_bytes,
        "reserved_bytes": reading.reserved_bytes,
        "budget_bytes": device.budget_bytes,
        "notes": list(device.notes),
    }


def _table(host: Host) -> Table:
    columns = (
        Column("index", "#", "right"),
        Column("gpu", "GPU"),
        Column("name", "name"),
        Column("total_bytes", "memory", "right"),
        Column("used_bytes", "used by others", "right"),
        Column("budget_bytes", "for a model", "right"),
    )
    rows = tuple(
        (
            cell(device.index),
            cell(device.gpu, device.gpu or "unknown"),
            cell(device.reading.name),
            cell(device.total_bytes, _gib(device.total_bytes)),
            cell(device.reading.used_bytes, _gib(device.reading.used_bytes)),
            cell(device.budget_bytes, _gib(device.budget_bytes)),
        )
        for device in host.devices
    )
    return Table(columns, rows)


def _gib(size: int | None) -> str:
    return "-" if size is None else format_gib(size, 2)


def _lines(host: Host, catalog: HardwareCatalog) -> list[str]:
    lines = [f"{len(host.devices)} GPU{'s' if len(host.devices) != 1 else ''}, by {plain(host.source)}"]
    lines += _table(host).lines(indent="  ")
    for device in host.devices:
        could = device.match.could_be
        hints = [f"could be {', '.join(could)}"] if could else []
        lines += [f"  {device.index}: {plain(note)}" for note in (*device.notes, *hints)]
    if host.mixed:
        kinds = ", ".join(f"{len(group.indexes)} x {plain(group.gpu or group.name)}" for group in host.groups)
        lines += ["", f"mixed GPUs: {kinds}; a deployment over all is held to the smallest, so each kind stands alone"]
    commands = [command for group in host.groups if (command := _command(group, catalog))]
    if commands:
        lines += ["", *commands]
    return lines


def _command(group: Group, catalog: HardwareCatalog) -> str:
    """What to type to size a model for these; empty where the memory or the card is not known."""
    if group.gpu is None:
        return ""
    text = f"whatfits report --gpu {group.gpu} --gpus {len(group.indexes)}"
    known = catalog.accelerators()[group.gpu].driver_bytes
    if group.budget_bytes is None or (known is not None and abs(group.budget_bytes - known) < MIB):
        return text
    return text + f' --set deployment.device_memory="{group.budget_bytes // MIB} MiB"'
