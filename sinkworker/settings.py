"""The keys that every connector has.

Owns their names, defaults and what contradicts what. Must not know files, plugins or clients.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, field_validator, model_validator

from sinkworker.api import ConfigModel, CsvList, TopicPartition
from sinkworker.runtime.breaker import Breaker
from sinkworker.runtime.flush_policy import FlushPolicy
from sinkworker.runtime.opening import OutOfRange
from sinkworker.runtime.restarts import RestartPolicy
from sinkworker.runtime.start import Start, parse_start
from sinkworker.runtime.tolerance import Tolerance, ToleranceMode

INT = 2**31 - 1
TOPIC = re.compile(r"[A-Za-z0-9._-]{1,249}")


def _name(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,128}", text):
        raise ValueError("A name consists of 1 to 128 of A-Z a-z 0-9 . _ -")
    return text


def _regex(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"Invalid regular expression: {error}") from None
    return text


def _start(text: str) -> str:
    parse_start(text)
    return text


def _topic(name: str) -> None:
    if not TOPIC.fullmatch(name):
        raise ValueError("A topic's name consists of 1 to 249 of A-Z a-z 0-9 . _ -")


def _partition(text: str) -> TopicPartition:
    topic, _, number = text.rpartition(":")
    if not topic or not number.isdecimal():
        raise ValueError("Expected <topic>:<partition>,…")
    _topic(topic)
    return TopicPartition(topic, int(number))


class SinkSettings(ConfigModel):
    """One connector, as far as the engine is concerned."""

    name: Annotated[str, AfterValidator(_name)]
    """The connector's name; offsets are stored under it."""
    connector_class: str
    """The sink: an entry-point name such as PostgresSink, or the Java class it stands for."""
    tasks_max: int = Field(default=1, ge=1, le=1000)
    """How many tasks (threads) share the partitions."""
    topics: CsvList = ()
    """The topics to read."""
    topics_regex: Annotated[str, AfterValidator(_regex)] | None = None
    """Or a regular expression that the names of topics must match as a whole; new ones join."""
    topics_partitions: CsvList = ()
    """Or fixed partitions, without a consumer group: <topic>:<partition>,…"""
    offset_start: Annotated[str, AfterValidator(_start)] = "earliest"
    """Where a topic starts that was never read: earliest, latest, a time, or
    <topic>:<partition>:<offset>,… Decided once, for all its partitions."""
    offset_out_of_range: Literal["fail", "earliest", "latest"] = "fail"
    """What to do when Kafka does not have the stored offset: fail quarantines the partition."""
    offset_flush_interval_ms: int = Field(default=500, ge=1, le=INT)
    """The longest time between delivering a record to the sink and making it durable."""
    batch_size: int = Field(default=5000, ge=1, le=INT)
    """Flush as soon as this many records wait, or fewer while the sink takes longer than a second for
    them or fails; consumer.override.max.poll.records defaults to it."""
    buffer_max_bytes: int = Field(default=32 * 1024 * 1024, ge=1024, le=INT)
    """Flush as soon as this many bytes wait, and never fetch more at a time."""
    kafka_client: Literal["kafka-python", "confluent"] = "kafka-python"
    """The library that speaks with Kafka; confluent is faster, and needs the extra fast."""
    key_converter: str = "StringConverter"
    """How keys are read."""
    value_converter: str = "StringConverter"
    """How values are read."""
    header_converter: str = "SimpleHeaderConverter"
    """How headers are read; the default makes numbers, dates, lists … of texts that look so."""
    transforms: CsvList = ()
    """Aliases of transforms, in order; each has transforms.<alias>.type."""
    predicates: CsvList = ()
    """Aliases of predicates; each has predicates.<alias>.type."""
    errors_tolerance: Literal["none", "all"] = "none"
    """none: a bad record quarantines its partition. all: it is left out, and counted."""
    errors_log_enable: bool = True
    """Whether each record that is left out is logged."""
    errors_log_include_messages: bool = False
    """Whether that log shows the record. Its contents may be confidential."""
    errors_deadletterqueue_topic_name: str = ""
    """Where such records go as they were read: a topic, made when it is missing; empty: nowhere."""
    errors_deadletterqueue_topic_replication_factor: int = Field(default=-1, ge=-1, le=32767)
    """Of that topic, when it is made; -1: the broker's default."""
    errors_deadletterqueue_context_headers_enable: bool = True
    """Whether headers there say what failed, as Kafka Connect's __connect.errors.* do."""
    errors_deadletterqueue_max_ratio: float = Field(default=1.0, ge=0, le=1)
    """How many of 1,000 records of a partition may be left out, as a part of 1. More stop it."""
    errors_deadletterqueue_max_consecutive: int = Field(default=-1, ge=-1, le=INT)
    """How many records in a row may be left out. More stop the partition. -1: any number."""
    task_restart_max: int = Field(default=0, ge=-1, le=INT)
    """How often a task that failed, or a partition that stopped, begins anew by itself, until it has
    had success; 0: not at all, -1: for ever."""
    task_restart_backoff_ms: int = Field(default=1000, ge=1, le=INT)
    """How long it waits before that; each time twice as long."""
    task_restart_backoff_max_ms: int = Field(default=60_000, ge=1, le=INT)
    """But no longer than this."""
    errors_retry_timeout: int = Field(default=-1, ge=-1, le=INT)
    """How long failures in a row are waited out, in ms; -1: for ever, 0: not at all."""
    errors_retry_delay_max_ms: int = Field(default=10_000, ge=1, le=INT)
    """The longest wait between two attempts."""

    @field_validator("topics")
    @classmethod
    def _topics_can_exist(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            _topic(name)
        return names

    @field_validator("errors_deadletterqueue_topic_name")
    @classmethod
    def _letters_topic_can_exist(cls, name: str) -> str:
        if name:
            _topic(name)
        return name

    @field_validator("topics_partitions")
    @classmethod
    def _partitions_can_be_read(cls, texts: tuple[str, ...]) -> tuple[str, ...]:
        for text in texts:
            _partition(text)
        return texts

    @model_validator(mode="after")
    def _one_way_to_choose_topics(self) -> SinkSettings:
        chosen = [
            key
            for key, value in (
                ("topics", self.topics),
                ("topics.regex", self.topics_regex),
                ("topics.partitions", self.topics_partitions),
            )
            if value
        ]
        if not chosen:
            raise ValueError("Must configure one of topics, topics.regex or topics.partitions")
        if len(chosen) > 1:
            both = " and ".join(chosen)
            raise ValueError(f"{both} are mutually exclusive options, but both are set")
        return self

    @model_validator(mode="after")
    def _letters_are_not_read_again(self) -> SinkSettings:
        """A letter that fails would become a letter, and so on."""
        name, clause = self.errors_deadletterqueue_topic_name, "consumed by the connector"
        listed = [*self.topics, *(each.topic for each in self.fixed_partitions)]
        if name in listed:
            given = f"topics={','.join(self.topics)}" if self.topics else "topics.partitions"
            raise ValueError(
                f"The DLQ topic '{name}' may not be included in the list of topics ('{given}') "
                f"{clause}"
            )
        pattern = self.topics_regex
        if name and pattern and re.fullmatch(pattern, name):
            raise ValueError(
                f"The DLQ topic '{name}' may not be matched by the regex for the topics "
                f"('topics.regex={pattern}') {clause}"
            )
        return self

    @property
    def fixed_partitions(self) -> tuple[TopicPartition, ...]:
        return tuple(dict.fromkeys(_partition(text) for text in self.topics_partitions))

    @property
    def start(self) -> Start:
        return parse_start(self.offset_start)

    @property
    def out_of_range(self) -> OutOfRange:
        return OutOfRange(self.offset_out_of_range)

    @property
    def flush_policy(self) -> FlushPolicy:
        return FlushPolicy(self.batch_size, self.buffer_max_bytes, self.offset_flush_interval_ms)

    @property
    def restarts(self) -> RestartPolicy:
        return RestartPolicy(
            self.task_restart_max, self.task_restart_backoff_ms, self.task_restart_backoff_max_ms
        )

    @property
    def breaker(self) -> Breaker:
        ratio, row = (
            self.errors_deadletterqueue_max_ratio, self.errors_deadletterqueue_max_consecutive
        )  # fmt: skip
        return Breaker(ratio if ratio < 1 else None, row if row >= 0 else None)

    @property
    def tolerance(self) -> Tolerance:
        return Tolerance(
            ToleranceMode(self.errors_tolerance),
            log_errors=self.errors_log_enable,
            include_messages=self.errors_log_include_messages,
        )
