"""Moving stored offsets: what each rule means, on stopped and on running connectors."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from sinkworker.rest.offsets import NEEDED, NO_OFFSET, NO_PARTITION
from tests.unit.rest.scene import P0, Scene

CONNECTS, OURS = "/connectors/to-file/offsets", "/sinkworker/v1/connectors/to-file/offsets"
STARTED_MS = 1_700_000_000_000


@pytest.fixture
def stopped(scene: Scene) -> Scene:
    """Ten lines of partition 0 written, and the connector stopped."""
    scene.produce(*map(str, range(10)))
    scene.create()
    scene.wait_for_lines(10)
    scene.stop()
    return scene


def body(offset: Any, partition: Any = 0) -> dict[str, Any]:
    return {"offsets": [
        {"partition": {"kafka_topic": "alerts", "kafka_partition": partition}, "offset": offset}
    ]}  # fmt: skip


def moved(scene: Scene, to: Any, **more: Any) -> list[tuple[int | None, ...]]:
    """(old, new, read again, skipped) of partition 0."""
    content = {"to": to, "partitions": [{"kafka_topic": "alerts", "kafka_partition": 0}], **more}
    reply = scene.ask("POST", f"{OURS}?dry_run=true", content)
    assert reply.status == 200, reply.content
    keys = ("old", "new", "read_again", "skipped")
    return [tuple(move[key] for key in keys) for move in reply.content["moves"]]


@pytest.mark.parametrize(
    ("to", "new", "again", "skipped"),
    [
        ("earliest", 2, 8, 0),
        ("latest", 12, 0, 2),
        ({"offset": 7}, 7, 3, 0),
        ({"offset": "7"}, 7, 3, 0),
        ({"shift": -3}, 7, 3, 0),
        ({"shift": -100}, 2, 8, 0),
        ({"shift": 100}, 12, 0, 2),
        ({"datetime": datetime.fromtimestamp((STARTED_MS + 6) / 1000, UTC).isoformat()}, 5, 5, 0),
        ({"datetime": "2100-01-01"}, 12, 0, 2),
        ("reset", None, 0, 0),
    ],
    ids=str,
)  # fmt: skip
def test_a_dry_run_says_what_a_rule_would_do(
    stopped: Scene, to: Any, new: int | None, again: int, skipped: int
) -> None:
    stopped.produce("x", "y")
    stopped.broker.delete_records(P0, 2)
    assert moved(stopped, to) == [(10, new, again, skipped)]
    assert stopped.offsets()[0] == 10


def test_a_stopped_connector_reads_again_what_was_asked_for(stopped: Scene) -> None:
    assert stopped.ask("PATCH", CONNECTS, body({"kafka_offset": 8})).content == {
        "message": "The offsets for this connector have been altered successfully"
    }
    stopped.ask("PUT", "/connectors/to-file/resume")
    stopped.wait_for_lines(12)
    assert stopped.lines()[10:] == ["8", "9"]


def test_a_running_task_is_fenced_and_goes_on_at_the_new_offset(scene: Scene) -> None:
    scene.produce(*map(str, range(10)))
    scene.create()
    scene.wait_for_lines(10)
    assert scene.ask("POST", OURS, {"to": {"shift": -2}}).status == 200
    scene.produce("new")
    scene.wait_for_lines(13)
    assert scene.lines()[10:] == ["8", "9", "new"]
    scene.wait_for_states("RUNNING")


def test_reset_offsets_are_decided_anew(stopped: Scene) -> None:
    assert stopped.ask("DELETE", CONNECTS).content == {
        "message": "The offsets for this connector have been reset successfully"
    }
    assert stopped.offsets() == {}
    stopped.ask("PUT", "/connectors/to-file/resume")
    stopped.wait_for_lines(20)


def test_what_get_prints_set_takes(stopped: Scene) -> None:
    printed = stopped.ask("GET", OURS).content
    printed["offsets"][0]["offset"] = {"kafka_offset": 4}
    reply = stopped.ask("POST", OURS, printed)
    assert [move["new"] for move in reply.content["moves"]] == [4, 0]
    assert stopped.offsets() == {0: 4, 1: 0}


def test_offsets_of_a_connector_that_is_not_stopped_are_not_moved_connect_s_way(
    scene: Scene,
) -> None:
    scene.create()
    for method, content in (("PATCH", body({"kafka_offset": 0})), ("DELETE", None)):
        reply = scene.ask(method, CONNECTS, content)
        assert (reply.status, reply.content["message"]) == (
            400,
            "Connectors must be in the STOPPED state before their offsets can be modified. This can "
            "be done for the specified connector by issuing a 'PUT' request to the "
            "'/connectors/to-file/stop' endpoint",
        )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({}, NEEDED),
        ({"offsets": []}, NEEDED),
        ({"offsets": [1]}, NEEDED),
        ({"offsets": [{"offset": None}]}, NO_PARTITION),
        ({"offsets": [{"partition": {"kafka_topic": "a"}, "offset": None}]}, NO_PARTITION),
        (body({}), NO_OFFSET),
        (body({"kafka_offset": "x"}), "Failed to parse the following Kafka offset value in the "
         "provided offsets: 'x'. Offset values for sink connectors need to be integers."),
        (body(None, "y"), "Failed to parse the following Kafka partition value in the provided "
         "offsets: 'y'. Partition values for sink connectors need to be integers."),
        (body({"kafka_offset": -1}), "The offset -1 is negative"),
        (body({"kafka_offset": 99}), "alerts-0: Kafka holds the offsets 0 to 10, not 99"),
        (body({"kafka_offset": 1}, 7), "alerts-7 does not exist"),
    ],
)  # fmt: skip
def test_offsets_that_cannot_be_are_refused(stopped: Scene, content: Any, message: str) -> None:
    reply = stopped.ask("PATCH", CONNECTS, content)
    assert reply.content["message"] == message
    assert stopped.offsets()[0] == 10


@pytest.mark.parametrize("to", ["begin", {"offset": None}, {"shift": "1"}, {"a": 1, "b": 2}, None])
def test_a_rule_that_is_none_is_refused(stopped: Scene, to: Any) -> None:
    assert stopped.ask("POST", OURS, {"to": to}).status == 400


def test_a_time_that_is_none_is_refused(stopped: Scene) -> None:
    reply = stopped.ask("POST", OURS, {"to": {"datetime": "noon"}})
    assert reply.content["message"] == (
        "noon is no time: expected one such as 2026-11-21T08:00:00Z"
    )


def test_the_cluster_s_owners_are_those_of_the_store(scene: Scene) -> None:
    scene.create()
    scene.produce("a")
    scene.wait_for_lines(1)
    rows = scene.ask("GET", "/sinkworker/v1/cluster").content["partitions"]
    assert [(row["connector"], row["partition"]["kafka_partition"]) for row in rows] == [
        ("to-file", 0), ("to-file", 1),
    ]  # fmt: skip
    assert all(row["owner"].startswith("to-file-0@") for row in rows)


def test_a_sink_that_keeps_no_ledger_has_no_steps(stopped: Scene) -> None:
    reply = stopped.ask("GET", "/sinkworker/v1/connectors/to-file/ledger")
    assert (reply.status, reply.content) == (200, {"steps": []})


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("limit=0", "limit must be a number from 1 to 10000"),
        ("limit=10001", "limit must be a number from 1 to 10000"),
        ("limit=x", "limit must be a number from 1 to 10000"),
        ("partition=alerts", "partition must be <topic>:<number>, not alerts"),
        ("since=monday", "monday is no time: expected one such as 2026-11-21T08:00:00Z"),
    ],
)
def test_a_question_to_the_ledger_that_cannot_be_read_is_refused(
    stopped: Scene, query: str, message: str
) -> None:
    reply = stopped.ask("GET", f"/sinkworker/v1/connectors/to-file/ledger?{query}")
    assert (reply.status, reply.content["message"]) == (400, message)
