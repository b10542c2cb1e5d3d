"""`whatfits models import`: a config.json, its folder or a GGUF file as a model of the user's own catalog."""

import argparse
import sys
from pathlib import Path
from typing import Any

from catalogs import folder
from catalogs.files import LIMIT_BYTES, write_text_atomic
from catalogs.model_files import read_model_file
from catalogs.tables import to_table
from engine.errors import FieldError, FileProblemError
from engine.model import ModelSpec
from tui.cli.parser import Parser
from tui.render.catalog import model_lines
from tui.render.plain import plain

_EXAMPLES = """\
examples:
  whatfits models import ./my-model                  a folder with config.json
  whatfits models import model-Q4_K_M.gguf --id us/my-model
  curl -s .../config.json | whatfits models import - --id us/my-model
  whatfits models import config.json --print         show what was understood, write nothing
"""


def import_model(arguments: list[str]) -> int:
    """Run the command."""
    options = _parser().parse_args(arguments)
    spec = read_model(options.path, model_id=options.id)
    if options.print:
        print("\n".join(model_lines(spec)))
        return 0
    path = folder.config_dir() / "models" / f"{spec.id.replace('/', '__')}.toml"
    if path.name.startswith(".") or path.name != Path(path.name).name:
        raise FieldError("--id", f"{spec.id[:60]!r} is no name for a file; give another with --id")
    if path.exists() and not options.force:
        raise FileProblemError(str(path), "is there already; --force replaces it")
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text_atomic(path, _toml(to_table(spec)))
    print(plain(f"{spec.id}: {spec.parameters:,} parameters, {spec.layer_count} layers, written to {path}"))
    return 0


def read_model(name: str, *, model_id: str | None = None) -> ModelSpec:
    """The model in a file, or in a config on standard input where `name` is `-`.

    Raises `WhatfitsError`, `UnsupportedModelError` among them for what no rule understands.
    """
    from dataclasses import replace

    if name != "-":
        spec = read_model_file(Path(name)).model
        return replace(spec, id=model_id) if model_id else spec
    from catalogs.importers.hf_config import import_config, parse_config

    text = sys.stdin.buffer.read(LIMIT_BYTES + 1)
    if len(text) > LIMIT_BYTES:
        raise FileProblemError("standard input", f"is larger than the {LIMIT_BYTES:,} bytes that are read")
    config = parse_config(text.decode("utf-8", "replace"), "standard input")
    return import_config(config, model_id=model_id or "standard-input", source="standard input")


def _toml(table: dict[str, Any]) -> str:
    import tomli_w

    return tomli_w.dumps(table)


def _parser() -> Parser:
    parser = Parser(
        prog="whatfits models import",
        description="Write a model into your own catalog, read from its config or its GGUF header.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("path", metavar="PATH", help="config.json, its folder, a GGUF file, or - for a config")
    parser.add_argument("--id", metavar="NAME", help="its id in scenarios")
    parser.add_argument("--print", action="store_true", help="show the model instead of writing it")
    parser.add_argument("--force", action="store_true", help="replace a model of this id")
    return parser
