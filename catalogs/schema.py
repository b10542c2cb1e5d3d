"""The JSON Schema of scenario files, for editors that complete and check what people write.

It is pydantic's, of the classes that files are validated with, and says besides what is read before that: sizes and
tokens with a unit, what the tables of a model may hold, and variants, which hold only what differs.
"""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import is_dataclass
from typing import Any

from catalogs.shapes import fields_of
from engine.model import ModelSpec
from engine.scenario import SCHEMA, WHOLE_MODEL, Scenario

DIALECT = "https://json-schema.org/draft/2020-12/schema"

_REF = "#/$defs/"
_CHANGE = "Change"  # ends the name of a definition without required keys

_WITH_UNIT: Mapping[str, dict[str, Any]] = {
    "tokens": {"type": "string", "pattern": r"^\s*[0-9.]", "examples": ["128k", "128Ki", "10M"]},
    "bytes": {"type": "string", "pattern": r"^\s*[0-9.]", "examples": ["80 GB", "79.6 GiB"]},
}

DESCRIPTIONS: Mapping[str, str] = {
    "Scenario.schema": "the form of this file",
    "Scenario.name": "what the scenario is called on screen and in reports",
    "Scenario.notes": "whatever is worth keeping with it",
    "Scenario.model": "a model of the catalog, of a file, or a whole one; any of its fields can be overridden",
    "Scenario.precision": "number formats of weights and cache",
    "Scenario.workload": "what is asked of the model",
    "Scenario.deployment": "runtime, GPUs and how the ranks share the work",
    "Scenario.cost": "the price of a GPU, or an offer",
    "Scenario.retrieval": "a corpus, for the comparison of long context with retrieval",
    "Scenario.calibration": "what was measured on machines of your own",
    "Scenario.variant": "what-ifs: only what differs from the scenario, and a name",
    "Precision.weights": "a format id such as bf16, fp8 or q4_k_m, auto for what the checkpoint holds, or a table by "
    "class of tensors",
    "Precision.cache": "a format id such as bf16 or fp8, or a table with k and v",
    "KeyValueFormats.k": "format of the keys",
    "KeyValueFormats.v": "format of the values; that of the keys where it is left out",
    "Workload.context": "tokens of one sequence, prompt and output together",
    "Workload.output": "how many of them are generated",
    "Workload.concurrency": "sequences at once; max is as many as fit",
    "Deployment.runtime": "generic, vllm, sglang, tensorrt-llm, llama.cpp or transformers",
    "Deployment.runtime_version": "its version; the newest whose rules are known where it is left out",
    "Deployment.gpu": "an accelerator, by id or as drivers write it",
    "Deployment.gpus": "how many of them; as few as fit where it is left out",
    "Deployment.tp": "degree of tensor parallelism; chosen where it is left out",
    "Deployment.pp": "degree of pipeline parallelism; chosen where it is left out",
    "Deployment.dp": "degree of data parallelism",
    "Deployment.ep": "degree of expert parallelism",
    "Deployment.dcp": "degree of decode context parallelism",
    "Deployment.cp": "degree of context parallelism",
    "Deployment.device_memory": "memory of one GPU in place of what the catalog knows",
    "Deployment.options": "the runtime's own options by their names",
    "Cost.usd_per_gpu_hour": "your own price of one GPU and hour [$]",
    "Cost.offer": "an offer of the catalog by its id",
    "Corpus.tokens": "tokens of the corpus; the scenario's prompt where it is left out",
    "Corpus.questions_per_day": "questions a day",
    "Corpus.share_read": "share of the corpus that a long prompt reads",
    "Corpus.question_tokens": "tokens of a question",
    "Corpus.answer_tokens": "tokens of an answer",
    "Corpus.chunk_tokens": "tokens of a chunk",
    "Corpus.top_k": "chunks that are found for a question",
    "Corpus.changed_per_day": "share of the corpus that is new every day",
    "Corpus.prefix_cached": "whether the long prompt's cache is kept between questions",
    "Corpus.embedding_usd_per_million": "price of embedding a million tokens [$]",
    "Corpus.search_seconds": "time of a search [s]",
    "Corpus.search_usd": "price of a search [$]",
    "Corpus.index_usd_per_day": "price of the index a day [$]",
}
"""What keys mean, by class and key."""


