"""Offsets in a table beside the data: claim, advance, takeover.

Owns the rows of `sinkworker_offsets` and who may move them; each move is noted in the ledger by the
same statement. Must not know the data.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Mapping, Sequence
from typing import Any, LiteralString

from psycopg import errors, sql

from connectors.postgres.config import PostgresSinkConfig
from connectors.postgres.ledger import Ledger
from connectors.postgres.own_table import make_sure_of
from connectors.postgres.queries import identifier, statement
from connectors.postgres.session import Session
from sinkworker.api import (
    Advance,
    Alteration,
    Claim,
    ConnectError,
    Counted,
    FencedError,
    LedgerEntry,
    Offset,
    OffsetStore,
    RetriableError,
    StoredOffset,
    TopicPartition,
)

log = logging.getLogger(__name__)

SCHEMA_VERSION = 1
CLAIM_LOCK_TIMEOUT_MS = 2_000
TRIM_EVERY_SECONDS = 60.0

Offsets = Mapping[TopicPartition, Offset]
Counts = Mapping[TopicPartition, int]
NONE: Counts = {}


class OffsetTable:
    """The offset table and the ledger of one connector, through one session; created at first use."""

    def __init__(
        self, session: Session, config: PostgresSinkConfig, connector: str, config_hash: str = ""
    ) -> None:
        """config_hash: what the ledger says of claims and commits."""
        self._session, self._connector, self._config_hash = session, connector, config_hash
        self._table, self._identifier = config.offsets_table, identifier(config.offsets_table)
        self._ledger = Ledger(session, config.ledger, connector, config.ledger_retention_ms)
        self._is_ready = False

    def claim(self, starts: Offsets, owner: str) -> dict[TopicPartition, Claim]:
        """Take partitions over; terminate a frozen owner's server process if it is in the way."""
        self._make_ready()
        with self._session.using("claiming partitions"):
            try:
                return self._claim(starts, owner)
            except errors.LockNotAvailable:
                return self._claim_one_by_one(starts, owner)

    def _claim(self, starts: Offsets, owner: str) -> dict[TopicPartition, Claim]:
        connection = self._session.connection
        with connection.transaction():
            connection.execute(self._lock_timeout())
            rows = self._execute("claim", owner=owner, **_columns(starts)).fetchall()
        return {TopicPartition(t, p): Claim(Offset(*rest), epoch) for t, p, *rest, epoch in rows}

    def _lock_timeout(self) -> sql.Composed:
        """Ends before statement_timeout does, which would not tell that a lock was in the way."""
        milliseconds = min(CLAIM_LOCK_TIMEOUT_MS, self._session.statement_timeout_ms // 2)
        return sql.SQL("SET LOCAL lock_timeout = {}").format(milliseconds)

    def _claim_one_by_one(self, starts: Offsets, owner: str) -> dict[TopicPartition, Claim]:
        """A lock time-out does not say which row it was."""
        claims: dict[TopicPartition, Claim] = {}
        for partition, start in sorted(starts.items()):
            try:
                claims |= self._claim({partition: start}, owner)
            except errors.LockNotAvailable:
                self._terminate_holder(partition)
                claims |= self._claim({partition: start}, owner)
        return claims

    def _terminate_holder(self, partition: TopicPartition) -> None:
        """End exactly the server process of the last claim, if it still lives.

        A worker that is frozen in the middle of COPY holds its locks for ever: no time-out of
        Postgres ends a statement that waits for its client.
        """
        where = {"topic": partition.topic, "partition": partition.partition}
        holder = self._execute("holder", **where).fetchone()
        if holder is None:
            raise RetriableError(
                f"Postgres: the offset row of {partition} is locked by someone else"
            )
        pid, role, owner, is_certain = holder
        not_allowed = RetriableError(
            f"Postgres: the offset row of {partition} is locked by server process {pid} of role "
            f"{role} ({owner}), which this role may not end. End it, or GRANT {role} TO this role."
        )
        if not is_certain:
            raise not_allowed
        log.warning("%s: ending server process %s of %s, which holds its offset row", partition, pid,
                    owner)  # fmt: skip
        try:
            self._execute("terminate", **where)
        except errors.InsufficientPrivilege as error:
            raise not_allowed from error

    def advance(self, advances: Mapping[TopicPartition, Advance]) -> None:
        """Within the flush's transaction, first. FencedError when any of them was refused."""
        items = list(advances.items())
        moved = self._execute(
            "advance",
            **_columns({p: a.to for p, a in items}),
            epochs=[a.epoch for _, a in items],
            expected=[a.expected for _, a in items],
            records=[a.records for _, a in items],
            errant=[len(a.errant) for _, a in items],
            filtered=[a.filtered for _, a in items],
            gaps=[a.gaps for _, a in items],
        ).rowcount
        if moved != len(items):
            names = ", ".join(str(p) for p, _ in items)
            raise FencedError(
                f"Postgres refused the flush of {names}: {len(items) - moved} of these were claimed "
                "by another worker, or their offsets were changed"
            )

    def count_filtered(self, counts: Counts) -> None:
        """Within the flush's transaction, after its rows: records that it left out."""
        self._recount(filtered=counts)

    def count_errant(self, counts: Counts) -> None:
        """Within the flush's transaction, after its rows: records that it found to be bad."""
        self._recount(errant=counts)

    def _recount(self, *, errant: Counts = NONE, filtered: Counts = NONE) -> None:
        sources = list({**errant, **filtered})
        self._execute(
            "recounted", topics=[p.topic for p in sources], partitions=[p.partition for p in sources],
            errant=[errant.get(p, 0) for p in sources],
            filtered=[filtered.get(p, 0) for p in sources],
        )  # fmt: skip

    def count_replayed(self, counts: Mapping[TopicPartition, int]) -> None:
        """Within the transaction that writes them: so many errant records are good ones now."""
        columns = _columns({p: Offset(0) for p in counts})
        self._execute("replayed", topics=columns["topics"], partitions=columns["partitions"],
                      replayed=list(counts.values()))  # fmt: skip

    def read(self) -> dict[TopicPartition, StoredOffset]:
        self._make_ready()
        with self._session.using("reading offsets"):
            rows = self._execute("read").fetchall()
        return {
            TopicPartition(topic, partition): StoredOffset(*rest)
            for topic, partition, *rest in rows
        }

    def counted(self) -> dict[TopicPartition, Counted]:
        with self._session.using("reading offsets"):
            rows = self._execute("counted").fetchall()
        return {TopicPartition(topic, p): Counted(*counts) for topic, p, *counts in rows}

    def seed(self, starts: Offsets) -> None:
        self._make_ready()
        with self._session.using("storing first offsets"):
            self._execute("seed", **_columns(starts))

    def alter(self, changes: Mapping[TopicPartition, Alteration]) -> set[TopicPartition]:
        self._make_ready()
        columns = _columns({p: change.to for p, change in changes.items()})
        absent = _columns({p: None for p, c in changes.items() if c.epoch in (None, 0)})
        with self._session.using("changing offsets"), self._session.connection.transaction():
            self._execute("seed", **absent)
            expected = [change.epoch for change in changes.values()]
            rows = self._execute("alter", expected=expected, **columns).fetchall()
        return {TopicPartition(*row) for row in rows}

    def ledger(self, limit: int) -> Sequence[LedgerEntry]:
        self._make_ready()
        with self._session.using("reading the ledger"):
            return self._ledger.read(limit)

    def trim_ledger(self) -> bool:
        """Whether there may be more to trim."""
        with self._session.using("trimming the ledger"):
            return self._ledger.trim()

    # the table itself

    def _make_ready(self) -> None:
        self._session.open()
        if self._is_ready:
            return
        with self._session.using(f"creating {self._table}"):
            create = statement("offsets", "create", offsets=self._identifier)
            make_sure_of(self._session, self._table, create)
            self._ledger.create()
            version = self._one(self._execute("version")) or SCHEMA_VERSION
        if version != SCHEMA_VERSION:
            raise ConnectError(
                f"{self._table} has schema version {version}; this sinkworker knows {SCHEMA_VERSION}"
            )
        self._is_ready = True

    def _execute(self, name: LiteralString, **parameters: Any) -> Any:
        names = {"offsets": self._identifier, "ledger": self._ledger.identifier}
        always = {"connector": self._connector, "config": self._config_hash or None}
        return self._session.connection.execute(
            statement("offsets", name, **names), always | parameters
        )

    @staticmethod
    def _one(cursor: Any) -> Any:
        row = cursor.fetchone()
        return row[0] if row is not None else None


class PostgresOffsetStore(OffsetStore):
    """The engine's and the operator's view, on a connection of its own."""

    def __init__(self, session: Session, table: OffsetTable) -> None:
        self._session, self._table = session, table
        self._next_trim = time.monotonic() + TRIM_EVERY_SECONDS

    def read(self) -> Mapping[TopicPartition, StoredOffset]:
        """Trims the ledger every minute, too, or as long as there is more to trim: the engine reads
        often, and not within a flush."""
        now = time.monotonic()
        if now > self._next_trim:
            self._next_trim = now + TRIM_EVERY_SECONDS
            if self._table.trim_ledger():
                self._next_trim = now
        return self._table.read()

    def ledger(self, limit: int) -> Sequence[LedgerEntry]:
        return self._table.ledger(limit)

    def seed(self, starts: Mapping[TopicPartition, Offset]) -> None:
        self._table.seed(starts)

    def alter(self, changes: Mapping[TopicPartition, Alteration]) -> Collection[TopicPartition]:
        return self._table.alter(changes)

    def close(self) -> None:
        self._session.close()


def _columns(offsets: Mapping[TopicPartition, Offset | None]) -> dict[str, list[Any]]:
    """Arrays for unnest(), one a column. None is a reset: everything of it is NULL."""
    nothing = (None, None, None, None)
    rows = [(offset or nothing) for offset in offsets.values()]
    return {
        "topics": [p.topic for p in offsets],
        "partitions": [p.partition for p in offsets],
        "next_offsets": [row[0] for row in rows],
        "leader_epochs": [row[1] for row in rows],
        "topic_ids": [row[2] for row in rows],
        "cluster_ids": [row[3] for row in rows],
    }
