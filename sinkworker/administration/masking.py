"""Which words of a configuration are secrets, and hiding them in texts.

Owns hiding the values of passwords, and of what came by `${…}`, wherever they turn up in what is shown.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from sinkworker.api import ConfigModel
from sinkworker.properties import ConfigFile
from sinkworker.validation import HIDDEN, SECRET_NAMES, aliases, is_password

SHORTEST = 4
# These say where and what, also when they came by `${…}`.
PUBLIC = ("name", "connector.class", "topics", "topics.regex", "tasks.max", "bootstrap.servers")


def secrets(file: ConfigFile, passwords: Collection[str]) -> tuple[str, ...]:
    """The secret values of one file; the longest first, so that none is hidden in part."""
    found = {
        entry.value
        for key, entry in file.entries.items()
        if key not in PUBLIC and (entry.is_secret or is_secret(key, passwords))
    }
    return tuple(sorted((each for each in found if len(each) >= SHORTEST), key=len, reverse=True))


def hidden(text: str, words: Iterable[str]) -> str:
    for word in words:
        text = text.replace(word, HIDDEN)
    return text


def is_secret(key: str, passwords: Collection[str]) -> bool:
    return key in passwords or SECRET_NAMES.search(key) is not None


def password_keys(connector: Any) -> set[str]:
    """The keys of a connector that its model calls passwords."""
    model: type[ConfigModel] = connector.config_class
    return {key for key, info in aliases(model).items() if is_password(info)}
