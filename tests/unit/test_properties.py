"""Reading configuration files: Java's .properties grammar, Connect's two JSON forms, placeholders."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sinkworker.api import ConfigProblem
from sinkworker.properties import ConfigFile, Entry, read_file
from tests.unit.config_files import write


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ZONE", "eu")
    monkeypatch.delenv("NOT_SET_ANYWHERE", raising=False)
    monkeypatch.setenv("CONFUSING", "${env:ZONE}\\n=:#!")
    write("db.properties", "user = sink\n# a comment\npassword=hun\\\n  ter2\nübung=größe\n")
    Path("secrets").mkdir()
    write("secrets/password", "hun=ter2")


def properties(text: str) -> ConfigFile:
    return read_file(write("c.properties", text))


def read_json(content: object) -> dict[str, str]:
    return read_file(write("c.json", json.dumps(content))).values()


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("key=value", {"key": "value"}),
        ("key:value", {"key": "value"}),
        ("key value", {"key": "value"}),
        ("key\tvalue", {"key": "value"}),
        ("  key  =  value  ", {"key": "value"}),
        ("key = = value", {"key": "= value"}),
        ("key=", {"key": ""}),
        ("key", {"key": ""}),
        ("url=jdbc:postgresql://db/a?b=c", {"url": "jdbc:postgresql://db/a?b=c"}),
        ("# comment\n! comment\n\n   # comment\nkey=1 # value", {"key": "1 # value"}),
        ("key=one,\\\n    two,\\\n\tthree", {"key": "one,two,three"}),
        ("# no continuation \\\nkey=1", {"key": "1"}),
        ("key=back\\\\slash\\ttab", {"key": "back\\slash\ttab"}),
        ("key=even\\\\\nother=1", {"key": "even\\", "other": "1"}),
        ("a\\ key=1\nb\\=key=2\nc\\:key=3", {"a key": "1", "b=key": "2", "c:key": "3"}),
        ("key=\\u00fc\\u00DF", {"key": "üß"}),
        ("schlüssel=größe 日本 🚲", {"schlüssel": "größe 日本 🚲"}),
        ("a=1\r\nb=2\rc=3", {"a": "1", "b": "2", "c": "3"}),
        ("\ufeffkey=value", {"key": "value"}),
        ("", {}),
    ],
)
def test_properties_are_read_as_java_reads_them(text: str, values: dict[str, str]) -> None:
    assert properties(text).values() == values


def test_a_key_stands_where_its_first_line_is() -> None:
    file = properties("# a comment\n\na=1\nb=x,\\\n  y,\\\n  z\nc=3\r\nd=4\n")
    assert {key: entry.line for key, entry in file.entries.items()} == {
        "a": 3,
        "b": 4,
        "c": 7,
        "d": 8,
    }


def test_a_place_is_the_file_and_the_line_or_the_file_alone() -> None:
    file = properties("\na=1\n")
    assert file.where("a") == "c.properties:2"
    assert file.where("missing") == "c.properties"


def test_of_a_key_that_appears_again_the_last_counts_with_a_warning() -> None:
    file = properties("a=1\na=2\n\nb=x\na=3\n")
    assert file.entries == {"a": Entry("3", 5), "b": Entry("x", 4)}
    assert list(file.warnings) == [
        "c.properties:2: a replaces the value of line 1",
        "c.properties:5: a replaces the value of line 2",
    ]


@pytest.mark.parametrize(
    "content",
    [
        {"name": "a", "topics": "t"},
        {"name": "a", "config": {"topics": "t"}},
        {"config": {"name": "a", "topics": "t"}},
        {"name": "outside", "config": {"name": "a", "topics": "t"}},
    ],
    ids=["flat", "as for POST", "name inside", "name inside counts"],
)
def test_both_json_forms_give_the_same_keys(content: object) -> None:
    assert read_json(content) == {"name": "a", "topics": "t"}


def test_of_a_key_that_appears_again_in_json_too_the_last_counts_with_a_warning() -> None:
    file = read_file(write("c.json", '{"a": "1", "b": "x", "a": "2"}'))
    assert file.values() == {"a": "2", "b": "x"}
    assert file.warnings == ["c.json: a is there twice; the last value counts"]


@pytest.mark.parametrize("extra", ["initial_state", "conifg"])
def test_what_stands_beside_name_and_config_is_left_out_with_a_warning(extra: str) -> None:
    text = json.dumps({"name": "a", extra: {"topics": "u"}, "config": {"topics": "t"}})
    file = read_file(write("c.json", text))
    assert file.values() == {"name": "a", "topics": "t"}
    assert file.warnings == [f"c.json: {extra} has no effect beside name and config"]


def test_numbers_and_booleans_in_json_become_text_and_null_is_left_out() -> None:
    content = {"int": 3, "float": 1.5, "yes": True, "no": False, "none": None, "text": "größe"}
    assert read_json(content) == {
        "int": "3",
        "float": "1.5",
        "yes": "true",
        "no": "false",
        "text": "größe",
    }


def test_json_may_be_indented_and_follow_blank_lines() -> None:
    text = "\n\n  " + json.dumps({"name": "a"}, indent=2)
    assert read_file(write("c.properties", text)).values() == {"name": "a"}


def test_a_key_of_json_has_no_line() -> None:
    file = read_file(write("c.json", '{"a": "1"}'))
    assert file.entries == {"a": Entry("1", None)}
    assert file.where("a") == "c.json"


# placeholders


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("${env:ZONE}", "eu"),
        ("s3-${env:ZONE}-${env:ZONE}.example", "s3-eu-eu.example"),
        ("${file:db.properties:user}", "sink"),
        ("${file:db.properties:password}", "hunter2"),
        ("${file:db.properties:übung}", "größe"),
        ("${dir:secrets:password}", "hun=ter2"),
        ("${env:CONFUSING}", "${env:ZONE}\\n=:#!"),
    ],
)
def test_a_placeholder_is_filled_in_as_it_is_and_marked_as_secret(written: str, read: str) -> None:
    assert properties(f"key={written}").entries["key"] == Entry(read, 1, is_secret=True)
    in_json = read_file(write("c.json", json.dumps({"key": written})))
    assert in_json.entries["key"] == Entry(read, None, is_secret=True)


@pytest.mark.parametrize("value", ["plain", "${topic}", "$env:ZONE", "${env:ZONE", "{env:ZONE}"])
def test_what_is_no_placeholder_stays_and_is_no_secret(value: str) -> None:
    assert properties(f"key={value}").entries["key"] == Entry(value, 1, is_secret=False)


def test_a_placeholder_that_cannot_be_filled_in_is_a_problem_of_its_key_and_no_entry() -> None:
    file = properties("a=1\nb=${env:NOT_SET_ANYWHERE}\n")
    assert file.values() == {"a": "1"}
    message = "c.properties:2: b: the environment variable NOT_SET_ANYWHERE is not set"
    assert file.problems == [ConfigProblem("b", message)]


def test_a_key_is_never_filled_in() -> None:
    assert properties("${env\\:ZONE}=1").values() == {"${env:ZONE}": "1"}


def test_placeholders_are_looked_up_when_the_file_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    path = write("c.properties", "zone=${env:ZONE}")
    monkeypatch.setenv("ZONE", "us")
    assert read_file(path).values() == {"zone": "us"}


def test_a_path_in_a_placeholder_may_contain_colons(tmp_path: Path) -> None:
    (tmp_path / "a:b.properties").write_text("k=v")
    assert properties("key=${file:a:b.properties:k}").values() == {"key": "v"}
