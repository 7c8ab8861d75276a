"""Keys and values → models, with every mistake found at once and told in Kafka Connect's words.

Owns turning pydantic's errors into sentences, and what to say of keys that nobody knows. Must not
know which models there are.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar, get_args

from pydantic import SecretStr, ValidationError
from pydantic.fields import FieldInfo

from sinkworker.api import ConfigModel, ConfigProblem
from sinkworker.properties import ConfigFile

HIDDEN = "[hidden]"
ModelT = TypeVar("ModelT", bound=ConfigModel)


@dataclass
class Findings:
    """What was found wrong, or odd, in one connector's files; each with its place."""

    file: ConfigFile
    defaults: ConfigFile | None = None
    """Whose keys count where `file` has none: the worker's."""
    problems: list[ConfigProblem] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def problem(self, key: str, message: str) -> None:
        self.problems.append(ConfigProblem(key, f"{self._where(key)}: {message}"))

    def warning(self, key: str, message: str) -> None:
        self.warnings.append(f"{self._where(key)}: {message}")

    def _where(self, key: str) -> str:
        if (
            self.defaults is not None
            and key not in self.file.entries
            and key in self.defaults.entries
        ):
            return self.defaults.where(key)
        return self.file.where(key)

    def invalid(self, key: str, value: str, why: str) -> None:
        entry = self.file.entries.get(key)
        if entry is None and self.defaults is not None:
            entry = self.defaults.entries.get(key)
        shown = HIDDEN if entry is not None and entry.is_secret else value
        self.problem(key, f"Invalid value {shown} for configuration {key}: {why}")


def checked(
    model: type[ModelT], values: Mapping[str, str], findings: Findings, prefix: str = ""
) -> ModelT | None:
    """A model of these values. What is wrong goes into the findings; None then.

    prefix: what stands before the model's keys in the file.
    """
    own = {key: value for key, value in values.items() if key in aliases(model)}
    try:
        return model.model_validate(own)
    except ValidationError as error:
        for each in error.errors():
            _tell(model, dict(each), findings, prefix)
        return None


def aliases(model: type[ConfigModel]) -> dict[str, FieldInfo]:
    """A model's keys as users write them."""
    return {info.alias or name: info for name, info in model.model_fields.items()}


def is_password(info: FieldInfo) -> bool:
    return SecretStr in (info.annotation, *get_args(info.annotation))


def _tell(
    model: type[ConfigModel], error: Mapping[str, Any], findings: Findings, prefix: str
) -> None:
    location = error["loc"]
    if not location:
        findings.problem("", _plain(error["msg"]))
        return
    alias = str(location[0])
    key = prefix + alias
    if error["type"] == "missing":
        findings.problem(key, f'Missing required configuration "{key}" which has no default value.')
        return
    secret = is_password(aliases(model)[alias])
    findings.invalid(key, HIDDEN if secret else str(error["input"]), _reason(error))


def _reason(error: Mapping[str, Any]) -> str:
    kind, context = error["type"], error.get("ctx", {})
    if kind.startswith("int_"):
        return "Not a number of type INT"
    if kind.startswith("bool_"):
        return "Expected value to be either true or false"
    if kind == "literal_error":
        return f"String must be one of: {_choices(context['expected'])}"
    if kind == "greater_than_equal":
        return f"Value must be at least {context['ge']}"
    return _plain(error["msg"])


def _choices(expected: str) -> str:
    return expected.replace("'", "").replace(" or ", ", ")


def _plain(message: str) -> str:
    return message.removeprefix("Value error, ")


def tell_of_unknown(
    keys: Iterable[str],
    known: Collection[str],
    not_honoured: Mapping[str, str],
    findings: Findings,
) -> None:
    """An error for a key that nobody knows; a warning for one that has no effect here.

    not_honoured: key, or prefix ending with a dot, → why.
    """
    for key in keys:
        if key in known:
            continue
        why = _why_not_honoured(key, not_honoured)
        if why is not None:
            findings.warning(key, f"{key} has no effect: {why}")
            continue
        close = difflib.get_close_matches(key, known, 1, 0.75)
        hint = f"; did you mean {close[0]}?" if close else ""
        findings.problem(key, f"Unknown configuration {key}{hint}")


def _why_not_honoured(key: str, not_honoured: Mapping[str, str]) -> str | None:
    if key in not_honoured:
        return not_honoured[key]
    prefixes = [p for p in not_honoured if p.endswith(".") and key.startswith(p)]
    return not_honoured[prefixes[0]] if prefixes else None
