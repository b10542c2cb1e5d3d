"""Names of accelerators: one exact match after folding, never a part of a name."""

import re
from collections.abc import Iterable, Mapping

from engine.errors import FieldError
from engine.hardware import Accelerator
from engine.units import shorten

# Words that drivers put before the name of a device and people leave out.
_VENDOR_WORDS = frozenset(("nvidia", "amd", "intel", "apple", "google", "tesla", "geforce", "instinct", "radeon"))


def fold(name: str) -> str:
    """The name without case and trade marks; runs of blanks, hyphens and underscores become one hyphen.

    >>> fold("NVIDIA_H100  80GB HBM3"), fold("Intel(R) Arc(TM) B580")
    ('nvidia-h100-80gb-hbm3', 'intel-arc-b580')
    """
    plain = re.sub(r"\((?:r|tm)\)|[®™]", "", name.casefold())
    return re.sub(r"[\s_-]+", "-", plain).strip("-")


def without_vendor(folded: str) -> str:
    """A folded name without the vendor's words before it.

    >>> without_vendor("nvidia-geforce-rtx-4090")
    'rtx-4090'
    """
    words = folded.split("-")
    while len(words) > 1 and words[0] in _VENDOR_WORDS:
        words.pop(0)
    return "-".join(words)


def index_of(accelerators: Iterable[Accelerator]) -> dict[str, str]:
    """Folded names (id, name, aliases) to ids.

    Raises `FieldError` if two of the accelerators share one.
    """
    index: dict[str, str] = {}
    for accelerator in accelerators:
        # the device's name comes with the vendor's words, and people type it without
        own = (accelerator.id, accelerator.name, without_vendor(fold(accelerator.name)), *accelerator.aliases)
        for name in own:
            if index.setdefault(fold(name), accelerator.id) != accelerator.id:
                other = index[fold(name)]
                raise FieldError(
                    f"{accelerator.id}.aliases",
                    f"{shorten(name)} already names {other}; a name must mean one GPU",
                )
    return index


def find(index: Mapping[str, str], name: str) -> str | None:
    """The id that `name` means: as written, or without the vendor's words. None if nothing has that name."""
    folded = fold(name)
    return index.get(folded) or index.get(without_vendor(folded))


def unknown(index: Mapping[str, str], name: str, ids: Iterable[str]) -> str:
    """What to say of a name that nothing has: "A100" alone could be several, others may be misspelt.

    `index` holds all names, so that one letter too few of an alias is seen; what is offered are ids.
    """
    # difflib costs a few milliseconds to import, and only a mistake needs it
    from difflib import get_close_matches

    folded = without_vendor(fold(name[:60]))
    several = [known for known in ids if known.startswith(f"{folded}-")]
    if not several:
        close = get_close_matches(folded, list(index), n=6, cutoff=0.6)
        several = list(dict.fromkeys(index[found] for found in close))[:3]
    hint = f"; did you mean {', '.join(several)}?" if several else ""
    return f"unknown GPU {shorten(name)}{hint}"
