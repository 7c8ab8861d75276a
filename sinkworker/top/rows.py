"""Lines of connectors, tasks and partitions, made of two readings.

Owns which task a partition belongs to, rates, sorting and filtering. Must not know how lines are shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sinkworker.top.reading import Place, Reading, Task


class Row(NamedTuple):
    """One partition of one task; of a task without partitions, or a connector without tasks, one too.

    state: the task's, None when another worker runs it. rate: offsets stored a second, None without
    a reading before. commit_age, errors, dead_letters: the task's.
    """

    connector: str
    task: int | None
    state: str | None
    topic: str | None = None
    partition: int | None = None
    owner: str | None = None
    stored: int | None = None
    end: int | None = None
    lag: int | None = None
    rate: float | None = None
    commit_age: float | None = None
    errors: int | None = None
    dead_letters: int | None = None


SORTS = ("connector", "lag", "rate", "age", "errors", "letters")
_FIELDS = {"rate": "rate", "age": "commit_age", "errors": "errors", "letters": "dead_letters"}


def rows(now: Reading, before: Reading | None = None) -> list[Row]:
    places = sorted({*now.stored, *now.ends, *now.owners})
    found = [_of_place(place, now, before) for place in places if place.connector in now.states]
    return sorted([*found, *_without_partitions(now, found)], key=_by_name)


def _of_place(place: Place, now: Reading, before: Reading | None) -> Row:
    owner, stored, end = now.owners.get(place), now.stored.get(place), now.ends.get(place)
    task = _task(place.connector, owner)
    states = now.states[place.connector]
    here = place in now.held and task is not None
    state = states.get(task) if here else _of_stopped(states)
    lag = max(0, end - stored) if end is not None and stored is not None else None
    return Row(
        place.connector, task, state, place.topic, place.partition,
        owner, stored, end, lag, _rate(place, now, before),
        *(_of_task(Task(place.connector, task), now) if here and task is not None else ()),
    )  # fmt: skip


def _of_stopped(states: Mapping[int | None, str]) -> str | None:
    """The connector's own state, when this worker has no tasks of it."""
    return states[None] if len(states) == 1 else None


def _task(connector: str, owner: str | None) -> int | None:
    """An owner is called <connector>-<task>@<host>…"""
    found = re.match(re.escape(connector) + r"-(\d+)@", owner or "")
    return int(found[1]) if found else None


def _rate(place: Place, now: Reading, before: Reading | None) -> float | None:
    """None also where the offset went back: an operator's hand is no speed."""
    if before is None or place not in before.stored or place not in now.stored:
        return None
    passed, seconds = now.stored[place] - before.stored[place], now.at - before.at
    return passed / seconds if passed >= 0 and seconds > 0 else None


def _of_task(task: Task, now: Reading) -> tuple[float | None, int | None, int | None]:
    committed = now.committed.get(task)
    age = max(0.0, now.at - committed) if committed is not None else None
    return age, now.errors.get(task), now.letters.get(task)


def _without_partitions(now: Reading, found: Iterable[Row]) -> Iterator[Row]:
    shown = {(row.connector, row.task) for row in found if row.state is not None}
    for connector, states in now.states.items():
        tasks = [number for number in states if number is not None]
        for number in tasks:
            if (connector, number) not in shown:
                age, errors, letters = _of_task(Task(connector, number), now)
                yield Row(
                    connector, number, states[number],
                    commit_age=age, errors=errors, dead_letters=letters,
                )  # fmt: skip
        if not tasks and not any(name == connector for name, _ in shown):
            yield Row(connector, None, states[None])


def _by_name(row: Row) -> tuple[Any, ...]:
    task = -1 if row.task is None else row.task
    return row.connector, task, row.topic or "", row.partition or 0


def chosen(found: Sequence[Row], text: str = "", sort: str = "connector") -> list[Row]:
    """Rows in which a text occurs; the biggest first, unless they are sorted by name."""
    words = text.lower()
    left = [row for row in found if words in _searched(row)]
    if sort == "connector":
        return left
    field = _FIELDS.get(sort, sort)
    return sorted(left, key=lambda row: -(getattr(row, field) or 0))


def _searched(row: Row) -> str:
    parts = (row.connector, row.state, f"{row.topic}-{row.partition}", row.owner)
    return " ".join(part for part in parts if part).lower()
