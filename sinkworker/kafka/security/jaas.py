"""`sasl.jaas.config` as the Java client reads it: a login module and its options.

Owns that grammar. Must not know mechanisms. No message shows a part of the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

CONTROL_FLAGS = ("required", "requisite", "sufficient", "optional")
END = ";"
OCTAL = "01234567"

_TOKEN = re.compile(
    r"""\s+ | //[^\n]* | /\*.*?(?:\*/|\Z)
    | "(?P<double>(?:\\.|[^"\\\n])*)"
    | '(?P<single>(?:\\.|[^'\\\n])*)'
    | (?P<mark>[=;])
    | (?P<word>[\w.$-]+)
    | (?P<odd>.)""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\([0-3]?[0-7]{1,2}|.)", re.DOTALL)
_CONTROLS = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "a": "\a"}


class LoginModule(NamedTuple):
    """name: of the Java class, whole."""

    name: str
    options: dict[str, str]

    def __repr__(self) -> str:
        return f"LoginModule({self.name})"  # options hold passwords


class _Token(NamedTuple):
    text: str
    is_mark: bool = False


def parse_jaas(text: str) -> LoginModule:
    """ValueError with a sentence, Java's where it has one, when the text is no such thing."""
    tokens = list(_tokens(text))
    if not tokens:
        raise ValueError("Login module not specified in JAAS config")
    if len(tokens) < 2 or tokens[1].text.lower() not in CONTROL_FLAGS:
        raise ValueError(f"Expected one of {', '.join(CONTROL_FLAGS)} behind the login module")
    if tokens[-1] != _Token(END, is_mark=True):
        raise ValueError("JAAS config entry not terminated by semi-colon")
    if tokens.count(tokens[-1]) > 1:
        raise ValueError("Expected one login module; a value that holds a ; must be in quotes")
    return LoginModule(tokens[0].text, _options(tokens[2:-1]))


def _options(tokens: list[_Token]) -> dict[str, str]:
    options: dict[str, str] = {}
    for start in range(0, len(tokens), 3):
        name, *rest = tokens[start : start + 3]
        is_assigned = len(rest) == 2 and rest[0] == _Token("=", is_mark=True)
        if name.is_mark or not is_assigned or rest[1].is_mark:
            raise ValueError('Expected options as name="value", with blanks between them')
        options[name.text] = rest[1].text
    return options


def _tokens(text: str) -> Iterator[_Token]:
    for found in _TOKEN.finditer(text):
        if found["odd"]:
            raise ValueError("Only letters, digits and . _ - $ may stand outside quotes")
        quoted = found["double"] if found["double"] is not None else found["single"]
        if quoted is not None:
            yield _Token(_ESCAPE.sub(_unescaped, quoted))
        elif found["mark"] or found["word"]:
            yield _Token(found["mark"] or found["word"], is_mark=bool(found["mark"]))


def _unescaped(found: re.Match[str]) -> str:
    escaped = found[1]
    return chr(int(escaped, 8)) if escaped[0] in OCTAL else _CONTROLS.get(escaped, escaped)
