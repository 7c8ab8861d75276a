"""Which kind of server a test gets: from compose, or a local process."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from tests.services import compose, seaweed
from tests.services import kafka as local_kafka
from tests.services import postgres as local_postgres


class Postgres(Protocol):
    def url(self, database: str = "postgres", user: str = "postgres") -> str: ...
    def start(self) -> Postgres: ...
    def stop(self) -> None: ...


class Kafka(Protocol):
    bootstrap: str

    def start(self) -> Kafka: ...
    def stop(self) -> None: ...


class S3(Protocol):
    @property
    def url(self) -> str: ...
    def start(self) -> S3: ...
    def stop(self) -> None: ...


def why_no_postgres() -> str | None:
    return None if compose.answers() else local_postgres.why_unavailable()


def why_no_kafka() -> str | None:
    return None if compose.answers() else local_kafka.why_unavailable()


def postgres(home: Path) -> Postgres:
    return compose.ComposePostgres() if compose.answers() else local_postgres.PostgresServer(home)


def kafka(home: Path) -> Kafka:
    return compose.ComposeKafka() if compose.answers() else local_kafka.KafkaServer(home)


def why_no_s3() -> str | None:
    return seaweed.why_unavailable()


def s3(home: Path) -> S3:
    return seaweed.SeaweedServer(home)
