"""Bad messages of every format among good ones: each good one lands once, each bad one is one letter.

Through the engine, the converters as they are configured and a Postgres with `errors.tolerance=all` and
`errors.deadletterqueue.table`. `GENERATED_RECORDS=20000` generates so many bad ones; without it, as many
as continuous integration has time for.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from sinkworker.api import Stage, TopicPartition
from sinkworker.configuration import configure
from sinkworker.properties import read_file
from sinkworker.runtime.assembly import Conversion
from tests.corpus import TABLE, Format, causes, formats
from tests.corpus.bad import Bad
from tests.integration.postgres.sinks import Counts, Sink
from tests.services.database import Database
from tests.services.registry import RegistryServer, running

KINDS = ("JSON", "Avro", "Protobuf")
IN_A_BATCH = 8
GENERATED = int(os.environ.get("GENERATED_RECORDS", "3000"))
EXAMPLES = -(-GENERATED // len(KINDS) // IN_A_BATCH)
P0 = TopicPartition("alerts", 0)
MOMENT = datetime(2026, 5, 1, 12, 0, 0, 123_000, tzinfo=UTC)
CLASSES = {
    "JSON": "sinkworker.converters.json.JsonConverter",
    "Avro": "sinkworker.converters.avro.AvroConverter",
    "Protobuf": "sinkworker.converters.protobuf.ProtobufConverter",
}
TASK = "connectors.postgres.task.PostgresSinkTask"
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

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(300 + GENERATED // 10)]


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


@pytest.fixture
def registry() -> Iterator[RegistryServer]:
    with running() as server:
        yield server


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest, registry: RegistryServer) -> Format:
    (found,) = (each for each in formats(registry) if each.name == request.param)
    return found


def letters(batch: Batch, start: int, kind: str) -> list[Letter]:
    """What they have to be, but for their causes."""
    return [
        Letter(
            offset, bad.stage.value,
            CLASSES[kind] if bad.stage is Stage.VALUE_CONVERTER else TASK,
            bad.data, "",
        )
        for offset, bad in enumerate(batch, start)
        if isinstance(bad, Bad)
    ]  # fmt: skip


def without_causes(written: Sequence[Letter]) -> list[Letter]:
    return [letter._replace(cause="") for letter in written]


def test_each_message_with_a_name_is_one_letter_with_its_stage_and_cause(
    schema: Database, kind: Format, registry: RegistryServer, tmp_path: Path
) -> None:
    """Each in a batch of its own, among good ones."""
    landing, found = Landing(schema, kind, tmp_path, filters=True), {}
    for bad in kind.bad:
        start, batch = landing.next, [GOOD, LEFT_OUT, GOOD, bad, GOOD]
        written = landing.write(batch)
        assert without_causes(written) == letters(batch, start, kind.name)
        found[bad.name] = written[0].cause.replace(registry.url, "REGISTRY")
    landing.sink.stop()
    assert found == {name: cause for (of, name), cause in causes().items() if of == kind.name}


def test_all_of_them_at_once_harm_none_of_the_good_ones_between_them(
    schema: Database, kind: Format, tmp_path: Path
) -> None:
    landing = Landing(schema, kind, tmp_path, filters=True)
    batch: list[Bad | str | None] = [*kind.bad, *[GOOD] * 200, *[LEFT_OUT] * 20]
    Random(kind.name).shuffle(batch)
    assert without_causes(landing.write(batch)) == letters(batch, 0, kind.name)
    landing.sink.stop()


def test_each_generated_message_is_one_letter_with_its_stage_and_cause(
    schema: Database, kind: Format, tmp_path: Path
) -> None:
    landing = Landing(schema, kind, tmp_path, filters=False)

    @settings(
        max_examples=EXAMPLES, deadline=None, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(
        bad=st.lists(kind.generated, min_size=IN_A_BATCH, max_size=IN_A_BATCH),
        random=st.integers(0, 2**32).map(Random),
    )
    def write(bad: list[Bad], random: Random) -> None:
        start, good = landing.next, random.randrange(1, 40)
        batch = [*bad, *[GOOD] * good, *[LEFT_OUT] * random.randrange(3)]
        random.shuffle(batch)
        written = landing.write(batch)
        assert without_causes(written) == letters(batch, start, kind.name)
        told = zip((each for each in batch if isinstance(each, Bad)), written, strict=True)
        assert [bad for bad, letter in told if not re.fullmatch(bad.cause, letter.cause)] == []

    write()
    landing.sink.stop()
    assert landing.totals.errant == EXAMPLES * IN_A_BATCH
    assert landing.totals.filtered > 0
