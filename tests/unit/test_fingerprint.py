"""The short name of a configuration."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from sinkworker.configuration.fingerprint import fingerprint
from sinkworker.properties import ConfigFile, Entry
from sinkworker.validation import Given

KEYS = {"name": "alerts", "insert.mode": "upsert", "connection.url": "postgresql://a:b@c/d"}


def name_of(**changed: Entry) -> str:
    entries = {key: Entry(value, None) for key, value in KEYS.items()}
    return of_entries(entries | {key.replace("_", "."): entry for key, entry in changed.items()})


def of_entries(entries: Mapping[str, Entry]) -> str:
    file = ConfigFile(Path("a.properties"), dict(entries))
    return fingerprint({key: Given(entry.value, file, key) for key, entry in entries.items()})


def test_neither_the_order_of_keys_nor_their_lines_matter() -> None:
    entries = {key: Entry(value, 7) for key, value in reversed(KEYS.items())}
    assert of_entries(entries) == name_of()
    assert len(name_of()) == 12


def test_another_value_and_another_key_are_another_configuration() -> None:
    assert len({name_of(), name_of(insert_mode=Entry("insert", 1)), name_of(x=Entry("", 1))}) == 3


@pytest.mark.parametrize(
    "key", ["connection_url", "connection_password", "aws_secret_access_key", "sasl_jaas_config"]
)
def test_what_may_hold_a_secret_does_not_count(key: str) -> None:
    assert name_of(**{key: Entry("one", 1)}) == name_of(**{key: Entry("two", 1)})


def test_what_came_from_elsewhere_does_not_count() -> None:
    assert name_of(x=Entry("one", 1, is_secret=True)) == name_of(x=Entry("two", 1, is_secret=True))
