"""`sglang.launch_server`: what is pinned, and how replicas are spelled."""

from engine.launch import launch
from engine.runtimes.sglang_options import SglangOptions, static_fraction
from tests.engine.launch.helpers import flags, launched
from tests.engine.runtimes.cases import DEEPSEEK_V2_LITE, LLAMA_8B
from tests.engine.setup import ask


def sglang(*arguments, **more):
    found = launched(*arguments, runtime="sglang", **more)
    return found, [flags(command.arguments) for command in found.commands]


def test_the_plainest_command():
    report = ask(LLAMA_8B, runtime="sglang", context=8192, tp=1, pp=1)
    fraction = static_fraction(LLAMA_8B, report.plan, SglangOptions(), 85_520_809_984)
    assert launch(report).commands[0].arguments == (
        *("python3", "-m", "sglang.launch_server", "--model-path", "llama-8b", "--tp-size", "1"),
        *("--kv-cache-dtype", "auto", "--context-length", "8192", "--mem-fraction-static", str(fraction)),
        *("--chunked-prefill-size", "8192"),
    )


def test_replicas_with_experts_share_ranks_and_others_do_not():
    _, (told,) = sglang(DEEPSEEK_V2_LITE, gpus=8, tp=2, pp=1, dp=4, context=4096)
    assert (told["--tp-size"], told["--dp-size"]) == ("8", "4")
    assert "--enable-dp-attention" in told
    _, (told,) = sglang(gpus=8, tp=2, pp=1, dp=4, context=4096)
    assert (told["--tp-size"], told["--dp-size"]) == ("2", "4")
    assert "--enable-dp-attention" not in told


def test_nodes_join_or_serve_replicas_of_their_own():
    found, told = sglang(gpus=16, tp=8, pp=2)
    assert [row["--node-rank"] for row in told] == ["0", "1"]
    assert {row["--dist-init-addr"] for row in told} == {"HEAD_ADDRESS:20000"}
    found, told = sglang(gpus=16, tp=2, pp=1, dp=8)
    assert [row["--dp-size"] for row in told] == ["4"]
    assert found.commands[0].where == "on each of 2 nodes"


def test_cache_formats_have_its_own_words():
    for cache, word in (("fp8", "fp8_e4m3"), ("nvfp4", "fp4_e2m1"), ("fp8_e5m2", "fp8_e5m2"), ("bf16", "auto")):
        assert sglang(cache=cache, context=4096)[1][0]["--kv-cache-dtype"] == word


def test_drafts_want_more_flags():
    options = {"speculative_algorithm": "NEXTN", "speculative_num_draft_tokens": 3}
    found, (told,) = sglang(options=options, context=4096)
    assert (told["--speculative-algorithm"], told["--speculative-num-draft-tokens"]) == ("NEXTN", "3")
    assert any("--speculative-num-steps" in text for text in found.remarks)
