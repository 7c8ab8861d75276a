"""The pending records of a partition, as they were read: found by their offsets, and numbered."""

from __future__ import annotations

import pytest

from sinkworker.runtime.originals import Originals
from sinkworker.testing.broker import LogRecord


def batch(*offsets: int) -> list[LogRecord]:
    return [LogRecord(offset, 0, None, str(offset).encode(), (), 0) for offset in offsets]


def held(*batches: list[LogRecord]) -> Originals:
    originals = Originals()
    for each in batches:
        originals.add(each)
    return originals


@pytest.mark.parametrize(("offset", "number"), [(3, 0), (5, 1), (9, 2), (12, 4)])
def test_a_record_is_found_with_its_number(offset: int, number: int) -> None:
    found = held(batch(3, 5), batch(), batch(9, 10, 12)).find(offset)
    assert found is not None
    assert (found.number, found.record.value) == (number, str(offset).encode())


@pytest.mark.parametrize("offset", [2, 4, 6, 13])
def test_an_offset_without_a_record_is_not_found(offset: int) -> None:
    assert held(batch(3, 5), batch(9, 10, 12)).find(offset) is None


def test_what_is_forgotten_still_counts() -> None:
    originals = held(batch(3, 5))
    originals.forget()
    originals.add(batch(9))
    found = originals.find(9)
    assert found is not None
    assert (found.number, originals.passed, originals.find(5)) == (2, 2, None)


@pytest.mark.parametrize(("number", "offset"), [(0, 7), (2, 7), (3, 8), (4, 9)])
def test_a_number_is_its_record_or_the_first_pending_one(number: int, offset: int) -> None:
    originals = held(batch(3, 5))
    originals.forget()
    originals.add(batch(7, 8))
    originals.add(batch(9))
    assert originals.at(number).offset == offset
