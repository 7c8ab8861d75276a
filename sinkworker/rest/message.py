"""A request and an answer, as values.

Owns reading parameters and bodies, with Kafka Connect's sentences where they are wrong. Must not know
any web framework.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sinkworker.rest.port import RefusedError

# Half a character of UTF-16, or the null character: neither files nor Postgres can hold it.
NOT_IN_TEXT = re.compile(r"[\x00\ud800-\udfff]")


@dataclass(frozen=True)
class Request:
    """query: every value of each parameter. base: how the client reached us, for Location."""

    method: str
    path: str
    query: Mapping[str, Sequence[str]] = field(default_factory=dict)
    body: bytes = b""
    base: str = "http://127.0.0.1:8083"

    def flag(self, name: str, default: bool = False) -> bool:
        values = self.query.get(name)
        return values[-1].lower() == "true" if values else default

    def json(self) -> Any:
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            raise RefusedError(400, "The body is no valid JSON") from None

    def json_object(self) -> dict[str, Any]:
        content = self.json()
        if not isinstance(content, dict):
            raise RefusedError(400, "The body must be a JSON object")
        return content


@dataclass(frozen=True)
class Answer:
    """content: what the body says, as JSON; None for an empty body. text: instead, as it is."""

    status: int
    content: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    text: bytes | None = None
    media_type: str = "application/json"

    def body(self) -> bytes:
        if self.text is not None:
            return self.text
        if self.content is None:
            return b""
        return json.dumps(self.content, separators=(",", ":")).encode()


def refused(status: int, message: str) -> Answer:
    return Answer(status, {"error_code": status, "message": message})


def string_map(content: Any, what: str) -> dict[str, str]:
    """A configuration: flat, every value a text. Numbers and booleans are written as texts."""
    if not isinstance(content, dict):
        raise RefusedError(400, f"{what} must be a JSON object of texts")
    return {key: _text(key, value) for key, value in content.items() if value is not None}


def _text(key: str, value: Any) -> str:
    if isinstance(value, str):
        if NOT_IN_TEXT.search(value):
            raise RefusedError(400, f"The value of {key} holds a character that no text has")
        return value
    if isinstance(value, bool | int | float):
        return json.dumps(value)
    raise RefusedError(400, f"The value of {key} must be a string, number or boolean")
