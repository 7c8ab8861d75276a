"""The steps of a ledger that an operator asks for.

Owns choosing them: stores give the newest of all partitions, as many as they are asked for. Must
not know who asks.
"""

from __future__ import annotations

from sinkworker.api import LedgerEntry, OffsetStore
from sinkworker.rest.port import LedgerQuestion

MORE = 4


def steps(store: OffsetStore, question: LedgerQuestion) -> list[LedgerEntry]:
    """The newest ones that are meant, newest last."""
    asked = question.limit
    while True:
        found = store.ledger(asked)
        chosen = [each for each in found if _is_meant(each, question)][: question.limit]
        is_all = len(found) < asked or _is_older(found[-1], question)
        if is_all or len(chosen) == question.limit:
            return chosen[::-1]
        asked *= MORE


def _is_meant(step: LedgerEntry, question: LedgerQuestion) -> bool:
    is_there = not question.partitions or step.source in question.partitions
    return is_there and not _is_older(step, question)


def _is_older(step: LedgerEntry, question: LedgerQuestion) -> bool:
    return question.since_ms is not None and step.at_ms < question.since_ms
