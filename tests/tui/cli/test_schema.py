"""`whatfits schema`: JSON on standard output, the same every time."""

import json

from catalogs.schema import scenario_schema


def test_it_prints_the_schema(whatfits):
    ran = whatfits("schema")
    assert (ran.code, ran.err) == (0, "")
    assert json.loads(ran.out) == scenario_schema()
    assert whatfits("schema").out == ran.out


def test_it_takes_nothing(whatfits):
    ran = whatfits("schema", "mine.toml")
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
