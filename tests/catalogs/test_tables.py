"""Tables to dataclasses and back, with small dataclasses that use every form a field may take."""

import datetime
import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from annotated_types import Ge, Gt, Le
from hypothesis import given
from hypothesis import strategies as st

from catalogs.tables import build, normalise, to_table, validate
from engine.bounds import Bounded, Unit
from engine.errors import FieldError, UnknownKeyError, UnsupportedModelError, WhatfitsError


@dataclass(frozen=True, slots=True, kw_only=True)
class Full(Bounded):
    """One member of a union."""

    kind: Literal["full"] = "full"
    heads: Annotated[int, Gt(0)]
    bias: bool = False

    def __post_init__(self) -> None:
        Bounded.__post_init__(self)
        if self.heads == 13:
            raise UnsupportedModelError("heads", "13 heads are not understood")


@dataclass(frozen=True, slots=True, kw_only=True)
class Window(Bounded):
    """Another member."""

    kind: Literal["window"] = "window"
    tokens: Annotated[int, Gt(0), Unit("tokens")] = 4096
    scale: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Run(Bounded):
    """Holds the union."""

    count: Annotated[int, Gt(0)]
    mixer: Full | Window


@dataclass(frozen=True, slots=True, kw_only=True)
class Model(Bounded):
    """Holds everything."""

    name: str
    runs: tuple[Run, ...]
    context: Annotated[int, Gt(0), Unit("tokens")] | Literal["max"] = "max"
    size: Annotated[int, Ge(0), Unit("bytes")] | None = None
    share: Annotated[float, Ge(0), Le(1)] = 0.5
    status: Literal["ga", "announced"] = "ga"
    options: Mapping[str, int | str | bool | float] = field(default_factory=dict)
    experts: Mapping[str, Full | Window] = field(default_factory=dict)
    widths: tuple[Annotated[int, Gt(0)], ...] = ()
    pair: tuple[int, int] = (1, 2)
    extra: Window | None = None


GOOD: dict[str, Any] = {
    "name": "m",
    "runs": [
        {"count": 2, "mixer": {"kind": "full", "heads": 8}},
        {"count": 1, "mixer": {"kind": "window", "tokens": "8k", "scale": 2}},
    ],
    "context": "128Ki",
    "size": "1.5 GB",
    "options": {"a key": 1, "b": "x", "c": True, "d": 0.5},
    "experts": {"one": {"kind": "full", "heads": 1}},
    "widths": [1, 2],
    "extra": {},
}
MODEL = Model(
    name="m",
    runs=(
        Run(count=2, mixer=Full(heads=8)),
        Run(count=1, mixer=Window(tokens=8000, scale=2.0)),
    ),
    context=131072,
    size=1_500_000_000,
    options={"a key": 1, "b": "x", "c": True, "d": 0.5},
    experts={"one": Full(heads=1)},
    widths=(1, 2),
    extra=Window(),
)


def changed(path: str, value: Any) -> dict[str, Any]:
    """GOOD with one dotted key set, or removed for the value `...`."""
    table = json.loads(json.dumps(GOOD))
    *parents, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    inner = table
    for step in parents:
        inner = inner[step]
    if value is ...:
        del inner[last]
    else:
        inner[last] = value
    return table


@pytest.mark.parametrize("read", [build, validate])
def test_reads_every_form(read):
    model = read(Model, GOOD)
    assert model == MODEL
    assert isinstance(model.runs, tuple)
    assert isinstance(model.runs[1].mixer.scale, float)


def test_normalise_leaves_plain_values():
    plain = normalise(Model, GOOD)
    assert plain["context"] == 131072
    assert plain["runs"][1]["mixer"]["tokens"] == 8000
    assert plain["widths"] == (1, 2)


def test_writes_only_what_differs():
    table = to_table(MODEL)
    assert table["runs"][0] == {"count": 2, "mixer": {"kind": "full", "heads": 8}}
    assert table["extra"] == {"kind": "window"}
    assert "status" not in table
    assert "pair" not in table
    assert type(table["widths"]) is list
    assert validate(Model, table) == build(Model, table) == MODEL


