"""Paths to fields, by `field.syntax.version`: V1 is a name, V2 is a.b, or `a.b`.c where a name has dots.

Owns splitting a path into steps. Must not know records.
"""

from __future__ import annotations

import re
from typing import Literal, TypeAlias

Version: TypeAlias = Literal["V1", "V2"]

PLAIN = re.compile(r"([^.]*)(?:\.|\Z)")
# Within quotes, a backtick ends the step only before a dot or the end, and not after a backslash.
QUOTED = re.compile(r"`((?:[^`]|`(?!\.|\Z)|(?<=\\)`(?=\.))*)(?<!\\)`(?:\.|\Z)")


def steps(path: str, version: Version) -> tuple[str, ...]:
    """ValueError when a quote is not closed, or nothing is named."""
    return (path,) if version == "V1" else tuple(_steps(path))


def _steps(path: str) -> list[str]:
    if not path:
        raise ValueError("field must name something")
    found, position = [], 0
    while position < len(path):
        is_quoted = path[position] == "`"
        step = (QUOTED if is_quoted else PLAIN).match(path, position)
        if step is None:
            raise ValueError(
                f"Incomplete backtick pair in path: [{path}], consider adding a backslash before "
                f"backtick at position {position} to escape it"
            )
        found.append(step[1].replace("\\`.", "`.") if is_quoted else step[1])
        position = step.end()
    return [*found, ""] if path.endswith(".") else found
