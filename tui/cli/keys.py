"""`whatfits keys`: what every key of the app does, by the ids that the user's own keys are set with."""

import argparse

from catalogs.settings import settings_path
from tui.app import user_commands
from tui.cli.output import print_table
from tui.cli.parser import TABLE_FORMATS, Parser
from tui.commands import COMMANDS
from tui.render.plain import plain
from tui.render.table import Column, Table, cell

_WORDS = """\
Keys of your own go into {path}:

  [keys]
  down = "j,down"        any number of keys, with commas between
  go.results = "f4,4"
  jump = ""              no key: the palette still does it

Keys are written j, J, ?, space, pagedown, f2, ctrl+s. One key may do two things only in different panes.
"""


def keys(arguments: list[str]) -> int:
    """Run the command."""
    parser = Parser(
        prog="whatfits keys",
        description="List the commands of the app with their keys, yours included.",
        epilog=_WORDS.format(path=plain(str(settings_path()))),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("-f", "--format", choices=TABLE_FORMATS, default="text", help="how to print (text)")
    print_table(_table(), parser.parse_args(arguments).format)
    return 0


def _table() -> Table:
    shipped = {command.id: command.keys for command in COMMANDS}
    columns = [Column("id", "id"), Column("keys", "keys"), Column("default", "shipped"), Column("panes", "works in")]
    rows = []
    for command in user_commands():
        default = shipped[command.id]
        if default:
            rows.append(
                (
                    cell(command.id),
                    cell(command.keys, command.keys or "none"),
                    cell(default, "" if default == command.keys else default),
                    cell(" ".join(sorted(command.panes))),
                    cell(command.help),
                )
            )
    return Table((*columns, Column("help", "does")), tuple(rows))
