"""Broken connector files, each with every message it gives.

The keys of the engine, the file sink, converters and transforms; in .properties and in JSON. The
Postgres sink's keys are in test_broken_postgres_configurations.py, client settings in
test_broken_client_settings.py, unreadable and contradictory files in test_broken_files.py.
"""

from __future__ import annotations

import json
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from sinkworker.api import ConfigError
from sinkworker.configuration import configure
from sinkworker.plugins import Catalog, Kind
from sinkworker.properties import read_file
from tests.unit.config_files import (
    FILE_SINK,
    changed,
    configured,
    messages,
    write,
)

# fmt: off
# What is changed in the good file, then the messages without the file's name.
CASES = [
    # what is missing
    ("-name", ': Missing required configuration "name" which has no default value.'),
    ("-connector.class",
     ': Missing required configuration "connector.class" which has no default value.'),
    ("connector.class=",
     ':2: Missing required configuration "connector.class" which has no default value.'),
    ("-bootstrap.servers",
     ': Missing required configuration "bootstrap.servers" which has no default value.'),
    ("-file", ': Missing required configuration "file" which has no default value.'),
    ("-topics", ": Must configure one of topics, topics.regex or topics.partitions"),
    ("topics=", ": Must configure one of topics, topics.regex or topics.partitions"),
    ("topics= , ", ": Must configure one of topics, topics.regex or topics.partitions"),
    ("tasks.max=0\n-topics",
     ":6: Invalid value 0 for configuration tasks.max: Value must be at least 1",
     ": Must configure one of topics, topics.regex or topics.partitions"),
    ("bootstrap.servers=",
     ':3: Missing required configuration "bootstrap.servers" which has no default value.'),

    # wrong types and values out of bounds
    ("name=my alerts",
     ":1: Invalid value my alerts for configuration name: "
     "A name consists of 1 to 128 of A-Z a-z 0-9 . _ -"),
    ("name=../offsets",
     ":1: Invalid value ../offsets for configuration name: "
     "A name consists of 1 to 128 of A-Z a-z 0-9 . _ -"),
    (f"name={'n' * 129}",
     f":1: Invalid value {'n' * 129} for configuration name: "
     "A name consists of 1 to 128 of A-Z a-z 0-9 . _ -"),
    ("name=größe",
     ":1: Invalid value größe for configuration name: "
     "A name consists of 1 to 128 of A-Z a-z 0-9 . _ -"),
    ("tasks.max=many",
     ":6: Invalid value many for configuration tasks.max: Not a number of type INT"),
    ("tasks.max=1.5", ":6: Invalid value 1.5 for configuration tasks.max: Not a number of type INT"),
    ("tasks.max=", ":6: Invalid value  for configuration tasks.max: Not a number of type INT"),
    ("tasks.max=0", ":6: Invalid value 0 for configuration tasks.max: Value must be at least 1"),
    ("tasks.max=1001",
     ":6: Invalid value 1001 for configuration tasks.max: Value must be at most 1000"),
    ("tasks.max=99999999999",
     ":6: Invalid value 99999999999 for configuration tasks.max: Value must be at most 1000"),
    ("batch.size=0", ":6: Invalid value 0 for configuration batch.size: Value must be at least 1"),
    *((f"{key}=2147483648",
       f":6: Invalid value 2147483648 for configuration {key}: Value must be at most 2147483647")
      for key in ("batch.size", "buffer.max.bytes", "offset.flush.interval.ms",
                  "errors.retry.timeout", "errors.retry.delay.max.ms")),
    ("buffer.max.bytes=1",
     ":6: Invalid value 1 for configuration buffer.max.bytes: Value must be at least 1024"),
    ("offset.flush.interval.ms=0",
     ":6: Invalid value 0 for configuration offset.flush.interval.ms: Value must be at least 1"),
    ("errors.retry.timeout=-2",
     ":6: Invalid value -2 for configuration errors.retry.timeout: Value must be at least -1"),
    ("errors.retry.delay.max.ms=0",
     ":6: Invalid value 0 for configuration errors.retry.delay.max.ms: Value must be at least 1"),
    ("errors.tolerance=some",
     ":6: Invalid value some for configuration errors.tolerance: String must be one of: none, all"),
    ("errors.log.enable=maybe",
     ":6: Invalid value maybe for configuration errors.log.enable: "
     "Expected value to be either true or false"),
    ("errors.log.include.messages=2",
     ":6: Invalid value 2 for configuration errors.log.include.messages: "
     "Expected value to be either true or false"),
    ("offset.out.of.range=skip",
     ":6: Invalid value skip for configuration offset.out.of.range: "
     "String must be one of: fail, earliest, latest"),

    # which topics, and where they start
    ("topics.regex=a.*",
     ": topics and topics.regex are mutually exclusive options, but both are set"),
    ("topics.partitions=a:0",
     ": topics and topics.partitions are mutually exclusive options, but both are set"),
    ("offset.start=soon",
     ":6: Invalid value soon for configuration offset.start: Expected earliest, latest, "
     "a time such as 2026-11-21T08:00:00Z, or <topic>:<partition>:<offset>,…"),
    ("offset.start=2026-13-01",
     ":6: Invalid value 2026-13-01 for configuration offset.start: Expected earliest, latest, "
     "a time such as 2026-11-21T08:00:00Z, or <topic>:<partition>:<offset>,…"),
    ("offset.start=alerts:0:-5",
     ":6: Invalid value alerts:0:-5 for configuration offset.start: Expected earliest, latest, "
     "a time such as 2026-11-21T08:00:00Z, or <topic>:<partition>:<offset>,…"),
    ("offset.start=1969-12-31",
     ":6: Invalid value 1969-12-31 for configuration offset.start: A time before 1970"),

    # keys that nobody knows
    ("task.max=1", ":6: Unknown configuration task.max; did you mean tasks.max?"),
    ("bootstrap.server=a:1",
     ":6: Unknown configuration bootstrap.server; did you mean bootstrap.servers?"),
    ("colour=red", ":6: Unknown configuration colour"),

    # plugins
    ("connector.class=FileStreamSnk",
     ":2: Invalid value FileStreamSnk for configuration connector.class: "
     "There is no connector FileStreamSnk; did you mean FileStreamSink?"),
    ("connector.class=BigQuery",
     ":2: Invalid value BigQuery for configuration connector.class: "
     "There is no connector BigQuery; installed are FileStreamSink, PostgresSink"),
    ("connector.class=connectors.file:FileStreamSinkConnector",
     ":2: Invalid value connectors.file:FileStreamSinkConnector for configuration connector.class: "
     "There is no connector connectors.file:FileStreamSinkConnector; did you mean FileStreamSink?"),
    ("connector.class=os.system",
     ":2: Invalid value os.system for configuration connector.class: "
     "There is no connector os.system; installed are FileStreamSink, PostgresSink"),
    ("value.converter=sinkworker.converters.json",
     ":6: Invalid value sinkworker.converters.json for configuration value.converter: "
     "There is no converter sinkworker.converters.json; did you mean JsonConverter?"),
    ("value.converter=AvroConverter\nvalue.converter.schema.registry.url=http://r",
     ":6: Invalid value AvroConverter for configuration value.converter: "
     "There is no converter AvroConverter; installed are JsonConverter, "
     "SimpleHeaderConverter, StringConverter"),
    ("value.converter=JsonConverter\nvalue.converter.schemas.enable=perhaps",
     ":7: Invalid value perhaps for configuration value.converter.schemas.enable: "
     "Expected value to be either true or false"),
    ("value.converter=JsonConverter\nvalue.converter.decimal.format=HEX",
     ":7: Invalid value HEX for configuration value.converter.decimal.format: "
     "String must be one of: BASE64, NUMERIC"),
    ("value.converter=JsonConverter\nvalue.converter.schema.enable=false",
     ":7: Unknown configuration value.converter.schema.enable; "
     "did you mean value.converter.schemas.enable?"),
    ("key.converter.converter.encoding=klingon",
     ":6: Invalid value klingon for configuration key.converter.converter.encoding: "
     "Unknown encoding of text"),

    # transforms and predicates
    ("transforms=p", ': Missing required configuration "transforms.p.type" which has no default value.'),
    ("predicates=s", ': Missing required configuration "predicates.s.type" which has no default value.'),
    ("transforms=p\ntransforms.p.type=Prefixx\ntransforms.p.prefix=-",
     ":7: Invalid value Prefixx for configuration transforms.p.type: "
     "There is no transform Prefixx; did you mean Prefix?"),
    ("transforms=p\ntransforms.p.type=Prefix",
     ': Missing required configuration "transforms.p.prefix" which has no default value.'),
    ("transforms=p\ntransforms.p.type=Prefix\ntransforms.p.prefix=-\ntransforms.p.times=0",
     ":9: Invalid value 0 for configuration transforms.p.times: Value must be at least 1"),
    ("transforms=p\ntransforms.p.type=Prefix\ntransforms.p.prefix=-\ntransforms.p.time=2",
     ":9: Unknown configuration transforms.p.time; did you mean transforms.p.times?"),
    ("predicates=s\npredicates.s.type=IsShort\ntransforms=p\ntransforms.p.type=Prefix\n"
     "transforms.p.prefix=-\ntransforms.p.predicate=short",
     ":11: Invalid value short for configuration transforms.p.predicate: "
     "predicates does not list it (predicates=s)"),

    # what would lose records
    ("errors.deadletterqueue.topic.name=dlq",
     ":6: errors.deadletterqueue.topic.name needs errors.tolerance=all: "
     "else the first bad record stops its partition"),
    ("errors.tolerance=all\nerrors.deadletterqueue.topic.name=dead letters",
     ":7: Invalid value dead letters for configuration errors.deadletterqueue.topic.name: "
     "A topic's name consists of 1 to 249 of A-Z a-z 0-9 . _ -"),
    ("errors.tolerance=all\nerrors.deadletterqueue.topic.name=alerts",
     ": The DLQ topic 'alerts' may not be included in the list of topics ('topics=alerts') consumed "
     "by the connector"),
    ("errors.tolerance=all\nerrors.deadletterqueue.topic.name=dead\n-topics\ntopics.regex=d.*",
     ": The DLQ topic 'dead' may not be matched by the regex for the topics ('topics.regex=d.*') "
     "consumed by the connector"),
    ("errors.tolerance=all\nerrors.deadletterqueue.max.ratio=1.5",
     ":7: Invalid value 1.5 for configuration errors.deadletterqueue.max.ratio: "
     "Value must be at most 1.0"),
    ("errors.tolerance=all\nerrors.deadletterqueue.max.consecutive=-2",
     ":7: Invalid value -2 for configuration errors.deadletterqueue.max.consecutive: "
     "Value must be at least -1"),
    ("errors.tolerance=all\nerrors.deadletterqueue.topic.name=dead\nproducer.override.acks=1\n"
     "producer.override.linger.ms=x\nproducer.override.batch.sizes=1\n"
     "producer.override.delivery.timeout.ms=10",
     ":9: Invalid value x for configuration producer.override.linger.ms: Not a number of type INT",
     ":11: Invalid value 10 for configuration producer.override.delivery.timeout.ms: "
     "Value must be at least request.timeout.ms + linger.ms (5000)",
     ":8: producer.override.acks can only be all: "
     "a letter is safe before the offset that passes it is committed",
     ":10: producer.override.batch.sizes is no setting of the producer of dead letters; "
     "did you mean batch.size?"),
    ("errors.tolerance=all\nerrors.deadletterqueue.topic.name=dead\n"
     "producer.override.security.protocol=SSL",
     ":8: producer.override.security.protocol cannot be set: "
     "brokers let the producer in as they do the consumer; set security.protocol"),

    # several at once
    ("tasks.max=0\ncolour=red\nkey.converter=Nope\nconsumer.override.max.poll.records=0\n-file",
     ":6: Invalid value 0 for configuration tasks.max: Value must be at least 1",
     ': Missing required configuration "file" which has no default value.',
     ":8: Invalid value Nope for configuration key.converter: "
     "There is no converter Nope; installed are JsonConverter, SimpleHeaderConverter, StringConverter",
     ":9: Invalid value 0 for configuration consumer.override.max.poll.records: "
     "Value must be at least 1",
     ":7: Unknown configuration colour"),
    ("tasks.max=0\ntransforms=p\ntransforms.p.type=Prefix\ntransforms.p.prefix=-",
     ":6: Invalid value 0 for configuration tasks.max: Value must be at least 1"),
    ("-topics\ntopics.regex=a[",
     ":6: Invalid value a[ for configuration topics.regex: "
     "Invalid regular expression: unterminated character set at position 1"),
    ("topics=my alerts",
     ":4: Invalid value my alerts for configuration topics: "
     "A topic's name consists of 1 to 249 of A-Z a-z 0-9 . _ -"),
    ("-topics\ntopics.partitions=alerts",
     ":6: Invalid value alerts for configuration topics.partitions: Expected <topic>:<partition>,…"),
    ("-topics\ntopics.partitions=alerts:0,alerts:-1",
     ":6: Invalid value alerts:0,alerts:-1 for configuration topics.partitions: "
     "Expected <topic>:<partition>,…"),
    ("-name\n-topics",
     ': Missing required configuration "name" which has no default value.',
     ": Must configure one of topics, topics.regex or topics.partitions"),
    ("key.converter=JsonConvertor",
     ":6: Invalid value JsonConvertor for configuration key.converter: "
     "There is no converter JsonConvertor; did you mean JsonConverter?"),
    ("transforms=p\ntransforms.p.type=Prefix\ntransforms.p.prefix=-\ntransforms.p.negate=yes",
     ":9: Invalid value yes for configuration transforms.p.negate: "
     "Expected value to be either true or false"),
    ("-topics\ntopics.partitions=my alerts:0",
     ":6: Invalid value my alerts:0 for configuration topics.partitions: "
     "A topic's name consists of 1 to 249 of A-Z a-z 0-9 . _ -"),
]
# fmt: on


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def told(changes: str) -> list[str]:
    return messages(lambda: configured(changed(FILE_SINK, changes)))


