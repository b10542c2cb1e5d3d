"""As much of a JSON Schema validator as the schema of scenarios uses; an unknown key word is an error."""

import re

_TYPES = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "null": lambda value: value is None,
}
_LIMITS = {
    "minimum": lambda value, limit: value >= limit,
    "maximum": lambda value, limit: value <= limit,
    "exclusiveMinimum": lambda value, limit: value > limit,
    "exclusiveMaximum": lambda value, limit: value < limit,
}
_NOTES = {"title", "description", "default", "examples", "$schema", "$defs"}


def problems(value, schema, root=None, where="$"):
    """What is wrong with a value, one line each."""
    root = root or schema
    found = []
    for word, rule in schema.items():
        match word:
            case "$ref":
                found += problems(value, root["$defs"][rule.removeprefix("#/$defs/")], root, where)
            case "type":
                kinds = [rule] if isinstance(rule, str) else rule
                if not any(_TYPES[kind](value) for kind in kinds):
                    found.append(f"{where} is no {rule}")
            case "const":
                found += [] if value == rule else [f"{where} is not {rule!r}"]
            case "enum":
                found += [] if value in rule else [f"{where} is none of {rule}"]
            case "anyOf":
                if all(problems(value, one, root, where) for one in rule):
                    found.append(f"{where} is none of what it may be")
            case "properties":
                for name, inner in rule.items():
                    if isinstance(value, dict) and name in value:
                        found += problems(value[name], inner, root, f"{where}.{name}")
            case "additionalProperties":
                extra = set(value) - set(schema.get("properties", {})) if isinstance(value, dict) else set()
                for name in extra:
                    if rule is False:
                        found.append(f"{where}.{name} is unknown")
                    elif isinstance(rule, dict):
                        found += problems(value[name], rule, root, f"{where}.{name}")
            case "propertyNames":
                for name in value if isinstance(value, dict) else ():
                    found += problems(name, rule, root, f"{where}.{name}")
            case "required":
                found += [
                    f"{where}.{name} is missing" for name in rule if isinstance(value, dict) and name not in value
                ]
            case "items":
                for place, item in enumerate(value if isinstance(value, list) else ()):
                    found += problems(item, rule, root, f"{where}[{place}]")
            case "pattern":
                if isinstance(value, str) and not re.search(rule, value):
                    found.append(f"{where} does not look like {rule}")
            case _ if word in _LIMITS:
                if _TYPES["number"](value) and not _LIMITS[word](value, rule):
                    found.append(f"{where} is beyond {word} {rule}")
            case _:
                assert word in _NOTES, f"the validator does not know {word}"
    return found
