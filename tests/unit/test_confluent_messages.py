"""librdkafka's messages as records, and as columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from confluent_kafka import Message

from sinkworker.kafka.confluent.messages import Messages
from sinkworker.runtime.ports import Columns, RawRecord, columns


def message(offset: int, **parts: Any) -> Message[Any, Any]:
    return Message(topic="t", partition=0, offset=offset, timestamp=(1, 1000 + offset), **parts)


BATCH = Messages([
    message(3, key=b"k", value=b"v", headers=[("h", b"1")], leader_epoch=4),
    message(5, leader_epoch=5),
])  # fmt: skip


def listed(batch: Sequence[RawRecord]) -> Columns:
    """Its columns, with every timestamp looked at."""
    found = columns(batch)
    return found._replace(timestamps=list(found.timestamps))


def test_a_batch_is_handed_out_as_columns() -> None:
    assert listed(BATCH) == (
        [3, 5], [1003, 1005], [b"k", None], [b"v", None], [[("h", b"1")], ()]
    )  # fmt: skip


def test_columns_say_what_each_record_says() -> None:
    of_records = columns(list(BATCH))
    assert of_records == listed(BATCH)


def test_timestamps_are_asked_for_one_by_one_or_in_stretches() -> None:
    timestamps = columns(BATCH).timestamps
    assert (len(timestamps), timestamps[-1], list(timestamps[:1])) == (2, 1005, [1003])


def test_a_part_of_a_batch_is_a_batch() -> None:
    assert columns(BATCH[1:]).offsets == [5]
    assert (len(BATCH), BATCH[-1].leader_epoch) == (2, 5)
