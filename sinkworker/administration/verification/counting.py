"""How many rows there may be, where rows do not say where they were read.

Owns the numbers, by records and by keys. Pure. Must not know any sink or Kafka client.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence

from sinkworker.administration.verification.keys import Keys
from sinkworker.administration.verification.passes import passes
from sinkworker.administration.verification.report import BY_KEY, PlaceReport
from sinkworker.api import Audit, Counted, Holding, LedgerEntry, TopicPartition


def by_records(
    place: PlaceReport, holding: Holding, audit: Audit,
    history: Mapping[TopicPartition, Sequence[LedgerEntry]],
) -> None:  # fmt: skip
    """What was read again may have been deleted before, and rows with keys merge."""
    most = sum(_counted(audit, source).records for source in holding.sources)
    again = sum(
        min(each.commit.records, each.repeated)
        for source in holding.sources
        for each in passes(history[source])
    )
    place.least, place.most = 0 if holding.merges else most - again, most
    if holding.rows < place.least:
        place.problems.append(f"{place.least - holding.rows} row(s) missing: {_both(place)}")
    if holding.rows > most:
        place.problems.append(f"{holding.rows - most} row(s) too many: {_both(place)}")


def by_keys(
    place: PlaceReport, holding: Holding, audit: Audit, keys: Sequence[Keys]
) -> None:  # fmt: skip
    """As many rows as keys that live, if Kafka holds all that was committed; else at least those."""
    live = len(set[Hashable]().union(*(each.live for each in keys)))
    errant = sum(_counted(audit, source).errant for source in holding.sources)
    unsure = errant + sum(each.unsure for each in keys)
    place.compared, place.problems = BY_KEY, [*holding.flaws]
    is_complete = all(each.is_complete for each in keys)
    place.least, place.most = max(0, live - unsure), live + unsure if is_complete else None
    if holding.rows < place.least:
        place.problems.append(f"{place.least - holding.rows} row(s) missing: {_keys(place, live)}")
    if place.most is not None and holding.rows > place.most:
        place.problems.append(f"{holding.rows - place.most} row(s) too many: {_keys(place, live)}")


def _keys(place: PlaceReport, live: int) -> str:
    return f"it holds {place.rows}, and the log has {live} keys that were not deleted"


def _both(place: PlaceReport) -> str:
    return f"it holds {place.rows}, and {place.most} records were committed to it"


def _counted(audit: Audit, source: TopicPartition) -> Counted:
    return audit.counted.get(source, Counted(0, 0, 0, 0))
