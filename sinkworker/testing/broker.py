"""A Kafka broker in memory: logs, groups and their rebalances.

Owns the state that consumers share. For tests of sinks and of the engine; it keeps what matters to
them: offsets with gaps, retention, truncation, topic ids, generations, and that an old owner learns
late that its partitions have moved.
"""

from __future__ import annotations

import itertools
import threading
import uuid
from bisect import bisect_left
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from operator import attrgetter

from sinkworker.api import Header, Offset, TopicPartition
from sinkworker.runtime.ports import Assigned, Event, Lost, Revoked


@dataclass(frozen=True, slots=True)
class LogRecord:
    """Implements `ports.RawRecord`."""

    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[Header] = ()
    leader_epoch: int | None = 0


@dataclass(slots=True)
class Log:
    """One partition. `start` is the first retained offset, `end` the next to be written."""

    start: int = 0
    end: int = 0
    stable_end: int | None = None
    leader_epoch: int = 0
    records: list[LogRecord] = field(default_factory=list)
    epoch_ends: dict[int, int] = field(default_factory=dict)

    def readable_end(self) -> int:
        return self.end if self.stable_end is None else self.stable_end

    def from_offset(self, offset: int, at_most: int) -> list[LogRecord]:
        first = bisect_left(self.records, offset, key=attrgetter("offset"))
        stop = bisect_left(self.records, self.readable_end(), key=attrgetter("offset"))
        return self.records[first : min(stop, first + at_most)]


@dataclass(slots=True)
class Member:
    """A consumer in a group. It knows of its newest assignment only after its next poll."""

    owned: frozenset[TopicPartition] = frozenset()
    seen_generation: int = -1
    events: list[Event] = field(default_factory=list)


@dataclass(slots=True)
class Group:
    generation: int = 0
    members: dict[int, Member] = field(default_factory=dict)
    wanted: dict[int, Callable[[str], bool]] = field(default_factory=dict)
    committed: dict[TopicPartition, Offset] = field(default_factory=dict)


class InMemoryBroker:
    """One cluster. Safe to use from several threads."""

    def __init__(self, cluster_id: str | None = "in-memory") -> None:
        self.cluster_id = cluster_id
        self.lock = threading.RLock()
        self.logs: dict[TopicPartition, Log] = {}
        self.topic_ids: dict[str, str] = {}
        self._groups: dict[str, Group] = {}
        self._member_ids = itertools.count(1)
        self._clock_ms = 1_700_000_000_000

    # topics

    def create_topic(self, name: str, partitions: int = 1) -> None:
        with self.lock:
            self.topic_ids[name] = str(uuid.uuid4())
            self.add_partitions(name, partitions)

    def add_partitions(self, name: str, total: int) -> None:
        with self.lock:
            for partition in range(total):
                self.logs.setdefault(TopicPartition(name, partition), Log())
            self._rebalance_all()

    def delete_topic(self, name: str) -> None:
        with self.lock:
            del self.topic_ids[name]
            for partition in [p for p in self.logs if p.topic == name]:
                del self.logs[partition]
            self._rebalance_all()

    def recreate_topic(self, name: str, partitions: int = 1) -> None:
        """Deleted and created again between two metadata updates: no consumer sees it leave."""
        with self.lock:
            self.topic_ids[name] = str(uuid.uuid4())
            self.logs |= {TopicPartition(name, p): Log() for p in range(partitions)}

    # records

    def produce(
        self,
        source: TopicPartition,
        value: bytes | None,
        key: bytes | None = None,
        headers: Sequence[Header] = (),
        timestamp: int | None = None,
    ) -> int:
        """Append one record; returns its offset. Time passes by a millisecond a record."""
        with self.lock:
            log = self.logs[source]
            self._clock_ms += 1
            time_ms = self._clock_ms if timestamp is None else timestamp
            offset = log.end
            log.records.append(LogRecord(offset, time_ms, key, value, headers, log.leader_epoch))
            log.end += 1
            return offset

    def leave_gap(self, source: TopicPartition, offsets: int = 1) -> None:
        """Offsets without a record: transaction markers, aborted or compacted records."""
        with self.lock:
            self.logs[source].end += offsets

    def hold_back(self, source: TopicPartition, stable_end: int | None) -> None:
        """An open transaction begins at this offset; None: it has ended."""
        with self.lock:
            self.logs[source].stable_end = stable_end

    def delete_records(self, source: TopicPartition, before: int) -> None:
        with self.lock:
            log = self.logs[source]
            log.start = before
            log.records = [record for record in log.records if record.offset >= before]

    def truncate(self, source: TopicPartition, end: int) -> None:
        """An unclean leader election: a new leader that never had the last records."""
        with self.lock:
            log = self.logs[source]
            log.records = [record for record in log.records if record.offset < end]
            log.end = end
            log.epoch_ends[log.leader_epoch] = end
            log.leader_epoch += 1

    # groups

    def group(self, name: str) -> Group:
        return self._groups.setdefault(name, Group())

    def join(self, group: str, wants: Callable[[str], bool]) -> int:
        with self.lock:
            member = next(self._member_ids)
            self.group(group).members[member] = Member()
            self.group(group).wanted[member] = wants
            self._rebalance(self.group(group))
            return member

    def leave(self, group: str, member: int) -> None:
        with self.lock:
            if self.group(group).members.pop(member, None) is not None:
                self.group(group).wanted.pop(member)
                self._rebalance(self.group(group))

    def expel(self, group: str, member: int) -> None:
        """As after a session timeout: its partitions go to others; it learns so at its next poll."""
        with self.lock:
            state = self.group(group)
            expelled = state.members[member]
            expelled.events.append(Lost(expelled.owned))
            expelled.owned = frozenset()
            state.generation += 1
            self._give(state, {m for m in state.members if m != member} or {member})

    def take_events(self, group: str, member: int) -> list[Event]:
        """What a member learns at a poll. One that owns nothing, and should, joins again."""
        with self.lock:
            state = self.group(group)
            if member not in state.members:
                return []
            own = state.members[member]
            was_expelled = any(isinstance(event, Lost) for event in own.events)
            events, own.events = own.events, []
            if was_expelled:
                self._rebalance(state)
                events, own.events = events + own.events, []
            own.seen_generation = state.generation
            return events

    def accepts_commit(self, group: str, member: int) -> bool:
        """Only of a member that has seen the current generation."""
        with self.lock:
            state = self.group(group)
            return (
                member in state.members
                and state.members[member].seen_generation == state.generation
            )

    def _rebalance_all(self) -> None:
        for state in self._groups.values():
            self._rebalance(state)

    def _rebalance(self, state: Group) -> None:
        state.generation += 1
        self._give(state, set(state.members))

    def _give(self, state: Group, members: Collection[int]) -> None:
        """Deal partitions to members in turn, and put the differences into their events."""
        dealt: dict[int, set[TopicPartition]] = {member: set() for member in state.members}
        for index, partition in enumerate(sorted(self.logs)):
            takers = [m for m in sorted(members) if state.wanted[m](partition.topic)]
            if takers:
                dealt[takers[index % len(takers)]].add(partition)
        for member, now in dealt.items():
            own = state.members[member]
            if own.owned - now:
                own.events.append(Revoked(frozenset(own.owned - now)))
            if now - own.owned:
                own.events.append(Assigned(frozenset(now - own.owned)))
            own.owned = frozenset(now)
