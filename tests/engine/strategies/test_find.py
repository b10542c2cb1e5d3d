"""Which levers there are: what each runtime has, in its own words, and what it has not."""

import pytest

from catalogs.store import HardwareCatalog
from engine.errors import FieldError
from engine.runtimes import RUNTIMES
from engine.strategies import Budgets, levers_of
from engine.strategies.offers import OFFERS
from tests.engine import examples
from tests.engine.setup import ask

GPUS = HardwareCatalog().accelerators()


def found(model=examples.LLAMA_70B, gpu="h200-sxm", budgets=None, **more):
    report = ask(model, gpu=GPUS[gpu], **{"gpus": 4, "context": 100_000, **more})
    levers, missing = levers_of(report, budgets)
    return {lever.id: lever for lever in levers}, missing


def test_the_usual_levers_are_there():
    levers, _ = found()
    wanted = {"cache:fp8", "weights:fp8", "sinks+window", "eviction:0.12", "offload:host", "offload:disk", "prefix"}
    assert wanted | {"offload:running", "plan:tp2+pp2", "duo-attention"} <= levers.keys()
    assert all(lever.offered is None for lever in levers.values() if lever.kind != "parallelism" and lever.careful)


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_every_lever_says_whether_the_runtime_has_it(runtime):
    levers, missing = found(runtime=runtime)
    for lever in levers.values():
        if runtime != "generic" and lever.offered is False:
            assert lever.how
    if runtime != "generic":
        assert "kvquant-3bit" in missing[0].reason or runtime == "transformers"


def test_runtimes_say_it_in_their_own_words():
    assert found(runtime="vllm")[0]["offload:host"].how == "--kv-offloading-size GIB"
    assert found(runtime="llama.cpp")[0]["offload:running"].changes == {"deployment.options.no_kv_offload": True}
    windows = found(runtime="vllm")[0]["sinks+window"]
    assert windows.offered is False
    assert "tensorrt-llm" in windows.how
    assert all(set(runtimes) <= set(RUNTIMES) for runtimes in OFFERS.values())


def test_what_is_there_already_is_no_lever():
    levers, _ = found(cache="fp8", weights="fp8")
    assert not {"cache:fp8", "weights:fp8", "cache:bf16"} & levers.keys()
    assert "sinks+window" not in found(context=4_000)[0]
    running, _ = found(runtime="llama.cpp", options={"no_kv_offload": True})
    assert "offload:running" not in running


def test_four_bit_formats_want_gpus_with_such_arithmetic():
    assert found()[0]["cache:nvfp4"].offered is False
    assert found(gpu="b200-sxm")[0]["cache:nvfp4"].offered is None


def test_context_parallelism_is_tried_and_refused_where_there_is_none():
    levers, _ = found(tp=4)
    assert levers["plan:tp2+cp2"].changes["deployment.cp"] == 2
    assert found(tp=4, runtime="llama.cpp", gpus=4)[0]["plan:tp2+cp2"].offered is False


def test_latent_layouts_are_for_latents_alone():
    assert not [name for name in found(runtime="vllm")[0] if "mla" in name]
    latent, _ = found(examples.DEEPSEEK_V3, runtime="vllm", gpus=8, weights="auto")
    assert "cache:fp8_ds_mla" in latent
    # nothing here has heads that could keep the whole context while others do not
    assert "duo-attention" not in latent


def test_budgets_are_the_users():
    budgets = Budgets(window_tokens=8_192, sink_tokens=0, eviction_shares=(0.5,), shared_tokens=70_000)
    levers, _ = found(budgets=budgets)
    assert levers["sinks+window"].kept(100_000) == 8_192
    assert levers["eviction:0.5"].kept(100_000) == 50_000
    assert levers["prefix"].shared_tokens == 70_000
    assert "assumption" not in levers["prefix"].only_when
    assert "assumption" in found()[0]["prefix"].only_when
    with pytest.raises(FieldError, match="window_tokens"):
        Budgets(window_tokens=0)


def test_some_heads_keep_all():
    duo = found()[0]["duo-attention"]
    assert duo.kept(100_000) == round(0.5 * 100_000 + 0.5 * 4_100)
    assert duo.kept(4_000) == 4_000
