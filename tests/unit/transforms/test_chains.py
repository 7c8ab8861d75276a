"""Transforms and predicates as a connector's file names them: their order, their keys, their errors."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from sinkworker.api import SinkRecord, TopicPartition
from sinkworker.configuration import ConfiguredConnector, configure
from sinkworker.properties import read_file
from sinkworker.runtime.pipeline import Pipeline
from sinkworker.runtime.ports import Fetched
from sinkworker.runtime.tolerance import Tolerance, ToleranceMode
from sinkworker.testing.broker import LogRecord
from tests.unit.config_files import FILE_SINK, changed, messages, write

SOURCE = TopicPartition("alerts", 3)
PLAIN_JSON = "value.converter=JsonConverter\nvalue.converter.schemas.enable=false\n"
JAVA = "org.apache.kafka.connect.transforms."


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def configured(keys: str) -> ConfiguredConnector:
    return configure(read_file(write("c.properties", changed(FILE_SINK, PLAIN_JSON + keys))))


def delivered(keys: str, *values: bytes | None) -> list[SinkRecord]:
    """What the sink gets of records with these values, at offsets from 7 on."""
    made = configured(keys).conversion()
    pipeline = Pipeline(
        made.key_converter, made.value_converter, made.steps,
        Tolerance(ToleranceMode.NONE, log_errors=False, include_messages=False),
        made.header_converter,
    )  # fmt: skip
    raws = [LogRecord(7 + n, 1_700_000_000_000, b"k", value) for n, value in enumerate(values)]
    processed = pipeline.process(SOURCE, Fetched(7, raws, 7 + len(raws)), None)
    assert processed.barrier is None
    return processed.records


def wrong(keys: str) -> Callable[[], object]:
    return lambda: configured(keys)


def test_transforms_run_in_the_order_of_their_list() -> None:
    keys = """transforms=rename,add
transforms.add.type=InsertField$Value
transforms.add.static.field=a
transforms.add.static.value=new
transforms.rename.type=ReplaceField$Value
transforms.rename.renames=a:b"""
    assert [record.value for record in delivered(keys, b'{"a": 1}')] == [{"a": "new", "b": 1}]


def test_a_predicate_decides_and_negate_turns_it_round() -> None:
    keys = """transforms=drop
transforms.drop.type=Filter
transforms.drop.predicate=tombstone
predicates=tombstone
predicates.tombstone.type=RecordIsTombstone"""
    values = b'{"a": 1}', None
    assert [record.value for record in delivered(keys, *values)] == [{"a": 1}]
    negated = keys + "\ntransforms.drop.negate=true"
    assert [record.value for record in delivered(negated, *values)] == [None]


def test_java_class_names_are_understood() -> None:
    keys = f"""transforms=add
transforms.add.type={JAVA}InsertField$Value
transforms.add.offset.field=at
transforms.add.predicate=alerts
predicates=alerts
predicates.alerts.type={JAVA}predicates.TopicNameMatches
predicates.alerts.pattern=al.*"""
    assert [record.value for record in delivered(keys, b"{}", b"{}")] == [{"at": 7}, {"at": 8}]


def test_a_renamed_topic_keeps_offset_and_partition_and_predicates_see_the_new_name() -> None:
    keys = """transforms=route,drop
transforms.route.type=RegexRouter
transforms.route.regex=(.*)s
transforms.route.replacement=$1
transforms.drop.type=Filter
transforms.drop.predicate=old
predicates=old
predicates.old.type=TopicNameMatches
predicates.old.pattern=alerts"""
    (record,) = delivered(keys, b"{}")
    assert (record.topic, record.partition, record.offset) == ("alert", 3, 7)


def test_negate_without_a_predicate_is_told_to_have_no_effect() -> None:
    keys = "transforms=a\ntransforms.a.type=Filter\ntransforms.a.negate=true"
    assert configured(keys).warnings == (
        "c.properties:10: transforms.a.negate has no effect without transforms.a.predicate",
    )


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ("transforms=a\ntransforms.a.type=InsertField",
         "c.properties:9: Invalid value InsertField for configuration transforms.a.type: There is no"
         " transform InsertField; did you mean InsertField$Key or InsertField$Value?"),
        ("transforms=a\ntransforms.a.type=InsertField$Valeu",
         "c.properties:9: Invalid value InsertField$Valeu for configuration transforms.a.type: There"
         " is no transform InsertField$Valeu; did you mean InsertField$Value?"),
        ("transforms=a,a\ntransforms.a.type=Filter",
         "c.properties:8: Invalid value a,a for configuration transforms: Duplicate alias provided."),
        ("transforms=a\ntransforms.a.type=InsertField$Value",
         "c.properties:9: transforms.a: No field insertion configured"),
        ("transforms=a\ntransforms.a.type=InsertField$Value\ntransforms.a.static.field=x",
         "c.properties:9: transforms.a: static.field needs a static.value"),
        ("transforms=a\ntransforms.a.type=Filter\ntransforms.a.predicat=p",
         "c.properties:10: Unknown configuration transforms.a.predicat; did you mean"
         " transforms.a.predicate?"),
        ("predicates=p\npredicates.p.type=RecordIsTomb",
         "c.properties:9: Invalid value RecordIsTomb for configuration predicates.p.type: There is no"
         " predicate RecordIsTomb; did you mean RecordIsTombstone?"),
        ("transforms=a\ntransforms.a.type=RegexRouter\ntransforms.a.regex=(a\n"
         "transforms.a.replacement=$1",
         "c.properties:10: Invalid value (a for configuration transforms.a.regex: Invalid regular"
         " expression: missing ), unterminated subpattern at position 0"),
        ("transforms=a\ntransforms.a.type=RegexRouter\ntransforms.a.regex=(a)\n"
         "transforms.a.replacement=$2",
         "c.properties:9: transforms.a: replacement: No group 2"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_transform_is_told_with_its_place(keys: str, expected: str) -> None:
    assert messages(wrong(keys)) == [expected]
