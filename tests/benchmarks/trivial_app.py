"""The smallest Textual app that shows something: what the app's start is compared with."""

from textual.app import App, ComposeResult
from textual.widgets import Static


class Trivial(App[None]):
    """One line of text."""

    def compose(self) -> ComposeResult:
        yield Static("ready")


if __name__ == "__main__":
    Trivial().run(mouse=False)
