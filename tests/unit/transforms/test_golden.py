"""Transforms and predicates do what Kafka's and Debezium's own classes do, value by value."""

from __future__ import annotations

from collections import Counter
from copy import deepcopy

import pytest

from sinkworker.plugins import Catalog, Kind
from tests.unit.transforms.golden.cases import CASES
from tests.unit.transforms.golden.comparison import difference, outcome, record_of
from tests.unit.transforms.golden.results import DIGEST, digest, kept

RESULTS = kept()
TYPES = sorted({case["type"] for case in CASES})
YEARS = "Python has no moments after the year 9999"
MICROSECONDS = "microseconds are kept, where Kafka rounds to milliseconds"
CALENDAR = "no Julian calendar before 1582"
WEEKDAYS = "a day of the week is written, and not used in reading"
# What is different on purpose, and why; said in docs/transforms.md, too.
DIFFERENT = {
    "TimestampConverter$Value: 1700000000123456789 seconds": YEARS,
    "TimestampConverter$Value: 1700000000123456789 milliseconds": YEARS,
    "TimestampConverter$Value: 1700000000123456789 microseconds": YEARS,
    "TimestampConverter$Value: -1500 microseconds": MICROSECONDS,
    "TimestampConverter$Value: 1999 microseconds": MICROSECONDS,
    "TimestampConverter$Value: -1 microseconds": MICROSECONDS,
    "TimestampConverter$Value: 1700000000123456789 nanoseconds": MICROSECONDS,
    "TimestampConverter$Value: -1500 nanoseconds": MICROSECONDS,
    "TimestampConverter$Value: 1999 nanoseconds": MICROSECONDS,
    "TimestampConverter$Value: <23-11-14> by <yyyy-MM-dd>": CALENDAR,
    "TimestampConverter$Value: <2 2023> by <u yyyy>": WEEKDAYS,
}


def test_the_results_are_those_of_these_cases() -> None:
    """When this fails: `python -m tests.unit.transforms.golden.results`, with Java and Maven."""
    assert RESULTS[DIGEST] == digest()
    assert [name for name in RESULTS if name != DIGEST] == [case["name"] for case in CASES]


@pytest.mark.parametrize("name", TYPES, ids=lambda name: name.rpartition(".")[2])
def test_the_results_are_those_of_kafka(name: str) -> None:
    cases = [case for case in CASES if case["type"] == name]
    found = {case["name"]: difference(case, RESULTS[case["name"]]) for case in cases}
    unexpected = [f"{n}: {what}" for n, what in found.items() if what and n not in DIFFERENT]
    assert unexpected == []
    assert [n for n in found if n in DIFFERENT and not found[n]] == []


def test_no_transform_changes_what_a_record_was_read_with() -> None:
    """A dead letter, and other transforms' memories of schemas, rely on it."""
    for case in CASES:
        record = record_of(case)
        read = record.key_schema, record.key, record.value_schema, record.value, record.headers
        before = deepcopy(read)
        outcome(case, record)
        assert read == before, case["name"]


def test_every_transform_and_predicate_has_cases_that_are_accepted_and_refused() -> None:
    accepted, refused = Counter[str](), Counter[str]()
    for case in CASES:
        counter = refused if "refused" in RESULTS[case["name"]] else accepted
        counter[case["type"].partition("$")[0]] += 1
    families = {name.partition("$")[0] for name in _answered()}
    assert set(accepted) == families
    never_refuse = {"Filter", "predicates.RecordIsTombstone"}
    assert families - set(refused) == {
        f"org.apache.kafka.connect.transforms.{n}" for n in never_refuse
    }


def _answered() -> set[str]:
    """The Java names of everything that is bundled; the python transform has none."""
    plugins = [each for kind in (Kind.TRANSFORM, Kind.PREDICATE) for each in Catalog().list(kind)]
    bundled = [each for each in plugins if each.distribution == "sinkworker"]
    return {name for each in bundled for name in each.other_names}
