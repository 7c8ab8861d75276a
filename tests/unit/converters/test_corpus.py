"""The corpus of bad messages is what it says: each converter finds its own, and lets the others pass."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sinkworker.api import Converter, DataError, Stage
from sinkworker.converters.json import JsonConverter, JsonConverterConfig
from sinkworker.runtime.pipeline import Pipeline
from sinkworker.runtime.ports import Fetched
from sinkworker.runtime.tolerance import ToleranceMode
from sinkworker.testing.broker import LogRecord
from tests.corpus import Format, batches, formats
from tests.corpus.bad import Bad
from tests.services.registry import RegistryServer
from tests.unit.converters import avro_messages, protobuf_messages
from tests.unit.runtime.builders import P0, tolerance

KINDS = ("JSON", "Avro", "Protobuf")


@pytest.fixture
def corpus(schemas: RegistryServer) -> dict[str, Format]:
    return {kind.name: kind for kind in formats(schemas)}


@pytest.fixture
def converters(schemas: RegistryServer) -> dict[str, Converter]:
    return {name: made(schemas, name) for name in KINDS}


def made(registry: RegistryServer, name: str) -> Converter:
    if name == "JSON":
        return JsonConverter(JsonConverterConfig(schemas_enable=False), is_key=False)
    of_name = avro_messages.converter if name == "Avro" else protobuf_messages.converter
    return of_name(registry)


def test_it_has_150_names_and_more(corpus: dict[str, Format]) -> None:
    names = [(kind.name, bad.name) for kind in corpus.values() for bad in kind.bad]
    assert len(names) == len(set(names)) >= 150


@pytest.mark.parametrize("name", KINDS)
def test_its_good_messages_are_good(
    corpus: dict[str, Format], converters: dict[str, Converter], name: str
) -> None:
    for number in (0, 1, 2**40):
        _, value = converters[name].decode("t", corpus[name].good(number), ())
        assert (value["sensor_id"], value["status"]) == (number, "Minor")


@pytest.mark.parametrize("name", KINDS)
def test_a_converter_finds_what_is_for_it_to_find(
    corpus: dict[str, Format], converters: dict[str, Converter], name: str
) -> None:
    found = {bad.name: outcome(converters[name], bad.data) for bad in corpus[name].bad}
    expected = {bad.name: bad.stage is Stage.VALUE_CONVERTER for bad in corpus[name].bad}
    assert {name: type(each) is DataError for name, each in found.items()} == expected


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@pytest.mark.parametrize("name", KINDS)
@given(data=st.data())
def test_in_random_batches_each_good_one_is_read_and_each_bad_one_told(
    schemas: RegistryServer, name: str, data: st.DataObject
) -> None:
    (kind,) = (each for each in formats(schemas) if each.name == name)
    batch = data.draw(batches(kind))
    converter = made(schemas, name)
    raws = [
        LogRecord(offset, 0, None, each.data if isinstance(each, Bad) else kind.good(each))
        for offset, each in enumerate(batch)
    ]
    pipeline = Pipeline(converter, converter, (), tolerance(ToleranceMode.ALL))
    processed = pipeline.process(P0, Fetched(0, raws, len(raws)), None)
    told = [offset for offset, each in enumerate(batch) if is_for_the_converter(each)]
    assert [each.offset for each in processed.delivery.errant] == told
    assert {each.stage for each in processed.delivery.errant} <= {Stage.VALUE_CONVERTER}
    read = {record.offset: record.value for record in processed.records}
    good = {offset: each for offset, each in enumerate(batch) if not isinstance(each, Bad)}
    assert {offset: read[offset]["sensor_id"] for offset in good} == good
    assert (len(read) + len(told), processed.barrier) == (len(batch), None)


def is_for_the_converter(each: int | Bad) -> bool:
    return isinstance(each, Bad) and each.stage is Stage.VALUE_CONVERTER


def outcome(converter: Converter, data: bytes) -> Any:
    try:
        return converter.decode("t", data, ())
    except Exception as error:
        return error
