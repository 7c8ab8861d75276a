"""The registry's converters as users name and set them, and as converters of headers."""

from __future__ import annotations

from pathlib import Path

import pytest

from sinkworker.api import ConfigError, Converter
from sinkworker.configuration import ConfiguredConnector, configure
from sinkworker.plugins import Catalog, Kind
from sinkworker.properties import read_file
from sinkworker.runtime.pipeline import Pipeline
from sinkworker.runtime.ports import Fetched
from sinkworker.runtime.tolerance import ToleranceMode
from sinkworker.testing.broker import LogRecord
from tests.services.registry import RegistryServer
from tests.unit.config_files import FILE_SINK, changed, write
from tests.unit.converters.avro_messages import converter, framed
from tests.unit.converters.test_json_schema import converter as json_schema_converter
from tests.unit.runtime.builders import P0, json_converter, tolerance

NAMES = {
    "AvroConverter": "io.confluent.connect.avro.AvroConverter",
    "JsonSchemaConverter": "io.confluent.connect.json.JsonSchemaConverter",
    "ProtobufConverter": "io.confluent.connect.protobuf.ProtobufConverter",
}


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("name", NAMES)
def test_names_of_ours_and_of_confluents_mean_the_same(name: str) -> None:
    found = {Catalog().load(Kind.CONVERTER, each) for each in (name, NAMES[name])}
    assert [each.__name__ for each in found] == [name]


def configured(text: str) -> ConfiguredConnector:
    """With all plugins that are installed."""
    return configure(read_file(write("c.properties", text)))


def with_converter(name: str, *lines: str) -> str:
    keys = [f"value.converter.{line}" for line in lines]
    return changed(FILE_SINK) + "\n".join([f"value.converter={name}", *keys]) + "\n"


@pytest.mark.parametrize("name", [*NAMES, *NAMES.values()])
def test_a_url_is_enough(name: str) -> None:
    assert not configured(with_converter(name, "schema.registry.url=http://r:8081")).warnings


@pytest.mark.parametrize("name", NAMES)
def test_without_a_url_nothing_starts(name: str) -> None:
    with pytest.raises(ConfigError) as caught:
        configured(with_converter(name))
    assert str(caught.value) == (
        'c.properties: Missing required configuration "value.converter.schema.registry.url" which '
        "has no default value."
    )


def test_keys_that_do_nothing_here_are_warnings() -> None:
    text = with_converter("AvroConverter", "schema.registry.url=http://r:8081",
                          "auto.register.schemas=false", "connect.meta.data=true")  # fmt: skip
    assert [line.partition(": ")[2] for line in configured(text).warnings] == [
        "value.converter.auto.register.schemas has no effect: it is for writing",
        "value.converter.connect.meta.data has no effect: what Connect's converter wrote beside "
        "types is always kept",
    ]


def test_a_key_that_nobody_knows_is_an_error() -> None:
    text = with_converter("AvroConverter", "schema.registry.url=http://r:8081",
                          "schema.registry.urls=http://r:8081")  # fmt: skip
    with pytest.raises(ConfigError, match=r"did you mean value\.converter\.schema\.registry\.url"):
        configured(text)


@pytest.mark.parametrize("secret", ["basic.auth.user.info", "schema.registry.ssl.key.password"])
def test_secrets_are_never_shown(secret: str) -> None:
    text = with_converter("AvroConverter", f"{secret}=hush",
                          "basic.auth.credentials.source=USER_INFO",
                          "schema.registry.url=nowhere")  # fmt: skip
    with pytest.raises(ConfigError) as caught:
        configured(text)
    assert "hush" not in str(caught.value)


def test_what_is_trusted_is_a_file_of_the_configuration(tmp_path: Path) -> None:
    configured(with_converter("AvroConverter", "schema.registry.url=https://r:8081",
                              f"schema.registry.ssl.truststore.location={tmp_path}/ca.pem"))  # fmt: skip


def test_headers_may_be_in_any_format(schemas: RegistryServer) -> None:
    avro = framed(schemas.register("long"), b"\x0a")
    json = framed(schemas.register({"type": "integer"}, "JSON"), b"5")
    cases: list[tuple[Converter, bytes]] = [
        (json_converter(), b"5"), (converter(schemas), avro),
        (json_schema_converter(schemas), json),
    ]  # fmt: skip
    for of_headers, data in cases:
        record = LogRecord(0, 0, None, b"{}", [("trace", data)])
        pipeline = Pipeline(json_converter(), json_converter(), (),
                            tolerance(ToleranceMode.NONE), of_headers)  # fmt: skip
        processed = pipeline.process(P0, Fetched(0, [record], 1), None)
        assert list(processed.records[0].headers) == [("trace", 5)]
