"""The steps of one partition's ledger: whether they lie end to end, and what operators did.

Owns the rules of a ledger. Pure. Must not know rows or Kafka.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from sinkworker.api import LedgerEntry, StoredOffset

RAISING = ("claim", "alter")


def problems(steps: Sequence[LedgerEntry], stored: StoredOffset) -> list[str]:
    """Sentences about one partition, its steps oldest first. A replay moves no offset."""
    steps = [step for step in steps if step.kind != "replay"]
    found = [flaw for step in steps for flaw in _of_one(step)]
    found += [flaw for before, step in pairwise(steps) for flaw in _of_two(before, step)]
    return [*found, *_of_the_end(steps, stored)]


def _of_one(step: LedgerEntry) -> Iterator[str]:
    start, end = step.from_offset, step.to_offset
    if step.kind != "commit":
        return
    counted = step.records + step.errant + step.filtered + step.gaps
    if start is None or end is None or end - start != counted:
        yield f"the ledger's commit from {start} to {end} counts {counted} offsets"


def _of_two(before: LedgerEntry, step: LedgerEntry) -> Iterator[str]:
    is_first = step.kind == "claim" and before.to_offset is None
    if step.from_offset != before.to_offset and not is_first:
        yield (
            f"the ledger has a {step.kind} from {step.from_offset} after a {before.kind} that ended "
            f"at {before.to_offset}"
        )
    rises = step.epoch > before.epoch
    if rises != (step.kind in RAISING) or step.epoch < before.epoch:
        yield (
            f"the ledger has a {step.kind} of epoch {step.epoch} after a {before.kind} of epoch "
            f"{before.epoch}"
        )


def _of_the_end(steps: Sequence[LedgerEntry], stored: StoredOffset) -> Iterator[str]:
    if not steps:
        if stored.epoch > 0:
            yield f"the ledger has no step that led to the stored offset {stored.next}"
        return
    last = steps[-1]
    if (last.to_offset, last.epoch) != (stored.next, stored.epoch):
        yield (
            f"the ledger ends at {last.to_offset} with epoch {last.epoch}, and the stored offset is "
            f"{stored.next} with epoch {stored.epoch}: it was moved past the ledger"
        )


def moves(steps: Sequence[LedgerEntry]) -> list[LedgerEntry]:
    """What operators did to the offset."""
    return [step for step in steps if step.kind == "alter" and step.from_offset != step.to_offset]


def told(move: LedgerEntry) -> str:
    old, new = move.from_offset, move.to_offset
    if new is None:
        return f"an operator reset it at {old}"
    if old is None:
        return f"an operator set it to {new}"
    if new < old:
        return f"an operator set it back from {old} to {new}: {old - new} offsets are read again"
    return f"an operator set it on from {old} to {new}: {new - old} offsets are skipped"
