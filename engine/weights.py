"""Weight bytes of a model in a format: in all, by class of tensor, and layer by layer."""

from collections.abc import Mapping
from functools import lru_cache

from engine.formats import WeightFormat
from engine.model import ModelSpec
from engine.tensors import Role, Tensor


def all_tensors(model: ModelSpec) -> list[tuple[Tensor, int]]:
    """Every weight of a checkpoint with how often it stands there: layers, ends, towers and MTP modules."""
    found = [(t, count) for kind, count in model.layer_counts.items() for t in model.layer_tensors[kind]]
    ends = (model.input_tensors, model.output_tensors, model.tower_tensors, model.multi_token_tensors)
    return found + [(t, 1) for tensors in ends for t in tensors]


@lru_cache(maxsize=512)
def checkpoint_bytes(model: ModelSpec, fmt: WeightFormat) -> int:
    """Bytes of all weights in `fmt`, towers and MTP modules included; headers and tokenizer are not."""
    return sum(count * -(-fmt.bits(tensor) // 8) for tensor, count in all_tensors(model))


@lru_cache(maxsize=512)
def served_bytes(model: ModelSpec, fmt: WeightFormat) -> int:
    """Bytes of the weights that are loaded to serve text: MTP modules are left out, towers are loaded."""
    return checkpoint_bytes(model, fmt) - fmt.bytes_of(model.multi_token_tensors)


def parameters_by_role(model: ModelSpec) -> Mapping[Role, int]:
    """Parameters by class of tensor, largest first."""
    totals: dict[Role, int] = {}
    for tensor, count in all_tensors(model):
        totals[tensor.role] = totals.get(tensor.role, 0) + count * tensor.parameters
    return dict(sorted(totals.items(), key=lambda item: -item[1]))


def bytes_by_role(model: ModelSpec, fmt: WeightFormat) -> Mapping[Role, int]:
    """Bytes by class of tensor, largest first."""
    totals: dict[Role, int] = {}
    for tensor, count in all_tensors(model):
        totals[tensor.role] = totals.get(tensor.role, 0) + count * -(-fmt.bits(tensor) // 8)
    return dict(sorted(totals.items(), key=lambda item: -item[1]))
