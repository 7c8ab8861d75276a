"""Addresses of databases: libpq's URLs and the JDBC driver's become libpq's keywords."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from connectors.postgres.address import ENCODING, UNREADABLE, connection_arguments
from connectors.postgres.config import PostgresSinkConfig


@pytest.mark.parametrize(
    ("url", "arguments"),
    [
        ("postgresql://db/factory", {"host": "db", "dbname": "factory"}),
        ("postgres://db:5433/factory", {"host": "db", "port": "5433", "dbname": "factory"}),
        (
            "postgresql://ann:se%2Fcret@db/factory?sslmode=require",
            {"host": "db", "dbname": "factory", "user": "ann", "password": "se/cret",
             "sslmode": "require"},
        ),
        ("postgresql:///factory?host=/run/pg", {"dbname": "factory", "host": "/run/pg"}),
        (
            "postgresql://one:1,two:2/factory",
            {"host": "one,two", "port": "1,2", "dbname": "factory"},
        ),
        ("postgresql://one:1,two/factory", {"host": "one,two", "port": "1,", "dbname": "factory"}),
        (
            "postgresql://ann:why?me=1@db/factory",
            {"host": "db", "dbname": "factory", "user": "ann", "password": "why?me=1"},
        ),
    ],
)  # fmt: skip
def test_an_address_of_libpq_is_taken_as_it_is(url: str, arguments: dict[str, str]) -> None:
    assert connection_arguments(url) == arguments


@pytest.mark.parametrize(
    ("url", "arguments"),
    [
        ("jdbc:postgresql://db:5433/factory", {"port": "5433"}),
        ("jdbc:postgresql://db/factory?user=ann&password=secret",
         {"user": "ann", "password": "secret"}),
        ("jdbc:postgresql://db/factory?ssl=true", {"sslmode": "verify-full"}),
        ("jdbc:postgresql://db/factory?ssl", {"sslmode": "verify-full"}),
        ("jdbc:postgresql://db/factory?ssl=false", {}),
        ("jdbc:postgresql://db/factory?sslmode=require", {"sslmode": "require"}),
        ("jdbc:postgresql://db/factory?ssl=true&sslmode=require", {"sslmode": "require"}),
        ("jdbc:postgresql://db/factory?sslmode=require&ssl=true", {"sslmode": "require"}),
        ("jdbc:postgresql://db/factory?sslmode=verify-full&sslrootcert=/etc/our%20ca.pem",
         {"sslmode": "verify-full", "sslrootcert": "/etc/our ca.pem"}),
        ("jdbc:postgresql://db/factory?connectTimeout=7", {"connect_timeout": "7"}),
        ("jdbc:postgresql://db/factory?loginTimeout=8", {"connect_timeout": "8"}),
        ("jdbc:postgresql://db/factory?ApplicationName=etl", {"application_name": "etl"}),
        ("jdbc:postgresql://db/factory?currentSchema=plant,public",
         {"options": "-csearch_path=plant,public"}),
        ("jdbc:postgresql://db/factory?currentSchema=our plant,a\\b&options=-cwork_mem%3D1MB",
         {"options": r"-csearch_path=our\ plant,a\\b -cwork_mem=1MB"}),
        ("jdbc:postgresql://db/factory?channelBinding=require", {"channel_binding": "require"}),
        ("jdbc:postgresql://db/factory?user=ann@plant", {"user": "ann@plant"}),
        ("jdbc:postgresql://db/factory", {}),
        ("jdbc:postgresql://db/factory?", {}),
        ("jdbc:postgresql://db/factory?reWriteBatchedInserts=true&stringtype=unspecified", {}),
    ],
)  # fmt: skip
def test_an_address_of_the_jdbc_driver_says_the_same(url: str, arguments: dict[str, str]) -> None:
    assert connection_arguments(url) == {"host": "db", "dbname": "factory"} | arguments


@pytest.mark.parametrize(
    ("written", "password"),
    [("p%26q", "p&q"), ("p%25q", "p%q"), ("p%20q", "p q"), ("p%3Dq", "p=q"), ("p%2541q", "p%41q"),
     ("p+q", "p q"), ("p%2Bq", "p+q"), ("p#q", "p#q"), ("p/q", "p/q"), ("p@q", "p@q"),
     ("p%C3%A9q", "péq")],
)  # fmt: skip
def test_an_encoded_password_of_a_jdbc_address_arrives(written: str, password: str) -> None:
    arguments = connection_arguments(f"jdbc:postgresql://db/factory?password={written}")
    assert arguments["password"] == password


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("mysql://ann:secret@db/factory", "Expected postgresql://… or jdbc:postgresql://…"),
        ("db.example.org:5432", "Expected postgresql://… or jdbc:postgresql://…"),
        ("", "Expected postgresql://… or jdbc:postgresql://…"),
        ("postgresql://ann:sec%ZZret@db/factory", UNREADABLE),
        ("postgresql://ann:secret@[db/factory", UNREADABLE),
        ("jdbc:postgresql://db/factory?password=sec%FFret", UNREADABLE),
        ("jdbc:postgresql://db/factory?password=sec&ret", UNREADABLE),
        ("jdbc:postgresql://db/factory?password=sec&r!=et", UNREADABLE),
        ("jdbc:postgresql://ann:sec?ret=1@db/factory", UNREADABLE),
    ],
)
def test_what_cannot_be_read_is_refused_without_a_piece_of_it(url: str, sentence: str) -> None:
    with pytest.raises(ValueError) as refused:
        connection_arguments(url)
    assert str(refused.value) == sentence


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://ann:secret@db/factory?colour=red",
        "jdbc:postgresql://db/factory?user=ann&colour=red&password=secret",
    ],
)
def test_a_parameter_that_nobody_knows_is_named_without_its_value(url: str) -> None:
    with pytest.raises(ValueError) as refused:
        connection_arguments(url)
    assert str(refused.value) == "This sink knows no parameter colour of an address"


def test_a_parameter_of_the_jdbc_driver_is_unknown_in_an_address_of_libpq() -> None:
    with pytest.raises(ValueError) as refused:
        connection_arguments("postgresql://db/factory?currentSchema=plant")
    assert str(refused.value) == "This sink knows no parameter currentSchema of an address"


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://ann:sec@ret@db/factory",
        "postgresql://ann:5432/ret@db/factory",
        "postgresql://ann:sec?r@et@db/factory",
        "jdbc:postgresql://ann:sec@ret@db/factory",
    ],
)
def test_a_password_that_is_not_encoded_is_not_taken_for_a_place(url: str) -> None:
    """Its rest would be a host or database, which the errors of a failed login show."""
    with pytest.raises(ValueError) as refused:
        connection_arguments(url)
    assert str(refused.value) == UNREADABLE


@pytest.mark.parametrize("port", ["seven", "0", "65536", "-1", "5432,two:seven", "²"])
@pytest.mark.parametrize("form", ["postgresql://db:{}/factory", "jdbc:postgresql://db/?port={}"])
def test_a_port_that_is_none_is_refused(form: str, port: str) -> None:
    """Written `ann:sec/ret@db` it is the beginning of a password."""
    with pytest.raises(ValueError) as refused:
        connection_arguments(form.format(port))
    assert str(refused.value) == f"Its port is not a number from 1 to 65535. {ENCODING}"


def test_the_configuration_refuses_an_address_that_cannot_be_read() -> None:
    with pytest.raises(ValidationError) as refused:
        PostgresSinkConfig.model_validate({"connection.url": "mysql://db/factory"})
    (problem,) = refused.value.errors()
    assert problem["loc"] == ("connection.url",)
    assert problem["msg"] == "Value error, Expected postgresql://… or jdbc:postgresql://…"
