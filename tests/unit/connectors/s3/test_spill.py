"""Bytes in memory and on disk, and bodies that read them back."""

from __future__ import annotations

import io
import os

import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.s3.body import body
from connectors.s3.budget import Budget
from connectors.s3.spill import PIECE, Chunks, Spill

STEPS = st.lists(st.binary(max_size=50) | st.just("move"), max_size=20)


def chunks_of(steps: list[bytes | str], spill: Spill) -> tuple[Chunks, bytes]:
    chunks, whole = Chunks(), b""
    for step in steps:
        if isinstance(step, bytes):
            chunks.append(step)
            whole += step
        else:
            chunks.move_to(spill)
            assert chunks.in_memory == 0
    assert chunks.size == len(whole)
    return chunks, whole


@settings(deadline=None)
@given(STEPS, STEPS)
def test_chunks_of_several_writers_come_back_in_order(
    one: list[bytes | str], other: list[bytes | str]
) -> None:
    spill = Spill()
    first, first_whole = chunks_of(one, spill)
    second, second_whole = chunks_of(other, spill)
    assert b"".join(first.take()) == first_whole
    assert b"".join(second.take()) == second_whole
    assert (first.size, second.in_memory) == (0, 0)
    spill.let_go()


@settings(deadline=None)
@given(STEPS, st.data())
def test_a_body_is_like_any_file(steps: list[bytes | str], data: st.DataObject) -> None:
    spill, budget = Spill(), Budget(0)
    chunks, whole = chunks_of(steps, spill)
    budget.charge(chunks.in_memory)
    with body(chunks, budget) as file:
        spill.let_go()
        expected = io.BytesIO(whole)
        for _ in range(5):
            to, count = data.draw(st.integers(0, 100)), data.draw(st.integers(-1, 100))
            assert file.seek(to) == expected.seek(to)
            assert file.read(count) == expected.read(count)
            assert file.tell() == expected.tell()
        assert file.seek(0, io.SEEK_END) == len(whole)
    assert budget.used == 0


def test_large_pieces_come_back() -> None:
    spill, chunks = Spill(), Chunks()
    data = os.urandom(2 * PIECE + 1)
    chunks.append(data)
    chunks.move_to(spill)
    assert list(map(len, chunks.take())) == [PIECE, PIECE, 1]
    chunks.append(data)
    chunks.move_to(spill)
    assert b"".join(chunks.take()) == data
    spill.let_go()


def open_files() -> int:
    return psutil.Process().num_fds()


def test_the_file_is_gone_when_the_last_body_is_closed() -> None:
    before = open_files()
    spill, chunks = Spill(), Chunks()
    chunks.append(b"bytes")
    chunks.move_to(spill)
    file = body(chunks, Budget(0))
    spill.let_go()
    assert open_files() == before + 1
    assert file.read() == b"bytes"
    file.close()
    file.close()
    assert open_files() == before


def test_a_position_before_the_beginning_is_refused() -> None:
    with body(Chunks(), Budget(0)) as file, pytest.raises(ValueError):
        file.seek(-1)


def test_of_several_limits_the_largest_is_the_processs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Budget, "_shared", None)
    one, other = Budget.shared(10), Budget.shared(5)
    assert one is other
    assert one.limit == 10
    one.charge(8)
    assert (one.is_tight(), one.is_tight(2), one.is_tight(3)) == (False, False, True)
