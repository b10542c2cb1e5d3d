"""What a launch is made of: the command of each node, files that it reads, and remarks on what no flag says."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from engine.report import Report
from engine.scenario import WHOLE_MODEL, KeyValueFormats
from engine.topology import nodes_of

HEAD = "HEAD_ADDRESS"
"""Stands for the address of the first node, which nobody has told."""

HALF: Mapping[str, str] = {"bf16": "bfloat16", "fp16": "float16", "fp32": "float32"}
"""Formats without scales by id, with the name of the number type that runtimes cast weights to."""

MOST_GPUS_OF_A_HOST = 16
"""Larger groups that share a fast link are racks: several hosts, and a command for each."""

_ABOUT = frozenset(("id", "path", "name", "aliases", "notes"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command as a list of arguments. `where` says on which node; empty where there is one command."""

    arguments: tuple[str, ...]
    where: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextFile:
    """A file that the commands read."""

    name: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """How a runtime is started as a report has it. `reason` is what does not fit; empty if it fits.

    `remarks` are sentences on what the flags do not say; nothing of a scenario is left out without one.
    """

    runtime: str
    version: str
    title: str
    reason: str
    commands: tuple[Command, ...]
    files: tuple[TextFile, ...] = ()
    remarks: tuple[str, ...] = ()


@dataclass(slots=True)
class Draft:
    """Arguments and remarks while they are collected."""

    arguments: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def flag(self, name: str, *values: object) -> None:
        """A flag with its values."""
        self.arguments += [name, *(text_of(value) for value in values)]

    def remark(self, text: str) -> None:
        """A sentence on what no flag says."""
        self.remarks.append(text)


def text_of(value: object) -> str:
    """A value as command lines have it.

    >>> text_of(0.9), text_of(8), text_of(True)
    ('0.9', '8', 'true')
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def dashed(option: str) -> str:
    """The flag of an option.

    >>> dashed("max_model_len")
    '--max-model-len'
    """
    return "--" + option.replace("_", "-")


def add_options(draft: Draft, options: object, given: Iterable[str], flags: Mapping[str, str]) -> None:
    """The flags of options that are given. A switch is a flag alone; where it can also be turned off, its row holds
    both, as in `--x | --no-x`."""
    for name in given:
        if name not in flags:
            continue
        value = getattr(options, name)
        on, _, off = flags[name].partition(" | ")
        if value is True:
            draft.flag(on)
        elif value is False:
            if off:
                draft.flag(off)
        elif value is not None:
            draft.flag(on, value)


def checkpoint(report: Report, draft: Draft) -> str:
    """The id or the folder that names the model to a runtime; says what the scenario changes in it."""
    table, model = report.scenario.model, report.model
    path, whole = table.get("path"), table.keys() >= WHOLE_MODEL
    name = model.id
    if isinstance(path, str):
        folder, _, file = path.rpartition("/")
        name = (folder or ".") if file.endswith(".json") else path
    elif whole:
        draft.remark(f"the scenario describes {name} itself: put the path of its checkpoint in that place")
    changed = [] if whole else sorted(set(table) - _ABOUT)
    if changed:
        draft.remark(f"the scenario changes the model's {', '.join(changed)}; the runtime takes the checkpoint's own")
    if model.confidence == "hypothetical":
        draft.remark(f"{name} was never released")
    return name


def is_stored(report: Report) -> bool:
    """Whether the weights are wanted as the checkpoint (or the file that the scenario names) has them."""
    return report.scenario.precision.weights_text == "auto" or report.weights.id == report.model.stored_format


def add_weights(draft: Draft, report: Report, *, cast: str, online: Mapping[str, tuple[str, ...]]) -> None:
    """The flags that make the wanted weights of the checkpoint's: a cast, or quantisation while they are loaded.

    `cast` is the flag of the number type, `online` are the arguments of formats that can be made while loading.
    """
    if is_stored(report):
        return
    wanted, stored = report.weights.id, report.model.stored_format
    if stored in HALF and wanted in HALF:
        draft.flag(cast, HALF[wanted])
    elif stored in HALF and wanted in online:
        draft.arguments += online[wanted]
        draft.remark("weights are quantised while they are loaded, which can take more memory than serving does")
    else:
        draft.remark(
            f"weights {wanted}: {report.model.id} holds {stored}; name a checkpoint with {wanted} in its place"
        )


def cache_words(report: Report) -> tuple[str, str]:
    """The cache formats of keys and of values as the scenario writes them."""
    cache = report.scenario.precision.cache
    if isinstance(cache, KeyValueFormats):
        return cache.k, cache.v or cache.k
    return cache, cache


def one_cache_word(report: Report, names: Mapping[str, str]) -> str:
    """The runtime's word for the cache format: the scenario's own if it is one, else the format's id; `auto` for the
    formats that follow the model's number type."""
    said = cache_words(report)[0]
    word = next((name for name in (said, said.casefold()) if name in names), report.cache.k.id)
    return "auto" if names.get(word, word) in HALF else word


def add_cache_remark(draft: Draft, report: Report, runtime: str) -> None:
    """A remark where a cache without scales is of another type than the model runs in."""
    wanted, runs = report.cache.k.id, report.weights.id
    if wanted in ("fp16", "fp32") and wanted != runs:
        draft.remark(f"cache {wanted}: {runtime}'s cache follows the type that the model runs in (--dtype)")


def node_count(report: Report) -> int:
    """Nodes of the deployment."""
    return nodes_of(report.gpus, report.facts.domain)


def place_remarks(report: Report) -> list[str]:
    """What to know of the machines, whatever the runtime."""
    found = []
    override = report.scenario.deployment.device_memory
    if override is not None:
        found.append(f"the scenario counts {override:,} bytes a GPU; no flag limits a runtime to that")
    domain = report.facts.domain
    if domain > MOST_GPUS_OF_A_HOST and report.gpus > 4:
        found.append(f"{domain} GPUs that share a link are several hosts: each needs a command of its own")
    return found
