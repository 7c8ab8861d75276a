"""What is wrong with a setting of security.

Owns how parts of these settings tell it: by the key, and whether its value may be shown.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from sinkworker.api import ConfigProblem, ConnectError

T = TypeVar("T")

# Their values are whole files.
NOT_SHOWN = ("ssl.keystore.certificate.chain", "ssl.keystore.key", "ssl.truststore.certificates")


class SettingError(Exception):
    """One setting cannot be honoured. key: as the Java client spells it."""

    def __init__(self, key: str, why: str) -> None:
        super().__init__(f"{key}: {why}")
        self.problem = ConfigProblem(key, why)


class RefusedError(ConnectError):
    """A broker does not let us in, or is not one that we trust. Trying again does not help."""


@dataclass
class Problems:
    """wrong: keys with a wrong value, and why. refused: keys that cannot be set, and how to say so.
    odd: keys that can be used, and what to say of them all the same."""

    wrong: list[ConfigProblem] = field(default_factory=list)
    refused: list[ConfigProblem] = field(default_factory=list)
    odd: list[ConfigProblem] = field(default_factory=list)

    def collect(self, read: Callable[[], T]) -> T | None:
        """What a part of the settings says; None, with a problem, when it cannot be honoured."""
        try:
            return read()
        except SettingError as error:
            key, why = error.problem
            if key in NOT_SHOWN:
                self.refused.append(ConfigProblem(key, f"cannot be used: {why}"))
            else:
                self.wrong.append(error.problem)
            return None


def one_of(key: str, text: str, values: Sequence[str]) -> str:
    if text not in values:
        raise SettingError(key, f"String must be one of: {', '.join(values)}")
    return text
