"""`sinkworker offsets history`, on the ledger of a Postgres sink."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from sinkworker.api import Alteration, Offset, TopicPartition
from sinkworker.cli import main
from tests.integration.postgres.sinks import Sink, connector
from tests.services.database import Database

pytestmark = pytest.mark.postgres

Run = Callable[..., str]


@pytest.fixture
def run(schema: Database, tmp_path: Path) -> Run:
    file = tmp_path / "alerts.properties"
    file.write_text(
        "name=alerts-to-pg\nconnector.class=PostgresSink\ntopics=alerts\n"
        f"bootstrap.servers=nowhere:9092\nconnection.url={schema.url}\n"
    )

    def run(*words: str) -> str:
        command = ["offsets", "history", "alerts-to-pg", "--config", str(file), *words]
        result = CliRunner().invoke(main, command)
        assert result.exit_code == 0, result.output
        return result.stdout

    return run


def test_every_step_is_told_and_a_rewind_by_what_it_does(schema: Database, run: Run) -> None:
    schema.execute("CREATE TABLE alerts (id int)")
    sink = Sink(schema).send({"id": 1}, {"id": 2}, {"id": 3}).settle()
    sink.stop()
    store = connector(schema).offset_store()
    p0 = TopicPartition("alerts", 0)
    for to in (Offset(1), Offset(7), None):
        store.alter({p0: Alteration(to)})
    store.close()
    lines = [line.split("  ") for line in run("--partition", "alerts:0").splitlines()]
    told = [[cell.strip() for cell in line if cell.strip()][1:8] for line in lines]
    assert told == [
        ["TOPIC", "PARTITION", "STEP", "FROM", "TO", "RECORDS", "ERRANT"],
        ["alerts", "0", "claim", "0", "0", "0", "0"],
        ["alerts", "0", "commit", "0", "3", "3", "0"],
        ["alerts", "0", "rewind: 2 again", "3", "1", "0", "0"],
        ["alerts", "0", "skip: 6", "1", "7", "0", "0"],
        ["alerts", "0", "reset", "7", "-", "0", "0"],
    ]


def test_json_has_all_that_is_known(schema: Database, run: Run) -> None:
    schema.execute("CREATE TABLE alerts (id int)")
    Sink(schema).send({"id": 1}).settle().stop()
    (step,) = json.loads(run("--limit", "1", "-o", "json"))["steps"]
    owner, at = step.pop("owner"), step.pop("at")
    assert owner
    assert at.endswith("Z")
    assert step == {
        "partition": {"kafka_topic": "alerts", "kafka_partition": 0}, "step": "commit", "from": 0,
        "to": 1, "records": 1, "errant": 0, "filtered": 0, "gaps": 0, "read_again": 0, "skipped": 0,
        "epoch": 1, "config": None,
    }  # fmt: skip


def test_other_partitions_and_older_steps_are_left_out(schema: Database, run: Run) -> None:
    schema.execute("CREATE TABLE alerts (id int)")
    sink = Sink(schema, partitions=2)
    sink.send({"id": 1}).send({"id": 2}, partition=1).settle().stop()
    steps = json.loads(run("--partition", "alerts:1", "-o", "json"))["steps"]
    assert [step["partition"]["kafka_partition"] for step in steps] == [1, 1]
    assert json.loads(run("--since", "2100-01-01", "-o", "json"))["steps"] == []
