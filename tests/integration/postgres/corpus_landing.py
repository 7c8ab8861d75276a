"""Good and bad messages of a format, sent batch after batch through one sink that keeps letters.

Owns how they are sent, and that rows and counts are as they should be after each batch. Must not know
what is wrong with the bad ones.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from sinkworker.api import TopicPartition
from sinkworker.configuration import configure
from sinkworker.properties import read_file
from sinkworker.runtime.assembly import Conversion
from tests.corpus import TABLE, Format
from tests.corpus.bad import Bad
from tests.integration.postgres.sinks import Counts, Sink
from tests.services.database import Database

P0 = TopicPartition("alerts", 0)
MOMENT = datetime(2026, 5, 1, 12, 0, 0, 123_000, tzinfo=UTC)
FILTER = {
    "transforms": "filter",
    "transforms.filter.type": "Filter",
    "transforms.filter.predicate": "tombstone",
    "predicates": "tombstone",
    "predicates.tombstone.type": "RecordIsTombstone",
}
LETTERS = """
SELECT "offset", stage, class, value, exception || ': ' || message
FROM dead WHERE "offset" >= %s ORDER BY "offset"
"""
IN_THE_LEDGER = """
SELECT sum(to_offset - from_offset)::int, sum(records)::int, sum(errant)::int, sum(filtered)::int,
  sum(gaps)::int FROM sinkworker_ledger WHERE kind = 'commit'
"""
CONSUMED = """
SELECT (SELECT count(*) FROM alerts) + (SELECT count(*) FROM dead) + filtered + gaps, next_offset
FROM sinkworker_offsets
"""

GOOD, LEFT_OUT = "good", None
Batch = Sequence[Bad | str | None]


class Letter(NamedTuple):
    offset: int
    stage: str
    class_name: str
    value: bytes
    cause: str


class Landing:
    """One sink, one table and all the messages that went there, batch after batch.

    Good messages are numbered by their offsets. Behind each batch there is a gap.
    """

    def __init__(self, database: Database, kind: Format, folder: Path, *, filters: bool) -> None:
        """filters: by a transform; else the sink itself leaves out."""
        self.database, self.kind, self.next = database, kind, 0
        database.execute(TABLE)
        null = {} if filters else {"behavior_on_null_values": "ignore"}
        conversion = configured(folder, {**kind.keys, **(FILTER if filters else {})})
        self.sink = Sink(
            database, tolerates=True, errors_deadletterqueue_table="dead",
            plan={"conversion": conversion}, **null,
        )  # fmt: skip
        self.totals = Counts(next=0, records=0, errant=0, filtered=0, gaps=0)

    def write(self, batch: Batch) -> list[Letter]:
        """The letters of this batch, whose rows are as they should be."""
        start, bad = self.next, [each for each in batch if isinstance(each, Bad)]
        good = [start + at for at, each in enumerate(batch) if isinstance(each, str)]
        for number, each in enumerate(batch, start):
            self.sink.harness.broker.produce(P0, self._data(each, number))
        self.sink.harness.broker.leave_gap(P0)
        self.sink.settle()
        self.next = start + len(batch) + 1
        self._count(len(good), len(bad), len(batch))
        rows = "SELECT sensor_id, time, status FROM alerts WHERE sensor_id >= %s ORDER BY sensor_id"
        assert self.database.execute(rows, [start]) == [(n, MOMENT, "Minor") for n in good]
        return [Letter(*row) for row in self.database.execute(LETTERS, [start])]

    def _data(self, each: Bad | str | None, number: int) -> bytes | None:
        if each is None:
            return None
        return each.data if isinstance(each, Bad) else self.kind.good(number)

    def _count(self, good: int, bad: int, of: int) -> None:
        """In the table + dead + filtered + gaps = consumed, by each of what counts them."""
        totals = self.totals
        self.totals = Counts(
            self.next, totals.records + good, totals.errant + bad,
            totals.filtered + of - good - bad, totals.gaps + 1,
        )  # fmt: skip
        assert self.sink.counts() == self.totals
        assert self.database.execute(IN_THE_LEDGER) == [tuple(self.totals)]
        assert self.database.execute(CONSUMED) == [(self.next, self.next)]
        stored = "SELECT (SELECT count(*) FROM alerts), (SELECT count(*) FROM dead)"
        assert self.database.execute(stored) == [(self.totals.records, self.totals.errant)]


def configured(folder: Path, keys: Mapping[str, str]) -> Callable[[], Conversion]:
    """The converters and transforms of a configuration with these keys, as users write it."""
    file = folder / "alerts-to-pg.properties"
    others = {"name": "alerts-to-pg", "connector.class": "PostgresSink", "topics": "alerts",
              "bootstrap.servers": "unused:9092", "connection.url": "postgresql://unused",
              "key.converter": "ByteArrayConverter"}  # fmt: skip
    file.write_text("".join(f"{key}={value}\n" for key, value in {**others, **keys}.items()))
    return configure(read_file(file)).conversion
