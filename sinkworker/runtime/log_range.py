"""Reading ranges of logs once, beside whoever else reads them.

Owns where reading begins and ends. The consumer reads fixed partitions, so no group notices. Must not
know what is done with the records.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from operator import attrgetter
from typing import NamedTuple

from sinkworker.api import Offset, TopicPartition
from sinkworker.runtime.ports import Consumer, Fetched

POLL_MS = 500


class Range(NamedTuple):
    """Offsets from start to, not including, end."""

    start: int
    end: int


Ranges = Mapping[TopicPartition, Range]


def held(consumer: Consumer, wanted: Ranges) -> dict[TopicPartition, Range]:
    """What the logs hold of these ranges, as far as committed transactions go."""
    if not wanted:
        return {}
    ends = consumer.stable_ends(list(wanted))
    bounds = consumer.bounds(list(wanted))
    return {
        source: Range(max(start, bounds[source].start), min(end, ends[source]))
        for source, (start, end) in wanted.items()
    }


def read(consumer: Consumer, ranges: Ranges) -> Iterator[tuple[TopicPartition, Fetched]]:
    """Everything in ranges that the logs hold, in each one's order."""
    left = {source: each for source, each in ranges.items() if each.start < each.end}
    consumer.poll(0)  # its partitions are now there, and paused
    for source, each in left.items():
        consumer.seek(source, Offset(each.start))
    consumer.resume(left)
    while left:
        for source, fetched in consumer.poll(POLL_MS).fetched.items():
            if source not in left:
                continue
            end = left[source].end
            if fetched.next >= end:
                consumer.pause([source])
                del left[source]
            yield source, _until(fetched, end)


def _until(fetched: Fetched, end: int) -> Fetched:
    if fetched.next <= end:
        return fetched
    count = bisect_left(fetched.records, end, key=attrgetter("offset"))
    return fetched._replace(records=fetched.records[:count], next=end)