def test_the_file_that_is_broken_below_is_good() -> None:
    assert told("") == []


@pytest.mark.parametrize("case", CASES, ids=[case[0].replace("\n", " ")[:60] for case in CASES])
def test_a_broken_file_gives_exactly_these_messages(case: tuple[str, ...]) -> None:
    changes, *expected = case
    assert told(changes) == [f"c.properties{message}" for message in expected]


@pytest.mark.parametrize("changes", ["tasks.max=0", "errors.tolerance=some", "topics.regex=a.*"])
@pytest.mark.parametrize("is_wrapped", [False, True], ids=["flat", "wrapped"])
def test_json_gives_the_same_messages_without_lines(changes: str, *, is_wrapped: bool) -> None:
    text = changed(FILE_SINK, changes)
    keys = dict(line.split("=", 1) for line in text.splitlines())
    content = {"name": keys.pop("name"), "config": keys} if is_wrapped else keys
    in_properties = messages(lambda: configured(text))
    in_json = messages(lambda: configured(json.dumps(content), name="c.json"))
    assert in_json == [m.replace("c.properties:6:", "c.properties:").replace(
        "c.properties", "c.json") for m in in_properties]  # fmt: skip
    assert in_json


def test_a_default_converter_that_is_not_installed_is_told() -> None:
    sink = "connectors.file:FileStreamSinkConnector"
    catalog = Catalog([EntryPoint("FileStreamSink", sink, Kind.CONNECTOR.value)])
    file = read_file(write("c.properties", changed(FILE_SINK)))
    with pytest.raises(ConfigError, match="There is no converter StringConverter"):
        configure(file, catalog=catalog)
