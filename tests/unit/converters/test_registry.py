"""What a schema registry answers, and what then becomes of a record."""

from __future__ import annotations

import ssl
from typing import Any

import pytest
import trustme
from pydantic import ValidationError

from sinkworker.api import ConnectError, DataError, RetriableError
from sinkworker.converters.avro import AvroConverter, AvroConverterConfig
from sinkworker.converters.json_schema import JsonSchemaConverterConfig
from sinkworker.converters.protobuf import ProtobufConverterConfig
from sinkworker.converters.registry import Registry, RegistryConfig
from tests.services.process import free_port
from tests.services.registry import RegistryServer, running
from tests.unit.converters.avro_messages import framed

UNKNOWN = framed(99, b"\x02")


def made(url: str, **keys: Any) -> AvroConverter:
    config = AvroConverterConfig.model_validate({"schema.registry.url": url, **keys})
    return AvroConverter(config, is_key=False)


def decode(converter: AvroConverter, data: bytes) -> Any:
    return converter.decode("alerts", data, ())[1]


def test_an_unknown_id_is_the_records_fault(registry: RegistryServer) -> None:
    with pytest.raises(DataError) as caught:
        decode(made(registry.url), UNKNOWN)
    assert str(caught.value) == f"the schema registry {registry.url} has no schema 99"


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_a_registry_in_trouble_is_waited_for(registry: RegistryServer, status: int) -> None:
    number = registry.register("int")
    converter = made(registry.url)
    registry.status = status
    with pytest.raises(RetriableError) as caught:
        decode(converter, framed(number, b"\x02"))
    assert str(caught.value) == (
        f"the schema registry {registry.url} answered {status} when asked for schema 1"
    )
    registry.status = 0
    assert decode(converter, framed(number, b"\x02")) == 1


def test_a_registry_that_is_not_there_is_waited_for() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(RetriableError) as caught:
        decode(made(url), UNKNOWN)
    assert str(caught.value) == (
        f"the schema registry {url} does not answer: [Errno 111] Connection refused"
    )


def test_a_registry_that_says_nothing_is_waited_for(registry: RegistryServer) -> None:
    registry.may_answer.clear()
    with pytest.raises(RetriableError) as caught:
        decode(made(registry.url, **{"http.read.timeout.ms": "50"}), UNKNOWN)
    assert str(caught.value) == f"the schema registry {registry.url} does not answer: timed out"


@pytest.mark.parametrize("status", [401, 403])
def test_a_missing_right_is_nobodys_data_error(registry: RegistryServer, status: int) -> None:
    registry.status = status
    with pytest.raises(ConnectError) as caught:
        decode(made(registry.url), UNKNOWN)
    assert type(caught.value) is ConnectError
    assert str(caught.value) == (
        f"the schema registry {registry.url} answered {status} when asked for schema 99: check "
        "basic.auth.user.info and what that user may read"
    )


def test_an_address_that_is_no_registry_is_nobodys_data_error(registry: RegistryServer) -> None:
    with pytest.raises(ConnectError) as caught:
        decode(made(registry.url + "/elsewhere"), UNKNOWN)
    assert type(caught.value) is ConnectError
    assert str(caught.value) == (
        f"the schema registry {registry.url}/elsewhere answered 404 when asked for schema 99: is "
        "it the address?"
    )


def test_of_several_registries_the_next_one_is_asked(registry: RegistryServer) -> None:
    number = registry.register("int")
    converter = made(f"http://127.0.0.1:{free_port()}, {registry.url}")
    assert decode(converter, framed(number, b"\x02")) == 1


@pytest.mark.parametrize("source", ["USER_INFO", "URL"])
def test_name_and_password_are_sent(registry: RegistryServer, source: str) -> None:
    registry.user_info, number = "reader:p@ss:word", registry.register("int")
    if source == "URL":
        converter = made(registry.url.replace("//", "//reader:p%40ss%3Aword@"))
    else:
        keys = {"basic.auth.credentials.source": source, "basic.auth.user.info": "reader:p@ss:word"}
        converter = made(registry.url, **keys)
    assert decode(converter, framed(number, b"\x02")) == 1


def test_no_message_shows_the_password_in_a_url(registry: RegistryServer) -> None:
    registry.user_info = "reader:right"
    converter = made(registry.url.replace("//", "//reader:wrong@"))
    with pytest.raises(ConnectError) as caught:
        decode(converter, UNKNOWN)
    assert "wrong" not in str(caught.value)
    assert registry.url in str(caught.value)


def test_a_registry_with_tls_is_trusted_by_its_certificate(tmp_path: Any) -> None:
    authority = trustme.CA()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    with running(tls) as registry:
        number = registry.register("int")
        with pytest.raises(RetriableError, match="CERTIFICATE_VERIFY_FAILED"):
            decode(made(registry.url), framed(number, b"\x02"))
        keys = {"schema.registry.ssl.truststore.location": str(tmp_path / "ca.pem")}
        assert decode(made(registry.url, **keys), framed(number, b"\x02")) == 1


