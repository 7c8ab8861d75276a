"""A transform that renames topics breaks no offsets, and filtered records move them.

The complaint that this answers: apache/kafka#14024 (KIP-793), and its like in many sinks.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from sinkworker.api import TopicPartition
from sinkworker.configuration import ConfiguredConnector, configure
from sinkworker.properties import read_file
from sinkworker.runtime.tolerance import Tolerance, ToleranceMode
from sinkworker.testing import Harness
from tests.unit.config_files import FILE_SINK, changed, write

P0 = TopicPartition("alerts", 0)
KEYS = """value.converter=JsonConverter
value.converter.schemas.enable=false
transforms=route,drop,field
transforms.route.type=RegexRouter
transforms.route.regex=.*
transforms.route.replacement=elsewhere
transforms.drop.type=Filter
transforms.drop.predicate=tombstones
transforms.field.type=InsertField$Value
transforms.field.topic.field=topic
predicates=tombstones
predicates.tombstones.type=RecordIsTombstone"""


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def configured() -> ConfiguredConnector:
    return configure(read_file(write("c.properties", changed(FILE_SINK, KEYS))))


def harness(mode: ToleranceMode = ToleranceMode.NONE) -> Harness:
    found = configured()
    tolerance = Tolerance(mode, log_errors=False, include_messages=False)
    return Harness(found.connector, conversion=found.conversion, tolerance=tolerance)


def stored(of: Harness) -> dict[TopicPartition, int | None]:
    store = of.connector.offset_store()
    assert store is not None
    return {partition: each.next for partition, each in store.read().items()}


def test_offsets_are_stored_under_the_topic_that_was_read_across_a_crash() -> None:
    of = harness()
    of.produce(P0, {"id": 1}, None, {"id": 2})
    worker = of.start()
    of.run()
    assert stored(of) == {P0: 3}
    of.crash(worker)
    of.produce(P0, {"id": 3}, None)
    of.start()
    of.run()
    lines = Path("out.txt").read_text().splitlines()
    assert lines == [f'{{"id":{n},"topic":"elsewhere"}}' for n in (1, 2, 3)]
    assert stored(of) == {P0: 5}


def test_a_record_that_cannot_be_transformed_stops_its_partition_and_says_why() -> None:
    of = harness()
    of.produce(P0, {"id": 1}, "no object", {"id": 2})
    worker = of.start()
    of.run()
    assert stored(of) == {P0: 1}
    (quarantined,) = [each for each in worker.status().partitions.values() if each.cause]
    assert quarantined.cause == (
        "alerts-0 offset 1 failed in TRANSFORMATION: InsertField$Value needs an object without a"
        " schema, not a string. Everything before it is committed; this partition waits. Set"
        " errors.tolerance=all to skip such records, or move the offset past it."
    )


def test_a_record_that_cannot_be_transformed_is_left_out_where_that_is_tolerated() -> None:
    of = harness(ToleranceMode.ALL)
    of.produce(P0, {"id": 1}, "no object", {"id": 2})
    of.start()
    of.run()
    assert len(Path("out.txt").read_text().splitlines()) == 2
    assert stored(of) == {P0: 3}
