"""Lines made of readings: which task, what lag and rate, in which order."""

from __future__ import annotations

from dataclasses import replace

from sinkworker.top.cells import cells
from sinkworker.top.reading import Place, Reading, Task
from sinkworker.top.rows import Row, chosen, rows

A0, A1, B0 = Place("to-pg", "alerts", 0), Place("to-pg", "alerts", 1), Place("to-s3", "audit", 0)
READING = Reading(
    at=1000.0,
    states={
        "to-pg": {None: "RUNNING", 0: "RUNNING", 1: "FAILED"},
        "to-s3": {None: "STOPPED"},
    },
    stored={A0: 40, A1: 15, B0: 7},
    ends={A0: 100, A1: 15},
    held=frozenset({A0, A1}),
    owners={A0: "to-pg-0@here:1:aa", A1: "to-pg-1@here:1:bb"},
    committed={Task("to-pg", 0): 998.5},
    errors={Task("to-pg", 0): 3, Task("to-pg", 1): 0},
    letters={Task("to-pg", 0): 2, Task("to-pg", 1): 0},
)


def test_a_line_has_the_figures_of_its_partition_and_those_of_its_task() -> None:
    assert rows(READING)[0] == Row(
        "to-pg", 0, "RUNNING", "alerts", 0, "to-pg-0@here:1:aa", 40, 100, 60, None, 1.5, 3, 2
    )


def test_a_rate_is_what_was_stored_since_the_reading_before() -> None:
    before = replace(READING, at=998.0, stored={A0: 10, A1: 15})
    assert [row.rate for row in rows(READING, before)] == [15.0, 0.0, None]


def test_an_offset_that_was_moved_back_has_no_rate() -> None:
    before = replace(READING, at=998.0, stored={A0: 90})
    assert rows(READING, before)[0].rate is None


def test_a_partition_of_another_worker_has_an_owner_and_no_state() -> None:
    elsewhere = replace(
        READING, held=frozenset({A0}), owners={**READING.owners, A1: "to-pg-1@there:9:cc"}
    )
    found = [(row.task, row.state, row.partition) for row in rows(elsewhere)]
    assert (1, None, 1) in found
    assert (1, "FAILED", None) in found  # our task of that number, which holds nothing


def test_a_connector_without_tasks_has_a_line_with_its_own_state() -> None:
    nothing = replace(READING, stored={}, ends={}, held=frozenset(), owners={})
    assert [row[:3] for row in rows(nothing)] == [
        ("to-pg", 0, "RUNNING"), ("to-pg", 1, "FAILED"), ("to-s3", None, "STOPPED"),
    ]  # fmt: skip


def test_a_connector_whose_name_begins_like_another_s_keeps_its_tasks_apart() -> None:
    place = Place("to", "alerts", 0)
    reading = replace(
        READING, states={"to": {None: "RUNNING", 0: "RUNNING"}}, stored={place: 1}, ends={},
        held=frozenset({place}), owners={place: "to-pg-0@here:1:aa"},
    )  # fmt: skip
    assert [(row.task, row.state) for row in rows(reading)] == [(None, None), (0, "RUNNING")]


def test_lines_are_sorted_by_the_biggest_figure_and_filtered_by_any_text() -> None:
    found = rows(READING)
    assert [row.lag for row in chosen(found, sort="lag")] == [60, 0, None]
    assert [row.partition for row in chosen(found, "ALERTS-1")] == [1]
    assert [row.task for row in chosen(found, "failed")] == [1]
    assert [row.task for row in chosen(found, "to-pg-0@")] == [0]


def test_what_is_not_known_is_a_dash_and_old_commits_have_short_ages() -> None:
    assert cells(Row("c", 0, "RUNNING", commit_age=7300.0))[9:] == ["2h", "-", "-", "-"]
    assert cells(Row("c", 0, "RUNNING", commit_age=300.0))[9] == "5m"
    assert cells(Row("c", 0, "RUNNING", rate=12.6, commit_age=0.25))[8:10] == ["13", "0.2s"]
