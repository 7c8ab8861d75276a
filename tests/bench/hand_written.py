"""The loop one would write by hand: kafka-python → the worker's JSON parser → COPY.

The measure for the worker: one process, offsets in the same transaction as the rows, the same batch
size, and nothing else. No rebalances, no retries, no fencing, no bad records.
"""

from __future__ import annotations

import signal
import sys

import psycopg
from kafka import KafkaConsumer, TopicPartition
from pydantic_core import from_json

COLUMNS = ("alert_id", "stage_id", "level", "message")


def main() -> None:
    bootstrap, url, topic, partitions, total, mode, batch_size = sys.argv[1:]
    target = int(total)
    connection = psycopg.connect(url)
    consumer = KafkaConsumer(
        bootstrap_servers=bootstrap, enable_auto_commit=False, auto_offset_reset="none",
        isolation_level="read_committed", max_poll_records=int(batch_size), fetch_max_wait_ms=100,
    )  # fmt: skip
    assigned = [TopicPartition(topic, number) for number in range(int(partitions))]
    consumer.assign(assigned)
    for partition in assigned:
        consumer.seek(partition, 0)
    write = insert if mode == "insert" else upsert
    done, rows = 0, []
    while done < target:
        for records in consumer.poll(200).values():
            for record in records:
                value = from_json(record.value)
                rows.append(
                    (value["alert_id"], value["stage_id"], value["level"], value["message"])
                )
        if len(rows) >= int(batch_size) or (rows and done + len(rows) >= target):
            positions = [(p.partition, consumer.position(p)) for p in assigned]
            with connection.transaction(), connection.cursor() as cursor:
                cursor.execute(
                    "UPDATE hand_offsets o SET next_offset = v.next FROM "
                    "unnest(%s::int[], %s::bigint[]) AS v (partition, next) "
                    "WHERE o.partition = v.partition",
                    ([p for p, _ in positions], [n for _, n in positions]),
                )
                write(cursor, rows)
            done, rows = done + len(rows), []


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
