"""The names and signatures that plugins rely on, as text: python -m tests.architecture.public_api

Owns how they are written down. public_api.txt is what was promised; running this promises what is there
now, which needs a line in CHANGELOG.md.
"""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from types import ModuleType
from typing import Any

MODULES = ("sinkworker.api", "sinkworker.testing", "sinkworker.testing.conformance")
ADDRESS = re.compile(" at 0x[0-9a-f]+")
PROMISED = Path(__file__).with_name("public_api.txt")


def text() -> str:
    return "\n".join(line for name in MODULES for line in _module(importlib.import_module(name)))


def _module(module: ModuleType) -> Iterator[str]:
    for name in sorted(_public(module)):
        yield from _described(f"{module.__name__}.{name}", getattr(module, name))


def _public(module: ModuleType) -> list[str]:
    named = getattr(module, "__all__", None)
    own = [n for n, v in vars(module).items() if getattr(v, "__module__", "") == module.__name__]
    return [name for name in named or own if not name.startswith("_")]


def _described(path: str, value: Any) -> Iterator[str]:
    if inspect.isclass(value):
        yield from _class(path, value)
    elif inspect.isfunction(value):
        yield path + str(inspect.signature(value))
    else:
        yield f"{path} = {ADDRESS.sub('', str(value))}"


def _class(path: str, class_: type[Any]) -> Iterator[str]:
    bases = ", ".join(base.__name__ for base in class_.__bases__ if base is not object)
    yield f"class {path}({bases})"
    if issubclass(class_, Enum):
        yield from (f"{path}.{member.name} = {member.value!r}" for member in class_)
        return
    for name, hint in inspect.get_annotations(class_).items():
        if not name.startswith("_"):
            yield f"{path}.{name}: {getattr(hint, '__forward_arg__', hint)}"
    for name, value in sorted(vars(class_).items()):
        yield from _member(f"{path}.{name}", name, value)


def _member(path: str, name: str, value: Any) -> Iterator[str]:
    if name.startswith("_") and name != "__init__":
        return
    if isinstance(value, property):
        yield f"{path} -> {inspect.signature(value.fget).return_annotation}"  # type: ignore[arg-type]
    elif isinstance(value, staticmethod | classmethod):
        yield path + str(inspect.signature(value.__func__))
    elif inspect.isfunction(value):
        yield path + str(inspect.signature(value))


if __name__ == "__main__":
    PROMISED.write_text(text() + "\n")
