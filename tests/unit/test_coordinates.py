"""Where a connector's records say that they were read, by its transforms."""

from __future__ import annotations

import pytest

from sinkworker.api import Coordinates
from sinkworker.configuration.coordinates import coordinates

INSERT = {
    "transforms": "mask, where", "transforms.mask.type": "MaskField$Value",
    "transforms.where.type": "InsertField$Value", "transforms.where.topic.field": "t!",
    "transforms.where.partition.field": "p?", "transforms.where.offset.field": "o",
}  # fmt: skip


def test_the_fields_of_insert_field_are_found_without_their_marks() -> None:
    assert coordinates(INSERT) == Coordinates("t", "p", "o")
    java = {"transforms.where.type": "org.apache.kafka.connect.transforms.InsertField$Value"}
    assert coordinates(INSERT | java) == Coordinates("t", "p", "o")


def test_the_topic_need_not_be_among_them() -> None:
    keys = {key: value for key, value in INSERT.items() if "topic" not in key}
    assert coordinates(keys) == Coordinates(None, "p", "o")


@pytest.mark.parametrize(
    "changed",
    [
        {"transforms": "mask"},
        {"transforms.where.offset.field": ""},
        {"transforms.where.partition.field": ""},
        {"transforms.where.type": "InsertField$Key"},
        {"transforms.where.predicate": "some"},
    ],
)
def test_what_not_every_row_has_does_not_count(changed: dict[str, str]) -> None:
    assert coordinates(INSERT | changed) is None
