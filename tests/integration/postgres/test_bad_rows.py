"""One bad record among good ones: found, told, and nothing else is harmed.

With errors.tolerance=none its partition stands exactly before it; with all, every other row lands
once. By COPY Postgres names the line; by upsert it mostly has to be searched for.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, NamedTuple

import pytest

from sinkworker.api import ConfigModel, SinkRecord
from sinkworker.runtime.assembly import Conversion
from sinkworker.runtime.assignment import State
from sinkworker.testing.harness import PlainJson
from tests.integration.postgres.sinks import ADVICE, Counts, Sink
from tests.services.database import Database

pytestmark = pytest.mark.postgres


@pytest.fixture
def database(schema: Database) -> Database:
    """A schema is enough here."""
    return schema


EACH, BAD_AT = 20, 11  # records of each of two partitions; the bad one's offset in the first


class Case(NamedTuple):
    """A column, a value that it rejects, and why. good: what others hold; None: their id."""

    column: str
    bad: Any
    cause: str
    good: Any = None


INVALID = "invalid text representation (22P02) in column v"
TOO_LARGE = "numeric value out of range (22003) in column v"
FOREIGN_KEY = "foreign key violation (23503) of constraint alerts_v_fkey"
SURROGATE = "text that is not valid Unicode (a lone surrogate)"
LONG = "".join(hashlib.sha256(bytes([i])).hexdigest() for i in range(250))
MISSING_FIELD = (
    "table alerts is missing fields (other) and auto-evolution is disabled: add "
    "the columns, set auto.evolve=true, or choose fields with fields.include"
)
UUID = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"

CASES: Mapping[str, Case] = {
    "wrong type": Case("int", "many", INVALID),
    "object for a number": Case("int", {"a": 1}, INVALID),
    "boolean for a number": Case("int", True, INVALID),
    "NULL into NOT NULL": Case("int NOT NULL", None, "not null violation (23502) in column v"),
    "too long": Case("varchar(3)", "long", "string data right truncation (22001) in column v"),
    "too large": Case("smallint", 40_000, TOO_LARGE),
    "huge integer": Case("bigint", 2**63, TOO_LARGE),
    "numeric overflow": Case("numeric(5,2)", 1000, TOO_LARGE),
    "infinity": Case("numeric(5,2)", float("inf"), TOO_LARGE),
    "beyond a real": Case("real", 1e300, TOO_LARGE),
    "no date": Case("date", "2023-02-29", "datetime field overflow (22008) in column v",
                    "2024-02-29"),
    "no uuid": Case("uuid", "x", INVALID, UUID),
    "no member of an enum": Case("level", "Worst", INVALID, "Major"),
    "no array": Case("int[]", [1, "x"], "a list of mixed types (int, str)", [1]),
    "arrays of two lengths": Case("int[]", [[1], [1, 2]], INVALID, [1]),
    "check": Case("int CHECK (v <> -7)", -7, "check violation (23514) of constraint alerts_v_check"),
    "check of a domain": Case("positive", -7, "check violation (23514) in column v"),
    "unique": Case("int UNIQUE", 3, "unique violation (23505) of constraint alerts_v_key"),
    "exclusion": Case("int, EXCLUDE (v WITH =)", 3,
                      "exclusion violation (23P01) of constraint alerts_v_excl"),
    "foreign key": Case("text REFERENCES parent", "x", FOREIGN_KEY, "ok"),
    "deferred foreign key": Case("text REFERENCES parent DEFERRABLE INITIALLY DEFERRED", "x",
                                 FOREIGN_KEY, "ok"),
    "trigger before": Case("text", "before", "raise exception (P0001)"),
    "trigger after": Case("text", "after", "raise exception (P0001)"),
    "deferred trigger": Case("text", "deferred", "raise exception (P0001)"),
    "NUL": Case("text", "a\0b", "text that contains NUL (0x00)"),
    "lone surrogate": Case("text", "\ud800", SURROGATE),
    "lone surrogate in a document": Case("jsonb", {"a": "\ud800"}, SURROGATE),
    "lone surrogate in a text of JSON": Case("text", {"\ud800": 1}, SURROGATE),
    "NUL in jsonb": Case("jsonb", {"a": "\0"}, "untranslatable character (22P05) in column v"),
    "NaN in jsonb": Case("jsonb", [float("nan")], INVALID),
    "too long for its index": Case("text UNIQUE", LONG, "program limit exceeded (54000)"),
    "field without a column": Case("int", ..., MISSING_FIELD),
}  # fmt: skip

SURROUNDINGS = """
CREATE TABLE parent (name text PRIMARY KEY);
INSERT INTO parent VALUES ('ok');
CREATE TYPE level AS ENUM ('Minor', 'Major');
CREATE DOMAIN positive AS int CHECK (VALUE >= 0);
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.v::text = TG_ARGV[0] THEN RAISE 'no % here', NEW.v; END IF;
  RETURN NEW;
