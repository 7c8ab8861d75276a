"""Keys and values → models, with every mistake found at once and told in Kafka Connect's words.

Owns turning pydantic's errors into sentences, and what to say of keys that nobody knows. Must not
know which models there are.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar, get_args

from pydantic import SecretStr, ValidationError, create_model
from pydantic.fields import FieldInfo

from sinkworker.api import ConfigModel, ConfigProblem
from sinkworker.properties import ConfigFile

HIDDEN = "[hidden]"
SECRET_NAMES = re.compile(
    r"password|secret|token|credential|sasl\.jaas\.config|\.key$", re.IGNORECASE
)
ModelT = TypeVar("ModelT", bound=ConfigModel)


class Given(NamedTuple):
    """A value, and where and under which key somebody wrote it."""

    value: str
    file: ConfigFile
    key: str

    def place(self) -> str:
        return self.file.where(self.key)

    def __repr__(self) -> str:
        return f"Given({self.place()})"  # any value may be a password

    def is_secret(self) -> bool:
        return self.file.entries[self.key].is_secret or bool(SECRET_NAMES.search(self.key))


@dataclass
class Findings:
    """What was found wrong, or odd, in one connector's files; each with its place.

    given: every key in effect, also those that the worker's file gives or that stand for another.
    unfilled: keys whose `${…}` could not be filled in; nothing more is said of them.
    """

    file: ConfigFile
    given: dict[str, Given]
    unfilled: frozenset[str] = frozenset()
    problems: list[ConfigProblem] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    hidden: set[str] = field(default_factory=set)
    """Words that came from elsewhere and are parts of keys now; shown nowhere."""

    def problem(self, key: str, message: str) -> None:
        if key not in self.unfilled:
            for word in self.hidden:
                message = _without(word, message)
            self.problems.append(ConfigProblem(key, f"{self.place(key)}: {message}"))

    def warning(self, key: str, message: str) -> None:
        self.warnings.append(f"{self.place(key)}: {message}")

    def missing(self, key: str) -> None:
        message = f'Missing required configuration "{key}" which has no default value.'
        self.problem(key, message)

    def invalid(self, key: str, why: str, *, is_secret: bool = False) -> None:
        """The value of a key is wrong. A secret one is shown nowhere, not in the reason either."""
        given = self.given.get(key)
        if given is None:  # a default is wrong
            self.problem(key, f"{key}: {why}")
            return
        shown = given.value
        if given.value and (is_secret or given.is_secret()):
            shown, why = HIDDEN, _without(given.value, why)
        self.problem(key, f"Invalid value {shown} for configuration {given.key}: {why}")

    def refused(self, key: str, why: str) -> None:
        """A key that is known and cannot be set, whatever its value."""
        self.problem(key, f"{self.given[key].key} {why}")

    def is_default(self, key: str) -> bool:
        """Whether it is the worker's file that gives it."""
        return self.given[key].file is not self.file

    def place(self, key: str) -> str:
        given = self.given.get(key)
        return given.place() if given is not None else str(self.file.path)


def _without(secret: str, message: str) -> str:
    """Whole words only: hiding 10 must not turn 1024 into [hidden]24."""
    return re.sub(rf"(?<!\w){re.escape(secret)}(?!\w)", HIDDEN, message)


def checked(
    model: type[ModelT],
    findings: Findings,
    prefix: str = "",
    context: Mapping[str, Any] | None = None,
) -> ModelT | None:
    """A model of the given values. What is wrong goes into the findings; None then.

    prefix: what stands before the model's keys in the file. context: what its validators may ask for.
    """
    own = {
        alias: findings.given[prefix + alias].value
        for alias in aliases(model)
        if prefix + alias in findings.given
    }
    try:
        return model.model_validate(own, context=context)
    except ValidationError as error:
        wrong = {str(each["loc"][0]) for each in error.errors() if each["loc"]}
        for each in error.errors():
            if each["loc"]:
                _tell(model, dict(each), findings, prefix)
        _tell_contradictions(model, own, wrong, findings, prefix)
        return None


def _tell_contradictions(
    model: type[ConfigModel],
    own: Mapping[str, str],
    wrong: Collection[str],
    findings: Findings,
    prefix: str,
) -> None:
    """Keys that contradict each other are looked for only when each is right: so leave out those
    that are not, and what is said of them."""
    doubtful = {*wrong, *(key.removeprefix(prefix) for key in findings.unfilled)}
    optional: dict[str, Any] = {
        name: (Any, None)
        for name, info in model.model_fields.items()
        if info.is_required() and ((info.alias or name) in wrong or (info.alias or name) not in own)
    }
    lenient: type[ConfigModel] = create_model(model.__name__, __base__=model, **optional)
    try:
        lenient.model_validate({key: value for key, value in own.items() if key not in wrong})
    except ValidationError as error:
        sentences = [
            s for e in error.errors() for s in _plain(e["msg"]).split("\n") if not e["loc"]
        ]
        for sentence in sentences:
            if not any(_names(sentence, key) for key in doubtful):
                whose = f"{prefix.removesuffix('.')}: " if prefix else ""
                findings.problem(prefix and prefix + "type", whose + sentence)
    except Exception:  # a plugin's validator that needs a key which is missing
        return


def _names(sentence: str, key: str) -> bool:
    return re.search(rf"(?<![\w.]){re.escape(key)}(?![\w.])", sentence) is not None


def aliases(model: type[ConfigModel]) -> dict[str, FieldInfo]:
    """A model's keys as users write them."""
    return {info.alias or name: info for name, info in model.model_fields.items()}


def is_password(info: FieldInfo) -> bool:
    return SecretStr in (info.annotation, *get_args(info.annotation))


def _tell(
    model: type[ConfigModel], error: Mapping[str, Any], findings: Findings, prefix: str
) -> None:
    alias = str(error["loc"][0])
    if error["type"] == "missing":
        findings.missing(prefix + alias)
    else:
        is_secret = is_password(aliases(model)[alias])
        findings.invalid(prefix + alias, _reason(error), is_secret=is_secret)


def _reason(error: Mapping[str, Any]) -> str:
    """Why a value is wrong, in Kafka's words where Kafka has some."""
    kind, context = error["type"], error.get("ctx", {})
    if kind.startswith("int_"):
        return "Not a number of type INT"
    if kind.startswith("bool_"):
        return "Expected value to be either true or false"
    words = {
        "literal_error": "String must be one of: {expected}",
        "greater_than_equal": "Value must be at least {ge}",
        "less_than_equal": "Value must be at most {le}",
        "string_too_short": "It must not be empty",
    }
    if kind in words:
        return _choices(words[kind].format(**context))
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
        written = findings.given[key].key
        why = _why_not_honoured(key, not_honoured)
        if why is not None:
            findings.warning(key, f"{written} has no effect: {why}")
            continue
        close = difflib.get_close_matches(key, known, 1, 0.75)
        hint = f"; did you mean {close[0]}?" if close else ""
        findings.problem(key, f"Unknown configuration {written}{hint}")


def _why_not_honoured(key: str, not_honoured: Mapping[str, str]) -> str | None:
    if key in not_honoured:
        return not_honoured[key]
    prefixes = [p for p in not_honoured if p.endswith(".") and key.startswith(p)]
    return not_honoured[prefixes[0]] if prefixes else None
