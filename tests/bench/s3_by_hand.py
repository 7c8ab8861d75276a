"""The loop one would write by hand: a Kafka client → the worker's JSON parser → a file → PUT.

The measure for the S3 sink: one process, files of the same size and kind, and how far it is in one more
PUT, where the sink puts its entry. No rebalances, no retries, no fencing, no bad records, no hashes.
"""

from __future__ import annotations

import gzip
import io
import signal
import sys
from collections import defaultdict

import boto3
import orjson
import pyarrow as pa
import pyarrow.parquet as pq
from botocore.config import Config
from pydantic_core import from_json

from tests.bench.reading import CLIENTS
from tests.services.seaweed import ACCESS_KEY, SECRET_KEY

PROGRESS = "hand/progress"
MAX_POLL_RECORDS = 5000


def main() -> None:
    name, bootstrap, url, bucket, topic, partitions, total, mode, flush_size = sys.argv[1:]
    target, size = int(total), int(flush_size)
    client = boto3.client(
        "s3", endpoint_url=url, region_name="us-east-1", aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET_KEY, config=Config(s3={"addressing_style": "path"}),
    )  # fmt: skip
    polls = CLIENTS[name](bootstrap, topic, range(int(partitions)), MAX_POLL_RECORDS)
    encode = parquet if mode == "s3-parquet" else json_lines
    rows: dict[int, list[object]] = defaultdict(list)
    read = done = 0
    while done < target:
        records = next(polls).records
        for partition, _, value in records:
            rows[partition].append(from_json(value))
        read += len(records)
        for number, waiting in rows.items():
            if len(waiting) >= size or (waiting and read >= target):
                key = f"hand/partition={number}/{done}"
                client.put_object(Bucket=bucket, Key=key, Body=encode(waiting))
                done += len(waiting)
                rows[number] = []
                client.put_object(Bucket=bucket, Key=PROGRESS, Body=str(done).encode())


def json_lines(rows: list[object]) -> bytes:
    return gzip.compress(b"".join(orjson.dumps(row) + b"\n" for row in rows), 6)


def parquet(rows: list[object]) -> bytes:
    output = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), output, compression="snappy")
    return output.getvalue()


if __name__ == "__main__":
    main()
    signal.pause()  # until it is measured
