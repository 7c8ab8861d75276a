"""What the journal of a crash test proves: where each run went on, and whether that was right.

Owns the rule: a run goes on exactly where the last completed flush ended or, when the process died
within a flush, there or where that flush would have ended. Anything else has lost records, or writes
them again. Must not know how runs are made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sinkworker.api import Delivery, StoredOffset, TopicPartition
from sinkworker.testing.crashing.journal import Event


@dataclass
class Course:
    """One partition so far.

    flushed: everything before it is. attempted: what a flush whose end nobody has seen was for.
    records: how many were written, and how many more if that flush took effect.
    """

    delivery: Delivery
    flushed: int | None = None
    attempted: int | None = None
    epoch: int = -1
    records: int = 0
    records_attempted: int = 0

    def attempts(self, to: int, records: int) -> None:
        self.attempted, self.records_attempted = to, records

    def succeeded(self) -> int:
        """The flush has taken effect. How many records it wrote."""
        self.flushed, self.attempted = self.attempted, None
        self.records += self.records_attempted
        return self.records_attempted

    def opened(self, next_: int, epoch: int) -> str | None:
        """What is wrong with going on there, if anything."""
        if next_ == self.attempted:
            self.succeeded()
        wrong = self._wrong_place(next_) or self._wrong_epoch(epoch)
        self.flushed, self.attempted, self.epoch = next_, None, epoch
        return wrong

    def _wrong_place(self, next_: int) -> str | None:
        flushed, attempted = self.flushed, self.attempted
        if flushed is None or next_ == flushed:
            return None
        if next_ < flushed:
            again = f"everything before {flushed} was flushed: {flushed - next_} are written again"
            return again if self.delivery is Delivery.EXACTLY_ONCE else None
        if attempted is not None and next_ < attempted:
            return f"a flush from {flushed} to {attempted} was broken off, and must be one step"
        return f"only what comes before {flushed} was flushed: {next_ - flushed} are lost"

    def _wrong_epoch(self, epoch: int) -> str | None:
        if epoch > self.epoch or self.delivery is Delivery.AT_LEAST_ONCE:
            return None
        return f"its epoch {epoch} is not higher than that of the last claim, {self.epoch}"


@dataclass
class Verdict:
    """Reads the events of one run after the other.

    problems: what no exact sink does. kills: where the processes were ended. delivered: where each
    partition stood in the end. stops: why some records are not through.
    """

    delivery: Delivery
    problems: list[str] = field(default_factory=list)
    kills: list[str] = field(default_factory=list)
    delivered: dict[TopicPartition, int] = field(default_factory=dict)
    stops: list[str] = field(default_factory=list)
    _courses: dict[TopicPartition, Course] = field(default_factory=dict)
    _runs: int = 0

    @property
    def records(self) -> int:
        """How many were written, once each, if there is no problem."""
        return sum(course.records for course in self._courses.values())

    def read(self, events: Sequence[Event]) -> str:
        """What happened in this run, in a line."""
        self._runs += 1
        opened, wrote, end, flushing = "opened nothing", 0, "failed", list[Course]()
        for event in events:
            match event["event"]:
                case "opened":
                    opened = self._opened(event)
                case "flush":
                    flushing = self._flush(event)
                case "flushed":
                    wrote += sum(course.succeeded() for course in flushing)
                case "killed":
                    end = f"SIGKILL {event['where']}"
                    self.kills.append(event["where"])
                case "ended":
                    end = self._ended(event)
        return f"run {self._runs}: {opened}; {wrote} written; {end}"

    def _opened(self, event: Event) -> str:
        places = []
        for topic, partition, next_, epoch in event["claims"]:
            source = TopicPartition(topic, partition)
            wrong = self._course(source).opened(next_, epoch)
            if wrong is not None:
                self.problems.append(f"{source}: run {self._runs} went on at {next_}, and {wrong}")
            places.append(f"{source} from {next_} (epoch {epoch})")
        return ", ".join(places) or "opened nothing"

    def _flush(self, event: Event) -> list[Course]:
        flushing = []
        for topic, partition, to, records in event["moves"]:
            flushing.append(self._course(TopicPartition(topic, partition)))
            flushing[-1].attempts(to, records)
        return flushing

    def _ended(self, event: Event) -> str:
        for topic, partition, position, cause in event["partitions"]:
            self.delivered[TopicPartition(topic, partition)] = position
            if cause is not None:
                self.stops.append(cause)
        if event["waiting_for"] and not self.stops:
            self.stops.append(event["waiting_for"])
        return "stopped" if self.stops else "all are through"

    def _course(self, source: TopicPartition) -> Course:
        return self._courses.setdefault(source, Course(self.delivery))

    def compare(self, stored: Mapping[TopicPartition, StoredOffset]) -> list[str]:
        """What was delivered beside what is stored, a line for each partition."""
        lines = []
        for source, position in self.delivered.items():
            held = stored[source].next if source in stored else None
            lines.append(f"{source}: delivered up to {position}, stored {held}")
            if held != position:
                self.problems.append(f"{source}: what is stored is not what was delivered")
        return lines
