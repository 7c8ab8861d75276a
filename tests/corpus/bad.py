"""One bad message, and how many are made of some that are not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from hypothesis import strategies as st

from sinkworker.api import Stage

NUL = r"text that contains NUL \(0x00\)"
NO_SENSOR = r"not null violation \(23502\) in column sensor_id"


class Bad(NamedTuple):
    """stage: where it must be found to be bad. cause: what must match its exception and message.

    Only generated ones have it. Those with names have theirs in causes.tsv.
    """

    name: str
    data: bytes
    stage: Stage
    cause: str = ""


def named(messages: Mapping[str, bytes], stage: Stage) -> Iterator[Bad]:
    return (Bad(name, data, stage) for name, data in messages.items())


def generated(
    name: str, cause: str, messages: st.SearchStrategy[bytes], stage: Stage = Stage.VALUE_CONVERTER
) -> st.SearchStrategy[Bad]:
    return messages.map(lambda data: Bad(name, data, stage, f"DataError: {cause}"))
