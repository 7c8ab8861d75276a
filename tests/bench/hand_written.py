"""The loop one would write by hand: a Kafka client → a parser → COPY, with a thread for each task.

The measure for the worker: one process, the worker's own JSON parser, offsets in the same transaction as
the rows, the same batch size, and nothing else. No rebalances, no retries, no fencing, no bad records.
"""

from __future__ import annotations

import io
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import psycopg
from pydantic_core import from_json

from tests.bench.reading import CLIENTS, Polled

Row = tuple[Any, ...]
COLUMNS = "(alert_id, stage_id, level, message)"


def main() -> None:
    client, bootstrap, url, topic, partitions, total, mode, batch_size, tasks = sys.argv[1:]
    numbers = range(int(partitions))
    threads = []
    for task in range(int(tasks)):
        mine = numbers[task :: int(tasks)]
        polled = CLIENTS[client](bootstrap, topic, mine, int(batch_size))
        target = int(total) * len(mine) // len(numbers)
        arguments = (polled, url, target, mode, int(batch_size))
        threads.append(threading.Thread(target=write, args=arguments))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def write(polls: Iterator[Polled], url: str, target: int, mode: str, batch_size: int) -> None:
    connection = psycopg.connect(url)
    rows_of, into = ROWS.get(mode, plain_rows), INTO.get(mode, insert)
    done, rows, positions = 0, [], {}
    while done < target:
        polled = next(polls)
        positions |= polled.positions
        rows += rows_of(polled)
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


def plain_rows(polled: Polled) -> list[Row]:
    return [_row(from_json(value)) for _, _, value in polled.records]


def enveloped_rows(polled: Polled) -> list[Row]:
    return [_row(from_json(value)["payload"]) for _, _, value in polled.records]


def keyed_rows(polled: Polled) -> list[Row]:
    """The key first; a null value has nothing else."""
    return [
        (from_json(key),) if value is None else _row(from_json(value))
        for _, key, value in polled.records
    ]


def transformed_rows(polled: Polled) -> list[Row]:
    rows = []
    for _, _, each in polled.records:
        value = from_json(each)
        value["stage_id"] = value.pop("stage")
        value["level"] = "Minor"
        value["alert_id"] = int(value["alert_id"])
        rows.append(_row(value))
    return rows


def avro_rows(polled: Polled) -> list[Row]:
    import fastavro

    from tests.bench.logs import AVRO

    schema = fastavro.parse_schema(AVRO)
    return [
        _row(fastavro.schemaless_reader(io.BytesIO(value[5:]), schema, None))
        for _, _, value in polled.records
    ]


def _row(value: dict[str, Any]) -> Row:
    return value["alert_id"], value["stage_id"], value["level"], value["message"]


def insert(cursor: psycopg.Cursor, rows: Sequence[Row]) -> None:
    copy_into(cursor, "hand", rows)


def upsert(cursor: psycopg.Cursor, rows: Sequence[Row]) -> None:
    """With null values, too: what a key was last counts."""
    last = {row[0]: row for row in rows}
    ended = [key for key, row in last.items() if len(row) == 1]
    if ended:
        cursor.execute("DELETE FROM hand WHERE alert_id = ANY(%s)", (ended,))
    cursor.execute(
        "CREATE TEMP TABLE IF NOT EXISTS stage ON COMMIT DELETE ROWS AS SELECT * FROM hand LIMIT 0"
    )
    copy_into(cursor, "stage", [row for row in last.values() if len(row) > 1])
    cursor.execute(
        "INSERT INTO hand SELECT * FROM stage ORDER BY alert_id ON CONFLICT (alert_id) DO UPDATE SET "
        "stage_id = excluded.stage_id, level = excluded.level, message = excluded.message"
    )


def copy_into(cursor: psycopg.Cursor, table: str, rows: Sequence[Row]) -> None:
    with cursor.copy(f"COPY {table} {COLUMNS} FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


ROWS: dict[str, Callable[[Polled], list[Row]]] = {
    "tombstones": keyed_rows, "envelope": enveloped_rows, "avro": avro_rows,
    "transforms": transformed_rows,
}  # fmt: skip
INTO = {"upsert": upsert, "updates": upsert, "tombstones": upsert}


if __name__ == "__main__":
    main()
    signal.pause()  # until it is measured
