"""An e-bike factory: what its stages and sensors send to Kafka.

Owns the topics, which partition a record goes to, and what it says. A record is decided by the seed
and its number alone: the same ones come again, in any order and any process. Must not know a broker.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

ALERT, TREND = "kinaction_alert", "kinaction_alerttrend"
AUDIT, SENSOR = "kinaction_audit", "kinaction_sensor"
TOPICS = (ALERT, TREND, AUDIT, SENSOR)
NUMBERED_BY = dict(zip(TOPICS, ("alert_id", "trend_id", "audit_id", "reading_id"), strict=True))

CRITICAL_PARTITION = 0
STAGES, SENSORS = 50, 200
LEVELS = ("Critical", "Major", "Minor", "Warning")
ACTIONS = ("stage started", "stage stopped", "recipe changed", "torque approved")

EARLY_SHIFT = datetime(2026, 1, 5, 6, tzinfo=UTC)
EVERY_MS, HURRY_MS = 100, 2_000
AN_HOUR = 3_600_000 // EVERY_MS  # in records


class Event(NamedTuple):
    """A record to be. number: within its topic; its value says it, too. value: None ends its key."""

    topic: str
    partition: int
    number: int
    key: str | None
    value: Mapping[str, Any] | None
    timestamp_ms: int
    headers: Sequence[tuple[str, bytes]] = ()

    def encoded(self) -> bytes | None:
        return None if self.value is None else json.dumps(self.value).encode()


class Factory:
    """Everything that one factory sends. partitions: of each of its topics, at least two."""

    def __init__(self, seed: int = 1, partitions: int = 4) -> None:
        self._seed, self._partitions = seed, partitions
        self._makers = dict(
            zip(TOPICS, (self.alert, self.trend, self.audit, self.sensor), strict=True)
        )

    def events(self, count: int) -> Iterator[Event]:
        """So many events of all topics, mixed. Those of each topic are numbered from 0."""
        numbers: Counter[str] = Counter()
        for turn in range(count):
            topic = TOPICS[self._draw("turn", turn) % len(TOPICS)]
            yield self._makers[topic](numbers[topic])
            numbers[topic] += 1

    def alert(self, number: int) -> Event:
        """A stage needs attention. Critical alerts have a partition of their own, so that no others
        are before them. What came last for a stage and a level is how things stand."""
        draw = self._draw(ALERT, number)
        stage, level = draw % STAGES, LEVELS[min(draw // STAGES % 10, 3)]
        value = {
            "alert_id": number,
            "stage_id": stage,
            "level": level,
            "message": f"stage {stage} reports a temperature out of its range, sequence "
            f"{number:09d}, please look at the bearings and the coolant",
        }
        is_critical = level == LEVELS[0]
        partition = CRITICAL_PARTITION if is_critical else 1 + stage % (self._partitions - 1)
        key = json.dumps({"stage_id": stage, "level": level})
        return Event(ALERT, partition, number, key, value, self._time_ms(number))

    def trend(self, number: int) -> Event:
        """How many alerts a stage had in this hour so far. Keyed, and so grouped, by stage."""
        stage = self._draw(TREND, number) % STAGES
        hour = EARLY_SHIFT + timedelta(hours=number // AN_HOUR)
        value = {
            "trend_id": number,
            "stage_id": stage,
            "hour": hour.isoformat(),
            "alerts": number % AN_HOUR // STAGES + 1,
        }
        where = stage % self._partitions
        return Event(TREND, where, number, str(stage), value, self._time_ms(number))

    def audit(self, number: int) -> Event:
        """Who did what. Without a key: the partitions are filled in turn."""
        draw = self._draw(AUDIT, number)
        value = {
            "audit_id": number,
            "employee": f"E{100 + draw % 900}",
            "action": ACTIONS[draw // 900 % len(ACTIONS)],
            "stage_id": draw // 3600 % STAGES,
        }
        where = number % self._partitions
        return Event(AUDIT, where, number, None, value, self._time_ms(number))

    def sensor(self, number: int) -> Event:
        """A reading, keyed by its sensor. Headers say where it was taken, and by what."""
        draw, time_ms = self._draw(SENSOR, number), self._time_ms(number)
        sensor = draw % SENSORS
        value = {
            "reading_id": number,
            "sensor_id": sensor,
            "time": time_ms,
            "status": LEVELS[draw // SENSORS % len(LEVELS)],
        }
        headers = (("plant", b"ebike-1"), ("firmware", b"2.%d" % (sensor % 3)))
        where = sensor % self._partitions
        return Event(SENSOR, where, number, str(sensor), value, time_ms, headers)

    def _time_ms(self, number: int) -> int:
        """Events follow each other, and some are stamped earlier than the one before."""
        early = self._draw("time", number) % HURRY_MS
        return int(EARLY_SHIFT.timestamp() * 1000) + number * EVERY_MS - early

    def _draw(self, what: str, number: int) -> int:
        drawn = hashlib.blake2b(f"{self._seed} {what} {number}".encode(), digest_size=8)
        return int.from_bytes(drawn.digest())


def tombstone(event: Event) -> Event:
    """What says that the thing with this event's key is over."""
    return event._replace(value=None)
