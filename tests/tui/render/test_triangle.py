"""The picture of context, latency and cost: two curves, two axes, the limits marked."""

import pytest

from catalogs.evidence_store import EvidenceCatalog
from engine.corpus import Corpus
from engine.retrieval import compare_ways
from engine.triangle import Corner, Triangle, triangle
from tui.render.glyphs import ascii_line
from tui.render.line import cells, text_of
from tui.render.triangle import Reach, column, reaches, triangle_lines, triangle_table


@pytest.fixture(scope="module")
def report(solver):
    from catalogs.scenarios import shipped
    from tui.answers import Answers

    return solver.answer(shipped(), None, Answers()).report


def corner(tokens, seconds, usd=None):
    return Corner(context_tokens=tokens, fits=tokens < 1_000_000, prefill_seconds=seconds, seconds=seconds, usd=usd)


STRAIGHT = Triangle(
    corners=tuple(corner(10**n, 10.0**n, 10.0**-n) for n in range(3, 8)),
    output_tokens=0,
    memory_tokens=1_000_000,
    claimed_tokens=10**7,
)


def grid(lines, rows):
    """The cells between the two axes."""
    return [text_of(line).split("│", 1)[1].rsplit("│", 1)[0] for line in lines[:rows]]


def test_a_power_is_a_straight_line_on_logarithmic_axes():
    lines = triangle_lines(STRAIGHT, 61, 45)
    rows = grid(lines, 43)
    places = {x: y for y, row in enumerate(rows) for x, sign in enumerate(row) if sign in "s#"}
    # ten times the tokens are ten times the seconds: a column a row, the same all along
    steps = {places[x] - places[x + 1] for x in range(len(rows[0]) - 1)}
    assert max(places.values()) - min(places.values()) >= 38
    assert max(steps) <= 2
    falling = {x: y for y, row in enumerate(rows) for x, sign in enumerate(row) if sign in "$#"}
    assert falling[0] < falling[len(rows[0]) - 1]


def test_the_limit_is_a_line_and_the_reaches_are_letters():
    marks = (Reach("F", 10**6, "1M fit"), Reach("C", 10**7, "10M claimed"), Reach("T", 10**7, "all"))
    lines = [text_of(line) for line in triangle_lines(STRAIGHT, 80, 16, marks)]
    assert len(lines) == 16
    at = 10 + column(10**6, (10**3, 10**7), 59)
    assert all(line[at] in "│s$#" for line in lines[:12])
    letters = next(line for line in lines if line.strip() and set(line.strip()) <= set("FCT "))
    assert letters[at] == "F"
    # two at one place stand side by side
    assert letters.rstrip().endswith("TC")
    assert "1M fit" in " ".join(lines[-2:])


def test_no_line_is_wider_than_it_may_be(report):
    evidence = EvidenceCatalog()
    found = triangle(report)
    marks = reaches(found, compare_ways(report, Corpus(tokens=10**6, questions_per_day=1), evidence.scores))
    for width, height in ((80, 17), (60, 8), (120, 30)):
        lines = triangle_lines(found, width, height, marks)
        assert len(lines) == height
        assert all(cells(text_of(line)) <= width for line in lines)


def test_ascii_is_as_wide(report):
    for spans in triangle_lines(triangle(report), 80, 17):
        plain = text_of(ascii_line(spans))
        assert plain.isascii()
        assert len(plain) == cells(text_of(spans))


def test_without_times_it_says_so():
    blind = Triangle(
        corners=(corner(1000, None), corner(2000, None)), output_tokens=0, memory_tokens=1, claimed_tokens=None
    )
    assert "no time is known" in text_of(triangle_lines(blind, 80, 17)[0])
    assert triangle_table(blind).data()[0]["prefill_seconds"] is None


def test_without_prices_there_is_one_curve():
    bare = Triangle(
        corners=tuple(corner(10**n, 10.0**n) for n in range(3, 8)),
        output_tokens=0,
        memory_tokens=1_000_000,
        claimed_tokens=None,
    )
    assert not any("$" in row for row in grid(triangle_lines(bare, 80, 12), 10))
