"""Dead letters in files that the same entry names: each record that could not be written, once."""

from __future__ import annotations

import json
from typing import Any

import pytest

from connectors.s3 import gc
from connectors.s3.connector import S3SinkConnector
from connectors.s3.lanes import Lanes
from connectors.s3.reader import CommittedFile, S3Reader
from connectors.s3.verify import verify
from sinkworker.api import ConnectError, Stage, TopicPartition
from sinkworker.runtime.tolerance import Tolerance, ToleranceMode
from sinkworker.testing import Harness, encode
from tests.integration.s3.proxy import Fate, Proxy
from tests.integration.s3.sinks import files, ranges, sink
from tests.services.store import Store

pytestmark = pytest.mark.s3

P0 = TopicPartition("alerts", 0)


def connector(store: Store, **settings: Any) -> S3SinkConnector:
    return sink(store, **{"errors_deadletterqueue_path": "/dead/", "flush_size": 3, **settings})


def running(of: S3SinkConnector, **plan: Any) -> Harness:
    tolerance = Tolerance(ToleranceMode.ALL, log_errors=False, include_messages=False)
    harness = Harness(of, tolerance=tolerance, **plan)
    harness.start()
    harness.run(2)
    return harness


def letter_files(of: S3SinkConnector) -> list[CommittedFile]:
    with S3Reader(of.name, of.config) as reader:
        return list(reader.letter_files())


def letters(store: Store, of: S3SinkConnector) -> list[dict[str, Any]]:
    lines = [line for file in letter_files(of) for line in store.get(file.key).splitlines()]
    return [json.loads(line) for line in lines]


def produce(harness: Harness, *values: bytes | None) -> None:
    for value in values:
        harness.broker.produce(P0, value, b'"key"', [("h", b"\xff"), ("h", None)], 1_000)


GOOD = encode({"id": 1})


def test_letters_of_every_stage_are_in_one_file_beside_the_data(store: Store) -> None:
    of = connector(store)
    harness = running(of)
    produce(harness, GOOD, b"{", GOOD, None, GOOD)
    harness.run(5)
    assert ranges(files(of)) == [(0, 0, 4)]
    (file,) = letter_files(of)
    assert (file.first, file.last, file.count, file.seq) == (1, 3, 2, files(of)[0].seq)
    assert file.key.startswith("dead/alerts/archive+alerts+0+00000000000000000001.e1.")
    assert file.key.endswith(".jsonl")
    converter, task = letters(store, of)
    assert converter.pop("failed_at") == task.pop("failed_at")
    shared = {
        "connector": "archive", "task": 0, "topic": "alerts", "partition": 0, "timestamp": 1_000,
        "key": "ImtleSI=", "headers": [{"key": "h", "value": "/w=="}, {"key": "h", "value": None}],
    }  # fmt: skip
    assert converter == shared | {
        "offset": 1, "stage": "VALUE_CONVERTER", "class": "sinkworker.testing.harness.PlainJson",
        "exception": "JSONDecodeError", "value": "ew==", "message":
        "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)",
    }  # fmt: skip
    assert task == shared | {
        "offset": 3, "stage": "TASK_PUT", "class": "connectors.s3.task.S3SinkTask",
        "exception": "DataError", "value": None, "message":
        "it has no value: set behavior.on.null.values=ignore, or =write where the format can",
    }  # fmt: skip
    assert b'"counts":{"records":3,"filtered":0,"errant":2,"gaps":0}' in newest(store)


def newest(store: Store) -> bytes:
    return store.get(store.keys("_sinkworker/archive/alerts/0/")[0])


def test_letters_without_data_are_committed_after_a_minute(store: Store) -> None:
    of = connector(store)
    harness = running(of)
    produce(harness, b"{")
    harness.run(70)
    assert (files(of), len(letters(store, of))) == ([], 1)


def test_letters_that_take_much_memory_are_committed_at_once(store: Store) -> None:
    of = connector(store)
    harness = running(of)
    produce(harness, b"{" * (1 << 20))
    harness.run(2)
    assert len(letters(store, of)) == 1


@pytest.mark.parametrize("fate", [Fate.LOST, Fate.UNANSWERED, 500])
def test_letters_share_the_fate_of_their_entry(
    store: Store, proxy: Proxy, fate: Fate | int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the answer: once, and in the entry that passes them."""
    monkeypatch.setattr("connectors.s3.connector.PATIENCE_SECONDS", 0)
    of = connector(store, store_url=proxy.address)
    harness = running(of)
    produce(harness, GOOD, b"{", GOOD, None, GOOD)
    proxy.once(fate, lambda request: request.is_entry)
    harness.run(30)
    assert [each["offset"] for each in letters(store, of)] == [1, 3]
    assert ranges(files(of)) == [(0, 0, 4)]


def test_without_a_folder_nothing_of_them_is_kept(store: Store) -> None:
    of = sink(store, flush_size=3)
    harness = running(of)
    produce(harness, GOOD, b"{", GOOD, None, GOOD)
    harness.run(5)
    assert letter_files(of) == []
    assert b'"counts":{"records":3,"filtered":0,"errant":2,"gaps":0}' in newest(store)


def test_an_operator_sees_them_and_cannot_change_what_is_committed(store: Store) -> None:
    of = connector(store)
    harness = running(of)
    produce(harness, GOOD, b"{", GOOD, None, GOOD)
    harness.run(5)
    letters = of.dead_letters()
    assert letters is not None
    converter, task = letters.read()
    assert converter._replace(failed_at="") == (
        P0, 1, Stage.VALUE_CONVERTER, "JSONDecodeError",
        "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)", "",
        1_000, b'"key"', b"{", [("h", b"\xff"), ("h", None)],
    )  # fmt: skip
    assert (task.offset, task.value) == (3, None)
    for change in (lambda: letters.drop([task]), lambda: letters.replay([task], {}, [])):
        with pytest.raises(ConnectError) as refused:
            change()
        assert str(refused.value) == (
            "Dead letters in files are part of what was committed, and stay. Read them with "
            "sinkworker dlq list --json, and send what is mended to the topic"
        )
    letters.close()


def test_they_are_verified_and_those_that_no_entry_names_are_removed(store: Store) -> None:
    of = connector(store)
    harness = running(of)
    produce(harness, GOOD, b"{", GOOD, GOOD)
    harness.run(5)
    (file,) = letter_files(of)
    orphan = file.key.replace(".e1.", ".e0.")
    store.client.put_object(Bucket=store.bucket, Key=orphan, Body=b"left behind")
    bucket, lanes = of.bucket(), Lanes()
    with S3Reader(of.name, of.config) as reader:
        garbage = gc.find(bucket, reader, of.names(), of.names_of_letters())
        assert [each.key for each in garbage.files] == [orphan]
        store.client.put_object(Bucket=store.bucket, Key=file.key, Body=b"changed")
        (finding,) = verify(reader, bucket, lanes, contents=True)
    assert finding.flaws == [f"{file.key} has 7 bytes and not {file.bytes}"]
    lanes.close()
    bucket.close()
