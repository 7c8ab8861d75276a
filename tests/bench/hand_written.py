"""The loop one would write by hand: a Kafka client → the worker's JSON parser → COPY.

The measure for the worker: one process, offsets in the same transaction as the rows, the same batch
size, and nothing else. No rebalances, no retries, no fencing, no bad records.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence

import psycopg
from pydantic_core import from_json

COLUMNS = ("alert_id", "stage_id", "level", "message")


Batch = tuple[list[bytes], dict[int, int]]
"""Values, and where to read each partition on."""


def main() -> None:
    client, bootstrap, url, topic, partitions, total, mode, batch_size, tasks = sys.argv[1:]
    reads = {"kafka-python": with_kafka_python, "confluent": with_confluent}[client]
    numbers = range(int(partitions))
    threads = []
    for task in range(int(tasks)):
        mine = numbers[task :: int(tasks)]
        batches = reads(bootstrap, topic, mine, int(batch_size))
        target = int(total) * len(mine) // len(numbers)
        arguments = (batches, url, target, insert if mode == "insert" else upsert, int(batch_size))
        threads.append(threading.Thread(target=write, args=arguments))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def write(
    batches: Iterator[Batch], url: str, target: int, into: Callable[..., None], batch_size: int
) -> None:
    connection = psycopg.connect(url)
    done, rows, positions = 0, [], {}
    while done < target:
        values, moved = next(batches)
        positions |= moved
        for each in values:
            value = from_json(each)
            rows.append((value["alert_id"], value["stage_id"], value["level"], value["message"]))
        if len(rows) >= batch_size or (rows and done + len(rows) >= target):
            with connection.transaction(), connection.cursor() as cursor:
                cursor.execute(
                    "UPDATE hand_offsets o SET next_offset = v.next FROM "
                    "unnest(%s::int[], %s::bigint[]) AS v (partition, next) "
                    "WHERE o.partition = v.partition",
                    (list(positions), list(positions.values())),
                )
                into(cursor, rows)
            done, rows = done + len(rows), []


def with_kafka_python(
    bootstrap: str, topic: str, partitions: Sequence[int], batch_size: int
) -> Iterator[Batch]:
    from kafka import KafkaConsumer, TopicPartition

    consumer = KafkaConsumer(
        bootstrap_servers=bootstrap, enable_auto_commit=False, auto_offset_reset="none",
        isolation_level="read_committed", max_poll_records=batch_size, fetch_max_wait_ms=100,
    )  # fmt: skip
    assigned = [TopicPartition(topic, number) for number in partitions]
    consumer.assign(assigned)
    for partition in assigned:
        consumer.seek(partition, 0)
    while True:
        polled = consumer.poll(200)
        values = [record.value for records in polled.values() for record in records]
        yield values, {p.partition: consumer.position(p) for p in polled}


def with_confluent(
    bootstrap: str, topic: str, partitions: Sequence[int], batch_size: int
) -> Iterator[Batch]:
    from confluent_kafka import Consumer, TopicPartition

    consumer = Consumer({
        "bootstrap.servers": bootstrap, "group.id": "hand", "enable.auto.commit": False,
        "auto.offset.reset": "error", "isolation.level": "read_committed", "check.crcs": True,
        "queued.max.messages.kbytes": 32 * 1024, "fetch.queue.backoff.ms": 10,
    })  # fmt: skip
    consumer.assign([TopicPartition(topic, number, 0) for number in partitions])
    while True:
        messages = consumer.consume(batch_size, 0.2)
        good = [message for message in messages if message.error() is None]
        yield (
            [message.value() for message in good],
            {message.partition(): message.offset() + 1 for message in good},
        )


def insert(cursor: psycopg.Cursor, rows: list[tuple]) -> None:
    with cursor.copy("COPY hand (alert_id, stage_id, level, message) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def upsert(cursor: psycopg.Cursor, rows: list[tuple]) -> None:
    cursor.execute(
        "CREATE TEMP TABLE IF NOT EXISTS stage ON COMMIT DELETE ROWS AS SELECT * FROM hand LIMIT 0"
    )
    last = {row[0]: row for row in rows}
    with cursor.copy("COPY stage (alert_id, stage_id, level, message) FROM STDIN") as copy:
        for row in last.values():
            copy.write_row(row)
    cursor.execute(
        "INSERT INTO hand SELECT * FROM stage ORDER BY alert_id ON CONFLICT (alert_id) DO UPDATE SET "
        "stage_id = excluded.stage_id, level = excluded.level, message = excluded.message"
    )


if __name__ == "__main__":
    main()
    signal.pause()  # until it is measured
