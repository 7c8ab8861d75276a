"""What is done about a record that failed, and the words for it."""

from __future__ import annotations

import json
import logging

import pytest

from sinkworker.api import DataError, ErrantRecord, Stage
from sinkworker.runtime.tolerance import Tolerance, ToleranceMode, reason, sentence
from tests.unit.runtime.builders import P0


def errant(error: Exception) -> ErrantRecord:
    return ErrantRecord(P0, 5, Stage.VALUE_CONVERTER, error, None, b"key", b"value", [("h", b"1")])


@pytest.mark.parametrize(("mode", "accepted"), [("none", False), ("all", True)])
def test_the_mode_decides_whether_to_go_on(mode: str, accepted: bool) -> None:
    tolerance = Tolerance(ToleranceMode(mode), log_errors=False, include_messages=False)
    assert tolerance.accepts(errant(DataError("bad"))) is accepted


@pytest.mark.parametrize(
    ("log_errors", "include_messages", "lines"),
    [
        (False, True, []),
        (True, False, ["Skipped a record: alerts-0 offset 5 failed in VALUE_CONVERTER: bad"]),
        (True, True, ["Skipped a record: alerts-0 offset 5 failed in VALUE_CONVERTER: bad "
                      "(key b'key', value b'value', headers [('h', b'1')])"]),
    ],
)  # fmt: skip
def test_a_skipped_record_is_logged_as_far_as_it_was_asked_for(
    log_errors: bool, include_messages: bool, lines: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    tolerance = Tolerance(
        ToleranceMode.ALL, log_errors=log_errors, include_messages=include_messages
    )
    with caplog.at_level(logging.INFO):
        tolerance.accepts(errant(DataError("bad")))
    assert caplog.messages == lines


def test_a_record_that_is_not_tolerated_is_not_said_to_be_skipped(
    caplog: pytest.LogCaptureFixture,
) -> None:
    Tolerance(ToleranceMode.NONE, log_errors=True, include_messages=True).accepts(
        errant(DataError("bad"))
    )
    assert caplog.messages == []


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (DataError("no\n  such   column"), "no such column"),
        (ValueError("too long"), "ValueError: too long"),
        (ValueError(), "ValueError"),
        (json.JSONDecodeError("Expecting value", "secret", 0),
         "JSONDecodeError: Expecting value: line 1 column 1 (char 0)"),
    ],
)  # fmt: skip
def test_a_reason_is_one_line_and_names_the_class_of_foreign_errors(
    error: Exception, text: str
) -> None:
    assert reason(error) == text
    assert sentence(errant(error)) == f"alerts-0 offset 5 failed in VALUE_CONVERTER: {text}"
