"""The page of metrics: prometheus-client's families, filled from the tasks' statuses.

Owns which number of a status is which metric. Names and helps are `runtime.metric_names`'.
"""

from __future__ import annotations

import itertools
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)

from sinkworker.rest.port import Administration
from sinkworker.runtime import metric_names as names
from sinkworker.runtime.assignment import State
from sinkworker.runtime.metrics import AGES, Ages, Measures
from sinkworker.runtime.status import Counters, PartitionStatus, TaskStatus
from sinkworker.runtime.worker import TaskId

Labels = tuple[str, ...]


def rendered(worker: Administration) -> tuple[bytes, str]:
    """The page and its media type."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collector(worker))
    return generate_latest(registry), CONTENT_TYPE_LATEST


class _Collector:
    """One scrape."""

    def __init__(self, worker: Administration) -> None:
        self._worker = worker
        self._samples: defaultdict[names.Metric, list[tuple[Labels, Any]]] = defaultdict(list)

    def describe(self) -> list[Metric]:
        return []

    def collect(self) -> Iterator[Metric]:
        statuses = self._worker.statuses()
        self._of_worker(statuses)
        for task, status in statuses.items():
            self._of_task(task, status)
        for metric in names.ALL:
            if self._samples[metric]:
                yield _family(metric, self._samples[metric])

    def _add(self, metric: names.Metric, value: Any, *labels: object) -> None:
        self._samples[metric].append((tuple(map(str, labels)), value))

    def _of_worker(self, statuses: Mapping[TaskId, TaskStatus]) -> None:
        connectors = self._worker.connectors()
        measures = [status.counters.measures for status in statuses.values()]
        self._add(names.INFO, 1, self._worker.worker().version)
        self._add(names.CONNECTORS, len(connectors))
        self._add(names.STRIMZI_CONNECTORS, len(connectors))
        self._add(names.TASKS, len(statuses))
        self._add(names.REBALANCES, sum(each.rebalances for each in measures))
        last = max((each.rebalanced_at for each in measures), default=0.0)
        if last:
            self._add(names.SINCE_REBALANCE, int((time.time() - last) * 1000))
        for name in connectors:
            self._add(names.CONNECTOR_STATUS, 1, name, self._worker.view(name).state.lower())

    def _of_task(self, task: TaskId, status: TaskStatus) -> None:
        self._add(names.TASK_STATUS, 1, *task, status.state.value.lower())
        self._of_counters(task, status.counters)
        self._of_measures(task, status.counters, status.counters.measures)
        self._of_partitions(task, status.partitions.values())
        for partition, each in status.partitions.items():
            where = (task.connector, *partition)
            if each.stored is not None:
                self._add(names.STORED, each.stored.next, *where)
            if each.end is not None:
                self._add(names.LOG_END, each.end, *where)
            if each.end is not None and each.stored is not None:
                self._add(names.LAG, max(0, each.end - each.stored.next), *where)

    def _of_counters(self, task: TaskId, counters: Counters) -> None:
        for metric, value in (
            (names.SENT, counters.records),
            (names.COMMITS, counters.flushes),
            (names.COMMIT_NUMBER, counters.flushes),
            (names.SKIPPED_COMMITS, counters.fenced),
            (names.RECORD_FAILURES, counters.errant),
            (names.RECORD_ERRORS, counters.errant),
            (names.RECORDS_SKIPPED, counters.errant),
            (names.RETRIES, counters.retries),
            (names.LETTERS, counters.letters),
            (names.LETTERS_SENT, counters.letters_sent),
            (names.LETTERS_NOT_SENT, counters.letters_not_sent),
            (names.FILTERED, counters.filtered),
            (names.FENCED, counters.fenced),
            (names.REOPENED, counters.reopened),
            (names.REBUILDS, counters.client_rebuilds),
            (names.STUCK, counters.stuck_transactions),
            (names.MIRROR_FAILURES, counters.mirror_failures),
        ):
            self._add(metric, value, *task)

    def _of_measures(self, task: TaskId, counters: Counters, measures: Measures) -> None:
        life_ms = max(1, measures.running_ms + measures.paused_ms)
        for metric, value in (
            (names.READ, measures.read),
            (names.READ_RATE, measures.read_rate),
            (names.SENT_RATE, measures.send_rate),
            (names.PUT_AVERAGE, measures.put_ms / max(1, measures.batches)),
            (names.PUT_MAX, measures.put_ms_max),
            (names.BATCH_AVERAGE, measures.read / max(1, measures.batches)),
            (names.BATCH_MAX, measures.biggest_batch),
            (names.FLUSH_AVERAGE, measures.flush_ms / max(1, counters.flushes)),
            (names.FLUSH_MAX, measures.flush_ms_max),
            (names.RUNNING_RATIO, measures.running_ms / life_ms),
            (names.PAUSE_RATIO, measures.paused_ms / life_ms),
            (names.GAPS, measures.gaps),
            (names.AGE, measures.ages),
        ):
            self._add(metric, value, *task)
        if measures.flushed_at:
            self._add(names.COMMITTED_AT, measures.flushed_at, *task)

    def _of_partitions(self, task: TaskId, partitions: Any) -> None:
        held: list[PartitionStatus] = list(partitions)
        waiting = [each.position - each.stored.next for each in held if each.stored is not None]
        quarantined = sum(each.state is State.QUARANTINED for each in held)
        self._add(names.PARTITIONS, len(held), *task)
        self._add(names.QUARANTINED, quarantined, *task)
        self._add(names.ACTIVE, sum(waiting), *task)
        self._add(names.LAG_MAX, max(waiting, default=0), *task)


def _family(metric: names.Metric, samples: list[tuple[Labels, Any]]) -> Metric:
    if metric.kind is names.Kind.HISTOGRAM:
        histogram = HistogramMetricFamily(metric.name, metric.help, labels=metric.labels)
        for labels, ages in samples:
            histogram.add_metric(labels, _buckets(ages), ages.total)
        return histogram
    kind = CounterMetricFamily if metric.kind is names.Kind.COUNTER else GaugeMetricFamily
    family = kind(metric.name, metric.help, labels=metric.labels)
    for labels, value in samples:
        family.add_metric(labels, value)
    return family


def _buckets(ages: Ages) -> list[tuple[str, float]]:
    bounds = [*map(str, AGES), "+Inf"]
    return list(zip(bounds, itertools.accumulate(ages.counts), strict=True))
