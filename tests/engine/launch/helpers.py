"""Reports to launch, and what a program makes of its arguments."""

from dataclasses import fields
from types import NoneType
from typing import Annotated, Literal, get_args, get_origin, get_type_hints

from engine.launch import launch
from tests.engine.runtimes.cases import LLAMA_8B
from tests.engine.setup import ask


def launched(model=LLAMA_8B, *, runtime, options=None, **more):
    """The launch of a model's report."""
    return launch(ask(model, runtime=runtime, options=options or {}, **more))


def flags(arguments):
    """Flags with their values; None for a switch."""
    found = {}
    for place, word in enumerate(arguments):
        if word.startswith("--"):
            following = arguments[place + 1 : place + 2]
            found[word] = following[0] if following and not following[0].startswith("--") else None
    return found


def samples(cls):
    """Every option of a dataclass with a value that is not its default."""
    hints = get_type_hints(cls)
    return {field.name: _sample(hints[field.name], field.default) for field in fields(cls)}


def _sample(annotation, default):
    if get_origin(annotation) is Annotated:
        return _sample(annotation.__origin__, default)
    if get_origin(annotation) is Literal:
        return next(value for value in get_args(annotation) if value != default)
    parts = [part for part in get_args(annotation) if part is not NoneType]
    if parts:
        return _sample(parts[0], default)
    return {bool: not default, int: 48, float: 0.5}[annotation]


def said(found, name, value):
    """Whether a launch says an option: by a flag that is spelled like it, in a file, or in a remark."""
    words = [word for command in found.commands for word in command.arguments]
    spelled = {"--" + name, "--" + name.replace("_", "-"), "--no-" + name.replace("_", "-")}
    if any(word.partition("=")[0] in spelled for word in words):
        return True
    text = "\n".join([file.text for file in found.files] + list(found.remarks) + words)
    return name in text or (not isinstance(value, bool) and str(value) in words)
