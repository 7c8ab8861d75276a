"""One bad message."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from sinkworker.api import Stage


class Bad(NamedTuple):
    """stage: where it must be found to be bad."""

    name: str
    data: bytes
    stage: Stage


def named(messages: Mapping[str, bytes], stage: Stage) -> Iterator[Bad]:
    return (Bad(name, data, stage) for name, data in messages.items())
