"""Which offsets an operator's replay means, and writing them again.

Owns turning times into offsets, partition by partition. Must not know who asks, nor any sink.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import TypeAlias

from sinkworker.api import ConnectError, Coordinates, Rewriter, TopicPartition
from sinkworker.configuration import ConfiguredConnector
from sinkworker.runtime.log_range import Range, Ranges
from sinkworker.runtime.pipeline import Pipeline
from sinkworker.runtime.ports import Consumer
from sinkworker.runtime.rewriting import Outcome, RewritingContext, ranges, rewrite
from sinkworker.runtime.start import AtTime
from sinkworker.runtime.tolerance import Tolerance, ToleranceMode

Connect: TypeAlias = Callable[[Collection[TopicPartition]], Consumer]
TIMEOUT_MS = 60_000


@dataclass(frozen=True)
class Wanted:
    """From the first record at or after a time, or from an offset; up to the first one at or after
    another, or to an offset, or to the stored one. partitions: these only; none: all."""

    from_ms: int | None = None
    to_ms: int | None = None
    from_offset: int | None = None
    to_offset: int | None = None
    partitions: frozenset[TopicPartition] = frozenset()


@dataclass(frozen=True)
class Plan:
    """chosen: what was asked for. written: what is written again, later records of the same rows
    included. stored: where offsets stand."""

    chosen: Ranges
    written: Ranges
    stored: Mapping[TopicPartition, int]


class Replay:
    """One connector's range. connect: a consumer of these partitions, in no group."""

    def __init__(
        self, configured: ConfiguredConnector, connect: Connect, coordinates: Coordinates | None, *,
        deletes_first: bool,
    ) -> None:  # fmt: skip
        """ConnectError, with what to do instead, where the sink cannot."""
        self._configured, self._connect = configured, connect
        mode = (
            ToleranceMode.ALL if configured.settings.tolerance.is_tolerant else ToleranceMode.NONE
        )
        self._tolerance = Tolerance(mode, log_errors=False, include_messages=False)
        self._context = RewritingContext(
            configured.settings.name, self._tolerance, configured.config_hash, TIMEOUT_MS
        )
        self._rewriter = _rewriter(
            configured, self._context, coordinates, deletes_first=deletes_first
        )

    def planned(self, wanted: Wanted) -> Plan:
        """Nothing is changed, and nobody waits for it."""
        stored = self._stored()
        partitions = sorted(wanted.partitions or stored)
        unknown = [str(source) for source in partitions if source not in stored]
        if unknown or not partitions:
            what = ", ".join(unknown) or "its topics"
            raise ConnectError(
                f"No offsets are stored for {what} of {self._configured.settings.name}"
            )
        consumer = self._connect(partitions)
        try:
            starts = _offsets(consumer, partitions, wanted.from_ms, wanted.from_offset)
            ends = _offsets(consumer, partitions, wanted.to_ms, wanted.to_offset)
        finally:
            consumer.close()
        chosen = {
            source: Range(
                starts.get(source, 0), min(ends.get(source, stored[source]), stored[source])
            )
            for source in partitions
        }
        return Plan(chosen, ranges(chosen, stored, reads_on=self._rewriter.reads_on), stored)

    def done(self, plan: Plan) -> Outcome:
        """What was planned, up to where offsets stand by now. All of it, or nothing."""
        with closing(self._rewriter):
            consumer = self._connect(list(plan.chosen))
            try:
                return rewrite(
                    self._rewriter, consumer, self._pipeline(), self._context, plan.chosen
                )
            finally:
                consumer.close()

    def _stored(self) -> dict[TopicPartition, int]:
        store = self._configured.connector.offset_store()
        if store is None:
            return {}
        with closing(store):
            return {p: held.next for p, held in store.read().items() if held.next is not None}

    def _pipeline(self) -> Pipeline:
        made = self._configured.conversion()
        return Pipeline(
            made.key_converter, made.value_converter, made.steps, self._tolerance,
            made.header_converter,
        )  # fmt: skip


def _rewriter(
    configured: ConfiguredConnector, context: RewritingContext, coordinates: Coordinates | None, *,
    deletes_first: bool,
) -> Rewriter:  # fmt: skip
    made = configured.connector.rewriter(context, coordinates, deletes_first=deletes_first)
    if made is None:
        raise ConnectError(
            f"The sink of connector {configured.settings.name} cannot write again what it has written. "
            "Write the range to another place with a connector of another name, or set the offsets "
            "back (`sinkworker offsets set --to-datetime …`) and have it all a second time"
        )
    return made


def _offsets(
    consumer: Consumer,
    partitions: Collection[TopicPartition],
    time_ms: int | None,
    offset: int | None,
) -> Mapping[TopicPartition, int]:
    """Empty where neither is given."""
    if offset is not None:
        return dict.fromkeys(partitions, offset)
    return AtTime(time_ms).offsets(consumer, partitions) if time_ms is not None else {}
