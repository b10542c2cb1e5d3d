"""CSV by its header, and cells that are not believed."""

import pytest

from catalogs.importers import price_rows
from catalogs.importers.price_rows import RowError, number_of, records, size_of, text_of
from engine.errors import FieldError


def test_columns_are_found_by_name_in_any_order():
    found = list(records(["b,a,c\n", "2,1,3\n", "\n", "5,4,6\n"], ("a", "b"), where="here"))
    assert found == [{"b": "2", "a": "1", "c": "3"}, {"b": "5", "a": "4", "c": "6"}]


def test_a_row_of_another_length_is_a_row_that_cannot_be_read():
    assert list(records(["a,b\n", "1\n", "1,2\n"], ("a",), where="here")) == [{}, {"a": "1", "b": "2"}]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([], "is empty"),
        (["x,y\n"], "has no column a, b; its header is 'x, y'"),
        (['a,b\n"' + "x" * 140_000 + '"\n'], "is not CSV: field larger than field limit"),
    ],
)
def test_what_is_no_such_list(lines, said):
    text = "".join(lines).splitlines(keepends=True)
    with pytest.raises(FieldError, match=said):
        list(records(text, ("a", "b"), where="here"))


def test_too_many_rows(monkeypatch):
    monkeypatch.setattr(price_rows, "MOST_ROWS", 3)
    with pytest.raises(FieldError, match="more than 3 rows"):
        list(records(["a\n", *["1\n"] * 5], ("a",), where="here"))


@pytest.mark.parametrize("text", ["nan", "inf", "-inf", "1e999", "x", "1,5", "٣", "1" * 50])
def test_numbers_that_are_none(text):
    with pytest.raises(RowError, match="a price that is no number"):
        number_of({"price": text}, "price", what="price")
    assert size_of({"cpu": text}, "cpu") is None


def test_cells():
    assert number_of({"price": " 2.5 "}, "price", what="price") == 2.5
    assert number_of({"price": ""}, "price", what="price") is None
    assert size_of({"cpu": "-1"}, "cpu") is None
    assert text_of({"region": " us-east-1 "}, "region", what="region") == "us-east-1"
    for wrong in ("", "a\x1b[31m", "x" * 200, "ü"):
        with pytest.raises(RowError):
            text_of({"region": wrong}, "region", what="region")
