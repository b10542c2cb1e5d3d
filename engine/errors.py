"""What goes wrong, as values: each error names the field, what it held and what would be right."""

from collections.abc import Iterable


def told(field: str, message: str) -> str:
    """A key and what is said of it, as one line."""
    joint = " " if message.startswith("= ") else ": "
    return f"{field}{joint}{message}" if field else message


class WhatfitsError(ValueError):
    """An input that cannot be used.

    `field` is the dotted key that holds it (empty if no single key does), `code` a stable word for scripts. A message
    that begins with `=` goes on with the key's value: `model_type = 'foo': no rule`.
    """

    code = "bad_input"

    def __init__(self, field: str, message: str) -> None:
        super().__init__(told(field, message))
        self.field = field
        self.message = message

    def under(self, prefix: str) -> "WhatfitsError":
        """The same error with its field named from further out: `context` becomes `workload.context`."""
        joined = f"{prefix}.{self.field}" if self.field else prefix
        return type(self)(joined, self.message)


class FieldError(WhatfitsError):
    """A field whose value is wrong: type, range, unit or combination."""


class UnknownKeyError(WhatfitsError):
    """A key that nothing reads."""

    code = "unknown_key"


class UnknownNameError(WhatfitsError):
    """A model, GPU, offer, format or runtime that no catalog knows."""

    code = "unknown_name"


class UnsupportedModelError(WhatfitsError):
    """A model whose layers or state are not understood. Refused, never guessed."""

    code = "unsupported_model"


class FileProblemError(WhatfitsError):
    """A file that cannot be read or written."""

    code = "file"


def nearest(name: str, known: Iterable[str], *, limit: int = 3) -> str:
    """`; did you mean a, b?` for the known names closest to `name`, or an empty text.

    >>> nearest("contxt", ["context", "output"])
    '; did you mean context?'
    """
    # difflib costs a few milliseconds to import, and only a mistake needs it
    from difflib import get_close_matches

    by_folded = {candidate.casefold(): candidate for candidate in known}
    close = get_close_matches(name.casefold(), list(by_folded), n=limit, cutoff=0.6)
    return f"; did you mean {', '.join(by_folded[c] for c in close)}?" if close else ""
