"""The records of fault rounds and the tables they land in.

Owns what a record is, how it is hashed here and in SQL, and the tables. Every record names its
partition and its number there, so that whatever happens to it can be told from the table alone.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from random import Random
from typing import Any, NamedTuple

from tests.faults import schemas
from tests.services.kafka_tools import KafkaTools

SECRET = "canary-of-the-password"
MARK = "canary-of-a-record"
"""Stands in every record: neither may ever be in a log."""

TABLES = """
CREATE TABLE inserted (p int, n bigint, k text, body text, landed bigint GENERATED ALWAYS AS IDENTITY);
CREATE TABLE upserted (p int, n bigint, k text PRIMARY KEY, body text);
CREATE TABLE moves (seq bigint GENERATED ALWAYS AS IDENTITY, connector text, topic text,
  partition int, epoch_before bigint, epoch bigint, next_before bigint, next_offset bigint,
  claimant int, writer int DEFAULT pg_backend_pid(), at timestamptz DEFAULT clock_timestamp());
CREATE FUNCTION note_move() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO moves
    (connector, topic, partition, epoch_before, epoch, next_before, next_offset, claimant)
  VALUES (new.connector, new.topic, new.partition, CASE WHEN tg_op = 'UPDATE' THEN old.epoch END,
    new.epoch, CASE WHEN tg_op = 'UPDATE' THEN old.next_offset END, new.next_offset, new.backend_pid);
  RETURN NULL; END $$;
CREATE TRIGGER note_move AFTER INSERT OR UPDATE ON sinkworker_offsets
  FOR EACH ROW EXECUTE FUNCTION note_move();
"""
"""moves: every claim and every commit, in the order in which they got the row's lock."""

ROW_HASH = "('x' || left(md5(concat_ws('|', p, n, k, body)), 15))::bit(60)::bigint"


BAD_JSON, BAD_ROW = "bad json", "bad row"
"""How the bodies of records begin that no converter, or no table, takes."""
REFUSE_BAD_ROWS = f"ALTER TABLE {{}} ADD CHECK (body NOT LIKE '{BAD_ROW}%')"


class Cargo(NamedTuple):
    """One record. body: None for a tombstone. grade, weight: None where its schema lacks them."""

    p: int
    n: int
    k: str
    body: str | None
    grade: str | None = None
    weight: int | None = None

    def encoded(self) -> bytes | None:
        if self.body is None:
            return None
        return json.dumps(self.fields()).encode() + (
            b"!" if self.stage == "VALUE_CONVERTER" else b""
        )

    def in_avro(self) -> bytes | None:
        return None if self.body is None else schemas.written(self.fields())

    def fields(self) -> dict[str, Any]:
        """Those that it has."""
        return {name: value for name, value in self._asdict().items() if value is not None}

    @property
    def stage(self) -> str | None:
        """Where it fails, if it does."""
        stages = {BAD_JSON: "VALUE_CONVERTER", BAD_ROW: "TASK_PUT"}
        return next((stages[b] for b in stages if (self.body or "").startswith(b)), None)

    def hash(self) -> int:
        """As ROW_HASH, for which columns that come later are not there."""
        text = "|".join(str(each) for each in self[:4] if each is not None)
        return int(hashlib.md5(text.encode()).hexdigest()[:15], 16)


def decoded(partition: int, key: bytes | None, value: bytes | None) -> Cargo:
    if value is None:
        return Cargo(partition, -1, (key or b"").decode(), None)
    if value.startswith(schemas.MAGIC):
        return Cargo(**schemas.read(value))
    return Cargo(**json.loads(value.removesuffix(b"!")))


def make(
    dice: Random, partition: int, numbers: Iterable[int], keys: int, tombstones: float,
    bad: Sequence[str] = (),
) -> list[Cargo]:  # fmt: skip
    """Records with these numbers. keys: of how many different ones. tombstones: their share.

    bad: in which ways some of them are.
    """
    made = []
    for n in numbers:
        body = None if dice.random() < tombstones else _body(dice)
        if bad and body is not None and dice.random() < BAD_SHARE:
            body = f"{dice.choice(bad)} {body}"
        made.append(Cargo(partition, n, f"{partition}-{dice.randrange(keys)}", body))
    return made


def _body(dice: Random) -> str:
    return f"{MARK} " + "x" * dice.randrange(20, 200)


def send(
    kafka: KafkaTools, topic: str, records: Iterable[Cargo],
    encoded: Callable[[Cargo], bytes | None] = Cargo.encoded,
) -> None:  # fmt: skip
    """To their partitions, acknowledged. In small batches, as they would come from many producers."""
    producer = kafka.producer(
        linger_ms=20, batch_num_messages=30, queue_buffering_max_messages=1_000_000
    )
    for record in records:
        producer.produce(topic, encoded(record), record.k.encode(), partition=record.p)
    assert producer.flush(60) == 0, "not everything was produced"


BAD_SHARE = 0.05


class State(NamedTuple):
    """What a partition's part of the table amounts to."""

    count: int
    last: int
    hash: int


Fold = Callable[[dict[Any, Cargo], State, Cargo], State]


def inserted(_: dict[Any, Cargo], state: State, record: Cargo) -> State:
    """The state after one more record, in a table that takes them all."""
    return State(state.count + 1, record.n, state.hash + record.hash())


def upserted(rows: dict[Any, Cargo], state: State, record: Cargo) -> State:
    """The state after one more record, in a table with a row a key. Changes `rows`."""
    before = rows.pop(record.k, None)
    count, total = state.count - (before is not None), state.hash - (before.hash() if before else 0)
    if record.body is not None:
        rows[record.k] = record
        return State(count + 1, record.n, total + record.hash())
    return State(count, state.last, total)


FOLDS: Mapping[str, Fold] = {"inserted": inserted, "upserted": upserted}
