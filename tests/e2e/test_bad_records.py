"""Bad records: each quarantines its own partition, with everything before it committed."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

import pytest

from tests.e2e.scene import Scene

pytestmark = [pytest.mark.kafka, pytest.mark.postgres]

TABLE = (
    "CREATE TABLE alerts (alert_id bigint NOT NULL, stage_id int, level varchar(8), message text, "
    "doc jsonb)"
)


class Bad(NamedTuple):
    """A record, where it fails, and how the cause begins."""

    name: str
    value: bytes | None
    stage: str
    cause: str


def row(**fields: Any) -> bytes:
    return json.dumps({"alert_id": 1} | fields).encode()


CONVERTER, TASK = "VALUE_CONVERTER", "TASK_PUT"
NO_OBJECT = "its value is no object but {}, and a row needs fields"
BAD = [
    Bad("invalid JSON", b'{"alert_id": 1', CONVERTER, "invalid JSON: EOF while parsing an object"),
    Bad("empty object's comma", b'{"alert_id": 1,}', CONVERTER, "invalid JSON: "),
    Bad("NaN", b'{"alert_id": NaN}', CONVERTER, "invalid JSON: "),
    Bad("trailing bytes", b'{"alert_id": 1} {}', CONVERTER, "invalid JSON: trailing characters"),
    Bad("byte order mark", b'\xef\xbb\xbf{"alert_id": 1}', CONVERTER, "invalid JSON: "),
    Bad("invalid UTF-8", b'{"message": "\xff\xfe"}', CONVERTER, "invalid JSON: "),
    Bad("20,000 deep", b'{"doc": ' + b"[" * 20_000 + b"]" * 20_000 + b"}", CONVERTER,
        "invalid JSON: recursion limit exceeded"),
    Bad("lone surrogate", b'{"message": "\\ud800"}', CONVERTER, "invalid JSON: "),
    Bad("number", b"5", TASK, NO_OBJECT.format("int")),
    Bad("list", b"[1, 2]", TASK, NO_OBJECT.format("list")),
    Bad("text", b'"text"', TASK, NO_OBJECT.format("str")),
    Bad("null", None, TASK, "its value is null: set delete.enabled=true"),
    Bad("wrong type", row(stage_id="five"), TASK,
        "invalid text representation (22P02) in column stage_id"),
    Bad("fraction for an integer", row(stage_id=1.5), TASK,
        "invalid text representation (22P02) in column stage_id"),
    Bad("too large", row(stage_id=2**40), TASK,
        "numeric value out of range (22003) in column stage_id"),
    Bad("huge integer", row(alert_id=10**30), TASK,
        "numeric value out of range (22003) in column alert_id"),
    Bad("too long", row(level="Catastrophic"), TASK,
        "string data right truncation (22001) in column level"),
    Bad("NULL", row(alert_id=None), TASK, "not null violation (23502) in column alert_id"),
    Bad("missing", b'{"message": "no id"}', TASK, "not null violation (23502) in column alert_id"),
    Bad("NUL", row(message="before\0after"), TASK, "text that contains NUL (0x00)"),
    Bad("NUL in jsonb", row(doc={"a": "\0"}), TASK,
        "untranslatable character (22P05) in column doc"),
    Bad("unknown field", row(colour="red"), TASK,
        "table alerts is missing fields (colour) and auto-evolution is disabled"),
]  # fmt: skip


def test_each_bad_record_stops_its_own_partition_and_no_other(scene: Scene) -> None:
    scene.database.execute(TABLE)
    healthy = len(BAD)
    topic = scene.kafka.create_topic(partitions=len(BAD) + 1)
    for partition, bad in enumerate(BAD):
        records = [row(alert_id=10 * partition), bad.value, row(alert_id=10 * partition + 1)]
        scene.kafka.produce(topic, records, partition)
    scene.kafka.produce(topic, [row(alert_id=10_000)], healthy)
    worker = scene.worker(scene.config(topic)).start()
    worker.wait_for("Quarantined ", times=len(BAD))
    scene.kafka.produce(topic, [row(alert_id=10_001)], healthy)
    scene.wait_for_progress(len(BAD) + 2)

    rows = scene.database.execute("SELECT alert_id FROM alerts ORDER BY alert_id")
    before = [10 * partition for partition in range(len(BAD))]
    assert [alert_id for (alert_id,) in rows] == [*before, 10_000, 10_001]
    assert scene.stored() == dict.fromkeys(range(len(BAD)), 1) | {healthy: 2}
    for partition, bad in enumerate(BAD):
        (line,) = worker.log_lines(f"Quarantined {topic}-{partition}. ")
        expected = f"{topic}-{partition} offset 1 failed in {bad.stage}: {bad.cause}"
        assert expected in line, bad.name
        assert "Everything before it is committed; this partition waits." in line
    assert worker.stop() == 0
    assert "before\0after" not in worker.log()
    assert "Catastrophic" not in worker.log()


def test_after_a_restart_the_partition_stops_at_the_same_record_again(scene: Scene) -> None:
    scene.database.execute(TABLE)
    topic = scene.kafka.create_topic()
    scene.kafka.produce(topic, [row(alert_id=1), b"{", row(alert_id=2)])
    for _ in range(2):
        worker = scene.worker(scene.config(topic)).start()
        worker.wait_for(f"{topic}-0 offset 1 failed in {CONVERTER}")
        assert worker.stop() == 0
    assert scene.stored() == {0: 1}


def test_tolerated_records_are_left_out_and_counted(scene: Scene) -> None:
    scene.database.execute(TABLE)
    topic = scene.kafka.create_topic()
    good = [row(alert_id=number) for number in range(5)]
    scene.kafka.produce(topic, [good[0], b"{", good[1], row(stage_id="x"), *good[2:], None])
    worker = scene.worker(scene.config(topic, errors__tolerance="all")).start()
    scene.wait_until_done(topic)
    assert worker.stop() == 0
    rows = scene.database.execute("SELECT alert_id FROM alerts ORDER BY alert_id")
    assert [alert_id for (alert_id,) in rows] == [0, 1, 2, 3, 4]
    counted = scene.database.execute(
        "SELECT records, errant, filtered, gaps, next_offset FROM sinkworker_offsets"
    )
    assert counted == [(5, 3, 0, 0, 8)]
    assert len(worker.log_lines("Skipped a record: ")) == 3
