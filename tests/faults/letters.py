"""The dead letters of a round: where they are, which there must be, and which there are.

Owns the connector's keys for them and what is right: in a table or in files each bad record once, in a
topic at least once, and nothing else. Must not use any of the worker's code.
"""

from __future__ import annotations

import json
from base64 import b64decode
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import psycopg

from tests.faults.chains import Chains
from tests.faults.findings import Case, Findings
from tests.faults.history import History
from tests.services.kafka_tools import KafkaTools

TABLE, TOPIC, FILES = "table", "topic", "files"
PREFIX = "__connect.errors."


class Letter(NamedTuple):
    offset: int
    stage: str
    key: bytes | None
    value: bytes | None


Letters = dict[int, list[Letter]]
"""By partition."""


def keys(where: str, connector: str) -> dict[str, str]:
    """Of the connector's file."""
    if not where:
        return {}
    place = {
        TABLE: {"errors.deadletterqueue.table": "dead_letters"},
        TOPIC: {
            "errors.deadletterqueue.topic.name": f"{connector}-dead",
            "producer.override.delivery.timeout.ms": "3000",
            "producer.override.request.timeout.ms": "1000",
        },
        FILES: {"errors.deadletterqueue.path": f"{connector}-dead"},
    }[where]
    return {"errors.tolerance": "all", "errors.log.enable": "false"} | place


def check(findings: Findings, case: Case, log: History, stored: Mapping[int, int]) -> None:
    """Of the bad records before the stored offset each has its letter, and is counted."""
    found, counted = READERS[case.letters](case), _counted(case)
    for p, partition in log.partitions.items():
        every = [Letter(at, str(r.stage), r.k.encode(), r.encoded()) for at, r in partition.bad]
        wanted = [letter for letter in every if letter.offset < stored.get(p, 0)]
        _compare(findings, p, wanted, every, found.get(p, []), once=case.letters != TOPIC)
        if counted.get(p, 0) != len(wanted):
            findings.add("letters", f"partition {p}: {counted.get(p, 0)} are counted as errant "
                         f"instead of {len(wanted)}")  # fmt: skip


def _compare(
    findings: Findings, p: int, wanted: Iterable[Letter], every: Iterable[Letter],
    found: Iterable[Letter], *, once: bool,
) -> None:  # fmt: skip
    """In a topic a letter may be there several times, and before its offset is passed."""
    there = Counter(found)
    allowed = set(wanted) if once else set(every)
    for letter in set(wanted) - there.keys():
        findings.add("lost", f"partition {p}: the letter of offset {letter.offset}")
    for letter, times in there.items():
        if letter not in allowed:
            findings.add("phantom", f"partition {p}: a letter of offset {letter.offset}")
        elif once and times > 1:
            findings.add("duplicated", f"partition {p}: letter of offset {letter.offset}: {times}")


def _of_table(case: Case) -> Letters:
    query = (
        'SELECT partition, "offset", stage, key, value FROM dead_letters '
        "WHERE connector = %s AND topic = %s"
    )
    found: Letters = {}
    with psycopg.connect(case.url) as connection:
        for p, *letter in connection.execute(query, [case.connector, case.topic]):
            found.setdefault(p, []).append(Letter(*letter))
    return found


def _of_topic(case: Case) -> Letters:
    found: Letters = {}
    for messages in KafkaTools(case.bootstrap).read(f"{case.connector}-dead").values():
        for message in messages:
            said = {name.removeprefix(PREFIX): data.decode() for name, data in message.headers()}
            letter = Letter(int(said["offset"]), said["stage"], message.key(), message.value())
            found.setdefault(int(said["partition"]), []).append(letter)
    return found


def _of_files(case: Case) -> Letters:
    found: Letters = {}
    chains = Chains(case.url, case.connector, case.topic)
    for p in chains.partitions():
        for entry in chains.entries(p):
            for file in entry["errant"].get("files", ()):
                content = chains.get(file["key"]) or b""
                lines = [json.loads(line) for line in content.splitlines()]
                found.setdefault(p, []).extend(map(_of_line, lines))
    chains.close()
    return found


def _of_line(line: Mapping[str, Any]) -> Letter:
    key, value = (line[each] and b64decode(line[each]) for each in ("key", "value"))
    return Letter(line["offset"], line["stage"], key, value)


READERS: Mapping[str, Callable[[Case], Letters]] = {
    TABLE: _of_table, TOPIC: _of_topic, FILES: _of_files,
}  # fmt: skip


def _counted(case: Case) -> dict[int, int]:
    """How many records of each partition the store counts as errant."""
    if not case.url.startswith("http://"):
        query = (
            "SELECT partition, errant FROM sinkworker_offsets WHERE connector = %s AND topic = %s"
        )
        with psycopg.connect(case.url) as connection:
            return dict(connection.execute(query, [case.connector, case.topic]).fetchall())
    chains = Chains(case.url, case.connector, case.topic)
    counted = {
        p: sum(entry["counts"]["errant"] for entry in chains.entries(p))
        for p in chains.partitions()
    }
    chains.close()
    return counted
