"""A range of the log written again: the corrected rows and nothing else, or no change at all."""

from __future__ import annotations

import threading
from contextlib import closing
from typing import Any

import pytest

from sinkworker.administration.replaying import Replay, Wanted
from sinkworker.administration.verification.verifying import verify
from sinkworker.api import ConnectError, Coordinates, RetriableError, TopicPartition
from sinkworker.app import load_without_kafka
from sinkworker.runtime.log_range import Range
from sinkworker.runtime.ports import Fetched
from sinkworker.testing import InMemoryConsumer
from tests.integration.postgres.sinks import Sink, connector
from tests.services.database import Database
from tests.services.process import wait_until

pytestmark = pytest.mark.postgres

P0 = TopicPartition("alerts", 0)
KEYED: dict[str, Any] = {"insert_mode": "upsert", "pk_mode": "record_value", "pk_fields": "id"}
BY_KAFKA: dict[str, Any] = {"pk_mode": "kafka", "pk_fields": "t,p,o"}
# The formula of today: text is another field's text.
BETTER = {
    "transforms": "better", "transforms.better.type": "ReplaceField$Value",
    "transforms.better.renames": "good:text", "transforms.better.exclude": "text",
}  # fmt: skip


def replay(sink: Sink, *, deletes_first: bool = False, **keys: Any) -> Replay:
    given = {
        "name": sink.name, "topics": "alerts", "connection.url": sink.database.url,
        "value.converter": "JsonConverter", "value.converter.schemas.enable": "false",
    }  # fmt: skip
    given |= BETTER | {key.replace("_", "."): str(value) for key, value in keys.items()}
    configured = load_without_kafka("PostgresSink", given)
    return Replay(
        configured,
        lambda found: InMemoryConsumer(sink.harness.broker, "none", partitions=found),
        Coordinates(None, "p", "o") if sink.database.one(HAS_COORDINATES) else None,
        deletes_first=deletes_first,
    )


HAS_COORDINATES = (
    "SELECT count(*) = 2 FROM information_schema.columns WHERE table_schema = current_schema() "
    "AND table_name = 'alerts' AND column_name IN ('p', 'o')"
)


def run(made: Replay, wanted: Wanted) -> Any:
    return made.done(made.planned(wanted))


def rows(database: Database) -> list[Any]:
    return database.execute("SELECT id, text FROM alerts ORDER BY id, text")


def value(number: int, mark: str = "") -> dict[str, Any]:
    return {"id": number, "text": f"bad{mark}", "good": f"good{mark}"}


@pytest.fixture
def keyed(schema: Database) -> Sink:
    """Written by the wrong formula: id 1 twice, the second time after what is to be corrected."""
    schema.execute("CREATE TABLE alerts (id int PRIMARY KEY, text text, good text)")
    sink = Sink(schema, **KEYED)
    sink.send(value(0), value(1), value(2), value(1, "2"), value(3)).settle()
    return sink


def test_a_key_that_a_later_record_changed_keeps_its_later_value(keyed: Sink) -> None:
    made = replay(keyed, **KEYED)
    plan = made.planned(Wanted(from_offset=1, to_offset=3))
    assert plan.chosen == {P0: Range(1, 3)}
    assert plan.written == {P0: Range(1, 5)}
    outcome = made.done(plan)
    assert outcome.rewritten == {P0: (1, 5, 4, 0, 0)}
    assert rows(keyed.database) == [(0, "bad"), (1, "good2"), (2, "good"), (3, "good")]
    assert keyed.counts().next == 5


def test_times_choose_the_range(keyed: Sink) -> None:
    at = keyed.harness.broker.logs[P0].records[2].timestamp
    plan = replay(keyed, **KEYED).planned(Wanted(from_ms=at, to_ms=at + 1))
    assert plan.chosen == {P0: Range(2, 3)}
    assert replay(keyed, **KEYED).planned(Wanted(from_ms=at + 9)).written == {}


def test_the_ledger_tells_of_it_and_verification_accounts_for_it(keyed: Sink) -> None:
    run(replay(keyed, **KEYED), Wanted(from_offset=1))
    newest, *_ = connector(keyed.database).offset_store().ledger(1)
    assert newest[:9] == (P0, "replay", 1, 1, 5, 4, 0, 0, 0)
    assert (newest.owner or "").startswith("sinkworker replay@")
    assert newest.config
    broker = keyed.harness.broker
    report = verify(
        keyed.name, connector(keyed.database, **KEYED).audit(),
        lambda found: InMemoryConsumer(broker, "none", partitions=found),
    )  # fmt: skip
    assert report.problems == []


def test_a_worker_waits_and_then_goes_on_where_it_was(keyed: Sink) -> None:
    """Its flush is refused nothing: it waits for the end of the transaction."""
    made = replay(keyed, **KEYED)
    rewriter = made._rewriter
    assert rewriter.begin([P0]) == {P0: 5}
    keyed.send(value(1, "3"))
    flushing = threading.Thread(target=keyed.run, args=[2])
    flushing.start()
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    wait_until(lambda: keyed.database.one(waiting) > 0, 20, "a flush that waits")
    rewriter.close()
    flushing.join(30)
    keyed.settle()
    assert rows(keyed.database)[1] == (1, "bad3")
    assert keyed.counts().next == 6
    run(replay(keyed, **KEYED), Wanted(from_offset=0))
    assert rows(keyed.database)[1] == (1, "good3")


