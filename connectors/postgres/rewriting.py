"""A range of the log written once more, for `sinkworker replay`: one transaction, offsets stay.

Owns which tables may be written again, and that workers wait meanwhile: their flushes, too, begin
with the offsets' rows. Must not know Kafka or converters.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import ExitStack

from psycopg import sql

from connectors.postgres.config import PostgresSinkConfig
from connectors.postgres.dead_letters import LetterTable
from connectors.postgres.offsets import OffsetTable
from connectors.postgres.preparation import Share
from connectors.postgres.queries import identifier
from connectors.postgres.session import Session
from connectors.postgres.task import PostgresSinkTask
from sinkworker.api import (
    Advance,
    Advances,
    ConnectError,
    Coordinates,
    ErrantRecord,
    Offset,
    Rewriter,
    Rewritten,
    SinkRecord,
    SinkTaskContext,
    TopicPartition,
)

# A worker's flush that is under way ends within this time, or is stuck.
# Reading the log may take long; a replay that is frozen must not hold workers up for ever.
PATIENCE = "SET LOCAL lock_timeout = '30s'; SET LOCAL idle_in_transaction_session_timeout = '10min'"

ADDS = (
    "insert.mode={mode} {does}, so a replay corrects nothing. {instead}stop the connector, delete the "
    "rows, set its offsets back (`sinkworker offsets set --to-datetime …`) and resume it"
)
DELETES = "Use --delete-first, which replaces the rows of these offsets; or "
UNTOLD = (
    "--delete-first needs rows that say where they were read: pk.mode=kafka, or an InsertField$Value "
    "with partition.field and offset.field (and topic.field, where several topics share a table)"
)


def refuse_unless_exact(
    config: PostgresSinkConfig, coordinates: Coordinates | None, *, deletes_first: bool
) -> None:
    """ConnectError where the outcome would not be what a first writing would have made."""
    if deletes_first:
        if coordinates is None:
            raise ConnectError(UNTOLD)
        if config.insert_mode != "insert" and config.pk_mode != "kafka":
            raise ConnectError(
                "--delete-first is for rows that stand for one record each; leave it out"
            )
    elif config.insert_mode != "upsert":
        does = "adds rows" if config.insert_mode == "insert" else "leaves rows as they are"
        instead = DELETES if coordinates is not None else "Instead, "
        raise ConnectError(ADDS.format(mode=config.insert_mode, does=does, instead=instead))


class Standing(OffsetTable):
    """Where others move offsets, none moves."""

    def advance(self, advances: Advances) -> None:
        """They are locked already."""

    def count_filtered(self, counts: Mapping[TopicPartition, int]) -> None:
        """They were counted when they were read first."""

    def held(self, sources: Collection[TopicPartition]) -> dict[TopicPartition, int]:
        """Lock these rows until the transaction ends, as every flush does first."""
        chosen = sorted(sources)
        rows = self._execute("held", topics=[p.topic for p in chosen],
                             partitions=[p.partition for p in chosen]).fetchall()  # fmt: skip
        return {TopicPartition(topic, partition): offset for topic, partition, offset in rows}

    def note_rewritten(self, rewritten: Mapping[TopicPartition, Rewritten], owner: str) -> None:
        items = rewritten.values()
        self._execute(
            "rewritten", owner=owner, topics=[p.topic for p in rewritten],
            partitions=[p.partition for p in rewritten],
            starts=[each.start for each in items], ends=[each.end for each in items],
            records=[each.records for each in items], errant=[each.errant for each in items],
            filtered=[each.filtered for each in items],
        )  # fmt: skip


class RewritingTask(PostgresSinkTask):
    """Flushes within one transaction. tables: what was deleted from, where anything was."""

    tables: Collection[str] | None = None

    def begin(self) -> None:
        self._stages.begin()

    def write_again(
        self, source: TopicPartition, records: Sequence[SinkRecord], errant: Sequence[ErrantRecord]
    ) -> Collection[ErrantRecord]:
        self._errant.clear()
        self._tables.begin()
        shares = self._preparation.shares({source: records})
        self._refuse_other_tables(shares)
        self._commit(shares, {source: Advance(0, 0, Offset(0), len(records), errant=errant)})
        failed = {errant.offset for errant in self._errant}
        self._forget_letters(source, [r.offset for r in records if r.offset not in failed])
        return list(self._errant)

    def _refuse_other_tables(self, shares: Sequence[Share]) -> None:
        for share in shares:
            if self.tables is not None and share.table.name not in self.tables:
                raise ConnectError(
                    f"A transform sends records to table {share.table.name}, from which nothing was "
                    "deleted: --delete-first is not for topics that are renamed"
                )

    def _store_errant(self, advances: Advances) -> None:
        """Not counted here: the ledger says of the whole replay what became of its records."""
        if self._letters is not None:
            found_before = [errant for advance in advances.values() for errant in advance.errant]
            self._letters.add([*found_before, *self._errant], self._context.task)

    def _forget_letters(self, source: TopicPartition, offsets: Sequence[int]) -> None:
        """What is a row now is no letter any more."""
        if self._letters is None:
            return
        removed = self._letters.remove([(source, offset) for offset in offsets])
        if removed:
            self._offsets.count_replayed({source: removed})


class PostgresRewriter(Rewriter):
    """One transaction on one connection."""

    def __init__(
        self, config: PostgresSinkConfig, session: Session, letters: LetterTable | None,
        context: SinkTaskContext, cleared: Coordinates | None,
    ) -> None:  # fmt: skip
        """cleared: the columns by which rows are deleted first; None: none are."""
        self._config, self._session, self._letters = config, session, letters
        self._cleared, self._open = cleared, ExitStack()
        self._offsets = Standing(session, config, context.name, context.config_hash)
        self._context = context
        self._task = RewritingTask(config, session, self._offsets, letters, context)
        self.reads_on = cleared is None and config.pk_mode != "kafka"

    def begin(self, sources: Collection[TopicPartition]) -> Mapping[TopicPartition, int]:
        self._offsets.read()  # creates what is missing, which no transaction of ours should hold
        if self._letters is not None:
            self._letters.make_ready()
        with self._session.using("writing again"):
            connection = self._session.connection
            self._open.enter_context(connection.transaction())
            connection.execute(PATIENCE)
            self._task.begin()
            return self._offsets.held(sources)

    def clear(self, source: TopicPartition, start: int, end: int) -> None:
        columns = self._cleared
        if columns is None:
            return
        name = self._config.table_of(source.topic)
        self._task.tables = {*(self._task.tables or ()), name}
        of_topic = sql.SQL("{} = {} AND ").format(
            sql.Identifier(columns.topic), sql.Literal(source.topic)
        ) if columns.topic else sql.SQL("")  # fmt: skip
        query = sql.SQL(
            "DELETE FROM {} WHERE {}{} = {} AND {offset} >= {} AND {offset} < {}"
        ).format(
            identifier(name), of_topic, sql.Identifier(columns.partition), source.partition, start, end,
            offset=sql.Identifier(columns.offset),
        )  # fmt: skip
        with self._session.using("deleting rows"):
            self._session.connection.execute(query)

    def write(
        self, source: TopicPartition, records: Sequence[SinkRecord], errant: Sequence[ErrantRecord]
    ) -> Collection[ErrantRecord]:
        with self._session.using("writing again"):
            return self._task.write_again(source, records, errant)

    def commit(self, rewritten: Mapping[TopicPartition, Rewritten]) -> None:
        with self._session.using("writing again"):
            self._offsets.note_rewritten(rewritten, self._context.owner)
            self._open.close()

    def close(self) -> None:
        """Without a connection there is no transaction."""
        self._open.pop_all()
        self._session.close()
