"""Broken files of the Postgres sink, each with every message it gives."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.config_files import POSTGRES_SINK, changed, configured, messages

# fmt: off
# What is changed in the good file, then the messages without the file's name.
CASES = [
    ("-connection.url",
     ': Missing required configuration "connection.url" which has no default value.'),
    ("connection.url=mysql://db/alerts",
     ":5: Invalid value [hidden] for configuration connection.url: "
     "Expected postgresql://… or jdbc:postgresql://…"),
    ("connection.url=postgresql://db/alerts?colour=red",
     ":5: Invalid value [hidden] for configuration connection.url: "
     "This sink knows no parameter colour of an address"),
    ("insert.mode=merge",
     ":6: Invalid value merge for configuration insert.mode: "
     "String must be one of: insert, upsert, ignore"),
    ("pk.mode=key",
     ":6: Invalid value key for configuration pk.mode: "
     "String must be one of: none, kafka, record_key, record_value"),
    ("auto.create=perhaps",
     ":6: Invalid value perhaps for configuration auto.create: "
     "Expected value to be either true or false"),
    ("auto.evolve=2",
     ":6: Invalid value 2 for configuration auto.evolve: Expected value to be either true or false"),
    ("delete.enabled=perhaps",
     ":6: Invalid value perhaps for configuration delete.enabled: "
     "Expected value to be either true or false"),
    ("topics.to.tables.mapping=alerts",
     ":6: Invalid value alerts for configuration topics.to.tables.mapping: "
     "Expected <topic>:<table>,…"),
    ("topics.to.tables.mapping=alerts:",
     ":6: Invalid value alerts: for configuration topics.to.tables.mapping: "
     "Expected <topic>:<table>,…"),
    ("topics2table.map=alerts",
     ":6: Invalid value alerts for configuration topics2table.map: Expected <topic>:<table>,…"),
    ("fields.whitelist=a\nfields.include=b",
     ":6: fields.whitelist is another name of fields.include; remove one of them"),
    ("insert.mod=upsert", ":6: Unknown configuration insert.mod; did you mean insert.mode?"),
    ("connection.passwd=hunter2",
     ":6: Unknown configuration connection.passwd; did you mean connection.password?"),
    ("offsets.table=sinkworker." + 64 * "o",
     f":6: Invalid value sinkworker.{64 * 'o'} for configuration offsets.table: "
     "Postgres has no names of more than 63 bytes"),

    ("behavior.on.null.values=write",
     ":6: Invalid value write for configuration behavior.on.null.values: "
     "String must be one of: fail, ignore"),
    ("text.nul=drop",
     ":6: Invalid value drop for configuration text.nul: "
     "String must be one of: fail, strip, replace"),
    ("value.column=" + 32 * "ü",
     f":6: Invalid value {32 * 'ü'} for configuration value.column: "
     "Postgres has no names of more than 63 bytes"),

    # combinations that make no sense
    ("value.column=payload\nfields.include=a",
     ": value.column takes the whole value: choose fields with ReplaceField, not with "
     "fields.include"),
    ("insert.mode=upsert", ": insert.mode=upsert needs a key: set pk.mode and pk.fields"),
    ("pk.mode=record_value", ": pk.mode=record_value needs pk.fields"),
    ("errors.tolerance=all\nerrors.deadletterqueue.table=sinkworker_offsets",
     ": errors.deadletterqueue.table must be a table of its own"),
    ("errors.tolerance=all\nerrors.deadletterqueue.table=" + 64 * "d",
     f":7: Invalid value {64 * 'd'} for configuration errors.deadletterqueue.table: "
     "Postgres has no names of more than 63 bytes"),
    ("pk.mode=kafka\npk.fields=topic,offset",
     ": pk.mode=kafka needs no pk.fields, or three: topic, partition, offset"),
    ("delete.enabled=true",
     ": Deletes are only supported for pk.mode record_key",
     ": delete.enabled=true needs insert.mode=upsert"),
    ("delete.enabled=true\ninsert.mode=upsert",
     ": insert.mode=upsert needs a key: set pk.mode and pk.fields",
     ": Deletes are only supported for pk.mode record_key"),
    ("delete.enabled=true\ninsert.mode=upsert\npk.mode=kafka",
     ": Deletes are only supported for pk.mode record_key"),
    ("delete.enabled=true\npk.mode=record_key", ": delete.enabled=true needs insert.mode=upsert"),
    ("delete.enabled=true\ninsert.mode=ignore\npk.mode=record_key",
     ": delete.enabled=true needs insert.mode=upsert"),

    # several at once
    ("insert.mode=merge\npk.mode=key\n-name\nerrors.tolerance=some",
     ': Missing required configuration "name" which has no default value.',
     ":8: Invalid value some for configuration errors.tolerance: String must be one of: none, all",
     ":6: Invalid value merge for configuration insert.mode: "
     "String must be one of: insert, upsert, ignore",
     ":7: Invalid value key for configuration pk.mode: "
     "String must be one of: none, kafka, record_key, record_value"),
]
# fmt: on


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def told(changes: str) -> list[str]:
    return messages(lambda: configured(changed(POSTGRES_SINK, changes)))


def test_the_file_that_is_broken_below_is_good() -> None:
    assert told("") == []


@pytest.mark.parametrize("case", CASES, ids=[case[0].replace("\n", " ")[:60] for case in CASES])
def test_a_broken_file_gives_exactly_these_messages(case: tuple[str, ...]) -> None:
    changes, *expected = case
    assert told(changes) == [f"c.properties{message}" for message in expected]


def test_an_address_that_was_not_filled_in_is_told_as_empty() -> None:
    assert told("connection.url=") == [
        "c.properties:5: Invalid value  for configuration connection.url: "
        "Expected postgresql://… or jdbc:postgresql://…"
    ]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ("insert.mode=upsert\npk.mode=key",
         ":7: Invalid value key for configuration pk.mode: "
         "String must be one of: none, kafka, record_key, record_value"),
        ("insert.mode=merge\npk.mode=record_key\ndelete.enabled=true",
         ":6: Invalid value merge for configuration insert.mode: "
         "String must be one of: insert, upsert, ignore"),
    ],
)  # fmt: skip
def test_a_wrong_mode_contradicts_nothing(changes: str, message: str) -> None:
    assert told(changes) == [f"c.properties{message}"]
