"""The kit itself: the sample sink passes it, and every bug in it is caught."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

import pytest

from sinkworker.testing.conformance import ODD_TEXTS, SinkConformance
from sinkworker.testing.harness import AnyConnector
from sinkworker.testing.samples import Bug, MemorySinkConnector, MemoryStore


class MemoryFaults:
    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    def before_commit(self) -> AbstractContextManager[None]:
        return self._store.failing("before the commit")

    def after_commit(self) -> AbstractContextManager[None]:
        return self._store.failing("after the commit")


class TestMemorySink(SinkConformance):
    histories = 300
    bugs: frozenset[Bug] = frozenset()

    def connector(self, name: str) -> MemorySinkConnector:
        if not hasattr(self, "_store") or name.startswith("history"):
            self._store = MemoryStore()
        return MemorySinkConnector(name, self._store, self.bugs)

    def read_back(self, connector: AnyConnector) -> Sequence[Mapping[str, Any]]:
        return [row[3] for row in connector.store.rows]

    def faults(self, connector: AnyConnector) -> MemoryFaults:
        return MemoryFaults(connector.store)


CAUGHT_BY = {
    Bug.START_IS_NOT_KEPT: "test_01",
    Bug.REOPENS_AT_THE_START: "test_02",
    Bug.WRITES_IN_PUT: "test_03",
    Bug.FLUSHES_EVERY_PARTITION: "test_03",
    Bug.CLOSE_KEEPS_THE_BUFFER: "test_03",
    Bug.OFFSET_IN_A_SECOND_TRANSACTION: "test_04",
    Bug.OFFSET_FIRST_THEN_ROWS: "test_04",
    Bug.NO_EPOCH_IN_THE_CONDITION: "test_05",
    Bug.CLAIM_DOES_NOT_RAISE_THE_EPOCH: "test_05",
    Bug.REFUSED_FLUSH_IS_IGNORED: "test_05",
    Bug.FLUSH_WITHOUT_RECORDS_IS_SKIPPED: "test_06",
    Bug.OFFSET_FROM_THE_LAST_RECORD: "test_07",
    Bug.NEIGHBOURS_SHARE_A_KEY: "test_08",
    Bug.ALTER_DOES_NOT_RAISE_THE_EPOCH: "test_09",
    Bug.RESET_IS_NOT_UNDERSTOOD: "test_09",
    Bug.FOREIGN_TOPIC_IS_CLAIMED: "test_09",
    Bug.NULLS_CRASH: "test_10",
    Bug.TEXT_IS_CUT_AT_NUL: "test_10",
    Bug.CLOSE_TWICE_FAILS: "test_11",
}
CAUGHT_BY_HISTORIES = frozenset(
    {
        Bug.START_IS_NOT_KEPT,
        Bug.WRITES_IN_PUT,
        Bug.FLUSHES_EVERY_PARTITION,
        Bug.CLOSE_KEEPS_THE_BUFFER,
        Bug.OFFSET_IN_A_SECOND_TRANSACTION,
        Bug.OFFSET_FIRST_THEN_ROWS,
        Bug.NO_EPOCH_IN_THE_CONDITION,
        Bug.CLAIM_DOES_NOT_RAISE_THE_EPOCH,
        Bug.REFUSED_FLUSH_IS_IGNORED,
        Bug.FLUSH_WITHOUT_RECORDS_IS_SKIPPED,
        Bug.OFFSET_FROM_THE_LAST_RECORD,
    }
)


def test_every_bug_has_a_check_that_must_catch_it() -> None:
    assert set(CAUGHT_BY) == set(Bug)


@pytest.mark.parametrize("bug", list(Bug), ids=lambda bug: bug.name.lower())
def test_each_check_bites(bug: Bug) -> None:
    """A kit that passes a sink with this bug would prove nothing."""
    failed = [name for name, check in _checks(bug) if _fails(check)]
    assert any(name.startswith(CAUGHT_BY[bug]) for name in failed), f"only {failed} failed"
    if bug in CAUGHT_BY_HISTORIES:
        assert "test_12_random_histories_are_exact" in failed


def _checks(bug: Bug) -> Iterator[tuple[str, Any]]:
    for name in dir(SinkConformance):
        if not name.startswith("test_"):
            continue
        for arguments in _arguments(name):
            kit = TestMemorySink()
            kit.bugs, kit.histories = frozenset({bug}), 40
            yield name, lambda kit=kit, name=name, given=arguments: getattr(kit, name)(*given)


def _arguments(name: str) -> list[tuple[Any, ...]]:
    if name.startswith("test_04"):
        return [("before",), ("after",)]
    if name.startswith("test_10_odd_values"):
        return [(kind,) for kind in ODD_TEXTS]
    if name.startswith("test_10_a_value"):
        return [(None,), ("text",)]
    return [()]


def _fails(check: Any) -> bool:
    try:
        check()
    except (Exception, pytest.fail.Exception):
        return True
    return False
