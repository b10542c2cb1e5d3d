"""What is decided about the terminal before Textual is imported."""

import pytest

from tui.terminal import detect, prepare

UTF8 = {"LANG": "en_US.UTF-8"}


def seen(environ, **given):
    return detect({"TERM": "xterm-256color", **UTF8, **environ}, is_tty=True, size=(80, 24), **given)


@pytest.mark.parametrize(
    ("environ", "given", "theme", "system"),
    [
        ({}, {}, "textual-dark", "256"),
        ({"COLORTERM": "truecolor"}, {}, "textual-dark", "truecolor"),
        ({"SSH_TTY": "/dev/pts/1"}, {}, "ansi-dark", "256"),
        ({"SSH_TTY": "x", "COLORTERM": "truecolor"}, {"color": "true"}, "textual-dark", "truecolor"),
        ({"TERM": "xterm"}, {}, "ansi-dark", "standard"),
        ({"TERM": "linux"}, {}, "ansi-dark", "standard"),
        ({"COLORTERM": "truecolor"}, {"color": "ansi"}, "ansi-dark", "standard"),
        ({"NO_COLOR": "1", "COLORTERM": "truecolor"}, {}, "ansi-dark", "truecolor"),
        ({"COLORTERM": "truecolor"}, {"color": "none"}, "ansi-dark", "standard"),
    ],
)
def test_colours(environ, given, theme, system):
    terminal = seen(environ, **given)
    assert (terminal.theme, terminal.color_system) == (theme, system)


@pytest.mark.parametrize(("value", "expected"), [("1", True), ("", False)])
def test_an_empty_no_color_means_nothing(value, expected):
    terminal = seen({"NO_COLOR": value})
    environ = {"NO_COLOR": value}
    prepare(terminal, environ)
    assert terminal.no_color is expected
    assert ("NO_COLOR" in environ) is expected


@pytest.mark.parametrize(
    ("environ", "given", "glyphs"),
    [
        ({}, {}, "utf-8"),
        ({"LC_ALL": "C"}, {}, "ascii"),
        ({"LC_ALL": "", "LC_CTYPE": "C.utf8", "LANG": "C"}, {}, "utf-8"),
        ({"LANG": ""}, {}, "ascii"),
        ({}, {"ascii_only": True}, "ascii"),
    ],
)
def test_glyphs_follow_the_locale(environ, given, glyphs):
    assert seen(environ, **given).glyphs == glyphs


@pytest.mark.parametrize(
    ("term", "is_tty", "problem"),
    [
        ("dumb", True, "cannot draw"),
        ("", True, "cannot draw"),
        ("xterm", False, "needs a terminal"),
        ("xterm", True, ""),
    ],
)
def test_where_the_app_cannot_run(term, is_tty, problem):
    terminal = detect({"TERM": term}, is_tty=is_tty, size=(80, 24))
    assert problem in terminal.problem
    assert bool(problem) == bool(terminal.problem)


def test_settings_of_textual_stay_unless_a_colour_is_asked_for():
    environ = {"TEXTUAL_COLOR_SYSTEM": "256", "TEXTUAL_ANIMATIONS": "full"}
    prepare(seen({"COLORTERM": "truecolor"}), environ)
    assert environ == {"TEXTUAL_COLOR_SYSTEM": "256", "TEXTUAL_ANIMATIONS": "full"}
    prepare(seen({}, color="true"), environ)
    assert environ["TEXTUAL_COLOR_SYSTEM"] == "truecolor"


def test_the_mouse_is_off_unless_asked_for():
    assert not seen({}).mouse
    assert seen({}, mouse=True).mouse


def test_an_exported_size_does_not_outlive_a_resize():
    environ = {"COLUMNS": "80", "LINES": "24"}
    prepare(seen({}), environ)
    assert "COLUMNS" not in environ
    assert "LINES" not in environ
