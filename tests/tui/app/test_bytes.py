"""What the app writes to a terminal, held to budgets: someone reads it over a slow link."""

import sys

import pytest

from tests.tui.app.terminal import ANSWER, CHILD, FIRST_SCREEN, TRIVIAL, OnTerminal, settled

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="a pseudo-terminal and /proc are needed")

BUDGETS = {
    "start": 16_000,
    # it replaces the value, marks the scenario as unsaved, and here lets the output be chosen again
    "first character": 350,
    "typed character": 250,
    "settled answer": 5_000,
    "pane switch": 8_000,
    "cursor": 250,
    "letters to jump to": 700,
    "palette": 8_000,
    "letter in the palette": 3_000,
    "letter in the command line": 350,
}
TEN_CHARACTERS = 10_000


@pytest.fixture
def app(request, tmp_path):
    """The app with a delay before answers [s], started and settled."""
    with settled(tmp_path, delay=request.param) as running:
        yield running


@pytest.mark.parametrize("app", [30.0], indirect=True)
def test_echo_and_moves_are_small_and_idling_is_free(app, capsys):
    counts = {"start": len(app.start_bytes)}
    for pane in (b"2", b"3", b"4", b"5", b"6", b"1"):
        app.press(pane)
        counts["pane switch"] = max(counts.get("pane switch", 0), len(app.written()))
    for name, keys in (
        ("palette", b"\x10"),
        ("letter in the palette", b"h"),
        ("palette", b"\x1b"),
        ("letter in the command line", b":"),
        ("letter in the command line", b"h"),
        ("palette", b"\x1b"),
    ):
        app.press(keys)
        counts[name] = max(counts.get(name, 0), len(app.written()))
    app.press(b"2")
    app.written()
    app.press(b"'")
    counts["letters to jump to"] = len(app.written())
    app.press(b"\x1b")
    app.written()
    app.press(b"j")
    counts["cursor"] = len(app.written())
    app.press(b"k\r")
    app.written()
    app.press(b"1")
    counts["first character"] = len(app.written())
    for character in (b"2", b"8", b"k", b"\x7f"):
        app.press(character)
        counts["typed character"] = max(counts.get("typed character", 0), len(app.written()))
    idle = app.written(wait=1.5)
    with capsys.disabled():
        print(f" {counts}, idle {len(idle)}", end="")
    assert idle == b""
    assert {name: size for name, size in counts.items() if size > BUDGETS[name]} == {}
    assert b"?1003h" not in app.start_bytes


@pytest.mark.parametrize("app", [0.12], indirect=True)
def test_answers_are_small(app, capsys):
    app.press(b"4")
    app.written()
    app.press(b"2\r")
    app.written()
    app.press(b"5M")
    settled = len(app.written(quiet=0.6))
    app.press(b"\x15")
    app.written()
    for character in b"1234567890":
        app.press(bytes([character]))
        app.written(wait=0.06, quiet=0.01)
    ten = len(app.written(quiet=0.6))
    with capsys.disabled():
        print(f" settled {settled}, ten {ten}", end="")
    assert 0 < settled <= BUDGETS["settled answer"]
    assert ten <= TEN_CHARACTERS


@pytest.mark.slow
def test_the_first_screen_comes_as_fast_as_a_trivial_app(capsys, tmp_path):
    ratios = []
    for _ in range(3):
        trivial, first = OnTerminal(TRIVIAL), None
        try:
            plain = trivial.until(b"ready")[1]
            memory = trivial.peak_kib()
        finally:
            trivial.close()
        first = OnTerminal(CHILD, "0.12", SSH_TTY="x", WHATFITS_STATE_DIR=str(tmp_path))
        try:
            shown = first.until(FIRST_SCREEN)[1]
            answered = shown + first.until(ANSWER)[1]
            ratios.append((shown / plain, answered / plain, first.peak_kib() / memory))
        finally:
            first.close()
    screen, answer, peak = (min(column) for column in zip(*ratios, strict=True))
    with capsys.disabled():
        print(f" first screen {screen:.2f} x, answer {answer:.2f} x, memory {peak:.2f} x a trivial app", end="")
    # clocks of shared machines are no measure; these only catch a start that went wrong
    assert screen < 1.8
    assert peak < 1.6
