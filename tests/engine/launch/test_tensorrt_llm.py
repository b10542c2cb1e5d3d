"""`trtllm-serve`: flags, the YAML file beside them, and MPI over nodes."""

from tests.engine.launch.helpers import flags, launched


def trtllm(**more):
    found = launched(runtime="tensorrt-llm", **more)
    return found, flags(found.commands[0].arguments), found.files[0].text


def test_the_plainest_command():
    found, told, text = trtllm(context=8192, tp=1, pp=1)
    assert found.commands[0].arguments[:2] == ("trtllm-serve", "llama-8b")
    assert told == {
        "--backend": "pytorch",
        "--tp_size": "1",
        "--max_seq_len": "8192",
        "--max_batch_size": "2048",
        "--max_num_tokens": "8192",
        "--kv_cache_free_gpu_memory_fraction": "0.9",
        "--extra_llm_api_options": found.files[0].name,
    }
    assert text == "kv_cache_config:\n  free_gpu_memory_fraction: 0.9\n  dtype: auto\n"


def test_what_has_no_flag_is_in_the_file():
    options = {
        "tokens_per_block": 64,
        "enable_block_reuse": False,
        "max_attention_window": 4096,
        "num_nextn_predict_layers": 1,
        "free_gpu_memory_fraction": 0.8,
    }
    _, told, text = trtllm(options=options, cache="fp8", context=8192)
    assert told["--kv_cache_free_gpu_memory_fraction"] == "0.8"
    for row in (
        "  free_gpu_memory_fraction: 0.8",
        "  dtype: fp8",
        "  tokens_per_block: 64",
        "  enable_block_reuse: false",
        "  max_attention_window: [4096]",
        "  num_nextn_predict_layers: 1",
    ):
        assert row in text.splitlines()


def test_replicas_are_attention_parallel_or_servers_of_their_own():
    _, told, text = trtllm(gpus=4, tp=1, pp=1, dp=4, context=4096)
    assert told["--tp_size"] == "4"
    assert "enable_attention_dp: true" in text
    found, told, text = trtllm(gpus=4, tp=2, pp=1, dp=2, context=4096)
    assert told["--tp_size"] == "2"
    assert "enable_attention_dp" not in text
    assert any("start 2 of them" in remark for remark in found.remarks)


def test_mpi_spreads_over_nodes():
    found, told, _ = trtllm(gpus=16, tp=8, pp=2)
    assert found.commands[0].arguments[:3] == ("mpirun", "-n", "16")
    assert told["--gpus_per_node"] == "8"
    assert len(found.commands) == 1
