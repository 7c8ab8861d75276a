"""Files that cannot be read, placeholders that cannot be filled in, and files that do not fit together.

Each with every message it gives. What the keys mean is in test_broken_configurations.py.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sinkworker.app import load
from tests.unit.config_files import FILE_SINK, changed, messages, write


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NOT_SET_ANYWHERE", raising=False)
    write("db.properties", "user=sink\npassword=hunter2\n")
    write("escape.properties", "user=\\u00zz\n")
    Path("secrets").mkdir()
    write("secrets/password", "hunter2")
    for name in ("latin.properties", "secrets/latin"):
        Path(name).write_bytes(b"user=\xe9\n")


def told(text: str, name: str = "c.properties", worker: str | None = None) -> list[str]:
    """The messages for a file with this text."""
    worker_path = write("w.properties", worker) if worker is not None else None
    return messages(lambda: load([write(name, text)], worker_path))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name=\\u00zz\n", "c.properties:1: Invalid \\u escape sequence: \\u00zz"),
        ("# first\nname=a,\\\n  b\nfile=\\u12\n",
         "c.properties:4: Invalid \\u escape sequence: \\u12"),
        ("{", "c.properties: invalid JSON: Expecting property name enclosed in double quotes: "
         "line 1 column 2 (char 1)"),
        ('{"name": "a",\n "topics": b}',
         "c.properties: invalid JSON: Expecting value: line 2 column 12 (char 25)"),
        ('{"topics": ["a", "b"]}',
         "c.properties: the value of topics must be a string, number or boolean"),
        ('{"name": "a", "config": {"topics": {"a": 1}}}',
         "c.properties: the value of topics must be a string, number or boolean"),
        ('{"name": "a", "config": ["topics"]}',
         "c.properties: the value of config must be a string, number or boolean"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read_gives_one_message(text: str, message: str) -> None:
    assert told(text) == [message]


@pytest.mark.parametrize("text", ['["topics"]', '"topics"'])
def test_json_that_is_no_object_is_told(text: str) -> None:
    assert told(text, name="c.json") == ["c.json: expected a JSON object of keys and values"]


def test_json_that_is_nested_too_deep_is_told() -> None:
    (message,) = told('{"name":' * 5000 + "1" + "}" * 5000)  # the rest is Python's, of its version
    assert message.startswith("c.properties: invalid JSON: maximum recursion depth exceeded")


def test_a_missing_file_is_named() -> None:
    assert messages(lambda: load([Path("nope.properties")])) == [
        "nope.properties: No such file or directory"
    ]


def test_a_folder_is_no_file() -> None:
    assert messages(lambda: load([Path("secrets")])) == ["secrets: Is a directory"]


def test_bytes_that_are_not_utf8_are_told_with_their_place() -> None:
    Path("c.properties").write_bytes("name=größe\n".encode("latin-1"))
    assert messages(lambda: load([Path("c.properties")])) == ["c.properties: not UTF-8 at byte 7"]


@pytest.mark.parametrize(
    ("placeholder", "why"),
    [
        ("${env:NOT_SET_ANYWHERE}", "the environment variable NOT_SET_ANYWHERE is not set"),
        ("${file:nope.properties:user}", "nope.properties: No such file or directory"),
        ("${file:secrets:user}", "secrets: Is a directory"),
        ("${file:db.properties:nope}", "db.properties has no key nope"),
        ("${file:db.properties}", "expected ${file:<path>:<key>}"),
        ("${dir:nope:password}", "nope/password: No such file or directory"),
        ("${dir:secrets:nope}", "secrets/nope: No such file or directory"),
        ("${dir:secrets}", "expected ${dir:<path>:<key>}"),
        ("${dir:secrets:../db.properties}",
         "../db.properties is not the name of a file in secrets"),
        ("${env:}", "expected ${env:<name>}"),
        ("${vault:db:password}", "there is no provider vault; there are env, file, dir"),
        # what is there and cannot be read
        ("${file:latin.properties:user}", "latin.properties cannot be read as text"),
        ("${file:escape.properties:user}", "escape.properties cannot be read as text"),
        ("${dir:secrets:latin}", "secrets/latin cannot be read as text"),
        # names that no environment and no file system can have
        ("${env:\\ud800}", "the environment variable \\ud800 is not set"),
        ("${file:nul\\u0000:user}", "nul\0 cannot be read as text"),
        ("${dir:nul\\u0000:user}", "nul\0/user cannot be read as text"),
    ],
)  # fmt: skip
def test_a_placeholder_that_cannot_be_filled_in_is_told_with_its_key(
    placeholder: str, why: str
) -> None:
    assert told(changed(FILE_SINK, f"file=/data/{placeholder}")) == [f"c.properties:5: file: {why}"]


def test_every_placeholder_that_cannot_be_filled_in_is_told_beside_other_mistakes() -> None:
    changes = "name=${env:NOT_SET_ANYWHERE}\nfile=${file:db.properties:nope}\ntasks.max=0"
    assert told(changed(FILE_SINK, changes)) == [
        "c.properties:1: name: the environment variable NOT_SET_ANYWHERE is not set",
        "c.properties:5: file: db.properties has no key nope",
        "c.properties:6: Invalid value 0 for configuration tasks.max: Value must be at least 1",
    ]


NOT_SET = "the environment variable NOT_SET_ANYWHERE is not set"


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ("connector.class=$", "2: connector.class"),
        ("bootstrap.servers=$", "3: bootstrap.servers"),
        ("file=$", "5: file"),
        ("tasks.max=$", "6: tasks.max"),
        ("consumer.override.max.poll.records=$", "6: consumer.override.max.poll.records"),
        ("errors.deadletterqueue.topic.name=$", "6: errors.deadletterqueue.topic.name"),
        ("transforms=p\ntransforms.p.type=$\ntransforms.p.prefix=-", "7: transforms.p.type"),
    ],
)
def test_of_a_key_whose_placeholder_cannot_be_filled_in_nothing_more_is_told(
    changes: str, place: str
) -> None:
    text = changed(FILE_SINK, changes.replace("$", "${env:NOT_SET_ANYWHERE}"))
    assert told(text) == [f"c.properties:{place}: {NOT_SET}"]


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ("topics=$", "4: topics"),
        ("value.converter=$\nvalue.converter.schemas.enable=false", "6: value.converter"),
        ("transforms=$\ntransforms.p.type=Prefix", "6: transforms"),
        ("predicates=$\npredicates.s.type=IsShort", "6: predicates"),
        (
            "consumer.override.session.timeout.ms=$\nconsumer.override.heartbeat.interval.ms=60000",
            "6: consumer.override.session.timeout.ms",
        ),
    ],
)
def test_nor_is_anything_told_of_keys_that_depend_on_it(changes: str, place: str) -> None:
    text = changed(FILE_SINK, changes.replace("$", "${env:NOT_SET_ANYWHERE}"))
    assert told(text) == [f"c.properties:{place}: {NOT_SET}"]


def test_in_json_a_placeholder_is_told_without_a_line() -> None:
    keys = dict(line.split("=", 1) for line in FILE_SINK)
    text = json.dumps(keys | {"file": "${env:NOT_SET_ANYWHERE}"})
    assert told(text, name="c.json") == [
        "c.json: file: the environment variable NOT_SET_ANYWHERE is not set"
    ]


def test_every_file_is_read_although_one_before_it_is_broken() -> None:
    write("a.properties", changed(FILE_SINK, "tasks.max=0"))
    write("b.properties", changed(FILE_SINK, "name=b"))
    write("c.properties", changed(FILE_SINK, "name=c\ncolour=red"))
    paths = [Path(f"{name}.properties") for name in ("a", "nope", "b", "c")]
    assert messages(lambda: load(paths)) == [
        "a.properties:6: Invalid value 0 for configuration tasks.max: Value must be at least 1",
        "nope.properties: No such file or directory",
        "c.properties:6: Unknown configuration colour",
    ]


def test_one_name_in_two_files_is_told_with_both_places() -> None:
    paths = [write(f"{name}.properties", changed(FILE_SINK)) for name in ("a", "b")]
    assert messages(lambda: load(paths)) == [
        "b.properties:1: Connector good already exists: a.properties:1"
    ]


def test_one_name_in_three_files_is_told_of_the_second_and_the_third() -> None:
    text = "# the same in each\n" + changed(FILE_SINK)
    paths = [write(f"{name}.properties", text) for name in ("a", "b", "c")]
    assert messages(lambda: load(paths)) == [
        "b.properties:2: Connector good already exists: a.properties:2",
        "c.properties:2: Connector good already exists: a.properties:2",
    ]


def test_one_name_in_two_files_is_told_although_one_has_another_mistake() -> None:
    paths = [
        write("a.properties", changed(FILE_SINK)),
        write("b.properties", changed(FILE_SINK, "tasks.max=0")),
    ]
    assert messages(lambda: load(paths)) == [
        "b.properties:6: Invalid value 0 for configuration tasks.max: Value must be at least 1",
        "b.properties:1: Connector good already exists: a.properties:1",
    ]


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("colour=red", "Unknown configuration colour"),
        ("bootstrap.server=a:1",
         "Unknown configuration bootstrap.server; did you mean bootstrap.servers?"),
        ("topics=alerts", "Unknown configuration topics"),
        ("errors.tolerance=all", "Unknown configuration errors.tolerance"),
    ],
)  # fmt: skip
def test_a_worker_file_knows_only_what_all_connectors_have_in_common(line: str, what: str) -> None:
    assert told(changed(FILE_SINK), worker=f"\n{line}\n") == [f"w.properties:2: {what}"]


def test_a_worker_file_that_cannot_be_read_is_the_only_message() -> None:
    path = write("c.properties", changed(FILE_SINK, "-bootstrap.servers"))
    assert messages(lambda: load([path], Path("nope.properties"))) == [
        "nope.properties: No such file or directory"
    ]


def test_a_worker_s_unknown_key_of_a_converter_is_told() -> None:
    worker = "value.converter=JsonConverter\nvalue.converter.schema.enable=false\n"
    assert told(changed(FILE_SINK), worker=worker) == [
        "w.properties:2: Unknown configuration value.converter.schema.enable; "
        "did you mean value.converter.schemas.enable?"
    ]


def test_every_placeholder_of_a_worker_file_is_told_and_nothing_more_of_its_keys() -> None:
    worker = "bootstrap.servers=${env:NOT_SET_ANYWHERE}\nkey.converter=${file:db.properties:x}\n"
    assert told(changed(FILE_SINK, "-bootstrap.servers"), worker=worker) == [
        "w.properties:1: bootstrap.servers: the environment variable NOT_SET_ANYWHERE is not set",
        "w.properties:2: key.converter: db.properties has no key x",
    ]


def test_a_worker_s_unknown_key_is_told_beside_the_mistakes_of_connectors() -> None:
    assert told(changed(FILE_SINK, "tasks.max=0"), worker="colour=red\n") == [
        "w.properties:1: Unknown configuration colour",
        "c.properties:6: Invalid value 0 for configuration tasks.max: Value must be at least 1",
    ]


def test_a_worker_s_broken_default_is_told_once() -> None:
    paths = [write(f"{name}.properties", changed(FILE_SINK, f"name={name}")) for name in "ab"]
    worker = write("w.properties", "offset.flush.interval.ms=0\n")
    assert messages(lambda: load(paths, worker)) == [
        "w.properties:1: Invalid value 0 for configuration offset.flush.interval.ms: "
        "Value must be at least 1"
    ]


def test_a_worker_s_broken_default_is_told_at_its_place_there() -> None:
    assert told(changed(FILE_SINK), worker="offset.flush.interval.ms=0\n") == [
        "w.properties:1: Invalid value 0 for configuration offset.flush.interval.ms: "
        "Value must be at least 1"
    ]


def test_of_a_worker_s_default_that_the_connector_hides_nothing_is_told() -> None:
    text = changed(FILE_SINK, "offset.flush.interval.ms=100")
    assert told(text, worker="offset.flush.interval.ms=0\n") == []
