"""What a worker says of itself at one moment: its connectors' states, its metrics, the stores' owners.

Owns asking for these and reading them. Must not know how they are shown.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

STORED, END = "sinkworker_stored_offset", "sinkworker_log_end_offset"
COMMITTED = "sinkworker_last_commit_timestamp_seconds"
ERRORS = "kafka_connect_task_error_metrics_total_record_errors"
LETTERS = "sinkworker_dead_letters_total"

Ask = Callable[[str, str], Any]


class Place(NamedTuple):
    """One partition of one connector."""

    connector: str
    topic: str
    partition: int


class Task(NamedTuple):
    connector: str
    number: int


@dataclass(frozen=True)
class Reading:
    """states: of connectors and of their tasks. held: what this worker's tasks hold.

    committed, errors, letters: of a task. owners, stored: as the stores say, whichever worker it is.
    """

    at: float
    states: Mapping[str, Mapping[int | None, str]]
    stored: Mapping[Place, int]
    ends: Mapping[Place, int]
    held: frozenset[Place]
    owners: Mapping[Place, str]
    committed: Mapping[Task, float]
    errors: Mapping[Task, int]
    letters: Mapping[Task, int]
    problems: tuple[str, ...] = ()


def read(ask: Ask, now: Callable[[], float] = time.time) -> Reading:
    """ask: a method and a path → what the answer says."""
    expanded = ask("GET", "/connectors?expand=status")
    metrics = _Metrics(ask("GET", "/metrics"))
    cluster = ask("GET", "/sinkworker/v1/cluster")
    at_stores = {_place(row): row for row in cluster["partitions"]}
    in_memory = metrics.of_places(STORED)
    return Reading(
        at=now(),
        states={name: _states(each["status"]) for name, each in expanded.items()},
        stored=_stored(at_stores) | in_memory,
        ends=metrics.of_places(END),
        held=frozenset(in_memory),
        owners={place: row["owner"] for place, row in at_stores.items() if row["owner"]},
        committed=dict(metrics.of_tasks(COMMITTED)),
        errors={task: int(value) for task, value in metrics.of_tasks(ERRORS)},
        letters={task: int(value) for task, value in metrics.of_tasks(LETTERS)},
        problems=tuple(cluster["problems"]),
    )


def _states(status: dict[str, Any]) -> dict[int | None, str]:
    of_tasks = {task["id"]: task["state"] for task in status["tasks"]}
    return {None: status["connector"]["state"], **of_tasks}


def _place(row: dict[str, Any]) -> Place:
    of = row["partition"]
    return Place(row["connector"], of["kafka_topic"], of["kafka_partition"])


def _stored(rows: Mapping[Place, dict[str, Any]]) -> dict[Place, int]:
    return {
        place: row["offset"]["kafka_offset"]
        for place, row in rows.items()
        if row["offset"] is not None
    }


class _Metrics:
    """The samples of one page, by the metric's name."""

    def __init__(self, page: str) -> None:
        self._samples: dict[str, list[Sample]] = defaultdict(list)
        for family in text_string_to_metric_families(page):
            for sample in family.samples:
                self._samples[sample.name].append(sample)

    def of_places(self, name: str) -> dict[Place, int]:
        return {
            Place(labels["connector"], labels["topic"], int(labels["partition"])): int(value)
            for labels, value in self._of(name)
        }

    def of_tasks(self, name: str) -> Iterator[tuple[Task, float]]:
        for labels, value in self._of(name):
            yield Task(labels["connector"], int(labels["task"])), value

    def _of(self, name: str) -> Iterator[tuple[dict[str, str], float]]:
        for sample in self._samples.get(name, ()):
            yield sample.labels, sample.value
