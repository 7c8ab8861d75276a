"""Generated bad values among good records: every good one lands once, every bad one is told once.

`GENERATED_RECORDS=20000` generates so many bad ones; without it, as many as continuous integration has
time for.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sinkworker.api import ConfigModel, SinkRecord
from sinkworker.converters.json import JsonConverter, JsonConverterConfig
from sinkworker.runtime.assembly import Conversion
from sinkworker.testing.harness import PlainJson
from tests.integration.postgres.generated import (
    COLUMNS,
    SURROUNDINGS,
    TABLE,
    Bad,
    bad_fields,
    bad_messages,
    envelope,
    good_record,
)
from tests.integration.postgres.sinks import Sink
from tests.services.database import Database

IN_A_BATCH = 8
WAYS = [("insert", False), ("insert", True), ("upsert", False), ("upsert", True)]
GENERATED = int(os.environ.get("GENERATED_RECORDS", "3000"))
EXAMPLES = max(1, GENERATED // len(WAYS) // IN_A_BATCH)

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(300 + GENERATED // 10)]


class Landing:
    """One sink, one table and all the records that went there, batch after batch."""

    def __init__(self, database: Database, mode: str, *, is_enveloped: bool) -> None:
        self._database, self._is_enveloped = database, is_enveloped
        database.execute(
            f"{SURROUNDINGS} CREATE TABLE alerts ({TABLE}, t text, p int, o bigint, "
            "PRIMARY KEY (o, p, t))"
        )
        self._sink = Sink(
            database, tolerates=True, insert_mode=mode, pk_mode="kafka", pk_fields="t,p,o",
            plan={"conversion": self._conversion},
        )  # fmt: skip
        self._next = 0
        self.errant = self.filtered = 0

    def _conversion(self) -> Conversion:
        key = PlainJson(ConfigModel(), is_key=True)
        config = JsonConverterConfig(schemas_enable=self._is_enveloped)
        return Conversion(key, JsonConverter(config, is_key=False), (without_skipped,))

    def write(self, good: Sequence[Any], bad: Sequence[Any], skipped: int, random: Random) -> None:
        """All of these in one batch, in any order, and look what became of each."""
        messages = [
            *((self._encoded(fields), fields) for fields in good),
            *((self._encoded(each), None) for each in bad),
            *((self._encoded({"skip": True}), None) for _ in range(skipped)),
        ]
        random.shuffle(messages)
        expected = [self._next + i for i, (_, fields) in enumerate(messages) if fields is not None]
        self._sink.send(*(data for data, _ in messages)).settle()
        query = "SELECT o FROM alerts WHERE o >= %s ORDER BY o"
        assert [o for (o,) in self._database.execute(query, [self._next])] == expected
        self._next += len(messages)
        self.errant += len(bad)
        self.filtered += skipped
        self._check_counts()

    def _encoded(self, message: Any) -> bytes:
        if isinstance(message, bytes):
            return message
        return json.dumps(envelope(message) if self._is_enveloped else message).encode()

    def _check_counts(self) -> None:
        """In the table + reported + filtered = consumed."""
        (landed,) = self._database.execute("SELECT count(*) FROM alerts")
        counts = self._sink.counts()
        assert (counts.errant, counts.filtered, counts.gaps) == (self.errant, self.filtered, 0)
        assert landed == (counts.records,)
        assert counts.records + counts.errant + counts.filtered == counts.next == self._next


def without_skipped(record: SinkRecord) -> SinkRecord | None:
    is_object = isinstance(record.value, dict)
    return None if is_object and record.value.get("skip") else record


@pytest.fixture(params=WAYS, ids=lambda way: f"{way[0]}{', with schemas' * way[1]}")
def landing(request: pytest.FixtureRequest, schema: Database) -> Landing:
    mode, is_enveloped = request.param
    return Landing(schema, mode, is_enveloped=is_enveloped)


def with_bad_field(bad: Bad, random: Random) -> dict[str, Any]:
    fields = good_record(random)
    fields[bad.name] = bad.value
    return fields


@settings(
    max_examples=EXAMPLES, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(
    bad=st.lists(bad_fields, min_size=IN_A_BATCH // 2, max_size=IN_A_BATCH),
    messages=st.lists(bad_messages, max_size=2),
    seed=st.integers(0, 2**32),
)
def test_every_good_record_lands_once_and_every_bad_one_is_told_once(
    landing: Landing, bad: list[Bad], messages: list[bytes], seed: int
) -> None:
    random = Random(seed)
    good = [good_record(random) for _ in range(random.randrange(40))]
    records = [with_bad_field(each, random) for each in bad]
    landing.write(good, [*records, *messages], random.randrange(3), random)


@pytest.mark.parametrize("name", COLUMNS)
def test_every_column_takes_good_records(schema: Database, name: str) -> None:
    """Or bad ones might be bad for another reason."""
    random = Random(name)
    landing = Landing(schema, "insert", is_enveloped=False)
    moment = COLUMNS["moment"].good(random)
    landing.write([{"moment": moment, name: COLUMNS[name].good(random)}] * 5, [], 0, random)
