"""Dead letters of the table, for an operator: read, dropped, or written after all.

Owns that a letter is gone exactly when its record is in its table. Must not know converters.
"""

from __future__ import annotations

import json
from base64 import b64decode
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from connectors.postgres.config import PostgresSinkConfig
from connectors.postgres.dead_letters import LetterTable
from connectors.postgres.offsets import OffsetTable
from connectors.postgres.session import Session
from connectors.postgres.task import PostgresSinkTask
from sinkworker.api import (
    Advance,
    Advances,
    DeadLetter,
    DeadLetterStore,
    ErrantRecord,
    Offset,
    RetriableError,
    SinkRecord,
    Stage,
    TopicPartition,
)

PAGE = 500


@dataclass
class ReplayContext:
    """What a task is given while letters are replayed: it tolerates errors, and has their bytes."""

    name: str
    flush_timeout_ms: int
    letters: dict[tuple[TopicPartition, int], DeadLetter]
    task: int = 0
    owner: str = "sinkworker dlq replay"
    config_hash: str = ""

    def report(self, source: TopicPartition, record: SinkRecord, error: Exception) -> ErrantRecord:
        letter = self.letters[source, record.offset]
        return ErrantRecord(
            source, letter.offset, Stage.TASK_PUT, error, letter.timestamp, letter.key,
            letter.value, letter.headers, f"{PostgresSinkTask.__module__}.PostgresSinkTask",
        )  # fmt: skip


class Passage(OffsetTable):
    """Where others move offsets, letters are removed."""

    letters: LetterTable
    places: Sequence[tuple[TopicPartition, int]]

    def advance(self, advances: Advances) -> None:
        """First the offsets' rows are locked, as in every flush: workers may go on meanwhile."""
        self.count_errant(dict.fromkeys(advances, 0))
        if self.letters.remove(self.places) != len(self.places):
            raise RetriableError(
                "Postgres: some of these dead letters are gone: somebody else replays or drops them"
            )


class Replay(PostgresSinkTask):
    """A flush whose errant records stay letters."""

    def __init__(
        self, config: PostgresSinkConfig, session: Session, letters: LetterTable,
        context: ReplayContext,
    ) -> None:  # fmt: skip
        passage = Passage(session, config, context.name)
        passage.letters, passage.places = letters, list(context.letters)
        super().__init__(config, session, passage, letters, context)
        self._table, self._replayed = letters, context.letters
        self.stayed: list[ErrantRecord] = []

    def _store_errant(self, advances: Advances) -> None:
        """Those that stay are letters again. The others are no longer counted as errant."""
        self.stayed = [e for advance in advances.values() for e in advance.errant] + self._errant
        self._table.add(self.stayed, self._context.task)
        moved = Counter(source for source, _ in self._replayed)
        moved.subtract(errant.source for errant in self.stayed)
        self._offsets.count_replayed(moved)


class PostgresLetterStore(DeadLetterStore):
    """One operator's connection."""

    def __init__(
        self, config: PostgresSinkConfig, session: Session, name: str, timeout_ms: int
    ) -> None:
        self._config, self._session, self._name = config, session, name
        self._timeout_ms = timeout_ms
        self._table = LetterTable(session, config.errors_deadletterqueue_table, name)

    def read(self) -> Iterator[DeadLetter]:
        """By pages, so that what is read may be removed before the next one."""
        self._open()
        after: tuple[str, int, int] = ("", -1, -1)
        while rows := self._table.page(after, PAGE):
            for row in rows:
                yield _letter(row)
            after = rows[-1][:3]

    def drop(self, letters: Collection[DeadLetter]) -> int:
        self._open()
        with self._session.using("removing dead letters"):
            return self._table.remove([(letter.source, letter.offset) for letter in letters])

    def replay(
        self,
        letters: Collection[DeadLetter],
        records: Mapping[TopicPartition, Sequence[SinkRecord]],
        errant: Sequence[ErrantRecord],
    ) -> Collection[ErrantRecord]:
        self._open()
        by_place = {(letter.source, letter.offset): letter for letter in letters}
        context = ReplayContext(self._name, self._timeout_ms, by_place)
        task = Replay(self._config, self._session, self._table, context)
        advances = {
            source: Advance(0, 0, Offset(0), len(of_source),
                            errant=[each for each in errant if each.source == source])
            for source, of_source in records.items()
        }  # fmt: skip
        task.write(records, advances)
        return task.stayed

    def _open(self) -> None:
        self._session.open()
        self._table.make_ready()

    def close(self) -> None:
        self._session.close()


def _letter(row: Sequence[object]) -> DeadLetter:
    topic, partition, offset, stage, exception, message, failed_at, time, key, value, headers = row
    found = [(each["key"], _decoded(each["value"])) for each in json.loads(str(headers))]
    return DeadLetter(
        TopicPartition(str(topic), int(str(partition))), int(str(offset)), Stage(stage),
        str(exception), str(message), str(failed_at), None if time is None else int(str(time)),
        key, value, found,  # type: ignore[arg-type]  # bytea
    )  # fmt: skip


def _decoded(data: str | None) -> bytes | None:
    return None if data is None else b64decode(data)
