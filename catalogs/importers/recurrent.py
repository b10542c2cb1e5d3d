"""Recurrent and convolution mixers: which fields of a config make which."""

from dataclasses import replace

from catalogs.importers.fields import HEADS, HIDDEN, Config
from engine.mixers import GatedDeltaNet, KimiDelta, Mamba1, Mamba2, ShortConvolution


def _rank(config: Config, name: str, hidden: int) -> int:
    """Rank of the time step: a number, or "auto" for a sixteenth of the hidden size, rounded up."""
    if config.table.get(name) in (None, "auto"):
        config.use(name)
        default = config.defaults.get(name)
        if name in config.table or not isinstance(default, int):
            return -(-hidden // 16)
        return default
    return config.integer(name)


def mamba1(config: Config) -> Mamba1:
    """Pure Mamba (`state_size`, `conv_kernel`, `expand`)."""
    hidden = config.integer(*HIDDEN)
    inner = config.integer_or_none("intermediate_size") or int(config.number("expand", absent=2) * hidden)
    config.use("expand")
    _refuse_bias(config, "use_bias")
    return Mamba1(
        inner=inner,
        state=config.integer("state_size", absent=16),
        dt_rank=_rank(config, "time_step_rank", hidden),
        kernel=config.integer("conv_kernel", absent=4),
        conv_bias=config.flag("use_conv_bias", absent=True),
    )


def jamba(config: Config) -> Mamba1:
    """Mamba of Jamba (`mamba_*`), with norms of the time step, B and C."""
    hidden = config.integer(*HIDDEN)
    _refuse_bias(config, "mamba_proj_bias")
    return Mamba1(
        inner=config.integer("mamba_expand") * hidden,
        state=config.integer("mamba_d_state"),
        dt_rank=_rank(config, "mamba_dt_rank", hidden),
        kernel=config.integer("mamba_d_conv"),
        inner_norms=True,
        conv_bias=config.flag("mamba_conv_bias", absent=True),
    )


def mamba2(config: Config) -> Mamba2:
    """Pure Mamba-2 (`num_heads`, `head_dim`, `n_groups`)."""
    config.use("expand", "time_step_rank")
    return Mamba2(
        heads=config.integer("num_heads"),
        head_dim=config.integer("head_dim"),
        groups=config.integer("n_groups"),
        state=config.integer("state_size"),
        kernel=config.integer("conv_kernel"),
        conv_bias=config.flag("use_conv_bias", absent=True),
        projection_bias=config.flag("use_bias"),
    )


def mamba2_nemotron(config: Config) -> Mamba2:
    """Mamba-2 of Nemotron-H (`mamba_num_heads`, `ssm_state_size`)."""
    config.use("expand", "mamba_hidden_act", "mamba_ssm_cache_dtype")
    return Mamba2(
        heads=config.integer("mamba_num_heads"),
        head_dim=config.integer("mamba_head_dim"),
        groups=config.integer("n_groups", "mamba_n_groups"),
        state=config.integer("ssm_state_size"),
        kernel=config.integer("conv_kernel"),
        conv_bias=config.flag("use_conv_bias", absent=True),
        projection_bias=config.flag("use_bias"),
    )


def mamba2_hybrid(config: Config) -> Mamba2:
    """Mamba-2 of Granite 4, Bamba and Falcon-H1 (`mamba_n_heads`, `mamba_d_head`)."""
    hidden = config.integer(*HIDDEN)
    heads = config.integer("mamba_n_heads")
    inner = config.integer_or_none("mamba_d_ssm") or config.integer("mamba_expand") * hidden
    config.use("mamba_chunk_size", "mamba_expand")
    width = inner // heads if config.table.get("mamba_d_head") in (None, "auto") else config.integer("mamba_d_head")
    config.use("mamba_d_head")
    if width * heads != inner:
        raise config.unsupported("mamba_d_head", f"times {heads} heads is not the inner width {inner}")
    return Mamba2(
        heads=heads,
        head_dim=width,
        groups=config.integer("mamba_n_groups"),
        state=config.integer("mamba_d_state"),
        kernel=config.integer("mamba_d_conv"),
        conv_bias=config.flag("mamba_conv_bias", absent=True),
        projection_bias=config.flag("mamba_proj_bias"),
    )


def mamba2_parallel(config: Config) -> Mamba2:
    """Mamba-2 of Falcon-H1: as of Granite 4, with a gated norm only where a field says so."""
    _refuse_bias(config, "mamba_proj_bias")
    return replace(mamba2_hybrid(config), gated_norm=config.flag("mamba_rms_norm"))


def gated_delta(config: Config) -> GatedDeltaNet:
    """Gated delta net of Qwen3-Next and Qwen3.5 (`linear_*`)."""
    return GatedDeltaNet(
        k_heads=config.integer("linear_num_key_heads"),
        k_dim=config.integer("linear_key_head_dim"),
        v_heads=config.integer("linear_num_value_heads"),
        v_dim=config.integer("linear_value_head_dim"),
        kernel=config.integer("linear_conv_kernel_dim"),
    )


def olmo_delta(config: Config) -> GatedDeltaNet:
    """Gated delta net of OLMo Hybrid; what is left out follows from the heads and the hidden size."""
    heads, hidden = config.integer(*HEADS), config.integer(*HIDDEN)
    k_heads = config.integer_or_none("linear_num_key_heads") or heads
    k_dim = config.integer_or_none("linear_key_head_dim") or max(1, 3 * hidden // (4 * k_heads))
    return GatedDeltaNet(
        k_heads=k_heads,
        k_dim=k_dim,
        v_heads=config.integer_or_none("linear_num_value_heads") or heads,
        v_dim=config.integer_or_none("linear_value_head_dim") or 2 * k_dim,
        kernel=config.integer("linear_conv_kernel_dim"),
    )


def kimi_delta(config: Config) -> KimiDelta:
    """Kimi delta attention: `linear_attn_config` of the release, or the flat fields of transformers."""
    part = config.part("linear_attn_config")
    if not part.table:
        return KimiDelta(
            heads=config.integer("linear_num_heads"),
            head_dim=config.integer("linear_head_dim"),
            kernel=config.integer("linear_conv_kernel_dim", "short_conv_kernel_size"),
        )
    if part.flag("use_full_rank_gate"):
        raise part.unsupported("use_full_rank_gate", "no reference count of a full-rank gate")
    return KimiDelta(
        heads=part.integer("num_heads"),
        head_dim=part.integer("head_dim"),
        kernel=part.integer("short_conv_kernel_size"),
    )


def short_convolution(config: Config) -> ShortConvolution:
    """Short convolution of LFM2, over the whole hidden size."""
    hidden = config.integer(*HIDDEN)
    for name in ("conv_dim", "conv_dim_out"):
        if config.integer(name, absent=hidden) != hidden:
            raise config.unsupported(name, f"differs from the hidden size {hidden}")
    return ShortConvolution(kernel=config.integer("conv_L_cache"), width=hidden, bias=config.flag("conv_bias"))


def _refuse_bias(config: Config, name: str) -> None:
    if config.flag(name):
        raise config.unsupported(name, "no rule for biases of these projections")
