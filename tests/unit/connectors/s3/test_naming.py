"""Keys of data files: unique, and recognized by the connector that made them, and by no other."""

from __future__ import annotations

import pytest

from connectors.s3.naming import DEFAULT_TEMPLATE, FileNames, Named, checked_template
from sinkworker.api import TopicPartition

SOURCE = TopicPartition("alerts", 3)


def names(connector: str = "archive", template: str = DEFAULT_TEMPLATE) -> FileNames:
    return FileNames("topics", template, connector)


def test_a_key_says_where_its_records_were_read_and_by_which_claim() -> None:
    key = names().key("alerts/hour=08", SOURCE, 42, 7, ".json.gz")
    folder, _, name = key.rpartition("/")
    assert folder == "topics/alerts/hour=08"
    assert name.startswith("archive+alerts+3+00000000000000000042.e7.")
    assert name.endswith(".json.gz")
    assert names().named(key) == Named(SOURCE, 42, 7)


def test_no_two_keys_are_the_same() -> None:
    assert len({names().key("alerts/p", SOURCE, 0, 1, ".json") for _ in range(1_000)}) == 1_000


@pytest.mark.parametrize(
    "template",
    [
        "{{start_offset}}+{{partition}}+{{topic}}+{{connector}}",
        "archive-of+{{connector}}+{{topic}}+{{partition}}+{{start_offset}}+v1.2",
    ],
)
@pytest.mark.parametrize("extension", [".json.gz", ".bin", ""])
def test_names_of_other_forms_are_recognized_too(template: str, extension: str) -> None:
    made = names(template=checked_template(template))
    key = made.key("renamed/year=2026/month=11", TopicPartition("a.e1.b-2", 10), 5, 12, extension)
    assert made.named(key) == Named(TopicPartition("a.e1.b-2", 10), 5, 12)


@pytest.mark.parametrize("other", ["archive-1", "archiv", "e", "Archive"])
def test_another_connector_s_file_is_not_ours(other: str) -> None:
    key = names(other).key("alerts/p", SOURCE, 0, 1, ".json")
    assert names().named(key) is None


@pytest.mark.parametrize(
    "name",
    [
        "archive+alerts+3+42.json",
        "archive+alerts+x+00000000000000000042.e7.00000000.json",
        "archive+alerts+3+00000000000000000042.e7.0000.json",
        "archive+alerts+00000000000000000042.e7.00000000.json",
        "alerts+3+00000000000000000042.json",
        "",
    ],
)
def test_what_somebody_else_put_there_is_not_ours(name: str) -> None:
    assert names().named(f"topics/alerts/{name}") is None


@pytest.mark.parametrize(
    "template",
    [
        "{{topic}}+{{partition}}+{{start_offset}}",
        "{{connector}}-{{topic}}+{{partition}}+{{start_offset}}",
        "{{connector}}+{{topic}}+{{topic}}+{{partition}}+{{start_offset}}",
        "{{connector}}+{{topic}}+{{partition}}+{{start_offset}}+{{timestamp}}",
        "x/{{connector}}+{{topic}}+{{partition}}+{{start_offset}}",
        "",
    ],
)
def test_a_template_by_which_files_could_not_be_told_apart_is_refused(template: str) -> None:
    with pytest.raises(ValueError, match=r"Expected \{\{connector\}\}"):
        checked_template(template)
