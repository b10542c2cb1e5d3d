"""Architectures and tensors of GGUF files by name. What is not listed here is refused.

Source: llama.cpp of autumn 2026, gguf-py/gguf/constants.py and src/models/*.cpp.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from engine.tensors import Role


@dataclass(frozen=True, slots=True)
class Arch:
    """What metadata and tensors of an architecture do not tell.

    `family` is the model_type of its config. Of models with a sliding window, every `period`-th layer attends to
    all tokens, the last of each group unless `full_first`; the file may say otherwise. `window` is the window
    where the file gives none; without a period every layer has it.
    """

    family: str
    period: int = 0
    window: int = 0
    full_first: bool = False
    chunked: bool = False
    query_gate: bool = False  # the query projection holds an output gate too
    shared_from: int = 0  # layers from here on attend to an earlier one's cache, where the file does not say


ARCHITECTURES: Mapping[str, Arch] = {
    "afmoe": Arch("afmoe", period=4),
    "apertus": Arch("apertus"),
    "arcee": Arch("arcee"),
    "baichuan": Arch("baichuan"),
    "bailingmoe": Arch("bailing_moe"),
    "bailingmoe2": Arch("bailing_moe_v2"),
    "bitnet": Arch("bitnet"),
    "bloom": Arch("bloom"),
    "chatglm": Arch("chatglm"),
    "codeshell": Arch("codeshell"),
    "cohere2": Arch("cohere2", period=4),
    "command-r": Arch("cohere"),
    "dbrx": Arch("dbrx"),
    "deci": Arch("nemotron-nas"),
    "deepseek": Arch("deepseek"),
    "deepseek2": Arch("deepseek_v2"),
    "deepseek32": Arch("deepseek_v32"),
    "dots1": Arch("dots1"),
    "ernie4_5": Arch("ernie4_5"),
    "ernie4_5-moe": Arch("ernie4_5_moe"),
    "exaone": Arch("exaone"),
    "exaone-moe": Arch("exaone_moe", period=4, window=128),
    "exaone4": Arch("exaone4", period=4),
    "falcon": Arch("falcon"),
    "falcon-h1": Arch("falcon_h1"),
    "gemma": Arch("gemma"),
    "gemma2": Arch("gemma2", period=2, window=4096),
    "gemma3": Arch("gemma3_text", period=6),
    "gemma3n": Arch("gemma3n_text", period=5, shared_from=20),
    "gemma4": Arch("gemma4_text"),
    "glm-dsa": Arch("glm_moe_dsa"),
    "glm4": Arch("glm4"),
    "glm4moe": Arch("glm4_moe"),
    "gpt-oss": Arch("gpt_oss", period=2),
    "gpt2": Arch("gpt2"),
    "gptneox": Arch("gpt_neox"),
    "granite": Arch("granite"),
    "granitehybrid": Arch("granitemoehybrid"),
    "granitemoe": Arch("granitemoe"),
    "hunyuan-dense": Arch("hunyuan_v1_dense"),
    "hunyuan-moe": Arch("hunyuan_v1_moe"),
    "internlm2": Arch("internlm2"),
    "jais": Arch("jais"),
    "jamba": Arch("jamba"),
    "kimi-linear": Arch("kimi_linear"),
    "lfm2": Arch("lfm2"),
    "lfm2moe": Arch("lfm2_moe"),
    "llama": Arch("llama"),
    "llama4": Arch("llama4_text", period=4, window=8192, chunked=True),
    "mamba": Arch("mamba"),
    "mamba2": Arch("mamba2"),
    "mimo2": Arch("mimo_v2_flash"),
    "minicpm": Arch("minicpm"),
    "minicpm3": Arch("minicpm3"),
    "minimax-m2": Arch("minimax_m2"),
    "mistral3": Arch("mistral3"),
    "mpt": Arch("mpt"),
    "nemotron": Arch("nemotron"),
    "nemotron_h": Arch("nemotron_h"),
    "nemotron_h_moe": Arch("nemotron_h"),
    "olmo": Arch("olmo"),
    "olmo2": Arch("olmo2", period=4),
    "olmoe": Arch("olmoe"),
    "openelm": Arch("openelm"),
    "orion": Arch("orion"),
    "pangu-embedded": Arch("pangu_embedded"),
    "phi2": Arch("phi"),
    "phi3": Arch("phi3"),
    "phimoe": Arch("phimoe"),
    "plm": Arch("plm"),
    "qwen": Arch("qwen"),
    "qwen2": Arch("qwen2"),
    "qwen2moe": Arch("qwen2_moe"),
    "qwen2vl": Arch("qwen2"),
    "qwen3": Arch("qwen3"),
    "qwen35": Arch("qwen3_5", query_gate=True),
    "qwen35moe": Arch("qwen3_5_moe", query_gate=True),
    "qwen3moe": Arch("qwen3_moe"),
    "qwen3next": Arch("qwen3_next", query_gate=True),
    "qwen3vl": Arch("qwen3_vl"),
    "qwen3vlmoe": Arch("qwen3_vl_moe"),
    "refact": Arch("refact"),
    "seed_oss": Arch("seed_oss"),
    "smallthinker": Arch("smallthinker", period=4, window=4096, full_first=True),
    "smollm3": Arch("smollm3"),
    "stablelm": Arch("stablelm"),
    "starcoder": Arch("gpt_bigcode"),
    "starcoder2": Arch("starcoder2"),
    "xverse": Arch("xverse"),
}
"""Architectures that are read, by `general.architecture`."""

_BY_ROLE: Mapping[Role, str] = {
    "attention": "attn_q attn_k attn_v attn_qkv attn_output attn_gate attn_q_a attn_q_b attn_kv_a_mqa attn_kv_b"
    " attn_k_b attn_v_b",
    "indexer": "indexer.attn_k indexer.attn_q_b indexer.proj indexer.k_proj indexer.q_proj",
    "recurrent": "ssm_in ssm_x ssm_dt ssm_out ssm_beta_alpha ssm_ba ssm_beta ssm_alpha ssm_f_a ssm_f_b ssm_g_a ssm_g_b"
    " shortconv.in_proj shortconv.out_proj",
    "convolution": "ssm_conv1d ssm_conv1d_q ssm_conv1d_k ssm_conv1d_v shortconv.conv",
    "feed_forward": "ffn_gate ffn_up ffn_down",
    "experts": "ffn_gate_exps ffn_up_exps ffn_down_exps ffn_gate_up_exps",
    "shared_experts": "ffn_gate_shexp ffn_up_shexp ffn_down_shexp ffn_latent_down ffn_latent_up",
    "router": "ffn_gate_inp ffn_gate_inp_shexp exp_probs_b",
    "norm": "attn_norm attn_norm_2 ffn_norm post_attention_norm post_ffw_norm post_ffw_norm_1 post_ffw_norm_2"
    " pre_ffw_norm_2 layer_output_norm attn_q_norm attn_k_norm attn_q_a_norm attn_kv_a_norm attn_sub_norm ffn_sub_norm"
    " attn_output_norm ssm_norm ssm_dt_norm ssm_b_norm ssm_c_norm indexer.k_norm indexer.q_norm post_norm"
    " laurel_post_norm altup_router_norm",
    "other": "ssm_a ssm_d attn_sinks rope_freqs rope_factors_long rope_factors_short attn_rot_embd inp_gate proj"
    " layer_output_scale altup_correct_coef altup_correct_scale altup_predict_coef altup_router laurel_l laurel_r"
    " ffn_act",
}

LAYER_ROLES: Mapping[str, Role] = {name: role for role, names in _BY_ROLE.items() for name in names.split()}
"""Tensors of a layer, by what stands between its number and `weight` or `bias`."""

LAYER_NORMS = frozenset(
    (
        "attn_norm",
        "attn_norm_2",
        "attn_output_norm",
        "ffn_norm",
        "layer_output_norm",
        "post_attention_norm",
        "post_ffw_norm",
        "post_ffw_norm_1",
        "post_ffw_norm_2",
        "pre_ffw_norm_2",
    )
)
"""Norms of the width of the model, outside of mixer and feed-forward."""

LARGE_ROLES: tuple[Role, ...] = (
    "attention",
    "indexer",
    "recurrent",
    "convolution",
    "feed_forward",
    "experts",
    "shared_experts",
)
"""Roles whose tensors have to be explained to the last element; what is left of others is small."""

End = Literal["input", "output"]

END_ROLES: Mapping[str, tuple[End, Role]] = {
    "token_embd.weight": ("input", "embedding"),
    "position_embd.weight": ("input", "embedding"),
    "token_embd_norm.weight": ("input", "norm"),
    "token_embd_norm.bias": ("input", "norm"),
    "token_types.weight": ("input", "other"),
    "per_layer_token_embd.weight": ("input", "per_layer_embedding"),
    "per_layer_model_proj.weight": ("input", "other"),
    "per_layer_proj_norm.weight": ("input", "norm"),
    "altup_proj.weight": ("input", "other"),
    "altup_unembd_proj.weight": ("input", "other"),
    "rope_freqs.weight": ("input", "other"),
    "rope_factors_long.weight": ("input", "other"),
    "rope_factors_short.weight": ("input", "other"),
    "output.weight": ("output", "head"),
    "output.bias": ("output", "bias"),
    "output.scale": ("output", "other"),
    "output.input_scale": ("output", "other"),
    "output_norm.weight": ("output", "norm"),
    "output_norm.bias": ("output", "norm"),
}
"""Tensors outside the layers: before or after them, and their class."""
