"""What Postgres takes by COPY alone: rows that are ready, in one connection, a transaction a batch.

The upper bound for any sink of one connection.
"""

from __future__ import annotations

import signal
import sys

import psycopg

from tests.factory import alerts


def main() -> None:
    url, total, batch_size = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    blocks = [_block(range(start, start + batch_size)) for start in range(0, total, batch_size)]
    connection = psycopg.connect(url)
    for number, block in enumerate(blocks, 1):
        with connection.transaction(), connection.cursor() as cursor:
            cursor.execute("UPDATE hand_offsets SET next_offset = %s", (number * batch_size,))
            with cursor.copy("COPY hand (alert_id, stage_id, level, message) FROM STDIN") as copy:
                copy.write(block)


def _block(numbers: range) -> bytes:
    lines = ("\t".join(map(str, alerts.alert(number).values())) for number in numbers)
    return ("\n".join(lines) + "\n").encode()


if __name__ == "__main__":
    main()
    signal.pause()  # until it is measured
