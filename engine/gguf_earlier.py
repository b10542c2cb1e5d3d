"""Mixtures of llama-quantize that llama.cpp no longer has, and whose files are still passed around.

Two of 2023: `ggmlv3`, the first k-quants of June, in files that end in `.ggmlv3.*.bin`; and `2023`, those of
August 2023 to early 2024, in GGUF files. What a file holds can always be read from the file itself; these are for
sizing one before it is there.

Sources: the tables "Provided files" in the model cards of TheBloke/Llama-2-13B-GGML and of
TheBloke/Mistral-7B-Instruct-v0.1-GGUF, -Llama-2-70B-GGUF and -dolphin-2.5-mixtral-8x7b-GGUF, which name types and
sizes; the counts of types that llama.cpp printed on loading such files (Llama-2-7B Q2_K: 65 Q2_K, 160 Q3_K, 1 Q6_K;
Mixtral-8x7B Q4_K_M: 833 Q4_K, 64 Q8_0, 1 Q6_K).
"""

from dataclasses import replace
from typing import Literal

from engine.gguf_presets import BASE, Category, Spot, Traits, more_bits, type_of
from engine.gguf_types import fitting

Era = Literal["", "2023", "ggmlv3"]
"""Whose mixture: the present one, that of August 2023 to early 2024, or that of June 2023."""

PRESETS_OF_ERA: dict[Era, tuple[str, ...]] = {
    "2023": (
        "Q2_K",
        "Q3_K_S",
        "Q3_K_M",
        "Q3_K_L",
        "Q4_0",
        "Q4_K_S",
        "Q4_K_M",
        "Q5_0",
        "Q5_K_S",
        "Q5_K_M",
        "Q6_K",
        "Q8_0",
    ),
    "ggmlv3": (
        "Q2_K",
        "Q3_K_S",
        "Q3_K_M",
        "Q3_K_L",
        "Q4_0",
        "Q4_1",
        "Q4_K_S",
        "Q4_K_M",
        "Q5_0",
        "Q5_1",
        "Q5_K_S",
        "Q5_K_M",
        "Q6_K",
        "Q8_0",
    ),
}
"""Presets that each era had."""

_V_O_DOWN = {"Q2_K": "Q4_K", "Q3_K_M": "Q4_K", "Q3_K_L": "Q5_K"}
_HALF_Q6 = ("Q4_K_M", "Q5_K_M")


def earlier_type_of(
    era: Era, preset: str, category: Category, traits: Traits, *, columns: int, spot: Spot, stacked: bool
) -> str:
    """The type of a tensor under a preset of an earlier era; arguments as `type_of` has them."""
    if category in ("fp32", "source"):
        return type_of(preset, category, traits, columns=columns)
    if era == "ggmlv3":
        return fitting(_ggmlv3(preset, category, traits, spot), columns)
    if stacked and category in ("gate", "up", "down"):
        # each expert was a tensor of its own, and no rule knew such names
        return fitting(BASE[preset], columns)
    if category == "o":
        traits = replace(traits, experts=0)
    if preset == "Q2_K" and category in ("gate", "up"):
        return fitting("Q3_K", columns)
    if preset == "Q2_K" and category == "v" and traits.experts != 8:
        # no regard yet to how many query heads share a value
        return fitting("Q5_K" if traits.seventy else "Q3_K", columns)
    return type_of(preset, category, traits, columns=columns, spot=spot, stacked=stacked)


def _ggmlv3(preset: str, category: Category, traits: Traits, spot: Spot) -> str:
    base = BASE[preset]
    if category == "output":
        return "Q6_K" if base.endswith("_K") else base
    if category in ("v", "o", "down"):
        if preset in _HALF_Q6 and category != "o":
            count = traits.v_count if category == "v" else traits.layers
            return "Q6_K" if more_bits(spot.order, count) else base
        return _V_O_DOWN.get(preset, base)
    return base
