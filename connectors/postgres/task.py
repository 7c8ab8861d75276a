"""One task: one connection, one transaction a flush.

Owns the order within a flush: tables and columns first, in transactions of their own; then, in one,
the offsets and the rows. Must not know statements.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from functools import partial

import psycopg

from connectors.postgres.caution import Caution
from connectors.postgres.config import PostgresSinkConfig
from connectors.postgres.dead_letters import LetterTable
from connectors.postgres.failures import translated
from connectors.postgres.inserts import Inserts
from connectors.postgres.isolation import Isolation
from connectors.postgres.novelty import Novelty
from connectors.postgres.offsets import OffsetTable
from connectors.postgres.pieces import Attempt, Work
from connectors.postgres.preparation import Preparation, Share
from connectors.postgres.session import Session
from connectors.postgres.stages import Stages
from connectors.postgres.tables import Tables
from connectors.postgres.upserts import Upserts
from sinkworker.api import (
    Advance,
    BufferedSinkTask,
    Claim,
    ErrantRecord,
    Offset,
    RetriableError,
    SinkRecord,
    SinkTaskContext,
    TopicPartition,
)
from sinkworker.api.connector import Batches

# What may be said of a table, column, type or index that is no longer what the cache says.
STALE = re.compile(r"42...|0A000|55000|XX000")


Found = tuple[TopicPartition, SinkRecord, Exception]


class PostgresSinkTask(BufferedSinkTask):
    """Writes rows and offsets in one transaction."""

    def __init__(
        self, config: PostgresSinkConfig, session: Session, offsets: OffsetTable,
        letters: LetterTable | None, context: SinkTaskContext,
    ) -> None:  # fmt: skip
        super().__init__()
        self._config, self._session, self._offsets = config, session, offsets
        self._letters, self._context = letters, context
        self._tables, self._stages = Tables(session), Stages(session)
        self._preparation = Preparation(config, session, self._tables)
        self._caution, self._novelties = Caution(), dict[str, Novelty]()
        self._held: set[TopicPartition] = set()
        self._errant: list[ErrantRecord] = []
        self._untold: list[Found] = []

    def open(self, starts: Mapping[TopicPartition, Offset]) -> Mapping[TopicPartition, Claim]:
        if self._held and not self._session.is_open:
            # A claim names its server process: on a new connection everything is claimed anew.
            raise RetriableError("Postgres: the connection was lost; all partitions are reopened")
        claims = self._offsets.claim(starts, self._context.owner)
        if self._letters is not None:
            self._letters.make_ready()
        self._held.update(claims)
        return claims

    def close(self, partitions: Collection[TopicPartition]) -> None:
        super().close(partitions)
        self._held.difference_update(partitions)

    def stop(self) -> None:
        self._session.close()

    def write(self, batches: Batches, advances: Mapping[TopicPartition, Advance]) -> None:
        with self._session.using("flushing"):
            try:
                self._errant.clear()
                self._untold.clear()
                self._stages.begin()
                self._tables.begin()
                self._commit(self._preparation.shares(batches), advances)
            except psycopg.Error as error:
                self._retry_if_stale(error)
                raise

    def _commit(self, shares: Sequence[Share], advances: Mapping[TopicPartition, Advance]) -> None:
        report = partial(self._report, shares)
        with self._session.connection.transaction():
            self._offsets.advance(advances)
            for share in shares:
                for each in share.rejected:
                    report(*each)
            works = [self._work(share) for share in shares if share.batch]
            isolation = Isolation(self._session, report, self._stages, self._caution)
            isolation.write_all_good(works)
            self._verify(shares)
            self._tell()
            self._store_errant(advances)
            self._count_left_out(shares)
        self._stages.commit()

    def _store_errant(self, advances: Mapping[TopicPartition, Advance]) -> None:
        if self._errant:
            self._offsets.count_errant(Counter(errant.source for errant in self._errant))
        if self._letters is not None:
            found_before = [errant for advance in advances.values() for errant in advance.errant]
            self._letters.add([*found_before, *self._errant], self._context.task)

    def _count_left_out(self, shares: Sequence[Share]) -> None:
        """Last, because it changes the newest row of the ledger, which a replay writes late."""
        left_out = sum((share.left_out for share in shares), Counter[TopicPartition]())
        if left_out:
            self._offsets.count_filtered(left_out)

    def _work(self, share: Share) -> Work:
        is_copied = self._config.insert_mode == "insert" and not share.table.needs_insert
        if not is_copied:
            self._stages.make(share.table)
        return Work(share.batch, self._attempt(share), is_divisible=is_copied)

    def _attempt(self, share: Share) -> Attempt:
        target = (self._session, share.table, share.plans, self._stages)
        if self._config.insert_mode == "upsert":
            novelty = self._novelties.setdefault(share.table.name, Novelty())
            return Upserts(*target, share.key, novelty).write
        inserts = Inserts(*target)
        return inserts.insert if self._config.insert_mode == "insert" else inserts.ignore

    def _report(
        self, shares: Sequence[Share], source: TopicPartition, record: SinkRecord, error: Exception
    ) -> None:
        """Raises unless errors are tolerated. No record is bad by what a table was before: the first
        one waits for a second, or for the look at the table that the end of the flush takes anyway."""
        self._untold.append((source, record, error))
        if not self._errant and len(self._untold) > 1:
            self._verify(shares)
        if self._errant or len(self._untold) > 1:
            self._tell()

    def _tell(self) -> None:
        for each in self._untold:
            self._errant.append(self._context.report(*each))
        self._untold.clear()

    def _verify(self, shares: Sequence[Share]) -> None:
        self._tables.verify(share.table for share in shares)

    def _retry_if_stale(self, error: psycopg.Error) -> None:
        """Somebody changed a table under us: read the catalog again, and try again."""
        if STALE.fullmatch(error.sqlstate or "") and self._tables.may_be_stale():
            raise RetriableError(
                f"{translated(error, 'flushing')}. A table may have been changed: reading the catalog "
                "again"
            ) from error
