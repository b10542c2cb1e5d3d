"""A launch as a shell script that can be read, and as data."""

from collections.abc import Iterator, Sequence
from shlex import quote
from typing import Any

from engine.launch import Launch
from engine.report import Report
from tui.render.plain import plain

SCHEMA = "whatfits.launch/1"


def launch_text(found: Launch, report: Report) -> str:
    """The commands with a comment before them that says what they are for and, first, what does not fit."""
    lines = []
    if found.reason:
        lines.append(f"# does not fit: {plain(found.reason)}")
    accelerator = report.facts.accelerator.name
    what = f"{report.model.id} on {report.gpus:,} x {accelerator}, {report.plan.label}"
    lines.append(f"# {found.title} {plain(found.version)}: {plain(what)}")
    lines += [f"# {plain(text)}" for text in found.remarks]
    for file in found.files:
        lines += ["", f"cat > {quoted(file.name)} <<'EOF'", *file.text.splitlines(), "EOF"]
    for command in found.commands:
        lines += ["", *([f"# {command.where}"] if command.where else []), *script_lines(command.arguments)]
    return "\n".join(lines) + "\n"


def script_lines(arguments: Sequence[str]) -> list[str]:
    r"""A command over several lines, a flag with its values on each.

    >>> script_lines(["vllm", "serve", "m", "--tp", "8", "--x"])
    ['vllm serve m \\', '    --tp 8 \\', '    --x']
    """
    rows = [" ".join(quoted(word) for word in words) for words in _rows(arguments)]
    return [
        f"{'    ' * (place > 0)}{row}{' ' + chr(92) if place + 1 < len(rows) else ''}" for place, row in enumerate(rows)
    ]


def _rows(arguments: Sequence[str]) -> Iterator[list[str]]:
    row: list[str] = []
    for word in arguments:
        if word.startswith("--"):
            yield row
            row = []
        row.append(word)
    yield row


def quoted(word: str) -> str:
    """A word as a shell reads it back; a ~ that stands for the home folder stays one.

    >>> quoted("~/my models"), quoted("a b"), quoted("plain")
    ("~/'my models'", "'a b'", 'plain')
    """
    if word.startswith("~/"):
        return f"~/{quote(word[2:])}" if len(word) > 2 else word
    return quote(word)


def launch_data(found: Launch, report: Report) -> dict[str, Any]:
    """The launch as data: `arguments` as they are, `command` in one line as a shell reads it."""
    return {
        "schema": SCHEMA,
        "runtime": found.runtime,
        "version": found.version,
        "model": report.model.id,
        "gpu": report.facts.accelerator.id,
        "gpus": report.gpus,
        "fits": not found.reason,
        "reason": found.reason or None,
        "commands": [
            {
                "where": command.where or None,
                "arguments": list(command.arguments),
                "command": " ".join(quoted(word) for word in command.arguments),
            }
            for command in found.commands
        ],
        "files": [{"name": file.name, "text": file.text} for file in found.files],
        "remarks": list(found.remarks),
    }
