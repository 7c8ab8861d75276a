"""What the judge of fault rounds says of dead letters."""

from __future__ import annotations

from random import Random

import pytest

from tests.faults.cargo import BAD_JSON, BAD_ROW, Cargo, decoded, make
from tests.faults.findings import Findings
from tests.faults.letters import Letter, _compare

FIRST, SECOND, LATER = (Letter(n, "TASK_PUT", b"k", b"%d" % n) for n in (1, 2, 9))


@pytest.mark.parametrize(
    ("found", "in_table", "in_topic"),
    [
        ([FIRST, SECOND], {}, {}),
        ([SECOND], {"lost": 1}, {"lost": 1}),
        ([FIRST, SECOND, SECOND], {"duplicated": 1}, {}),
        ([FIRST, SECOND, LATER], {"phantom": 1}, {}),
        ([FIRST, SECOND._replace(value=b"x")], {"lost": 1, "phantom": 1},
         {"lost": 1, "phantom": 1}),
        ([FIRST, SECOND._replace(stage="TRANSFORMATION")], {"lost": 1, "phantom": 1},
         {"lost": 1, "phantom": 1}),
    ],
)  # fmt: skip
def test_each_letter_is_there_once_or_in_a_topic_at_least_once(
    found: list[Letter], in_table: dict[str, int], in_topic: dict[str, int]
) -> None:
    for once, wanted in ((True, in_table), (False, in_topic)):
        findings = Findings()
        _compare(findings, 0, [FIRST, SECOND], [FIRST, SECOND, LATER], found, once=once)
        assert dict(findings.counts) == wanted


def test_a_bad_record_is_known_by_its_body_wherever_it_is_read() -> None:
    records = make(Random(1), 0, range(500), 5, 0.0, (BAD_JSON, BAD_ROW))
    stages = {record.stage for record in records}
    assert stages == {None, "VALUE_CONVERTER", "TASK_PUT"}
    for record in records:
        value = record.encoded()
        assert value is not None
        assert decoded(0, b"k", value) == record
        assert value.endswith(b"}!") is (record.stage == "VALUE_CONVERTER")


def test_a_tombstone_is_never_bad() -> None:
    assert Cargo(0, 1, "k", None).stage is None
