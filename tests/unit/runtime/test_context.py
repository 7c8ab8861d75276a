"""What a task is given by the engine: its names, and what becomes of a record that it reports."""

from __future__ import annotations

import os
import socket

import pytest

from sinkworker.api import DataError, RecordRejectedError, SinkRecord, TopicPartition
from sinkworker.runtime.assignment import Assignment
from sinkworker.runtime.context import TaskContext
from sinkworker.runtime.errants import Errants
from sinkworker.runtime.tolerance import ToleranceMode
from tests.unit.runtime.builders import P0, tolerance

RECORD = SinkRecord("renamed", 9, 5, 1_000, "key", "a secret value")


def context(mode: ToleranceMode) -> TaskContext:
    errants = Errants(tolerance(mode), Assignment())
    return TaskContext("alerts-to-pg", 2, 240_000, errants)


def test_the_owner_names_task_host_and_process_and_is_unlike_any_other() -> None:
    owner, other = context(ToleranceMode.ALL).owner, context(ToleranceMode.ALL).owner
    where, _, unlike = owner.rpartition(":")
    assert where == f"alerts-to-pg-2@{socket.gethostname()}:{os.getpid()}"
    assert len(unlike) == 6
    assert owner != other, "containers may have the same host name and process id"


def test_a_reported_record_that_is_tolerated_is_remembered_and_the_task_goes_on() -> None:
    given = context(ToleranceMode.ALL)
    first = given.report(P0, RECORD, DataError("too long"))
    second = given.report(P0, RECORD, DataError("too long"))
    assert given.errants.take() == [first, second]
    assert given.errants.take() == []


@pytest.mark.parametrize(
    ("error", "words"), [(DataError("too long"), "too long"), (TypeError(), "TypeError")]
)
def test_a_reported_record_that_is_not_tolerated_is_rejected_with_where_it_was_read(
    error: Exception, words: str
) -> None:
    given = context(ToleranceMode.NONE)
    with pytest.raises(RecordRejectedError) as rejected:
        given.report(P0, RECORD, error)
    assert (rejected.value.source, rejected.value.offset) == (TopicPartition("alerts", 0), 5)
    assert str(rejected.value) == f"alerts-0 offset 5 failed in TASK_PUT: {words}"
    assert rejected.value.__cause__ is error
    assert given.errants.take() == []
