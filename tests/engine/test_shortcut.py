"""The shortcut formula: what it says, and when it is wrong."""

import pytest

from engine.shortcut import shortcut
from tests.engine import examples


@pytest.mark.parametrize(("tokens", "gb"), [(1_000, 0.12288), (10_000, 1.2288), (10**6, 122.88), (10**7, 1228.8)])
def test_the_articles_numbers(tokens, gb):
    found = shortcut(examples.ARTICLE_SCOUT, tokens=tokens, sequences=1, bits=16)
    assert found.cache_bytes == round(gb * 1e9)
    assert found.holds
    assert shortcut(examples.ARTICLE_SCOUT, tokens=tokens, sequences=1, bits=8).cache_bytes * 2 == found.cache_bytes


def test_a_gigabyte_holds_about_eight_thousand_tokens():
    found = shortcut(examples.ARTICLE_SCOUT, tokens=8_000, sequences=1, bits=16)
    assert found.cache_bytes == pytest.approx(1e9, rel=0.02)


def test_it_says_why_it_does_not_hold():
    llama = shortcut(examples.LLAMA_70B, tokens=1, sequences=1, bits=16)
    assert (llama.width, llama.true_width, llama.holds) == (1024, 1024, True)
    gemma = shortcut(examples.GEMMA_27B, tokens=1, sequences=1, bits=16)
    assert gemma.windowed
    assert "336 is not kv_heads x head_dim = 2,048" in gemma.warning
