"""What a good configuration means: defaults, a worker's defaults, other systems' names, warnings."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from connectors.file import FileStreamSinkConnector
from connectors.postgres import PostgresSinkConnector
from sinkworker.api import ConfigError, SinkRecord, TopicPartition
from sinkworker.app import load
from sinkworker.configuration import configure, read_kafka, read_worker
from sinkworker.converters.json import JsonConverter
from sinkworker.converters.simple_header import SimpleHeaderConverter
from sinkworker.converters.string import StringConverter
from sinkworker.properties import read_file
from sinkworker.runtime.breaker import Breaker
from sinkworker.runtime.opening import OutOfRange
from sinkworker.runtime.restarts import RestartPolicy
from sinkworker.runtime.start import EARLIEST, LATEST, AtOffsets, AtTime
from tests.services.certificates import Authority
from tests.unit.config_files import (
    FILE_SINK,
    POSTGRES_SINK,
    changed,
    configured,
    write,
)

ROOT = Path(__file__).parents[2]
JAVA = "org.apache.kafka.connect."


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_five_lines_are_enough_and_all_else_has_a_default() -> None:
    settings = configured(changed(FILE_SINK)).settings
    assert settings.tasks_max == 1
    assert settings.topics == ("alerts",)
    assert settings.errors_tolerance == "none"
    assert settings.start is EARLIEST
    assert settings.out_of_range is OutOfRange.FAIL
    assert settings.offset_flush_interval_ms == 500
    assert settings.errors_retry_timeout == -1


def test_the_clients_defaults_keep_what_is_committed_and_move_few_partitions() -> None:
    client = configured(changed(FILE_SINK)).client.consumer
    assert client["isolation_level"] == "read_committed"
    assert [each.name for each in client["partition_assignment_strategy"]] == ["cooperative-sticky"]
    assert client["allow_auto_create_topics"] is False


def test_lists_are_split_at_commas_and_blanks_around_items_do_not_count() -> None:
    settings = configured(changed(FILE_SINK, "topics= a , b,,c ")).settings
    assert settings.topics == ("a", "b", "c")


def test_blanks_in_bootstrap_servers_do_not_count() -> None:
    text = changed(FILE_SINK, "bootstrap.servers=a:1, [::1]:2 ,b.example:3")
    assert configured(text).bootstrap_servers == "a:1,[::1]:2,b.example:3"


def test_fixed_partitions_are_read() -> None:
    text = changed(FILE_SINK, "-topics\ntopics.partitions=a:0, b:12")
    assert configured(text).settings.fixed_partitions == (
        TopicPartition("a", 0),
        TopicPartition("b", 12),
    )


def test_a_fixed_partition_that_is_named_twice_is_read_once() -> None:
    text = changed(FILE_SINK, "-topics\ntopics.partitions=a:0,a:0\ntasks.max=2")
    assert configured(text).settings.fixed_partitions == (TopicPartition("a", 0),)


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("earliest", EARLIEST),
        ("LATEST", LATEST),
        ("2026-11-21T08:00:00Z", AtTime(1_795_248_000_000)),
        ("2026-11-21T09:00:00.5+01:00", AtTime(1_795_248_000_500)),
        ("2026-11-21", AtTime(1_795_219_200_000)),
        ("a:0:5, b:1:7", AtOffsets({TopicPartition("a", 0): 5, TopicPartition("b", 1): 7})),
    ],
)
def test_every_form_of_offset_start_is_read(text: str, start: object) -> None:
    assert configured(changed(FILE_SINK, f"offset.start={text}")).settings.start == start


@pytest.mark.parametrize("policy", ["earliest", "latest"])
def test_auto_offset_reset_is_understood_as_offset_start(policy: str) -> None:
    text = changed(FILE_SINK, f"consumer.override.auto.offset.reset={policy}")
    for read in (
        configured(text),
        configured(changed(FILE_SINK), f"consumer.auto.offset.reset={policy}"),
    ):
        assert read.settings.offset_start == policy
        assert "auto_offset_reset" not in read.client.consumer


# a worker's file


def test_a_workers_file_gives_defaults() -> None:
    worker = (
        "bootstrap.servers=worker:1\nvalue.converter=JsonConverter\n"
        "value.converter.schemas.enable=false\noffset.flush.interval.ms=100\n"
        "consumer.max.poll.records=7\nconsumer.client.rack=r1\n"
        "header.converter=JsonConverter\nheader.converter.schemas.enable=false\n"
    )
    read = configured(changed(FILE_SINK, "-bootstrap.servers"), worker)
    assert read.bootstrap_servers == "worker:1"
    assert read.settings.offset_flush_interval_ms == 100
    assert read.client.consumer["max_poll_records"] == 7
    assert read.client.consumer["client_rack"] == "r1"
    conversion = read.conversion()
    assert isinstance(conversion.key_converter, StringConverter)
    for converter in (conversion.value_converter, conversion.header_converter):
        assert isinstance(converter, JsonConverter)
        assert converter.decode("t", b'{"a":1}', ()) == (None, {"a": 1})


def test_what_a_connector_says_counts_before_what_its_worker_says() -> None:
    own = (
        "value.converter=JsonConverter\noffset.flush.interval.ms=200\n"
        "consumer.override.max.poll.records=9"
    )
    worker = (
        "bootstrap.servers=worker:1\nvalue.converter=StringConverter\n"
        "offset.flush.interval.ms=100\nconsumer.max.poll.records=7\n"
    )
    read = configured(changed(FILE_SINK, own), worker)
    assert read.bootstrap_servers == "localhost:9092"
    assert read.settings.offset_flush_interval_ms == 200
    assert read.client.consumer["max_poll_records"] == 9
    assert isinstance(read.conversion().value_converter, JsonConverter)


def test_an_override_of_bootstrap_servers_counts_before_everything() -> None:
    text = changed(FILE_SINK, "consumer.override.bootstrap.servers=other:1")
    assert configured(text).bootstrap_servers == "other:1"


# other systems' names


@pytest.mark.parametrize(
    ("base", "name", "expected"),
    [
        (FILE_SINK, "FileStreamSinkConnector", FileStreamSinkConnector),
        (FILE_SINK, f"{JAVA}file.FileStreamSinkConnector", FileStreamSinkConnector),
        (POSTGRES_SINK, "PostgresSinkConnector", PostgresSinkConnector),
        (POSTGRES_SINK, "io.confluent.connect.jdbc.JdbcSinkConnector", PostgresSinkConnector),
        (POSTGRES_SINK, "JdbcSinkConnector", PostgresSinkConnector),
        (POSTGRES_SINK, "JdbcSink", PostgresSinkConnector),
    ],
)
def test_a_connector_is_found_by_its_java_class_or_its_simple_name_with_or_without_suffix(
    base: tuple[str, ...], name: str, expected: type
) -> None:
    path = write("c.properties", changed(base, f"connector.class={name}"))
    (read,) = load([path]).connectors
    assert type(read.connector) is expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (f"{JAVA}storage.StringConverter", "StringConverter"),
        (f"{JAVA}json.JsonConverter", "JsonConverter"),
        (f"{JAVA}storage.SimpleHeaderConverter", "SimpleHeaderConverter"),
        (f"{JAVA}converters.BooleanConverter", "BooleanConverter"),
        (f"{JAVA}converters.ByteArrayConverter", "ByteArrayConverter"),
        (f"{JAVA}converters.DoubleConverter", "DoubleConverter"),
        (f"{JAVA}converters.FloatConverter", "FloatConverter"),
        (f"{JAVA}converters.IntegerConverter", "IntegerConverter"),
        (f"{JAVA}converters.LongConverter", "LongConverter"),
        (f"{JAVA}converters.ShortConverter", "ShortConverter"),
    ],
)
def test_a_converter_is_found_by_its_java_class(name: str, expected: str) -> None:
    keys = [f"{what}.converter" for what in ("key", "value", "header")]
    text = changed(FILE_SINK, "\n".join(f"{key}={name}" for key in keys))
    made = configure(read_file(write("c.properties", text))).conversion()
    for converter in (made.key_converter, made.value_converter, made.header_converter):
        assert type(converter).__name__ == expected


def test_headers_are_read_as_kafka_connect_reads_them_unless_told_otherwise() -> None:
    assert isinstance(configured(changed(FILE_SINK)).conversion().header_converter,
                      SimpleHeaderConverter)  # fmt: skip


def test_a_table_of_the_jdbc_sink_is_read_under_its_old_names() -> None:
    changes = "fields.whitelist=a,b\ntopics2table.map=alerts:factory.alerts,other:o"
    config = configured(changed(POSTGRES_SINK, changes)).connector.config
    assert config.fields_include == ("a", "b")
    assert config.table_of("alerts") == "factory.alerts"
    assert config.table_of("third") == "third"


def test_upper_case_modes_are_read_as_the_jdbc_sink_reads_them() -> None:
    changes = "insert.mode=UPSERT\npk.mode=Record_Key"
    config = configured(changed(POSTGRES_SINK, changes)).connector.config
    assert (config.insert_mode, config.pk_mode) == ("upsert", "record_key")


# converters and transforms are made anew for each task


def test_each_task_gets_converters_of_its_own_that_know_their_use() -> None:
    read = configured(changed(FILE_SINK))
    first, second = read.conversion(), read.conversion()
    assert first.key_converter is not second.key_converter
    assert first.header_converter is not None
    assert first.header_converter is not second.header_converter
    assert (first.key_converter.is_key, first.value_converter.is_key) == (True, False)
    assert not first.header_converter.is_key


@pytest.mark.parametrize(
    ("negate", "values"), [("false", [">>ab", "abcd"]), ("true", ["ab", ">>abcd"])]
)
def test_a_transform_has_its_own_keys_and_applies_where_its_predicate_says(
    negate: str, values: list[str]
) -> None:
    changes = (
        "predicates=short\npredicates.short.type=IsShort\ntransforms=mark\n"
        "transforms.mark.type=Prefix\ntransforms.mark.prefix=>\ntransforms.mark.times=2\n"
        f"transforms.mark.predicate=short\ntransforms.mark.negate={negate}"
    )
    (step,) = configured(changed(FILE_SINK, changes)).conversion().steps
    records = [step(SinkRecord("t", 0, 0, None, None, value)) for value in ("ab", "abcd")]
    assert [record.value for record in records if record] == values


def test_transforms_apply_in_the_order_in_which_they_are_listed() -> None:
    changes = "transforms=b,a\n" + "\n".join(
        f"transforms.{alias}.type=Prefix\ntransforms.{alias}.prefix={alias}" for alias in "ab"
    )
    record: SinkRecord | None = SinkRecord("t", 0, 0, None, None, "-")
    for step in configured(changed(FILE_SINK, changes)).conversion().steps:
        assert record is not None
        record = step(record)
    assert record is not None
    assert record.value == "ab-"


# keys without effect are warnings


@pytest.mark.parametrize(
    ("key", "why"),
    [
        ("config.action.reload", "files are read when the worker starts"),
        ("producer.override.acks", "without errors.deadletterqueue.topic.name nothing is produced"),
        ("admin.override.retries", "the worker's admin client takes the consumer's settings"),
        ("tasks.max.enforce", "never more than tasks.max tasks are started"),
    ],
)
def test_a_key_of_connect_without_effect_here_is_a_warning(key: str, why: str) -> None:
    read = configured(changed(FILE_SINK, f"{key}=x"))
    assert read.warnings == (f"c.properties:6: {key} has no effect: {why}",)


def test_the_keys_of_errors_reach_the_engine() -> None:
    keys = (
        "errors.tolerance=all\nerrors.deadletterqueue.max.ratio=0.1\n"
        "errors.deadletterqueue.max.consecutive=0\ntask.restart.max=-1\n"
        "task.restart.backoff.ms=5\ntask.restart.backoff.max.ms=50"
    )
    settings = configured(changed(FILE_SINK, keys)).settings
    assert settings.breaker == Breaker(max_ratio=0.1, max_consecutive=0)
    assert settings.restarts == RestartPolicy(-1, 5, 50)
    plain = configured(changed(FILE_SINK, "errors.tolerance=all")).settings
    assert (plain.breaker, plain.restarts) == (Breaker(), RestartPolicy())


@pytest.mark.parametrize(
    ("sink", "key"),
    [(POSTGRES_SINK, "errors.deadletterqueue.table"),
     (FILE_SINK, "errors.deadletterqueue.topic.name")],
)  # fmt: skip
def test_a_place_for_dead_letters_needs_tolerance(sink: tuple[str, ...], key: str) -> None:
    with pytest.raises(ConfigError) as refused:
        configured(changed(sink, f"{key}=dead"))
    assert str(refused.value) == (
        f"c.properties:6: {key} needs errors.tolerance=all: "
        "else the first bad record stops its partition"
    )
    assert configured(changed(sink, f"errors.tolerance=all\n{key}=dead")).warnings == ()


def test_the_producer_of_dead_letters_has_the_settings_that_are_given() -> None:
    keys = (
        "errors.tolerance=all\nerrors.deadletterqueue.topic.name=dead\n"
        "producer.override.compression.type=zstd\nproducer.override.linger.ms=5\n"
        "producer.override.acks=ALL"
    )
    producer = configured(changed(FILE_SINK, keys)).producer
    assert (producer["compression_type"], producer["linger_ms"]) == ("zstd", 5)
    assert (producer["acks"], producer["enable_idempotence"]) == ("all", False)


def test_the_producer_of_dead_letters_has_the_names_of_the_client_that_is_chosen() -> None:
    keys = (
        "errors.tolerance=all\nerrors.deadletterqueue.topic.name=dead\nkafka.client=confluent\n"
        "producer.override.max.request.size=2000"
    )
    producer = configured(changed(FILE_SINK, keys)).producer
    assert (producer["message.max.bytes"], producer["enable.idempotence"]) == (2000, True)


def test_a_workers_file_alone_says_which_client_asks_for_the_cluster() -> None:
    worker = read_file(write("w.properties", "bootstrap.servers=a:1\nkafka.client=confluent\n"))
    client, servers, settings = read_kafka(worker)
    assert (client, servers, settings.consumer["fetch.wait.max.ms"]) == ("confluent", "a:1", 100)


def test_a_workers_file_alone_cannot_name_a_client_that_nobody_knows() -> None:
    worker = read_file(write("w.properties", "bootstrap.servers=a:1\nkafka.client=java\n"))
    with pytest.raises(ConfigError) as told:
        read_kafka(worker)
    assert str(told.value) == (
        "w.properties:2: Invalid value java for configuration kafka.client: "
        "String must be one of: kafka-python, confluent"
    )


def test_every_key_of_the_jdbc_sink_that_we_lack_is_a_warning_for_postgres_only() -> None:
    keys = PostgresSinkConnector.config_class.not_honoured
    changes = "\n".join(f"{key}=x" for key in keys)
    assert configured(changed(POSTGRES_SINK, changes)).warnings == tuple(
        f"c.properties:{line}: {key} has no effect: {why}"
        for line, (key, why) in enumerate(keys.items(), 6)
    )


@pytest.mark.parametrize(
    ("key", "why"),
    [
        (
            "group.id",
            "tasks of one connector form the group connect-<name>; start more workers freely",
        ),
        ("plugin.path", "plugins are installed with pip and found by their entry points"),
        (
            "offset.storage.file.filename",
            "offsets are stored by each sink, with its own writes",
        ),
        ("config.storage.topic", "connectors are given on the command line"),
        ("producer.acks", "only dead letters are produced; see producer.override.* of a connector"),
    ],
)
def test_a_key_of_a_connect_worker_without_effect_here_is_a_warning(key: str, why: str) -> None:
    worker = read_file(write("w.properties", f"\n{key}=x\n"))
    assert read_worker(worker)[1] == [f"w.properties:2: {key} has no effect: {why}"]


def test_the_worker_file_that_comes_with_kafka_is_accepted_with_warnings_only() -> None:
    """connect-standalone.properties of Apache Kafka 4, without its comments."""
    text = (
        f"bootstrap.servers=localhost:9092\nkey.converter={JAVA}json.JsonConverter\n"
        f"value.converter={JAVA}json.JsonConverter\nkey.converter.schemas.enable=true\n"
        "value.converter.schemas.enable=true\noffset.storage.file.filename=/tmp/connect.offsets\n"
        "offset.flush.interval.ms=10000\nplugin.path=/usr/share/java\n"
    )
    connector = write("c.properties", changed(FILE_SINK, "-bootstrap.servers"))
    configuration = load([connector], write("w.properties", text))
    assert configuration.connectors[0].settings.offset_flush_interval_ms == 10_000
    assert configuration.warnings == [
        "w.properties:6: offset.storage.file.filename has no effect: "
        "offsets are stored by each sink, with its own writes",
        "w.properties:8: plugin.path has no effect: "
        "plugins are installed with pip and found by their entry points",
    ]


def test_a_key_given_twice_is_among_the_warnings() -> None:
    text = changed(FILE_SINK) + "topics=other\n"
    assert configured(text).warnings == ("c.properties:6: topics replaces the value of line 4",)


@pytest.mark.parametrize("path", sorted((ROOT / "configs").glob("*")), ids=lambda path: path.name)
def test_every_sample_configuration_is_good_and_without_warnings(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in re.findall(r"\$\{env:(\w+)\}", path.read_text()):
        monkeypatch.setenv(name, "x")
    write("x", Authority().pem)  # what names a file of certificates names this one
    assert not load([path]).warnings
