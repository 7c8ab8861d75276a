"""The conformance kit: twelve checks that a sink must pass to be called exactly once.

Owns the checks. Inherit `SinkConformance`, say how to make your connector and how to read back what
the outside world sees, and let pytest run it:

    class TestMySink(SinkConformance):
        @pytest.fixture(autouse=True)
        def _place(self, tmp_path):
            self.place = tmp_path

        def connector(self, name):
            return MySinkConnector(name, MySinkConfig(path=self.place / name))

        def read_back(self, connector):
            return [json.loads(line) for line in …]
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import pytest

from sinkworker.api import (
    Alteration,
    FencedError,
    Offset,
    OffsetStore,
    RecordRejectedError,
    RetriableError,
    TopicPartition,
)
from sinkworker.testing.harness import AnyConnector
from sinkworker.testing.history import Faults, History
from sinkworker.testing.owner import Owner, value_of

P0, P1 = TopicPartition("alerts", 0), TopicPartition("alerts", 1)
NEIGHBOURS = (
    TopicPartition("alerts", 11), TopicPartition("alerts1", 1), TopicPartition("alerts-1", 1),
    TopicPartition("a.b", 0), TopicPartition("a_b", 0), TopicPartition("A.b", 0),
)  # fmt: skip
ODD_TEXTS = {
    "empty": "",
    "non-ASCII": "Überhitzung 過熱 🔥",
    "quotes": 'it\'s "quoted" \\ and \t tabbed',
    "line breaks": "one\ntwo\r\nthree",
    "NUL": "before\0after",
    "large": "x" * 1_000_000,
    "null": None,
}


class SinkConformance:
    """Inherit, override `connector` and `read_back`, and `faults` if the sink can be broken."""

    histories = 20
    """How many random histories check 12 runs, seeds 0 to n-1."""
    history_steps = 150
    keeps_order = True
    """Whether a reader sees each partition's records in their order; a keyed table has none."""

    def connector(self, name: str) -> AnyConnector:
        """A configured connector. Two names: two connectors that may stand side by side."""
        raise NotImplementedError

    def read_back(self, connector: AnyConnector) -> Sequence[Mapping[str, Any]]:
        """Every value that the outside world sees of this connector, in the order of writing.

        The kit's values are objects with an `id` and a `text`.
        """
        raise NotImplementedError

    def faults(self, connector: AnyConnector) -> Faults | None:
        """How to break commits. Without it, check 4 is skipped and histories break none."""
        del connector
        return None

    def assert_seen(
        self, connector: AnyConnector, expected: Sequence[str], else_say: str = ""
    ) -> None:
        seen = [str(value["id"]) for value in self.read_back(connector)]
        if not self.keeps_order:
            seen, expected = sorted(seen), sorted(expected)
        assert seen == list(expected), else_say

    # the checks

    def test_01_nothing_stored_opens_at_the_start_it_was_given_and_keeps_it(self) -> None:
        sink = self.connector("conformance")
        first, second = Owner(sink, "first"), Owner(sink, "second")
        first.open(P0, start=Offset(7))
        assert first.resume(P0) == 7
        first.stop()
        second.open(P0, start=Offset(3))
        assert second.resume(P0) == 7, "the start of the first claim was not stored"
        assert second.claims[P0].epoch > first.claims[P0].epoch
        second.stop()

    def test_02_what_was_flushed_is_there_once_in_order_and_reopens_after_it(self) -> None:
        sink = self.connector("conformance")
        first, second = Owner(sink, "first"), Owner(sink, "second")
        first.open(P0)
        first.put(P0, range(5))
        first.flush({P0: 5})
        first.put(P0, range(5, 8))
        first.flush({P0: 8})
        self.assert_seen(sink, _ids(P0, range(8)))
        second.open(P0)
        assert second.resume(P0) == 8
        first.stop()
        second.stop()

    def test_03_what_was_put_and_not_flushed_is_never_seen(self) -> None:
        sink = self.connector("conformance")
        owner = Owner(sink)
        owner.open(P0, P1)
        owner.put(P0, range(3))
        owner.put(P1, range(2))
        self.assert_seen(sink, [])
        owner.flush({P1: 2})
        self.assert_seen(sink, _ids(P1, range(2)), "a flush of one partition wrote another's")
        owner.close(P0)
        owner.open(P0)
        assert owner.resume(P0) == 0
        owner.put(P0, [0])
        owner.flush({P0: 1})
        self.assert_seen(sink, [*_ids(P1, range(2)), *_ids(P0, [0])])
        owner.stop()

    @pytest.mark.parametrize("moment", ["before", "after"])
    def test_04_a_flush_that_breaks_writes_all_or_nothing(self, moment: str) -> None:
        sink = self.connector("conformance")
        faults = self.faults(sink)
        if faults is None:
            pytest.skip("this sink's test offers no faults")
        broken, next_one = Owner(sink, "broken"), Owner(sink, "next")
        broken.open(P0)
        broken.put(P0, range(2))
        broken.flush({P0: 2})
        broken.put(P0, range(2, 5))
        fault = faults.before_commit if moment == "before" else faults.after_commit
        with fault(), pytest.raises(RetriableError):
            broken.flush({P0: 5})
        landed = 5 if moment == "after" else 2
        next_one.open(P0)
        assert next_one.resume(P0) == landed, f"the offset after a commit that broke {moment}"
        self.assert_seen(sink, _ids(P0, range(landed)))
        broken.stop()
        next_one.stop()

    def test_05_a_second_owner_fences_the_first_which_changes_nothing(self) -> None:
        sink = self.connector("conformance")
        first, second = Owner(sink, "first"), Owner(sink, "second")
        first.open(P0, P1)
        first.put(P0, range(3))
        second.open(P0)
        with pytest.raises(FencedError):
            first.flush({P0: 3})
        first.close(P0)
        first.put(P1, [0])
        first.flush({P1: 1})
        self.assert_seen(sink, _ids(P1, [0]), "the fenced owner wrote, or its neighbour could not")
        second.put(P0, range(2))
        second.flush({P0: 2})
        self.assert_seen(sink, [*_ids(P1, [0]), *_ids(P0, range(2))])
        third = Owner(sink, "third")
        third.open(P0, P1)
        assert (third.resume(P0), third.resume(P1)) == (2, 1)
        for owner in (first, second, third):
            owner.stop()

    def test_06_a_flush_without_records_moves_the_offset(self) -> None:
        sink = self.connector("conformance")
        first, second = Owner(sink, "first"), Owner(sink, "second")
        first.open(P0)
        first.flush({P0: 4})
        first.flush({P0: 9})
        self.assert_seen(sink, [])
        second.open(P0)
        assert second.resume(P0) == 9
        first.stop()
        second.stop()

    def test_07_gaps_between_and_after_records_are_part_of_the_offset(self) -> None:
        sink = self.connector("conformance")
        first, second = Owner(sink, "first"), Owner(sink, "second")
        first.open(P0)
        first.put(P0, [0, 3, 4])
        first.flush({P0: 8})
        first.put(P0, [10])
        first.flush({P0: 11})
        self.assert_seen(sink, _ids(P0, [0, 3, 4, 10]))
        second.open(P0)
        assert second.resume(P0) == 11
        first.stop()
        second.stop()

    def test_08_neighbours_with_similar_names_are_left_alone(self) -> None:
        sink, other = self.connector("conformance"), self.connector("conformance-1")
        owner, stranger = Owner(sink), Owner(other)
        owner.open(P0, P1, *NEIGHBOURS)
        stranger.open(P0, P1)
        for count, partition in enumerate((P0, P1, *NEIGHBOURS), start=1):
            owner.put(partition, range(count))
            owner.flush({partition: count})
        stranger.put(P1, [0])
        stranger.flush({P1: 1})
        again = Owner(sink, "again")
        again.open(P0, P1, *NEIGHBOURS)
        resumes = [again.resume(partition) for partition in (P0, P1, *NEIGHBOURS)]
        assert resumes == list(range(1, len(resumes) + 1))
        for each in (owner, stranger, again):
            each.stop()

    def test_09_an_altered_offset_fences_the_running_task_and_is_where_the_next_resumes(
        self,
    ) -> None:
        sink = self.connector("conformance")
        store = _store(sink)
        owner = Owner(sink)
        owner.open(P0)
        owner.put(P0, range(3))
        owner.flush({P0: 3})
        epoch = store.read()[P0].epoch
        assert not store.alter({P0: Alteration(Offset(1), epoch + 1)}), "another epoch was expected"
        assert set(store.alter({P0: Alteration(Offset(1), epoch)})) == {P0}
        assert store.read()[P0].epoch > epoch
        owner.put(P0, [3])
        with pytest.raises(FencedError):
            owner.flush({P0: 4})
        owner.close(P0)
        owner.open(P0)
        assert owner.resume(P0) == 1
        store.alter({P0: Alteration(None)})
        assert store.read()[P0].next is None
        owner.close(P0)
        owner.open(P0, start=Offset(6))
        assert owner.resume(P0) == 6, "after a reset the start is decided anew"
        owner.stop()
        store.close()

    def test_09_seeds_are_kept_and_change_nothing_that_is_stored(self) -> None:
        sink = self.connector("conformance")
        store, owner = _store(sink), Owner(sink)
        owner.open(P0)
        owner.flush({P0: 5})
        store.seed({P0: Offset(1), P1: Offset(2)})
        stored = store.read()
        assert (stored[P0].next, stored[P1].next, stored[P1].epoch) == (5, 2, 0)
        owner.flush({P0: 6})
        owner.open(P1, start=Offset(9))
        assert owner.resume(P1) == 2
        owner.stop()
        store.close()

    def test_09_an_offset_of_another_topic_or_cluster_is_not_claimed(self) -> None:
        sink = self.connector("conformance")
        first, second = Owner(sink, "first"), Owner(sink, "second")
        first.open(P0, start=Offset(0, None, "topic-one", "cluster-one"))
        for topic_id, cluster_id in (("topic-two", "cluster-one"), ("topic-one", "cluster-two")):
            second.open(P0, start=Offset(0, None, topic_id, cluster_id))
            assert P0 not in second.claims, "the offset belongs to another log"
        first.put(P0, [0])
        first.flush({P0: 1})
        second.open(P0, start=Offset(0))
        assert second.resume(P0) == 1, "unknown ids fit any log"
        first.stop()
        second.stop()

    @pytest.mark.parametrize("kind", ODD_TEXTS)
    def test_10_odd_values_land_unchanged_or_are_rejected_alone(self, kind: str) -> None:
        sink, text = self.connector("conformance"), ODD_TEXTS[kind]
        owner = Owner(sink)
        owner.open(P0)
        expected = [value_of(P0, 0), value_of(P0, 1, text), value_of(P0, 2)]
        try:
            self._write(owner, dict(enumerate(expected)))
        except RecordRejectedError as rejected:
            assert rejected.offset == 1
            del expected[1]
            owner.close(P0)
            owner.open(P0)
            self._write(owner, {0: expected[0], 2: expected[1]})
        seen = {(value["id"], value["text"]) for value in self.read_back(sink)}
        assert seen == {(value["id"], value["text"]) for value in expected}
        owner.stop()

    def _write(self, owner: Owner, values: dict[int, Any]) -> None:
        owner.put_values(P0, values)
        owner.flush({P0: 3})

    @pytest.mark.parametrize(
        "value", [None, "text", 5, [1, 2]], ids=["null", "text", "number", "list"]
    )
    def test_10_a_value_that_is_no_object_is_written_or_rejected_and_no_crash(
        self, value: Any
    ) -> None:
        sink = self.connector("conformance")
        owner = Owner(sink)
        owner.open(P0)
        with suppress(RecordRejectedError):
            self._write(owner, {0: value_of(P0, 0), 1: value, 2: value_of(P0, 2)})
        owner.close(P0)
        again = Owner(sink, "again")
        again.open(P0)
        assert again.resume(P0) in (0, 3)
        owner.stop()
        again.stop()

    def test_10_odd_topic_names(self) -> None:
        sink = self.connector("conformance")
        owner = Owner(sink)
        names = ["UPPER.Case", "a-b_c.d", "x" * 249, "1", "..."]
        partitions = [TopicPartition(name, 2**31 - 1) for name in names]
        owner.open(*partitions)
        owner.flush(dict.fromkeys(partitions, 2**62))
        again = Owner(sink, "again")
        again.open(*partitions)
        assert {again.resume(partition) for partition in partitions} == {2**62}
        owner.stop()
        again.stop()

    def test_11_close_twice_and_stop_after_a_failure(self) -> None:
        sink = self.connector("conformance")
        owner, other = Owner(sink), Owner(sink, "other")
        owner.close(P0)
        owner.open(P0)
        owner.put(P0, [0])
        other.open(P0)
        with pytest.raises(FencedError):
            owner.flush({P0: 1})
        owner.close(P0)
        owner.close(P0)
        owner.stop()
        other.flush({P0: 1})
        other.stop()
        never_opened = Owner(sink, "never opened")
        never_opened.stop()

    def test_12_random_histories_are_exact(self) -> None:
        for seed in range(self.histories):
            sink = self.connector(f"history-{seed}")
            history = History(sink, self.read_back, self.faults(sink), seed, self.keeps_order)
            history.run(self.history_steps)


def _ids(source: TopicPartition, offsets: Sequence[int]) -> list[str]:
    return [str(value_of(source, offset)["id"]) for offset in offsets]


def _store(sink: AnyConnector) -> OffsetStore:
    store = sink.offset_store()
    assert store is not None, "an exactly-once sink has an offset store"
    return store
