"""What a dead letter in a topic says of itself, as Kafka Connect spells and encodes it."""

from __future__ import annotations

from sinkworker.api import DataError, ErrantRecord, Stage, TopicPartition
from sinkworker.runtime.letter_headers import context_headers, omitted_header


def letter(error: Exception) -> ErrantRecord:
    return ErrantRecord(
        TopicPartition("alerts", 3), 12, Stage.TRANSFORMATION, error, 1, b"key", b"value",
        [("h", b"1")], "a.Transform",
    )  # fmt: skip


def test_headers_are_connect_s_in_its_order_as_text() -> None:
    error = DataError("no such field")
    assert context_headers(letter(error), "alerts-to-pg", 2) == [
        ("__connect.errors.topic", b"alerts"),
        ("__connect.errors.partition", b"3"),
        ("__connect.errors.offset", b"12"),
        ("__connect.errors.connector.name", b"alerts-to-pg"),
        ("__connect.errors.task.id", b"2"),
        ("__connect.errors.stage", b"TRANSFORMATION"),
        ("__connect.errors.class.name", b"a.Transform"),
        ("__connect.errors.exception.class.name", b"sinkworker.api.errors.DataError"),
        ("__connect.errors.exception.message", b"no such field"),
        ("__connect.errors.exception.stacktrace", b"sinkworker.api.errors.DataError: no such field\n"),
    ]  # fmt: skip


def test_an_exception_of_python_itself_has_its_bare_name_and_may_say_nothing() -> None:
    headers = dict(context_headers(letter(ValueError()), "c", 0))
    assert headers["__connect.errors.exception.class.name"] == b"ValueError"
    assert headers["__connect.errors.exception.message"] == b""


def test_what_is_omitted_is_told_by_its_size() -> None:
    assert omitted_header(letter(ValueError())) == (
        "__sinkworker.errors.omitted", b"key 3 bytes, value 5 bytes, 1 headers",
    )  # fmt: skip
    empty = letter(ValueError())._replace(key=None, value=None, headers=())
    assert omitted_header(empty) == ("__sinkworker.errors.omitted", b"0 headers")