def test_one_that_ends_in_the_middle_has_changed_nothing_and_can_be_repeated(keyed: Sink) -> None:
    before = rows(keyed.database)
    made = replay(keyed, **KEYED)
    made._rewriter.begin([P0])
    made._rewriter.write(P0, [], [])
    first, *_ = keyed.harness.broker.logs[P0].records
    processed = made._pipeline().process(P0, _fetched(first), None)
    made._rewriter.write(P0, processed.records, [])
    keyed.database.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = %s",
        [f"sinkworker {keyed.name} replay"],
    )
    with pytest.raises(RetriableError):
        made._rewriter.commit({})
    made._rewriter.close()
    assert rows(keyed.database) == before
    run(replay(keyed, **KEYED), Wanted(from_offset=0))
    assert rows(keyed.database)[0] == (0, "good")


def _fetched(record: Any) -> Fetched:
    return Fetched(record.offset, [record], record.offset + 1)


def test_a_record_that_fails_stops_it_all_unless_errors_are_tolerated(keyed: Sink) -> None:
    keyed.send({"id": 4}, {"id": 5, "good": "x" * 9}).settle()
    keyed.database.execute("ALTER TABLE alerts ALTER text TYPE varchar(8)")
    before = rows(keyed.database)
    with pytest.raises(ConnectError) as failure:
        run(replay(keyed, **KEYED), Wanted(from_offset=0))
    assert str(failure.value) == (
        "alerts-0 offset 6 failed in TASK_PUT: string data right truncation (22001) in column text. "
        "Nothing was changed: with errors.tolerance=all such records are left as they are."
    )
    assert rows(keyed.database) == before
    outcome = run(replay(keyed, errors_tolerance="all", **KEYED), Wanted(from_offset=0))
    assert [errant.offset for errant in outcome.errant] == [6]
    assert rows(keyed.database)[0] == (0, "good")


def test_what_kafka_no_longer_holds_is_refused(keyed: Sink) -> None:
    keyed.harness.broker.delete_records(P0, 2)
    with pytest.raises(ConnectError) as failure:
        run(replay(keyed, **KEYED), Wanted(from_offset=0))
    assert str(failure.value) == (
        "alerts-0: Kafka holds the offsets 2 to 5, and 0 to 5 are to be written again. Nothing was "
        "changed."
    )


@pytest.fixture
def inserted(schema: Database) -> Sink:
    schema.execute("CREATE TABLE alerts (id int, text text, good text, t text, p int, o bigint)")
    return Sink(schema, **BY_KAFKA).send(*map(value, range(6))).settle()


def test_rows_that_say_where_they_were_read_are_replaced_for_just_the_range(inserted: Sink) -> None:
    made = replay(inserted, deletes_first=True, **BY_KAFKA)
    outcome = run(made, Wanted(from_offset=2, to_offset=4))
    assert outcome.rewritten == {P0: (2, 4, 2, 0, 0)}
    texts = [row[1] for row in rows(inserted.database)]
    assert texts == ["bad", "bad", "good", "good", "bad", "bad"]


def test_what_a_transform_leaves_out_now_is_gone_and_that_is_exact(inserted: Sink) -> None:
    filtering = {"transforms": "better,f", "transforms_f_type": "Filter"}
    run(
        replay(inserted, deletes_first=True, **BY_KAFKA, **filtering),
        Wanted(from_offset=2, to_offset=4),
    )
    assert [row[0] for row in rows(inserted.database)] == [0, 1, 4, 5]
    broker = inserted.harness.broker
    audit = connector(inserted.database, **BY_KAFKA).audit()
    report = verify(
        inserted.name, audit, lambda found: InMemoryConsumer(broker, "none", partitions=found)
    )
    assert report.problems == []
    inserted.database.execute("DELETE FROM alerts WHERE id = 1")
    report = verify(inserted.name, connector(inserted.database, **BY_KAFKA).audit(), None)
    assert report.problems == ["alerts-0: 1 row(s) missing: among 0 to 6"]


def test_tables_whose_rows_would_be_there_twice_are_refused_with_what_to_do(inserted: Sink) -> None:
    instead = (
        "stop the connector, delete the rows, set its offsets back (`sinkworker offsets set "
        "--to-datetime …`) and resume it"
    )
    adds = "insert.mode=insert adds rows, so a replay corrects nothing. "
    for keys, message in (
        (BY_KAFKA, f"{adds}Use --delete-first, which replaces the rows of these offsets; or {instead}"),
        ({"insert_mode": "ignore", **KEYED_ONLY},
         "insert.mode=ignore leaves rows as they are, so a replay corrects nothing. Use --delete-first, "
         f"which replaces the rows of these offsets; or {instead}"),
    ):  # fmt: skip
        with pytest.raises(ConnectError) as failure:
            replay(inserted, **keys)
        assert str(failure.value) == message
    with pytest.raises(ConnectError, match="for rows that stand for one record each"):
        replay(inserted, deletes_first=True, **KEYED)


KEYED_ONLY = {"pk_mode": "record_value", "pk_fields": "id"}


def test_a_letter_that_can_be_written_now_is_a_row_and_no_letter_any_more(schema: Database) -> None:
    schema.execute("CREATE TABLE alerts (id int PRIMARY KEY, text varchar(4), good text)")
    letters = {"errors_deadletterqueue_table": "dead"}
    sink = Sink(schema, tolerates=True, **KEYED, **letters)
    sink.send(value(0), value(1, "too long")).settle()
    assert schema.one("SELECT count(*) FROM dead") == 1
    schema.execute("ALTER TABLE alerts ALTER text TYPE text")
    made = replay(sink, errors_tolerance="all", **KEYED, **letters)
    run(made, Wanted(from_offset=0))
    assert schema.one("SELECT count(*) FROM dead") == 0
    assert rows(schema) == [(0, "good"), (1, "goodtoo long")]
    assert sink.counts()[:3] == (2, 2, 0)
    with closing(connector(schema).offset_store()) as store:
        assert [step.kind for step in store.ledger(2)] == ["replay", "replay"]