def test_a_registry_may_ask_for_the_workers_own_certificate(tmp_path: Any) -> None:
    authority = trustme.CA()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    authority.configure_trust(tls)
    tls.verify_mode = ssl.CERT_REQUIRED
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    own = authority.issue_cert("worker@factory.example").private_key_and_cert_chain_pem
    own.write_to_path(tmp_path / "worker.pem")
    trusting = {"schema.registry.ssl.truststore.location": str(tmp_path / "ca.pem")}
    known = trusting | {"schema.registry.ssl.keystore.location": str(tmp_path / "worker.pem")}
    with running(tls) as registry:
        number = registry.register("int")
        with pytest.raises(RetriableError):
            decode(made(registry.url, **trusting), framed(number, b"\x02"))
        assert decode(made(registry.url, **known), framed(number, b"\x02")) == 1


def test_an_answer_that_is_no_json_is_waited_out(registry: RegistryServer) -> None:
    registry.body = b"<html>come back later</html>"
    with pytest.raises(RetriableError) as caught:
        decode(made(registry.url), UNKNOWN)
    assert str(caught.value).startswith(f"the schema registry {registry.url} does not answer: ")
    assert "html" not in str(caught.value)


def test_a_certificate_that_is_not_there_is_told(registry: RegistryServer, tmp_path: Any) -> None:
    with pytest.raises(ConnectError, match="the schema registry's settings cannot be used: "):
        made(registry.url, **{"schema.registry.ssl.truststore.location": str(tmp_path / "no")})


def test_a_known_schema_is_asked_for_once(registry: RegistryServer) -> None:
    number = registry.register("int")
    converter = made(registry.url)
    assert [decode(converter, framed(number, b"\x02")) for _ in range(3)] == [1, 1, 1]
    assert len(registry.asked) == 1


def test_an_unknown_one_is_asked_for_again_after_a_while(registry: RegistryServer) -> None:
    now = [100.0]
    config = RegistryConfig.model_validate({"schema.registry.url": registry.url})
    asked = Registry(config, lambda: now[0])
    for _ in range(3):
        with pytest.raises(DataError):
            asked.schema(1)
    assert len(registry.asked) == 1
    registry.register("int")
    now[0] += 10
    assert asked.schema(1).text == '"int"'


def test_a_reference_that_is_not_there_is_the_records_fault(registry: RegistryServer) -> None:
    gone = {"name": "Place", "subject": "place", "version": 3}
    number = registry.register({"type": "array", "items": "Place"}, references=[gone])
    with pytest.raises(DataError) as caught:
        decode(made(registry.url), framed(number, b"\x00"))
    assert str(caught.value) == f"the schema registry {registry.url} has no version 3 of place"


def test_references_in_a_circle_are_the_records_fault(registry: RegistryServer) -> None:
    one = {"name": "One", "subject": "one", "version": 1}
    number = registry.register({"type": "array", "items": "One"}, subject="one", references=[one])
    with pytest.raises(DataError) as caught:
        decode(made(registry.url), framed(number, b"\x00"))
    assert str(caught.value) == "the schemas refer to each other in a circle at One"


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({}, "Field required"),
        ({"schema.registry.url": ""}, "at least 1 item"),
        ({"schema.registry.url": "registry:8081"}, "schema.registry.url: a URL begins with http:// or https://"),
        ({"schema.registry.url": "http://r", "basic.auth.credentials.source": "USER_INFO"},
         "basic.auth.user.info must be name:password"),
        ({"schema.registry.url": "http://r", "basic.auth.credentials.source": "SASL_INHERIT"},
         "'URL' or 'USER_INFO'"),
        ({"schema.registry.url": "http://r", "schema.registry.ssl.truststore.type": "JKS"},
         "'PEM'"),
    ],
)  # fmt: skip
def test_settings_that_cannot_be_are_told(keys: dict[str, str], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        AvroConverterConfig.model_validate(keys)


@pytest.mark.parametrize("extra", ["avro", "jsonschema", "protobuf"])
def test_what_must_be_installed_is_told(monkeypatch: pytest.MonkeyPatch, extra: str) -> None:
    def find_spec(name: str) -> object:
        if name == "google.protobuf":
            raise ModuleNotFoundError(name)
        return None if extra != "protobuf" else name

    monkeypatch.setattr("sinkworker.converters.registry.find_spec", find_spec)
    config = {"avro": AvroConverterConfig, "jsonschema": JsonSchemaConverterConfig,
              "protobuf": ProtobufConverterConfig}[extra]  # fmt: skip
    with pytest.raises(ValidationError, match=rf"pip install 'sinkworker\[{extra}\]'"):
        config.model_validate({"schema.registry.url": "http://r"})
