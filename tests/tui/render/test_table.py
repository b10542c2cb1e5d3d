"""One table, four forms."""

from tui.render.table import Column, Table, cell, csv_text

TABLE = Table(
    (Column("name", "name"), Column("size", "GB", "right")),
    ((cell("a|b"), cell(10**9, "1.0")), (cell("=sum", "=sum"), cell(None))),
)


def test_columns_are_aligned():
    assert TABLE.lines() == ["name   GB", "a|b   1.0", "=sum    -"]
    assert TABLE.lines(indent="  ", header=False)[0] == "  a|b   1.0"


def test_markdown_is_escaped():
    assert TABLE.markdown()[2] == "| a\\|b | 1.0 |"


def test_csv_is_raw_and_runs_nothing():
    assert TABLE.csv() == "name,size\na|b,1000000000\n'=sum,\n"
    assert csv_text(["x"], [[True], ["\x1b[0m"]]) == "x\ntrue\n\\x1b[0m\n"


def test_data():
    assert TABLE.data()[1] == {"name": "=sum", "size": None}


def test_control_characters_never_reach_a_cell():
    assert cell("a\x1b[31m\n").text == "a\\x1b[31m\\n"
