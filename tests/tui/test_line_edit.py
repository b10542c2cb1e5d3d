"""One line of text being typed."""

import pytest

from tui.line_edit import LONGEST, LineEdit


def typed(keys, start="", *, fresh=False):
    line = LineEdit.holding(start, fresh=fresh)
    for key in keys:
        line = line.press(key, key if len(key) == 1 else None) or line
    return line


@pytest.mark.parametrize(
    ("start", "fresh", "keys", "text"),
    [
        ("", False, "128k", "128k"),
        ("32k", True, "1M", "1M"),
        ("32k", True, ["right", "x"], "32kx"),
        ("32k", True, ["backspace"], ""),
        ("32k", False, ["backspace", "backspace", "M"], "3M"),
        ("abc", False, ["home", "x", "end", "y"], "xabcy"),
        ("abc", False, ["left", "delete"], "ab"),
        ("abc", False, ["left", "ctrl+k"], "ab"),
        ("abc", False, ["left", "ctrl+u"], "c"),
        ("one two", False, ["ctrl+w"], "one "),
        ("a/b/long", False, ["ctrl+w"], "a/b/"),
        ("x", False, ["left", "left", "left", "right", "right", "y"], "xy"),
    ],
)
def test_keys_edit(start, fresh, keys, text):
    assert typed(keys, start, fresh=fresh).text == text


@pytest.mark.parametrize("key", ["f1", "ctrl+t", "escape", "enter"])
def test_other_keys_mean_nothing(key):
    assert LineEdit.holding("x").press(key, None) is None


def test_control_characters_are_dropped_from_what_is_pasted():
    assert LineEdit().insert("a\x1b[31m\nb").text == "a[31mb"


def test_a_huge_paste_is_cut():
    line = LineEdit().insert("x" * 10 * LONGEST)
    assert (len(line.text), line.at) == (LONGEST, LONGEST)
