"""Lines: their width in cells, and that nothing in them is obeyed."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.render import line as n
from tui.render.glyphs import ascii_line
from tui.widgets.lines import changed_cells

ANY = st.text(max_size=30)
LINES = st.lists(st.tuples(ANY, st.sampled_from(["", "dim", "bold", "bad"])), max_size=6).map(tuple)


@given(LINES, st.integers(0, 60))
def test_a_finished_line_is_inert_and_as_wide_as_its_place(spans, width):
    done = n.finish(spans, width)
    assert n.width_of(done) == width
    # blanks of other widths are not printable to Python, and harmless
    assert all(c.isprintable() or unicodedata.category(c) == "Zs" for c in n.text_of(done))


@given(ANY, st.integers(0, 40))
def test_texts_fill_their_field(text, width):
    assert n.cells(n.left(text, width)) == width
    assert n.cells(n.right(text, width)) == width
    assert n.cells(n.crop(text, width)) <= width


@given(LINES, st.integers(0, 60))
def test_the_ascii_form_is_as_wide(spans, width):
    done = ascii_line(n.finish(spans, width))
    assert n.text_of(done).isascii()
    assert n.width_of(done) == width


@given(st.text(alphabet="ab模é", max_size=12), st.text(alphabet="ab模é", max_size=12))
def test_outside_the_changed_cells_nothing_differs(before, after):
    old, new = n.finish(((before, ""),), 12), n.finish(((after, ""),), 12)
    start, end = changed_cells(old, new)
    assert 0 <= start <= end <= 12
    if old == new:
        assert start == end or end == 12


@pytest.mark.parametrize("width", [10, 20, 46, 80])
def test_headings_fill_their_width(width):
    for note in ("", "note", "a note that is much longer than the heading has room for"):
        assert n.width_of(n.finish(n.heading("title", note, width), width)) == width


def test_long_words_and_blanks_wrap():
    assert n.wrapped("one two three", 7) == ["one two", "three"]
    assert n.wrapped("abcdefghij k", 5) == ["abcd…", "k"]
    assert n.wrapped("", 5) == []


def test_neighbours_of_one_look_are_joined():
    assert n.line("a", "", ("b", ""), ("c", "dim")) == (("ab", ""), ("c", "dim"))


def test_dimmed_lines_keep_their_text():
    assert n.dimmed([(("a", "bad"), ("b", ""))]) == [(("a", "dim"), ("b", "dim"))]
