"""What a failure of the client becomes."""

from __future__ import annotations

import pytest
from kafka import errors
from kafka.structs import TopicPartition as ClientPartition

from sinkworker.api import TopicPartition
from sinkworker.kafka.failures import translated
from sinkworker.runtime.ports import BrokenPartitionsError


def test_a_damaged_batch_breaks_its_partition_and_is_named_by_its_offset() -> None:
    told = (
        f"Record batch for partition {ClientPartition('alerts', 1)} at offset 42 failed crc check"
    )
    with pytest.raises(BrokenPartitionsError) as raised, translated("Polling Kafka"):
        raise errors.CorruptRecordError(told)
    assert raised.value.causes == {
        TopicPartition(
            "alerts", 1
        ): "alerts-1: the record batch at offset 42 fails its checksum: its "
        "bytes in Kafka are damaged. Everything before it is committed; nothing is skipped. To go on "
        "without it, set the offset to what follows it."
    }
