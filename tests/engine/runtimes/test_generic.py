"""The plain runtime: a fraction of memory, weights first, the ideal cache in the rest."""

import pytest

from engine.cache_formats import cache_precision
from engine.errors import FieldError, UnknownKeyError, UnknownNameError
from engine.estimate import Band
from engine.formats import weight_format
from engine.parallel import Plan
from engine.runtimes import RUNTIMES, Setting, runtime_of
from tests.engine import examples

GIB = 2**30


def setting(model=examples.LLAMA_70B, *, plan=Plan(tp=8), **more):  # noqa: B008
    return Setting(
        model=model,
        weights=weight_format("bf16"),
        cache=cache_precision("bf16"),
        plan=plan,
        context_tokens=more.pop("context_tokens", 32_768),
        device_bytes=more.pop("device_bytes", 80 * GIB),
        **more,
    )


def reserve(*args, **more):
    return RUNTIMES["generic"].reserve(setting(*args, **more))


def test_the_ledger_adds_up():
    (ledger,) = reserve(options={"memory_fraction": 0.5}).ledgers
    assert ledger.usable_bytes == 40 * GIB
    assert ledger.pool_bytes == 40 * GIB - ledger.of("weights")
    assert ledger.of("activation") is None


def test_sequences_are_spread_over_replicas():
    one, two = reserve(plan=Plan(tp=4)), reserve(plan=Plan(tp=4, dp=2))
    assert two.max_sequences(32_768) == 2 * one.max_sequences(32_768)
    assert two.max_context(2, 10**9) == one.max_context(1, 10**9)
    assert two.rank_cache_bytes(0, 1000, 5) == one.rank_cache_bytes(0, 1000, 3)


def test_pool_tokens_are_whole_sequences_of_the_context():
    found = reserve()
    pool = found.ledgers[0].pool_bytes
    assert found.pool_tokens() == pool // (320 * 1024 // 8)


def test_the_tightest_stage_decides():
    found = reserve(plan=Plan(pp=3))
    tightest = min(ledger.pool_bytes for ledger in found.ledgers)
    # 26 and 27 layers of 4 KiB a token; the last stage has fewer layers and the head
    per_stage = [27, 27, 26]
    expected = min(
        ledger.pool_bytes // (4096 * layers) for ledger, layers in zip(found.ledgers, per_stage, strict=True)
    )
    assert found.max_context(1, 10**9) == expected
    assert tightest > 0


def test_memory_that_is_not_known_makes_bands():
    found = reserve(device_bytes=Band(70 * GIB, 75 * GIB, 80 * GIB))
    assert isinstance(found.max_context(1, 10**9), Band)
    assert isinstance(found.ledgers[0].pool_bytes, Band)


@pytest.mark.parametrize("value", [0, 1.01, -1, "much", True])
def test_a_fraction_is_a_fraction(value):
    with pytest.raises(FieldError, match=r"deployment\.options\.memory_fraction"):
        reserve(options={"memory_fraction": value})


def test_unknown_options_and_runtimes():
    with pytest.raises(UnknownKeyError, match="did you mean memory_fraction"):
        reserve(options={"memory_fracton": 0.9})
    with pytest.raises(UnknownNameError, match="did you mean generic"):
        runtime_of("genric")


@pytest.mark.parametrize("runtime", RUNTIMES.values(), ids=lambda runtime: runtime.id)
def test_every_runtime_takes_its_own_defaults(runtime):
    found = runtime.reserve(setting(options=dict(runtime.default_options())))
    assert len(found.ledgers) == 1
    assert found.notes()
