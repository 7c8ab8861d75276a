"""Bugs that the suite must catch, each sown into a copy of the source.

Owns the bugs and where they are sown. `rounds` names those that can tell: if none of them fails, the
suite is blind. A suite that cannot fail proves nothing.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import NamedTuple

from tests.faults.campaign import Campaign, Result, Round

ROOT = Path(__file__).parents[2]
TRIES = 6
"""Rounds are random; so often a mutant may get away."""


class Edit(NamedTuple):
    """Replace a text that stands exactly once in a file."""

    file: str
    old: str
    new: str


class Mutant(NamedTuple):
    name: str
    rounds: tuple[str, ...]
    edits: tuple[Edit, ...]


OFFSETS_SQL = "connectors/postgres/sql/offsets.sql"
OFFSETS = "connectors/postgres/offsets.py"
TASK = "connectors/postgres/task.py"
OPENING = "sinkworker/runtime/opening.py"
SETTINGS = "sinkworker/kafka/settings.py"
CONFLUENT = "sinkworker/kafka/confluent"

MUTANTS = (
    Mutant(
        "the epoch is not compared", ("zombie wakes up before its heir writes",),
        (Edit(OFFSETS_SQL, "AND o.epoch = v.epoch AND o.next", "AND o.next"),),
    ),
    Mutant(
        "a claim does not raise the epoch", ("zombie wakes up before its heir writes",),
        (Edit(OFFSETS_SQL, "epoch = o.epoch + 1, owner = ex", "epoch = o.epoch, owner = ex"),),
    ),
    Mutant(
        "a refused offset is ignored", ("zombie *",),
        (Edit(OFFSETS, "if moved != len(items):", "if moved > len(items):"),),
    ),
    Mutant(
        "offsets are committed before the rows", ("kill at *",),
        (
            Edit(
                TASK, "            self._offsets.advance(advances)\n",
                "            self._offsets.advance(advances)\n"
                "        with self._session.connection.transaction():\n",
            ),
        ),
    ),
    Mutant(
        "offsets are committed after the rows", ("kill at *", "COMMIT*"),
        (
            Edit(TASK, "            self._offsets.advance(advances)\n", ""),
            Edit(
                TASK, "        self._stages.commit()\n",
                "        self._offsets.advance(advances)\n        self._stages.commit()\n",
            ),
        ),
    ),
    Mutant(
        "there is no transaction", ("kill at *",),
        (
            Edit(
                TASK, "        with self._session.connection.transaction():\n"
                "            self._offsets", "        if True:\n            self._offsets",
            ),
        ),
    ),
    Mutant(
        "a frozen owner is not ended", ("zombie at copy.mid",),
        (Edit(OFFSETS, 'self._execute("terminate", **where)', "pass"),),
    ),
    Mutant(
        "a buffer survives a reopen", ("error at put.after",),
        (
            Edit(
                "sinkworker/api/connector.py",
                "        for source in partitions:\n            self._buffers.pop(source, None)",
                "        pass",
            ),
        ),
    ),
    Mutant(
        "the offset is that of the last record, plus one", ("aborted transactions*", "compaction gaps"),
        (
            Edit(
                "sinkworker/kafka/consumer.py",
                "Fetched(start.offset, records, end.offset, end.leader_epoch)",
                "Fetched(start.offset, records, "
                "records[-1].offset + 1 if records else start.offset, end.leader_epoch)",
            ),
            Edit(f"{CONFLUENT}/consumer.py", "following = max(last, end)", "following = last"),
        ),
    ),
    Mutant(
        "records of aborted transactions are read", ("aborted transactions*",),
        (
            Edit(
                SETTINGS, '"isolation_level": "read_committed"',
                '"isolation_level": "read_uncommitted"',
            ),
            Edit(
                f"{CONFLUENT}/settings.py", '"isolation.level": "read_committed"',
                '"isolation.level": "read_uncommitted"',
            ),
        ),
    ),
    Mutant(
        "the password is logged", ("kill at *",),
        (
            Edit(
                "connectors/postgres/session.py",
                "            self._connection = connection\n",
                '            log.info("Connecting: %s", self._arguments())\n'
                "            self._connection = connection\n",
            ),
        ),
    ),
    Mutant(
        "a full disk is the record's fault", ("Postgres disk full",),
        (
            Edit(
                "connectors/postgres/failures.py", "    if RETRIABLE.fullmatch(state):",
                '    if state.startswith("53"):\n        return Kind.DATA\n'
                "    if RETRIABLE.fullmatch(state):",
            ),
        ),
    ),
    Mutant(
        "another topic of the same name is read on", ("topic recreated*",),
        (
            Edit(OFFSETS_SQL, " OR o.topic_id = excluded.topic_id)", " OR true)"),
            Edit(
                "sinkworker/api/offsets.py", "return _may_be_equal(self.topic_id, other.topic_id) and",
                "return",
            ),
        ),
    ),
    Mutant(
        "what is out of range is skipped", ("retention*", "log cut off*"),
        (
            Edit(
                OPENING, "if self._out_of_range is OutOfRange.FAIL:",
                "if self._out_of_range is None:",
            ),
        ),
    ),
    Mutant(
        "new partitions are read from their end", ("added partitions",),
        (
            Edit(
                OPENING, "            return EARLIEST\n        return self._start",
                "            return LATEST\n        return self._start",
            ),
        ),
    ),
    Mutant(
        "the first value of a key wins", ("kill at *",),
        (
            Edit(
                "connectors/postgres/merge.py", "{**self.values, **values}",
                "{**values, **self.values}",
            ),
        ),
    ),
    Mutant(
        "deletes are forgotten", ("kill at *",),
        (
            Edit(
                "connectors/postgres/merge.py",
                "            merged.delete(index)", "            merged.members.append(index)",
            ),
        ),
    ),
)  # fmt: skip


def sow(mutant: Mutant, into: Path) -> Path:
    """A copy of the source with this bug. ValueError when its place is not there any more."""
    for package in ("sinkworker", "connectors"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / package, into / package, ignore=ignored)
    for edit in mutant.edits:
        file = into / edit.file
        text = file.read_text()
        if text.count(edit.old) != 1:
            raise ValueError(f"{mutant.name}: {edit.old!r} stands {text.count(edit.old)} times")
        file.write_text(text.replace(edit.old, edit.new))
    return into


def hunt(
    mutant: Mutant, campaign: Campaign, rounds: Sequence[Round], source: Path
) -> Result | None:
    """The first round that catches it; None when it got away."""
    able = [n for n, each in enumerate(rounds) if any(fnmatch(each.name, p) for p in mutant.rounds)]
    if not able:
        raise ValueError(f"{mutant.name}: no round is named like {' or '.join(mutant.rounds)}")
    for number in _tries(able, len(rounds)):
        result = campaign.play(number, source)
        if result.error is not None and _is_its_fault(result, campaign):
            return result
    return None


def _tries(able: Sequence[int], count: int) -> Sequence[int]:
    """Spread over those that are able; where these are few, again with other dice."""
    spread = able[:: max(1, len(able) // TRIES)]
    return [number + again * count for again in range(TRIES) for number in spread][:TRIES]


def _is_its_fault(result: Result, campaign: Campaign) -> bool:
    """Anomalies tell. Whatever else a round broke off for must not happen without the bug."""
    return bool(result.outcome.anomalies) or campaign.play(result.number).error is None
