"""What became of a partition's offset, step by step.

Owns the entries of a sink's ledger. Must not know how any sink keeps them.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from sinkworker.api.record import TopicPartition

Step = Literal["seed", "claim", "commit", "alter", "replay"]


class LedgerEntry(NamedTuple):
    """One step of one partition. The entries of a partition lie end to end: a gap between two
    `commit`s, or an overlap, is one that a `claim` or an `alter` between them explains, or a fault.

    from_offset, to_offset: the next offset to read, before and after; None: it was, or is, reset.
    records + filtered + errant + gaps: the distance that a commit goes. A `replay` moves no
    offset: what lies between was written again; or nothing does, and some dead letters are records now.
    owner: which task of which process. config: names the configuration it ran under; None: not known.
    at_ms: when, in ms since 1970, by the store's clock.
    """

    source: TopicPartition
    kind: Step
    epoch: int
    from_offset: int | None
    to_offset: int | None
    records: int
    errant: int
    filtered: int
    gaps: int
    owner: str | None
    config: str | None
    at_ms: int
