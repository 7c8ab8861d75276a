"""Rows that say where they were read, held against the commits and against the log.

Owns what is missing, twice, or too much. Pure. Must not know any sink or Kafka client.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from sinkworker.administration.verification.passes import (
    Pass,
    Times,
    count_within,
    passes,
    within,
)
from sinkworker.api import Counted, LedgerEntry
from sinkworker.runtime.log_range import Range
from sinkworker.runtime.ports import Identity

NAMED_AT_MOST = 10


@dataclass
class Compared:
    """missing, twice: how many rows. problems: what is to be said of them."""

    missing: int = 0
    twice: int = 0
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Log:
    """The offsets of all records that Kafka holds in a range, ascending. identity: of which log."""

    range: Range
    offsets: Sequence[int]
    identity: Identity


def compare(
    found: Sequence[int], steps: Sequence[LedgerEntry], counted: Counted, log: Log | None
) -> Compared:
    """found: the offsets of rows, ascending, one for each row. log: None leaves Kafka out."""
    compared, commits = Compared(), passes(steps)
    _find_duplicates(compared, found, Times.of(commits))
    distinct = array("q", (offset for offset, _ in groupby(found)))
    letters = _written_letters(steps)
    for each in commits:
        letters = _compare_commit(compared, distinct, each, log, letters)
    if log is not None:
        _compare_older(compared, distinct, steps, counted, log)
    return compared


def beyond(found: Sequence[int], end: int) -> str | None:
    """Rows of offsets that nobody ever committed."""
    count = len(within(found, Range(end, 2**63)))
    return f"{count} row(s) of offsets from {end} on, which were never committed" if count else None


def find_twice(compared: Compared, found: Sequence[int]) -> None:
    """Where a row stands for all records of a key, no offset may be there twice."""
    _find_duplicates(compared, found, Times((), ()))


def _find_duplicates(compared: Compared, found: Sequence[int], times: Times) -> None:
    """What was committed twice, because an operator had it read again, may be there twice."""
    extra = array("q")
    for offset, rows in groupby(found):
        surplus = sum(1 for _ in rows) - 1
        if surplus and surplus >= max(1, times.at(offset)):
            extra.append(offset)
            compared.twice += surplus + 1 - max(1, times.at(offset))
    if extra:
        compared.problems.append(f"{compared.twice} row(s) too many: {_named(extra)}")


def _written_letters(steps: Sequence[LedgerEntry]) -> int:
    """Dead letters that became rows later, wherever their offsets are."""
    return sum(step.records for step in steps if step.kind == "replay" and step.errant < 0)


def _compare_commit(
    compared: Compared, distinct: Sequence[int], one: Pass, log: Log | None, letters: int
) -> int:
    """Its rows, as far as no later commit wrote them again. Returns the letters left to explain more."""
    commit, there = one.commit, count_within(distinct, one.last)
    absent = [offset for part in one.last for offset in _absent(distinct, part, log)]
    left_out = commit.errant + commit.filtered
    short = max(commit.records - one.repeated - there, len(absent) - left_out, 0)
    if short:
        compared.missing += short
        names = (
            _named(absent) if absent and len(absent) == short else f"among {one.start} to {one.end}"
        )
        compared.problems.append(f"{short} row(s) missing: {names}")
    surplus = max(0, there - commit.records)
    explained = min(surplus, letters)
    if surplus > explained:
        compared.problems.append(
            f"{surplus - explained} row(s) more than were committed from {one.start} to {one.end}"
        )
    return letters - explained


def _absent(distinct: Sequence[int], part: Range, log: Log | None) -> Iterator[int]:
    """What the log holds of a part, and the rows do not."""
    if log is None or part.start >= log.range.end or part.end <= log.range.start:
        return
    there = set(within(distinct, part))
    yield from (offset for offset in within(log.offsets, part) if offset not in there)


def _compare_older(
    compared: Compared, distinct: Sequence[int], steps: Sequence[LedgerEntry], counted: Counted,
    log: Log,
) -> None:  # fmt: skip
    """What was committed before the first step that the ledger remembers."""
    moves = [step for step in steps if step.kind != "replay"]
    first = moves[0].from_offset if moves else log.range.end
    commits = [step for step in steps if step.kind == "commit"]
    remembered = sum(s.records + s.errant + s.filtered + s.gaps for s in commits)
    distance = sum(counted) - remembered
    if first is None or distance <= 0:
        return
    counts = [step for step in steps if step.kind == "commit" or step.errant < 0]
    left_out = counted.errant + counted.filtered - sum(s.errant + s.filtered for s in counts)
    part = Range(max(log.range.start, first - distance), first)
    absent = list(_absent(distinct, part, log))
    if len(absent) > left_out:
        compared.missing += len(absent) - left_out
        names = _named(absent) if left_out == 0 else f"among {part.start} to {part.end}"
        compared.problems.append(
            f"{len(absent) - left_out} row(s) missing: {names}; or an operator skipped them before "
            f"the ledger begins, at {first}"
        )


def unread(commits: Sequence[Pass], log: Log) -> str | None:
    """What the ledger counts as offsets without a record, and Kafka holds."""
    for each in commits:
        commit = each.commit
        whole = Range(each.start, each.end)
        surplus = count_within(log.offsets, [whole]) - (each.length - commit.gaps)
        if surplus > 0:
            return (
                f"Kafka holds {surplus} record(s) more than were committed from {each.start} to "
                f"{each.end}"
            )
    return None


def _named(offsets: Sequence[int]) -> str:
    names = ", ".join(map(str, offsets[:NAMED_AT_MOST]))
    more = len(offsets) - NAMED_AT_MOST
    word = "offset" if len(offsets) == 1 else "offsets"
    return f"{word} {names}" + (f" and {more} more" if more > 0 else "")