BAD = [
    # key to change, value, field of the error, part of its message
    ("nam", "x", "nam", "unknown key; did you mean name?"),
    ("runs.0.mixer.hedas", 3, "runs[0].mixer.hedas", "did you mean heads?"),
    ("runs.0.mixer.tokens", 3, "runs[0].mixer.tokens", "unknown key"),
    ("name", ..., "name", "is missing; it must be text"),
    ("runs.1.count", ..., "runs[1].count", "is missing; it must be an integer"),
    ("runs.0.mixer.kind", ..., "runs[0].mixer.kind", "is missing; it must be one of full, window"),
    (
        "runs.0.mixer.kind",
        "windw",
        "runs[0].mixer.kind",
        "unknown kind 'windw'; did you mean window? known: full, window",
    ),
    ("runs.0.mixer.kind", 3, "runs[0].mixer.kind", "unknown kind 3; known: full, window"),
    ("runs", {}, "runs", "must be a list, got a table"),
    ("runs.0", 3, "runs[0]", "must be a table, got 3"),
    ("name", [], "name", "must be text, got a list"),
    ("share", float("nan"), "share", "must be a finite number, got nan"),
    ("options.b", float("inf"), "options.b", "must be a finite number"),
    ("name", datetime.date(2026, 1, 1), "name", "must not be a date or a time"),
    ("context", "12 parsecs", "context", "unknown suffix 'parsecs'"),
    ("context", "all", "context", ", or max"),
    ("size", "80", "size", "no unit in '80'"),
    ("context", 2**200, "context", "is far too large"),
    ("name", None, "name", "must be text, got nothing"),
    ("name", "\ud800", "name", "characters outside Unicode"),
    ("pair", [1, 2, 3], "pair", "must be a list of 2, got 3"),
]


@pytest.mark.parametrize("read", [normalise, build, validate])
@pytest.mark.parametrize(("path", "value", "where", "said"), BAD)
def test_refuses_wrong_tables(read, path, value, where, said):
    table = changed(path, value)
    with pytest.raises((FieldError, UnknownKeyError)) as caught:
        read(Model, table)
    assert caught.value.field == where
    assert said in caught.value.message
    with pytest.raises(WhatfitsError) as under:
        read(Model, table, where="a.toml: model[0]")
    assert under.value.field == f"a.toml: model[0].{where}"


@pytest.mark.parametrize("read", [build, validate])
def test_bounds_and_own_checks_name_the_key(read):
    with pytest.raises(FieldError) as caught:
        read(Model, changed("runs.0.count", 0))
    assert str(caught.value) == "runs[0].count: must be more than 0, got 0"
    with pytest.raises(FieldError, match=r"^widths(\[1\])?: must be more than 0, got -2$"):
        read(Model, changed("widths", [1, -2]))
    with pytest.raises(UnsupportedModelError) as refused:
        read(Model, changed("runs.0.mixer.heads", 13), where="x")
    assert str(refused.value) == "x.runs[0].mixer.heads: 13 heads are not understood"


def test_none_is_no_value_of_a_table():
    assert normalise(Model, changed("size", None))["size"] is None

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Odd(Bounded):
        depth: int | None = 5

    assert to_table(Odd()) == {}
    with pytest.raises(FieldError, match="depth: cannot be written as nothing"):
        to_table(Odd(depth=None))


@pytest.mark.parametrize("path", ["runs", "context", "runs.0.mixer.kind", "options.b"])
def test_integers_too_long_to_print_are_refused(path):
    with pytest.raises(FieldError, match="an integer of 20001 bits"):
        validate(Model, changed(path, 1 << 20_000))


def test_strange_keys_are_quoted_and_short():
    with pytest.raises(UnknownKeyError) as caught:
        validate(Model, changed("name", "m") | {"a\x1b b" + "c" * 500: 1})
    assert "\x1b" not in str(caught.value)
    assert len(str(caught.value)) < 150


def test_build_needs_no_pydantic():
    code = (
        "import sys; from catalogs.store import HardwareCatalog; c = HardwareCatalog(); "
        "c.accelerators(), c.nodes(), c.offers(); assert 'pydantic' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[2], check=True)


text = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
mixers = st.builds(Full, heads=st.integers(1, 12), bias=st.booleans()) | st.builds(
    Window, tokens=st.integers(1, 10**7), scale=st.floats(allow_nan=False, allow_infinity=False)
)
models = st.builds(
    Model,
    name=text,
    runs=st.lists(st.builds(Run, count=st.integers(1, 99), mixer=mixers), max_size=3).map(tuple),
    context=st.integers(1, 10**9) | st.just("max"),
    size=st.none() | st.integers(0, 2**60),
    share=st.floats(0, 1),
    status=st.sampled_from(["ga", "announced"]),
    options=st.dictionaries(text, st.integers(-9, 9) | text | st.booleans() | st.floats(-1, 1), max_size=3),
    experts=st.dictionaries(text, mixers, max_size=2),
    widths=st.lists(st.integers(1, 9), max_size=3).map(tuple),
    pair=st.tuples(st.integers(-9, 9), st.integers(-9, 9)),
    extra=st.none() | st.builds(Window),
)


@given(models)
def test_what_was_written_reads_back(model):
    table = to_table(model)
    assert validate(Model, table) == model
    assert build(Model, table) == model


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | text | st.just("full") | st.just("window"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["kind", "heads", "count", "mixer", "tokens", "x"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["name", *GOOD, "share", "status", "pair"]), json_values))
def test_any_table_is_read_or_refused_on_one_line(table):
    try:
        result: Model | WhatfitsError = validate(Model, GOOD | table)
    except WhatfitsError as error:
        result = error
    if isinstance(result, Model):
        assert validate(Model, to_table(result)) == result
    else:
        assert result.field
        assert str(result).isprintable()
        assert len(str(result)) < 400