def scenario_schema() -> dict[str, Any]:
    """The schema of scenario files, the same for the same version of whatfits."""
    # only who asks for it needs pydantic
    from pydantic import TypeAdapter

    whole: dict[str, Any] = TypeAdapter(Scenario).json_schema()
    definitions: dict[str, Any] = whole.pop("$defs")
    classes = {cls.__name__: cls for cls in _classes(Scenario)}
    for name, cls in classes.items():
        _complete(whole if cls is Scenario else definitions[name], name, cls)
    properties = whole["properties"]
    properties["schema"] = {"const": SCHEMA, "description": DESCRIPTIONS["Scenario.schema"]}
    properties["model"] = _model(required=True)
    definitions |= {f"{name}{_CHANGE}": _change(definitions[name], definitions) for name in _strict(definitions)}
    properties["variant"]["items"] = _variant(properties, definitions)
    return {
        "$schema": DIALECT,
        "title": "whatfits scenario",
        "description": "A question to whatfits: does this model with this load fit on those GPUs, and at what price?",
        "type": "object",
        "additionalProperties": False,
        "required": ["schema", "model"],
        "properties": properties,
        "$defs": dict(sorted(definitions.items())),
    }


def _classes(cls: Any) -> Iterator[Any]:
    """A dataclass and those of its fields, each once."""
    found = [cls]
    for held in found:
        for field in fields_of(held).values():
            found += [inner for inner in field.shape.classes if is_dataclass(inner) and inner not in found]
    return iter(found)


def _complete(schema: dict[str, Any], name: str, cls: Any) -> None:
    """Descriptions of keys, and texts with a unit where numbers stand for tokens or bytes."""
    for key, field in fields_of(cls).items():
        held = schema["properties"][key]
        held.pop("title", None)
        if "$ref" in held:
            # a table that is left out is that of the defaults of its keys, which are said there
            held.pop("default", None)
        description = DESCRIPTIONS.get(f"{name}.{key}")
        unit = field.shape.unit
        if unit is not None:
            default = {"default": held.pop("default")} if "default" in held else {}
            kinds = held.pop("anyOf", None) or [dict(held)]
            held.clear()
            held.update({"anyOf": [*kinds, _WITH_UNIT[unit]], **default})
        if description is not None:
            held["description"] = description


def _model(*, required: bool) -> dict[str, Any]:
    """A model's table: a name, a path, or all that describes one."""
    fields = dict.fromkeys(("id", "path", *fields_of(ModelSpec)))
    schema: dict[str, Any] = {
        "type": "object",
        "description": DESCRIPTIONS["Scenario.model"],
        "properties": {
            "id": {"type": "string", "description": "a model of the catalog, such as openai/gpt-oss-120b"},
            "path": {"type": "string", "description": "a config.json, its folder, or a GGUF file"},
        },
        "propertyNames": {"enum": list(fields)},
    }
    if required:
        schema["anyOf"] = [{"required": ["id"]}, {"required": ["path"]}, {"required": sorted(WHOLE_MODEL)}]
    return schema


def _variant(properties: Mapping[str, Any], definitions: Mapping[str, Any]) -> dict[str, Any]:
    """A scenario's table of which everything can be left out."""
    kept = {key: held for key, held in properties.items() if key not in ("schema", "variant", "model")}
    changed: dict[str, Any] = _change(
        {"type": "object", "additionalProperties": False, "properties": {**kept, "model": _model(required=False)}},
        definitions,
    )
    for held in changed["properties"].values():
        # what is left out is the scenario's, not the default
        held.pop("default", None)
    return changed


def _strict(definitions: Mapping[str, Any]) -> list[str]:
    """Definitions that require a key, or refer to one that does."""
    found = {name for name, held in definitions.items() if held.get("required")}
    while True:
        more = {name for name, held in definitions.items() if found & set(_referred(held))} - found
        if not more:
            return sorted(found)
        found |= more


def _referred(schema: Any) -> Iterator[str]:
    if isinstance(schema, Mapping):
        if isinstance(schema.get("$ref"), str):
            yield schema["$ref"].removeprefix(_REF)
        for held in schema.values():
            yield from _referred(held)
    elif isinstance(schema, list):
        for held in schema:
            yield from _referred(held)


def _change(schema: Any, definitions: Mapping[str, Any]) -> Any:
    """A copy without required keys, which refers to such copies."""
    strict = _strict({name: held for name, held in definitions.items() if not name.endswith(_CHANGE)})

    def relaxed(held: Any) -> Any:
        if isinstance(held, dict):
            kept = {key: relaxed(value) for key, value in held.items() if key != "required"}
            name = kept.get("$ref", "")
            if isinstance(name, str) and name.removeprefix(_REF) in strict:
                kept["$ref"] = f"{name}{_CHANGE}"
            return kept
        return [relaxed(value) for value in held] if isinstance(held, list) else held

    return relaxed(deepcopy(schema))
