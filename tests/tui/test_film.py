"""Pictures merged into one that moves."""

import re
from xml.etree import ElementTree

import pytest

from tui.film import Shot, merged

SVG = "{http://www.w3.org/2000/svg}"


def picture(*lines, number=1, fill="#121212"):
    """A picture as Textual writes one: each line a background and a text."""
    cells = "".join(
        f'<rect fill="{fill}" x="0" y="{y * 24.4 + 1.5:g}" width="122" height="24.65" shape-rendering="crispEdges"/>'
        for y, _ in enumerate(lines)
    )
    texts = "".join(
        f'<text class="terminal-{number}-r1" x="0" y="{y * 24.4 + 20:g}" textLength="122" '
        f'clip-path="url(#terminal-{number}-line-{y})">{text.replace(" ", "&#160;")}</text>'
        for y, text in enumerate(lines)
    )
    return f"""<svg class="rich-terminal" viewBox="0 0 140 120" xmlns="http://www.w3.org/2000/svg">
    <style>
    .terminal-{number}-r1 {{ fill: #e0e0e0;font-weight: bold }}
    </style>
    <defs><clipPath id="terminal-{number}-clip-terminal"><rect x="0" y="0" width="1" height="1" /></clipPath></defs>
    <rect fill="#292929" stroke="rgba(255,255,255,0.35)" x="1" y="1" width="138" height="118" rx="8"/>
            <g transform="translate(26,22)">
            <circle cx="0" cy="0" r="7" fill="#ff5f57"/>
            </g>
    <g transform="translate(9, 41)" clip-path="url(#terminal-{number}-clip-terminal)">
    {cells}<g class="terminal-{number}-matrix">{texts}</g></g></svg>"""


@pytest.fixture
def film():
    shots = [
        Shot(picture("first     ", "  a &lt; b   ", "", number=1), 1.0, "one & only"),
        Shot(picture("first     ", "  a &lt; c   ", "", number=2), 2.0, "two"),
        Shot(picture("  a &lt; b   ", "first     ", "", number=3), 1.0, "three"),
    ]
    return merged(shots, poster=1)


def test_rows_and_styles_that_are_shared_are_written_once(film):
    root = ElementTree.fromstring(film)
    rows = {row.get("id"): "".join(row.itertext()).replace("\xa0", " ") for row in root.find(f"{SVG}defs")}
    assert sorted(rows.values()) == ["a < b", "a < c", "first"]
    assert film.count("fill:#e0e0e0;font-weight:bold") == 1
    pages = [page for page in root.iter(f"{SVG}g") if page.get("class") == "p"]
    shown = [
        [(use.get("y"), rows[use.get("href").removeprefix("#")]) for use in page.iter(f"{SVG}use")] for page in pages
    ]
    assert shown == [
        [("0", "first"), ("24.4", "a < b")],
        [("0", "first"), ("24.4", "a < c")],
        [("0", "a < b"), ("24.4", "first")],
    ]


def test_blanks_at_both_ends_go_and_the_text_stays_where_it_was(film):
    assert re.search(r'<text class="r0" x="24.4" y="20" textLength="61">a &lt; c</text>', film.replace("\xa0", " "))


def test_every_page_is_seen_in_its_time_and_one_where_nothing_moves(film):
    assert "animation:4s step-end infinite" in film
    assert "@keyframes k0{0.000%{visibility:visible}25.000%{visibility:hidden}}" in film
    assert "@keyframes k1{0%{visibility:hidden}25.000%{visibility:visible}75.000%{visibility:hidden}}" in film
    assert "@keyframes k2{0%{visibility:hidden}75.000%{visibility:visible}}" in film
    assert "#p1{visibility:visible}" in film
    assert "prefers-reduced-motion" in film
    assert "one &amp; only" in film


def test_the_commonest_background_is_drawn_once(film):
    assert film.count("#121212") == 1
    assert "#292929" not in film


def test_a_picture_of_something_else_is_refused():
    with pytest.raises(ValueError, match="not a picture"):
        merged([Shot("<svg/>", 1.0, "")], poster=0)
