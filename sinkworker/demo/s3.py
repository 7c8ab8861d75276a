"""SeaweedFS as the demo's store: its server, its bucket, and the keys of a sink that writes there.

Owns what the scenarios need to know of S3, and the demo's own client, which is not the worker's.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from sinkworker.demo.archive import Archive
from sinkworker.demo.patience import DemoError, Patience
from sinkworker.demo.seaweed import ACCESS_KEY, SeaweedServer
from sinkworker.demo.target import Flaw

NAME, BUCKET, REGION = "factory-to-s3", "factory", "us-east-1"
PATIENCE_SECONDS = 60
BATCHES = 5


class S3:
    """One bucket of a server of the demo's own."""

    word = "s3"
    ended_by = "KILL"  # asked to end, it takes a quarter of a minute
    flaw = Flaw("level", ["Critical"], "the level is a list, and so cannot be a folder")

    def __init__(self, home: Path) -> None:
        self._home, self._server = home, SeaweedServer(home)
        self.child = self._server.child
        self._client = _client(self._server)
        self.landing = Archive(self._client, BUCKET, NAME)

    def start(self, patience: Patience) -> None:
        self._server.start()
        patience.until(self._answers, PATIENCE_SECONDS, "SeaweedFS")

    def stop(self) -> None:
        self._client.close()
        self._server.kill()

    def introduction(self) -> str:
        return f"SeaweedFS {self._server.version()} at {self._server.url}, in {self._home}"

    def keys(self, batch_size: int) -> dict[str, str]:
        return {
            "name": NAME,
            "connector.class": "S3Sink",
            "store.url": self._server.url,
            "s3.bucket.name": BUCKET,
            "aws.access.key.id": ACCESS_KEY,
            "aws.secret.access.key": self._server.secret,
            "format.class": "JsonFormat",
            "s3.compression.type": "gzip",
            # Of the topics, only alerts have a level. One commit may hold files of several folders.
            "partitioner.class": "FieldPartitioner",
            "partition.field.name": "level",
            # A flush is some requests; and one poll is committed at once, so it must not be all.
            "flush.size": str(BATCHES * batch_size),
            "consumer.override.max.poll.records": str(BATCHES * batch_size),
            "rotate.schedule.interval.ms": "1000",
        }

    def look(self, worker_file: Path) -> str:
        return f"sinkworker s3 files {worker_file}"

    def _answers(self) -> bool:
        if not self.child.is_running():
            raise DemoError(f"SeaweedFS ended; its log says:\n{self.child.log()[-2000:]}")
        try:
            with suppress(ClientError):  # an earlier attempt may have made it
                self._client.create_bucket(Bucket=BUCKET)
            self._client.head_bucket(Bucket=BUCKET)
        except (BotoCoreError, ClientError):
            return False
        return True


def _client(server: SeaweedServer) -> Any:
    config = Config(
        connect_timeout=1, read_timeout=5, retries={"total_max_attempts": 2},
        s3={"addressing_style": "path"},
    )  # fmt: skip
    return boto3.client(
        "s3", endpoint_url=server.url, region_name=REGION, aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=server.secret, config=config,
    )  # fmt: skip
