"""Derivations as text."""

from fractions import Fraction

from engine.figures import given, made
from tui.render.tree import amount, number, tree_lines


def test_a_tree_is_indented_with_numbers_and_sources():
    layers, size = given("layers", 80, source="config.json"), given("one layer", 2 * 10**9, "B", source="catalog")
    lines = tree_lines(made("all", "product", layers, size, unit="B", note="exact"))
    assert lines == [
        "all = 160,000,000,000 B (160.0 GB, 149.0 GiB)  = 80 x 2,000,000,000   [exact]",
        "  layers = 80   [config.json]",
        "  one layer = 2,000,000,000 B (2.0 GB, 1.9 GiB)   [catalog]",
    ]


def test_quotients_say_how_they_are_rounded():
    seven, two = given("a", 7, source="x"), given("b", 2, source="x", exact=False)
    assert "7 / 2, rounded up" in tree_lines(made("q", "ceiling quotient", seven, two))[0]
    assert "estimate" in tree_lines(made("q", "floor quotient", seven, two))[0]
    assert "least of 7, 2" in tree_lines(made("q", "least", seven, two))[0]


def test_numbers():
    assert number(1234567) == "1,234,567"
    assert number(Fraction(3, 2)) == "1.50"
    assert amount(5, "tokens") == "5 tokens"
