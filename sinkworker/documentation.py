"""What is known of configuration keys: for templates, listings and docs.

Owns reading a model as a table of keys. The text of a key is the string below its field.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args, get_origin

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from sinkworker.api import ConfigModel
from sinkworker.validation import aliases, is_password


class KeyDoc(NamedTuple):
    """One key. type: in Kafka Connect's words. default: as one would write it; None if required."""

    name: str
    type: str
    default: str | None
    choices: tuple[str, ...]
    text: str


def keys(model: type[ConfigModel]) -> list[KeyDoc]:
    """Every key of a model, in the order in which the model lists them."""
    texts = _texts(model)
    return [
        KeyDoc(alias, _type(info), _default(info), _choices(info.annotation), texts.get(name, ""))
        for (alias, info), name in zip(aliases(model).items(), model.model_fields, strict=True)
    ]


def table(model: type[ConfigModel]) -> str:
    """The keys of a model as a table in Markdown."""
    rows = [
        f"| `{key.name}` | {key.type} | {_shown(key)} | {_in_cell(key)} |\n" for key in keys(model)
    ]
    return "".join(["| key | type | default | |\n", "|---|---|---|---|\n", *rows]) if rows else ""


def _shown(key: KeyDoc) -> str:
    if key.default is None:
        return "required"
    return f"`{key.default}`" if key.default else "none"


def _in_cell(key: KeyDoc) -> str:
    choices = f" One of {', '.join(f'`{each}`' for each in key.choices)}." if key.choices else ""
    return _as_markdown(key.text + choices)


def _as_markdown(text: str) -> str:
    """Outside of code, <name> would be taken for HTML."""
    parts = text.replace("|", "\\|").split("`")
    return "`".join(each if n % 2 else each.replace("<", "&lt;") for n, each in enumerate(parts))


def _texts(model: type[ConfigModel]) -> dict[str, str]:
    texts: dict[str, str] = {}
    for each in reversed(model.__mro__):
        if isinstance(each, type) and issubclass(each, ConfigModel):
            texts |= dict(_own_texts(each))
    return texts


def _own_texts(model: type) -> Iterator[tuple[str, str]]:
    """(field, the string below it), from the class's source."""
    body = ast.parse(textwrap.dedent(inspect.getsource(model))).body[0]
    assert isinstance(body, ast.ClassDef)
    for field, below in zip(body.body, body.body[1:], strict=False):
        is_text = isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant)
        if is_text and isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
            yield field.target.id, " ".join(str(below.value.value).split())  # type: ignore[attr-defined]


def _type(info: FieldInfo) -> str:
    names = {bool: "BOOLEAN", int: "INT", str: "STRING", Path: "STRING"}
    if is_password(info):
        return "PASSWORD"
    annotation = _without_none(info.annotation)
    if get_origin(annotation) is tuple:
        return "LIST"
    return names.get(annotation, "STRING")


def _without_none(annotation: Any) -> Any:
    """`X | None` counts as X, and what is annotated as what it annotates."""
    parts = [part for part in get_args(annotation) if part is not type(None)]
    is_optional = len(parts) < len(get_args(annotation))
    return _without_none(parts[0]) if is_optional and len(parts) == 1 else annotation


def _choices(annotation: Any) -> tuple[str, ...]:
    annotation = _without_none(annotation)
    return tuple(map(str, get_args(annotation))) if get_origin(annotation) is Literal else ()


def _default(info: FieldInfo) -> str | None:
    value = info.default
    if value is PydanticUndefined:
        return None
    if value is None or value == ():
        return ""
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return text.replace("\n", "\\n")
