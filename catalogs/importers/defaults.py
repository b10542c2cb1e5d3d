"""Class defaults: what a key means that a config leaves out.

The values are those of the configuration classes of transformers 5.23.0, before anything is derived from them;
`class_defaults.json` holds the fields that decide shapes, by model_type. A class default of null is left out:
there absent and null mean the same.
"""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from catalogs.files import read_text

_FILE = Path(__file__).with_name("class_defaults.json")


@cache
def class_defaults(model_type: str) -> Mapping[str, Any]:
    """The class defaults of a model_type; empty for one whose class is not part of transformers."""
    found: Mapping[str, Any] = _all().get(model_type, {})
    return found


@cache
def _all() -> Mapping[str, Mapping[str, Any]]:
    table: Mapping[str, Mapping[str, Any]] = json.loads(read_text(_FILE))
    return table
