"""Text from files and people, made safe to print: control characters and odd directions become visible escapes."""

import unicodedata

_HIDDEN = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"))
"""Unicode categories that a terminal could obey or swallow instead of show; of blanks, only the plain one passes."""


def plain(text: str) -> str:
    r"""The text on one line with everything that is no visible character escaped.

    >>> plain("a\x1b[31mb\nc")
    'a\\x1b[31mb\\nc'
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_shown(character) for character in text)


def _shown(character: str) -> str:
    if character != " " and unicodedata.category(character) in _HIDDEN:
        return character.encode("unicode_escape").decode("ascii")
    return character
