"""Comparing an answer with a shape: key sets and types of values.

A shape is a type (`int` is no bool), a value, a dict of shapes (exactly these keys; `"key?"` may be
missing), a list with the shape of every element, or `MAP` (texts by texts).
"""

from __future__ import annotations

from typing import Any

MAP = {"*": str}
ANY = object


def differences(content: Any, shape: Any, where: str = "body") -> list[str]:
    """Every place where the content is not of that shape."""
    if isinstance(shape, type):
        return (
            [] if _is_of_type(content, shape) else [f"{where} is {content!r}, no {shape.__name__}"]
        )
    if isinstance(shape, tuple):
        fits = any(not differences(content, each) for each in shape)
        return [] if fits else [f"{where} is {content!r}, none of {shape!r}"]
    if isinstance(shape, list):
        return _of_list(content, shape, where)
    if isinstance(shape, dict):
        return _of_dict(content, shape, where)
    return [] if content == shape else [f"{where} is {content!r}, not {shape!r}"]


def _is_of_type(content: Any, kind: type) -> bool:
    return isinstance(content, kind) and not (kind is int and isinstance(content, bool))


def _of_list(content: Any, shape: list[Any], where: str) -> list[str]:
    if not isinstance(content, list):
        return [f"{where} is no list"]
    if not shape:
        return [f"{where} is {content!r}, not empty"] if content else []
    if not content:
        return [f"{where} is empty"]
    return [
        d for n, each in enumerate(content) for d in differences(each, shape[0], f"{where}[{n}]")
    ]


def _of_dict(content: Any, shape: dict[str, Any], where: str) -> list[str]:
    if not isinstance(content, dict):
        return [f"{where} is no object"]
    if "*" in shape:
        return [d for k, v in content.items() for d in differences(v, shape["*"], f"{where}.{k}")]
    required = {key for key in shape if not key.endswith("?")}
    known = {key.removesuffix("?"): each for key, each in shape.items()}
    found = [f"{where} lacks {key}" for key in sorted(required - content.keys())]
    found += [f"{where} has {key}" for key in sorted(content.keys() - known.keys())]
    for key in known.keys() & content.keys():
        found += differences(content[key], known[key], f"{where}.{key}")
    return found
