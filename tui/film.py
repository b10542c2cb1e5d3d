"""Pictures of the screen, merged into one SVG that shows them one after the other.

A row of the screen that several pictures share is written once, and so is a style: that makes a film of a terminal
little larger than a few of its pictures. CSS turns the pages, so that it also runs where scripts do not; whoever
wants no motion, or has a viewer without animations, sees one of the pictures.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape, unescape

CELL, LINE = 12.2, 24.4
"""Width and height of a cell in Textual's pictures [px]."""

BASELINE, RECT_TOP = 20, 1.5
"""Where in its row a text and its background begin, in Textual's pictures [px]."""

_RULE = re.compile(r"\.terminal-\d+-(r\d+) \{ (.*?) \}")
_RECT = re.compile(r'<rect fill="([^"]+)" x="([^"]+)" y="([^"]+)" width="([^"]+)" height="[^"]+" shape-rendering')
_TEXT = re.compile(r'<text class="terminal-\d+-(r\d+)" x="([^"]+)" y="([^"]+)" [^>]*>(.*?)</text>')
_FRAME = re.compile(
    r'viewBox="(?P<box>[^"]+)".*</defs>\s*(?P<chrome><rect[^>]*/>).*?(?P<buttons><g transform="translate\(26.*?</g>)'
    r'\s*<g transform="(?P<place>[^"]+)"',
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Shot:
    """A picture as Textual exports it, how long it is shown [s], and the words above it."""

    picture: str
    seconds: float
    words: str


@dataclass(slots=True)
class _Shared:
    """What several pictures use: rules of style, and rows, each under a short name."""

    rules: dict[str, str] = field(default_factory=dict)
    rows: dict[str, str] = field(default_factory=dict)

    def rule(self, css: str) -> str:
        return self.rules.setdefault(css, f"r{len(self.rules)}")

    def row(self, content: str) -> str:
        return self.rows.setdefault(content, f"l{len(self.rows)}")


def merged(shots: Sequence[Shot], *, poster: int) -> str:
    """One SVG of all pictures, shown over and over; `poster` is the one that stands where nothing moves.

    Raises `ValueError` for a picture that is not one of Textual's.
    """
    frame = _FRAME.search(shots[0].picture)
    if frame is None:
        raise ValueError("not a picture that Textual has exported")
    width = float(frame["box"].split()[2])
    ground = _ground(shots[0].picture)
    shared = _Shared()
    pages = []
    for number, shot in enumerate(shots):
        words = f'<text class="t" x="{width / 2:g}" y="27">{escape(shot.words)}</text>'
        uses = "".join(f'<use href="#{name}" y="{y * LINE:g}"/>' for y, name in _rows(shot.picture, shared, ground))
        pages.append(f'<g class="p" id="p{number}">{words}<g transform="{frame["place"]}">{uses}</g></g>')
    rules = [f".{name}{{{css}}}" for css, name in shared.rules.items()]
    rows = [f'<g id="{name}">{content}</g>' for content, name in shared.rows.items()]
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{frame["box"]}">',
            "<style>",
            f"text{{font:{BASELINE}px 'Fira Code',Menlo,Consolas,'DejaVu Sans Mono',monospace}}",
            ".t{font:bold 18px arial,sans-serif;fill:#c5c8c6;text-anchor:middle}",
            *rules,
            *_motion(shots, poster),
            "</style>",
            "<defs>",
            *rows,
            "</defs>",
            re.sub(r'fill="[^"]+"', f'fill="{ground}"', frame["chrome"]),
            re.sub(r"\s+", " ", frame["buttons"]),
            *pages,
            "</svg>\n",
        )
    )


def _motion(shots: Sequence[Shot], poster: int) -> list[str]:
    """When each page is seen, as parts of the whole."""
    whole = sum(shot.seconds for shot in shots)
    found = [f".p{{visibility:hidden;animation:{whole:g}s step-end infinite}}", f"#p{poster}{{visibility:visible}}"]
    start = 0.0
    for number, shot in enumerate(shots):
        end = start + shot.seconds
        before = "0%{visibility:hidden}" if number else ""
        after = f"{end / whole:.3%}{{visibility:hidden}}" if number < len(shots) - 1 else ""
        found.append(f"#p{number}{{animation-name:k{number}}}")
        found.append(f"@keyframes k{number}{{{before}{start / whole:.3%}{{visibility:visible}}{after}}}")
        start = end
    return [*found, "@media(prefers-reduced-motion:reduce){.p{animation:none}}"]


def _ground(picture: str) -> str:
    """The colour that is behind most of the screen."""
    widths: Counter[str] = Counter()
    for fill, _, _, width in _RECT.findall(picture):
        widths[fill] += round(float(width))
    return widths.most_common(1)[0][0] if widths else "none"


def _rows(picture: str, shared: _Shared, ground: str) -> list[tuple[int, str]]:
    """The rows of a picture that are not blank: their numbers, and the names of what they show."""
    rules = dict(_RULE.findall(picture))
    parts: dict[int, list[str]] = {}
    for fill, x, y, width in _RECT.findall(picture):
        if fill != ground:
            part = f'<rect fill="{fill}" x="{x}" y="{RECT_TOP}" width="{width}" height="{LINE + 0.25:g}"/>'
            parts.setdefault(round((float(y) - RECT_TOP) / LINE), []).append(part)
    for name, x, y, escaped in _TEXT.findall(picture):
        css = rules[name].replace(": ", ":")
        text = unescape(escaped)
        shown = text if "underline" in css else text.rstrip("\xa0")
        lead = 0 if "underline" in css else len(shown) - len(shown.lstrip("\xa0"))
        if shown[lead:]:
            start = float(x) + lead * CELL
            attributes = f'x="{start:g}" y="{BASELINE}" textLength="{(len(shown) - lead) * CELL:g}"'
            part = f'<text class="{shared.rule(css)}" {attributes}>{escape(shown[lead:], quote=False)}</text>'
            parts.setdefault(round((float(y) - BASELINE) / LINE), []).append(part)
    return [(y, shared.row("".join(parts[y]))) for y in sorted(parts)]