END $$;
"""
TRIGGERS = """
CREATE TRIGGER a BEFORE INSERT ON alerts FOR EACH ROW EXECUTE FUNCTION f('before');
CREATE TRIGGER b AFTER INSERT ON alerts FOR EACH ROW EXECUTE FUNCTION f('after');
CREATE CONSTRAINT TRIGGER c AFTER INSERT ON alerts DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION f('deferred');
"""
EVERY_CASE = pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
EVERY_MODE = pytest.mark.parametrize("mode", ["insert", "upsert"])


def run(database: Database, case: Case, mode: str, *, tolerates: bool) -> Sink:
    """Two partitions, all of it in one batch; the bad record is in the middle of the first."""
    database.execute(SURROUNDINGS)
    database.execute(f"CREATE TABLE alerts (id int PRIMARY KEY, v {case.column})")
    if case.cause.startswith("raise"):
        database.execute(TRIGGERS)
    sink = Sink(
        database, partitions=2, tolerates=tolerates, insert_mode=mode, pk_mode="record_value",
        pk_fields="id",
    )  # fmt: skip
    for id_ in range(2 * EACH):
        sink.send(record(case, id_), partition=id_ // EACH)
    return sink.settle()


def record(case: Case, id_: int) -> dict[str, Any]:
    if id_ != BAD_AT:
        return {"id": id_, "v": id_ if case.good is None else case.good}
    return {"id": id_, "other": 1} if case.bad is ... else {"id": id_, "v": case.bad}


def ids(database: Database) -> list[int]:
    return [id_ for (id_,) in database.execute("SELECT id FROM alerts ORDER BY id")]


@EVERY_MODE
@EVERY_CASE
def test_not_tolerated_its_partition_stands_before_it_and_the_other_goes_on(
    database: Database, case: Case, mode: str
) -> None:
    sink = run(database, case, mode, tolerates=False)
    assert sink.status(0).state is State.QUARANTINED
    assert sink.status(0).cause == (
        f"alerts-0 offset {BAD_AT} failed in TASK_PUT: {case.cause}{ADVICE}"
    )
    assert sink.counts(0) == Counts(BAD_AT, BAD_AT, 0, 0, 0)
    assert sink.counts(1) == Counts(EACH, EACH, 0, 0, 0)
    assert ids(database) == [*range(BAD_AT), *range(EACH, 2 * EACH)]


@EVERY_MODE
@EVERY_CASE
def test_tolerated_every_other_row_lands_once(database: Database, case: Case, mode: str) -> None:
    sink = run(database, case, mode, tolerates=True)
    assert ids(database) == [id_ for id_ in range(2 * EACH) if id_ != BAD_AT]
    next_, *became = sink.counts(0)
    assert next_ == sum(became) == EACH
    assert sink.counts(1) == Counts(EACH, EACH, 0, 0, 0)


COUNTED = ("wrong type", "unique", "NUL", "field without a column")


@pytest.mark.parametrize("case", [CASES[name] for name in COUNTED], ids=COUNTED)
def test_a_tolerated_record_is_counted_as_errant(database: Database, case: Case) -> None:
    assert run(database, case, "insert", tolerates=True).counts() == Counts(
        EACH, EACH - 1, errant=1, filtered=0, gaps=0
    )


# many at once


@EVERY_MODE
@pytest.mark.parametrize("bad", [{0}, {39}, {0, 1, 38, 39}, set(range(0, 40, 2)), set(range(40))])
def test_all_bad_records_of_a_batch_are_left_out_and_counted(
    database: Database, bad: set[int], mode: str
) -> None:
    database.execute("CREATE TABLE alerts (id int PRIMARY KEY, v int CHECK (v > 0))")
    sink = Sink(database, tolerates=True, insert_mode=mode, pk_mode="record_value", pk_fields="id")
    sink.send(*({"id": i, "v": (-1, "x")[i % 2] if i in bad else 1} for i in range(40))).settle()
    assert ids(database) == [i for i in range(40) if i not in bad]
    assert sink.counts() == Counts(40, 40 - len(bad), len(bad), 0, 0)


def test_the_offsets_row_says_what_became_of_every_offset(database: Database) -> None:
    """Bad bytes, a filtered record, a gap, a rejected row, and good ones."""

    def drop_minors(record: SinkRecord) -> SinkRecord | None:
        return None if record.value.get("level") == "Minor" else record

    def conversion() -> Conversion:
        json = PlainJson(ConfigModel(), is_key=False)
        return Conversion(json, json, (drop_minors,))

    database.execute("CREATE TABLE alerts (v int, level text)")
    sink = Sink(database, tolerates=True, plan={"conversion": conversion})
    sink.send({"v": 1}, b"no JSON", {"level": "Minor"}, {"v": "x"})
    (partition,) = sink.harness.broker.logs
    sink.harness.broker.leave_gap(partition, 2)
    sink.send({"v": 2}, {"level": "Minor"}).settle()
    assert sink.counts() == Counts(next=8, records=2, errant=2, filtered=2, gaps=2)
    assert database.execute("SELECT v FROM alerts ORDER BY v") == [(1,), (2,)]
