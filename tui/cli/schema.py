"""`whatfits schema`: the JSON Schema of scenario files."""

import argparse

from catalogs.schema import scenario_schema
from tui.cli.output import print_json
from tui.cli.parser import Parser

_EXAMPLES = """\
examples:
  whatfits schema > scenario.schema.json
  echo '#:schema ./scenario.schema.json' | cat - mine.toml        the first line that Taplo and its editors look for
"""


def schema(arguments: list[str]) -> int:
    """Run the command."""
    parser = Parser(
        prog="whatfits schema",
        description="The JSON Schema of scenario files, for editors that complete and check them.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.parse_args(arguments)
    print_json(scenario_schema())
    return 0


__all__ = ["scenario_schema", "schema"]
