"""A round that went well, made by hand: a topic, a table filled from it, offsets, a log. To be doctored.

Owns what was written to Kafka and how a faithful worker would store it. Must not know the checker's way
of reading either.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from tests.faults.cargo import MARK, Cargo
from tests.faults.checker import check
from tests.faults.findings import Case
from tests.faults.observer import PostgresObserver
from tests.services.database import Database
from tests.services.kafka_tools import KafkaTools

CONNECTOR = "judged"
NOTE_MOVES = """
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO sinkworker_ledger
    (connector, topic, partition, kind, epoch, from_offset, to_offset, records)
  VALUES (new.connector, new.topic, new.partition, 'commit', new.epoch, old.next_offset,
    new.next_offset, new.next_offset - old.next_offset);
  RETURN new;
END $$;
CREATE TRIGGER note AFTER UPDATE OF next_offset ON sinkworker_offsets
  FOR EACH ROW WHEN (new.next_offset <> old.next_offset) EXECUTE FUNCTION note();
"""
"""What the ledger says, too, whoever moves an offset."""


class Written(NamedTuple):
    """A topic whose partition 0 holds 10 committed records, 2 aborted, 4 committed, 2 aborted, with a
    marker after each; partition 1 is a copy of it. last: the offset after the last committed one."""

    kafka: KafkaTools
    topic: str
    table: str
    committed: Sequence[Cargo]
    aborted: Sequence[Cargo]
    last: int = 18
    end: int = 22


def write(kafka: KafkaTools, table: str) -> Written:
    topic = kafka.create_topic(partitions=2)
    committed, aborted = [], []
    producer = kafka.producer(transactional_id=uuid.uuid4().hex)
    producer.init_transactions(30)
    for first, past, commits in [(0, 10, True), (10, 12, False), (12, 16, True), (16, 18, False)]:
        records = [_record(table, p, n) for p in (0, 1) for n in range(first, past)]
        producer.begin_transaction()
        for record in records:
            producer.produce(topic, record.encoded(), record.k.encode(), partition=record.p)
        producer.flush(30)  # or what is to be aborted would never be sent
        producer.commit_transaction(30) if commits else producer.abort_transaction(30)
        (committed if commits else aborted).extend(records)
    return Written(kafka, topic, table, committed, aborted)


def _record(table: str, p: int, n: int) -> Cargo:
    """Of four keys; number 8 deletes its own."""
    body = None if table == "upserted" and n == 8 else f"{MARK} {n}"
    return Cargo(p, n, f"{p}-{n % 4}", body)


@dataclass
class Scene:
    """One case for the judge."""

    written: Written
    database: Database
    home: Path
    files: list[Path] = field(default_factory=list)

    def fill(self, numbers: int = 16, offset: int | None = None) -> Scene:
        """The claim, the rows below a number, and the offset: the log's end unless one is given."""
        for p in (0, 1):
            self.execute(
                "INSERT INTO sinkworker_offsets "
                "(connector, topic, partition, next_offset, epoch, owner, backend_pid) "
                "VALUES (%s, %s, %s, 0, 1, 'worker', pg_backend_pid())",
                CONNECTOR, self.written.topic, p,
            )  # fmt: skip
            self.execute(
                "INSERT INTO sinkworker_ledger "
                "(connector, topic, partition, kind, epoch, from_offset, to_offset) "
                "VALUES (%s, %s, %s, 'claim', 1, 0, 0)",
                CONNECTOR, self.written.topic, p,
            )  # fmt: skip
        for record in self.written.committed:
            if record.n < numbers:
                self.store(record)
        for p in (0, 1):
            self.move(self.written.end if offset is None else offset, p)
        return self

    def committed(self, p: int, n: int) -> Cargo:
        (record,) = [each for each in self.written.committed if (each.p, each.n) == (p, n)]
        return record

    def store(self, record: Cargo) -> None:
        if self.written.table == "upserted":
            self.execute("DELETE FROM upserted WHERE k = %s", record.k)
        if record.body is not None:
            table = self.written.table
            self.execute(
                f"INSERT INTO {table} (p, n, k, body) VALUES (%s, %s, %s, %s)", *record[:4]
            )

    def move(self, offset: int | None, p: int = 0) -> None:
        self.change("next_offset = %s", offset, p=p)

    def change(self, what: str, *values: object, p: int = 0) -> None:
        """Of a partition's row of offsets."""
        query = f"UPDATE sinkworker_offsets SET {what} WHERE topic = %s AND partition = %s"
        self.execute(query, *values, self.written.topic, p)

    def execute(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        return self.database.execute(query, values)

    def pid(self) -> int:
        return int(self.database.one("SELECT pg_backend_pid()"))

    def other(self) -> Scene:
        """The same, on a connection of somebody else."""
        return Scene(self.written, Database(self.database.url), self.home, self.files)

    def observe(self) -> None:
        """Take a snapshot (or two)."""
        observer = PostgresObserver(
            self.database.url, CONNECTOR, self.written.table, self.snapshots
        ).start()
        observer.stop()

    @property
    def snapshots(self) -> Path:
        return self.home / "snapshots.jsonl"

    def log(self, *lines: str) -> None:
        self.files.append(self.home / f"worker-{len(self.files)}.log")
        self.files[-1].write_text("\n".join(lines))

    def case(self, *, complete: bool = True) -> Case:
        logs = [str(file) for file in self.files]
        return Case(
            self.written.kafka.bootstrap, self.database.url, CONNECTOR, self.written.topic,
            self.written.table, str(self.snapshots), logs, complete,
        )  # fmt: skip

    def verdict(self, *, complete: bool = True) -> dict[str, Any]:
        return check(self.case(complete=complete))

    def told(self, *, complete: bool = True) -> list[str]:
        """Every anomaly."""
        verdict = self.verdict(complete=complete)
        assert len(verdict["shown"]) == sum(verdict["anomalies"].values())
        return list(verdict["shown"])
