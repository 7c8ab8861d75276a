"""Addresses of databases: libpq's URLs and the JDBC driver's become libpq's keywords."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from connectors.postgres.address import connection_arguments
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
        ("jdbc:postgresql://db/factory?ssl=false", {"sslmode": "disable"}),
        ("jdbc:postgresql://db/factory?sslmode=require", {"sslmode": "require"}),
        ("jdbc:postgresql://db/factory?connectTimeout=7", {"connect_timeout": "7"}),
        ("jdbc:postgresql://db/factory?loginTimeout=8", {"connect_timeout": "8"}),
        ("jdbc:postgresql://db/factory?ApplicationName=etl", {"application_name": "etl"}),
        ("jdbc:postgresql://db/factory?currentSchema=plant,public",
         {"options": "-csearch_path=plant,public"}),
        ("jdbc:postgresql://db/factory?reWriteBatchedInserts=true&stringtype=unspecified", {}),
    ],
)  # fmt: skip
def test_an_address_of_the_jdbc_driver_says_the_same(url: str, arguments: dict[str, str]) -> None:
    assert connection_arguments(url) == {"host": "db", "dbname": "factory"} | arguments


@pytest.mark.xfail(strict=True, reason="decoded by parse_qsl and not encoded again")
@pytest.mark.parametrize(
    ("written", "password"),
    [("p%26q", "p&q"), ("p%25q", "p%q"), ("p%20q", "p q"), ("p%3Dq", "p=q"), ("p%2541q", "p%41q")],
)
def test_an_encoded_password_of_a_jdbc_address_arrives(written: str, password: str) -> None:
    arguments = connection_arguments(f"jdbc:postgresql://db/factory?password={written}")
    assert arguments["password"] == password


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("mysql://ann:secret@db/factory", "Expected postgresql://… or jdbc:postgresql://…"),
        ("db.example.org:5432", "Expected postgresql://… or jdbc:postgresql://…"),
        ("", "Expected postgresql://… or jdbc:postgresql://…"),
        ("postgresql://ann:sec%ZZret@db/factory", "Not an address that libpq can read"),
        ("postgresql://ann:secret@db/factory?colour=red", "Not an address that libpq can read"),
        ("jdbc:postgresql://db/factory?colour=red", "Not an address that libpq can read"),
    ],
)
def test_what_cannot_be_read_is_refused_without_a_piece_of_it(url: str, sentence: str) -> None:
    with pytest.raises(ValueError) as refused:
        connection_arguments(url)
    assert str(refused.value) == sentence


def test_the_configuration_refuses_an_address_that_cannot_be_read() -> None:
    with pytest.raises(ValidationError) as refused:
        PostgresSinkConfig.model_validate({"connection.url": "mysql://db/factory"})
    (problem,) = refused.value.errors()
    assert problem["loc"] == ("connection.url",)
    assert problem["msg"] == "Value error, Expected postgresql://… or jdbc:postgresql://…"
