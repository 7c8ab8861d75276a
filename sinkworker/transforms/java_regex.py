"""Java's regular expressions and replacements, for matching names of topics.

Owns what is spelled differently in Java and Python. Names of topics are ASCII, and so are the classes
here. What Python cannot do, or would silently understand otherwise, is refused.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterator

CLASSES = {
    "Alpha": "a-zA-Z", "L": "a-zA-Z", "IsAlphabetic": "a-zA-Z", "Digit": "0-9", "N": "0-9",
    "Nd": "0-9", "IsDigit": "0-9", "Alnum": "a-zA-Z0-9", "Upper": "A-Z", "Lu": "A-Z",
    "Lower": "a-z", "Ll": "a-z", "Punct": r"!-/:-@\[-`{-~", "XDigit": "0-9a-fA-F",
}  # fmt: skip
TOKEN = re.compile(
    r"\\Q(?P<quoted>.*?)(?:\\E|$)|\\[pP](?:\{(?P<class>\w+)\}|(?P<letter>\w))|\\k<(?P<back>\w+)>"
    r"|\(\?<(?P<name>[a-zA-Z]\w*)>|(?P<end>\\[zZ])|\\.|.",
    re.DOTALL,
)
REFERENCE = re.compile(r"\\(?P<escaped>.?)|\$\{(?P<name>\w*)\}|\$(?P<number>\d*)|(?P<text>[^\\$]+)")

Expand = Callable[[re.Match[str]], str]


def java_regex(text: str) -> str:
    """For a model's field: ValueError when it cannot be used."""
    compiled(text)
    return text


def compiled(text: str) -> re.Pattern[str]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter(
                "error", FutureWarning
            )  # sets in sets: Java's mean something else
            return re.compile("".join(_translated(text)), re.ASCII)
    except (re.error, FutureWarning, OverflowError) as error:
        raise ValueError(f"Invalid regular expression: {error}") from None


def _translated(text: str) -> Iterator[str]:
    is_in_set = False
    for found in TOKEN.finditer(text):
        piece, parts = found[0], found.groupdict()
        if parts["class"] or parts["letter"]:
            yield _class(piece, parts["class"] or parts["letter"], is_in_set=is_in_set)
        elif parts["back"]:
            yield f"(?P={parts['back']})"
        elif parts["name"]:
            yield f"(?P<{parts['name']}>"
        elif parts["end"]:
            yield r"\Z"
        elif parts["quoted"] is not None:
            yield re.escape(parts["quoted"])
        else:
            if is_in_set and piece == "[":
                raise ValueError("Invalid regular expression: sets within sets are not supported")
            is_in_set = piece == "[" or (is_in_set and piece != "]")
            yield piece


def _class(token: str, name: str, *, is_in_set: bool) -> str:
    if name not in CLASSES or (token[1] == "P" and is_in_set):
        raise ValueError(f"Invalid regular expression: {token} is not supported")
    if is_in_set:
        return CLASSES[name]
    return f"[{'^' if token[1] == 'P' else ''}{CLASSES[name]}]"


def expander(regex: re.Pattern[str], replacement: str) -> Expand:
    """What stands for a match. ValueError when it names a group that there is not."""
    parts = list(_parts(regex, replacement))

    def expand(match: re.Match[str]) -> str:
        return "".join(part if isinstance(part, str) else match[part[0]] or "" for part in parts)

    return expand


def _parts(regex: re.Pattern[str], replacement: str) -> Iterator[str | tuple[int | str]]:
    """Texts, and groups in tuples. Of `$12`, as in Java, 2 is a text unless there is a group 12."""
    for found in REFERENCE.finditer(replacement):
        escaped, name, number, text = found.group("escaped", "name", "number", "text")
        if text is not None:
            yield text
        elif escaped is not None:
            yield _escaped(escaped)
        elif name is not None:
            if name not in regex.groupindex:
                raise ValueError(f"No group with name {{{name}}}")
            yield (name,)
        else:
            yield from _numbered(regex, number)


def _escaped(character: str) -> str:
    if not character:
        raise ValueError("character to be escaped is missing")
    return character


def _numbered(regex: re.Pattern[str], digits: str) -> Iterator[str | tuple[int | str]]:
    if not digits:
        raise ValueError("Illegal group reference: $ without a number")
    length = next((n for n in range(len(digits), 1, -1) if int(digits[:n]) <= regex.groups), 1)
    if int(digits[:length]) > regex.groups:
        raise ValueError(f"No group {digits[:length]}")
    yield (int(digits[:length]),)
    yield digits[length:]
