"""`whatfits launch`: the command of a scenario's runtime."""

import json

MODEL = ("-m", "Llama-3.3-70B-Instruct", "-g", "h100-sxm")


def test_text_is_a_script(whatfits):
    ran = whatfits("launch", *MODEL, "-x", "4", "-c", "32k", "-r", "vllm", "-k", "fp8", "--tp", "4")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines() == [
        "# vLLM 0.33.0: meta-llama/Llama-3.3-70B-Instruct on 4 x H100 SXM5 80GB, TP4",
        "",
        "vllm serve meta-llama/Llama-3.3-70B-Instruct \\",
        "    --tensor-parallel-size 4 \\",
        "    --kv-cache-dtype fp8 \\",
        "    --max-model-len 32000 \\",
        "    --max-num-seqs 1024 \\",
        "    --max-num-batched-tokens 8192 \\",
        "    --gpu-memory-utilization 0.92",
    ]


def test_json(whatfits):
    data = json.loads(whatfits("launch", *MODEL, "-x", "16", "-r", "sglang", "-f", "json").out)
    assert (data["schema"], data["runtime"], data["gpus"]) == ("whatfits.launch/1", "sglang", 16)
    assert [command["where"] for command in data["commands"]] == ["on node 0 of 2", "on node 1 of 2"]


def test_what_does_not_fit_is_said_and_printed(whatfits):
    few = (*MODEL, "-x", "1", "-r", "vllm")
    assert whatfits("launch", *few).code == 0
    ran = whatfits("launch", *few, "--require-fit")
    assert ran.code == 1
    assert ran.out.startswith("# does not fit: weights alone are")
    assert "vllm serve" in ran.out


def test_a_file_and_several(whatfits, tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(
        'schema = "whatfits/1"\n[model]\nid = "Llama-3.1-8B"\n[deployment]\nruntime = "llama.cpp"\n'
        "options = { n_parallel = 2 }\n"
    )
    ran = whatfits("launch", str(path))
    assert "--parallel 2" in ran.out
    assert ran.out.count("llama-server") == 1
    data = json.loads(whatfits("launch", str(path), str(path), "-f", "json").out)
    assert len(data) == 2


def test_the_generic_runtime_has_none(whatfits):
    ran = whatfits("launch")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == (
        "whatfits: reality-check.toml: deployment.runtime: generic is no program to start; "
        "choose vllm, sglang, tensorrt-llm, llama.cpp or transformers\n"
    )


def test_bad_input_is_one_line(whatfits):
    for arguments in (("-m", "no-such-model"), ("-f", "yaml"), ("nothing.toml",), ("-r", "vllm", "-k", "q4_0")):
        ran = whatfits("launch", *arguments)
        assert (ran.code, ran.err.count("\n")) == (2, 1)
