"""Dead letters of a real worker, from a real broker to a real sink: in a topic, and in a table."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.e2e.scene import Scene

pytestmark = [pytest.mark.kafka, pytest.mark.postgres]

# A converter's, two of Postgres (by COPY and at the end of the transaction), a tombstone.
TABLE = (
    "CREATE TABLE alerts (alert_id int CHECK (alert_id <> 7), twin int UNIQUE DEFERRABLE INITIALLY "
    "DEFERRED)"
)
BAD = [b"{", b'{"alert_id": "x"}', b'{"alert_id": 7}', b'{"alert_id": 1, "twin": 5}', None]
STAGES = ["VALUE_CONVERTER", "TASK_PUT", "TASK_PUT", "TASK_PUT", "TASK_PUT"]
GOOD = [json.dumps({"alert_id": 100 + n, "twin": n}).encode() for n in range(20)]
TOLERANT = {"errors__tolerance": "all", "errors__log__enable": "false"}


def produced(scene: Scene) -> str:
    scene.database.execute(TABLE)
    topic = scene.kafka.create_topic()
    scene.kafka.produce(topic, GOOD, key="k", headers=[("h", b"1")])
    scene.kafka.produce(topic, BAD, key="k", headers=[("h", b"1")])
    return topic


def landed(scene: Scene) -> list[Any]:
    rows = scene.database.execute("SELECT alert_id FROM alerts ORDER BY alert_id")
    counted = scene.database.execute("SELECT records, errant, next_offset FROM sinkworker_offsets")
    return [[row[0] for row in rows], counted]


EXPECTED = [[100 + n for n in range(20)], [(20, 5, 25)]]


@pytest.mark.each_client
def test_bad_records_go_to_a_topic_and_good_ones_to_the_sink(scene: Scene) -> None:
    topic = produced(scene)
    dead = f"{topic}-dead"
    config = scene.config(topic, errors__deadletterqueue__topic__name=dead, **TOLERANT)
    worker = scene.worker(config).start()
    scene.wait_until_done(topic)
    assert worker.stop() == 0
    assert landed(scene) == EXPECTED
    (found,) = scene.kafka.read(dead).values()
    letters = sorted(found, key=lambda each: int(dict(each.headers())["__connect.errors.offset"]))
    assert [(letter.key(), letter.value()) for letter in letters] == [(b"k", each) for each in BAD]
    headers = [dict(letter.headers()) for letter in letters]
    assert [each["__connect.errors.stage"].decode() for each in headers] == STAGES
    assert {(each["h"], each["__connect.errors.topic"]) for each in headers} == {
        (b"1", topic.encode())
    }


def test_bad_records_go_to_a_table_in_the_same_transaction(scene: Scene) -> None:
    topic = produced(scene)
    config = scene.config(topic, errors__deadletterqueue__table="dead_letters", **TOLERANT)
    worker = scene.worker(config).start()
    scene.wait_until_done(topic)
    assert worker.stop() == 0
    assert landed(scene) == EXPECTED
    letters = scene.database.execute(
        'SELECT key, value, headers, stage, message FROM dead_letters ORDER BY "offset"'
    )
    header = [{"key": "h", "value": "MQ=="}]
    assert [row[:4] for row in letters] == [
        (b"k", value, header, stage) for value, stage in zip(BAD, STAGES, strict=True)
    ]
    assert [row[4] for row in letters[1:]] == [
        "invalid text representation (22P02) in column alert_id",
        "check violation (23514) of constraint alerts_alert_id_check",
        "unique violation (23505) of constraint alerts_twin_key",
        "its value is null: set delete.enabled=true (with pk.mode=record_key and upsert) to delete "
        "the row of its key, or leave it out with behavior.on.null.values=ignore or a Filter with "
        "RecordIsTombstone",
    ]


def test_too_many_in_a_row_stop_the_partition_and_say_what_to_do(scene: Scene) -> None:
    scene.database.execute(TABLE)
    topic = scene.kafka.create_topic()
    scene.kafka.produce(topic, [*GOOD[:3], *[b'{"alert_id": "x"}'] * 50])
    config = scene.config(
        topic, errors__deadletterqueue__table="dead_letters",
        errors__deadletterqueue__max__consecutive=10, **TOLERANT,
    )  # fmt: skip
    worker = scene.worker(config).start()
    worker.wait_for(f"Quarantined {topic}-0. ")
    (line,) = worker.log_lines(f"Quarantined {topic}-0. ")
    assert (
        f"{topic}-0 from offset 3 on: more than 10 records in a row failed "
        f"(errors.deadletterqueue.max.consecutive=10); {topic}-0 offset 13 failed in TASK_PUT: "
        "invalid text representation (22P02) in column alert_id. Everything before it is committed; "
        "this partition waits. Mend what they have in common, mostly a wrong converter or a missing "
        "column, and start again; or allow more."
    ) in line
    assert scene.stored() == {0: 3}
    assert scene.database.one("SELECT count(*) FROM dead_letters") == 0
    assert worker.stop() == 0
