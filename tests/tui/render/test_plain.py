"""Other people's text is inert."""

from hypothesis import given
from hypothesis import strategies as st

from tui.render.plain import plain


def test_visible_text_stays():
    assert plain("Qwen3 中文 ä [red]") == "Qwen3 中文 ä [red]"


@given(st.text())
def test_whatever_comes_in_one_printable_line_comes_out(text):
    assert plain(text).isprintable()
    assert plain(plain(text)) == plain(text)
