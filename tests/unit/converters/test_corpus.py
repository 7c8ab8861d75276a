"""The corpus of bad messages is what it says: each converter finds its own, and lets the others pass."""

from __future__ import annotations

from typing import Any

import pytest

from sinkworker.api import Converter, DataError, Stage
from sinkworker.converters.json import JsonConverter, JsonConverterConfig
from tests.corpus import Format, formats
from tests.services.registry import RegistryServer
from tests.unit.converters import avro_messages, protobuf_messages

KINDS = ("JSON", "Avro", "Protobuf")


@pytest.fixture
def corpus(schemas: RegistryServer) -> dict[str, Format]:
    return {kind.name: kind for kind in formats(schemas)}


@pytest.fixture
def converters(schemas: RegistryServer) -> dict[str, Converter]:
    return {
        "JSON": JsonConverter(JsonConverterConfig(schemas_enable=False), is_key=False),
        "Avro": avro_messages.converter(schemas),
        "Protobuf": protobuf_messages.converter(schemas),
    }


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


def outcome(converter: Converter, data: bytes) -> Any:
    try:
        return converter.decode("t", data, ())
    except Exception as error:
        return error
