"""All rows by model_type."""

from collections.abc import Mapping

from catalogs.importers.families_dense import DENSE
from catalogs.importers.families_gemma import GEMMA
from catalogs.importers.families_hybrid import HYBRID
from catalogs.importers.families_moe import MOE
from catalogs.importers.families_more import MORE
from catalogs.importers.families_special import SPECIAL
from catalogs.importers.family import Family

FAMILIES: Mapping[str, Family] = {**DENSE, **MOE, **GEMMA, **HYBRID, **SPECIAL, **MORE}
"""How each model_type is built."""
