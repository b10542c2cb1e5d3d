"""Layers that predict further tokens (MTP): how many a config names, and what one of them is."""

from collections.abc import Sequence

from catalogs.importers.family import Family, Named, plain_layer
from catalogs.importers.fields import Config

MTP_FIELDS = (
    "num_nextn_predict_layers",
    "mtp_num_hidden_layers",
    "_num_mtp_layers",
    "num_mtp_layers",
    "num_mtp_modules",
    "mtp_transformer_layers",
    "mtp_share_layers",
    "mtp_use_dedicated_embeddings",
    "use_mtp",
)


def mtp_count(config: Config) -> int:
    """MTP modules that a config names; only what is written counts, for class defaults announce many."""
    for name in MTP_FIELDS[:5]:
        if config.given(name):
            return config.integer(name, most=100)
    return 0


def mtp_layers(config: Config, family: Family, layers: Sequence[Named]) -> Sequence[Named]:
    """The layers of an MTP module: one ordinary layer of the model_type, unless its row says otherwise."""
    if family.mtp.layers is not None:
        return family.mtp.layers(config, family)
    sparse = family.mtp.sparse
    if sparse is None:
        # the experts of the last layers, not the dense feed-forward of the first
        sparse = "moe" in layers[-1][0]
    return [(("mtp", "moe" if sparse else "dense"), plain_layer(config, family, family.mtp.kind, sparse))]
