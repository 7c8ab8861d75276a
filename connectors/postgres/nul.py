"""NUL, the one character that no text of Postgres can hold.

Owns what is done about it in the values of a record. Must not know records or tables.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

NulPolicy = Literal["fail", "strip", "replace"]
Clean = Callable[[Any], Any]

REPLACEMENT = "\ufffd"


def cleaner(policy: NulPolicy) -> Clean | None:
    """What takes NUL out of a value, however deep inside; None: nothing is to be done."""
    if policy == "fail":
        return None
    instead = "" if policy == "strip" else REPLACEMENT

    def clean(value: Any) -> Any:
        if isinstance(value, str):
            return value.replace("\0", instead)
        if isinstance(value, dict):
            return {name: clean(each) for name, each in value.items()}
        if isinstance(value, list):
            return [clean(each) for each in value]
        return value

    return clean
