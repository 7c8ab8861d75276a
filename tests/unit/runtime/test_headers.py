"""Headers on their way to a sink: converted when somebody reads them, or at once where that may fail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from sinkworker.api import ConfigModel, Converter, DataError, Header, Schema, SinkRecord, Stage
from sinkworker.runtime.assignment import Barrier
from sinkworker.runtime.pipeline import Pipeline, Processed, TransformStep
from sinkworker.runtime.ports import Fetched
from sinkworker.runtime.tolerance import ToleranceMode
from sinkworker.testing.broker import LogRecord
from tests.unit.runtime.builders import P0, json_converter, tolerance


class Counting(Converter):
    """Text of what it is given; counts how often, and with which topic. b"bad" it cannot convert."""

    def __init__(self) -> None:
        super().__init__(ConfigModel(), is_key=False)
        self.decoded: list[tuple[str, bytes | None]] = []

    def decode(
        self, topic: str, data: bytes | None, headers: Sequence[Header]
    ) -> tuple[Schema | None, Any]:
        self.decoded.append((topic, data))
        if data == b"bad":
            raise DataError("no such text")
        return {"type": "string"}, None if data is None else data.decode()


class NeverFailing(Counting):
    never_fails = True


HEADERS = [("trace", b"1"), ("trace", b"2"), ("empty", None)]
CONVERTED = [("trace", "1"), ("trace", "2"), ("empty", None)]


def process(
    converter: Converter | None,
    headers: Sequence[Header],
    *steps: TransformStep,
    mode: ToleranceMode = ToleranceMode.NONE,
) -> Processed:
    """Two records, the second of them without headers."""
    pipeline = Pipeline(json_converter(), json_converter(), steps, tolerance(mode), converter)
    records = [LogRecord(0, 1, None, b"1", headers), LogRecord(1, 2, None, b"2")]
    return pipeline.process(P0, Fetched(0, records, 2), None)


def first(converter: Converter | None) -> Sequence[Header]:
    return process(converter, HEADERS).records[0].headers


@pytest.mark.parametrize("converter", [NeverFailing, Counting])
def test_the_sink_gets_values_in_the_order_of_the_record(converter: type[Counting]) -> None:
    assert list(first(converter())) == CONVERTED


def test_without_a_converter_headers_stay_bytes() -> None:
    assert first(None) is HEADERS


def test_a_converter_that_never_fails_is_asked_when_a_header_is_read_and_once() -> None:
    converter = NeverFailing()
    headers = first(converter)
    assert len(headers) == 3
    assert converter.decoded == []
    assert headers[0] == ("trace", "1")
    assert dict(headers)["trace"] == "2"
    assert headers == CONVERTED
    assert converter.decoded == [("alerts", b"1"), ("alerts", b"2"), ("alerts", None)]


def test_a_converter_that_may_fail_is_asked_before_the_sink_gets_the_record() -> None:
    converter = Counting()
    process(converter, HEADERS)
    assert [data for _, data in converter.decoded] == [b"1", b"2", None]


@pytest.mark.parametrize("converter", [NeverFailing, Counting, None])
def test_a_record_without_headers_has_none(converter: type[Counting] | None) -> None:
    assert process(converter and converter(), HEADERS).records[1].headers == ()


def test_a_transform_reads_and_replaces_converted_headers() -> None:
    def upper(record: SinkRecord) -> SinkRecord:
        return replace(record, headers=[(name.upper(), value) for name, value in record.headers])

    (record, _) = process(NeverFailing(), HEADERS, upper).records
    assert record.headers == [("TRACE", "1"), ("TRACE", "2"), ("EMPTY", None)]


@pytest.mark.parametrize("mode", ToleranceMode)
def test_a_bad_header_is_a_bad_record(mode: ToleranceMode) -> None:
    processed = process(Counting(), [("good", b"1"), ("trace", b"bad")], mode=mode)
    if mode is ToleranceMode.NONE:
        assert processed.records == []
        assert processed.barrier == Barrier(
            0, "alerts-0 offset 0 failed in HEADER_CONVERTER: header trace: no such text"
        )
    else:
        assert [record.offset for record in processed.records] == [1]
        (errant,) = processed.delivery.errant
        assert errant.stage is Stage.HEADER_CONVERTER
        assert errant.headers == [("good", b"1"), ("trace", b"bad")]


@pytest.mark.parametrize("converter", [NeverFailing, Counting])
def test_headers_compare_and_print_as_the_list_they_are(converter: type[Counting]) -> None:
    headers = first(converter())
    assert headers == CONVERTED
    assert headers != CONVERTED[:2]
    assert headers[1:] == CONVERTED[1:]
    assert repr(headers) == repr(CONVERTED)
    assert ("empty", None) in headers
