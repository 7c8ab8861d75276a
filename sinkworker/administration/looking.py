"""A worker's connectors as operators see them; nothing here waits.

Owns the pictures: states, topics, and why a worker is not ready. They are made of the newest statuses of
the tasks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sinkworker import __version__
from sinkworker.administration import plugins
from sinkworker.administration.instance import Instance
from sinkworker.administration.registry import Means, Registry
from sinkworker.api import TopicPartition
from sinkworker.rest.port import ConnectorInfo, ConnectorView, TaskView, WorkerInfo
from sinkworker.runtime.status import TaskState, TaskStatus
from sinkworker.runtime.worker import TaskId, Worker

# What clients take for the version of Kafka Connect.
API_LEVEL = "4.3.1"
VERSION = f"{API_LEVEL}-sinkworker-{__version__}"


class Looking(Registry):
    """id: where this worker is reached. cluster_id: Kafka's, when it was asked."""

    def __init__(self, worker: Worker, means: Means) -> None:
        super().__init__(worker, means)
        self._ignored: Mapping[tuple[TaskId, TopicPartition], int] = {}
        self.id = "127.0.0.1:8083"
        self.cluster_id: str | None = None

    def worker(self) -> WorkerInfo:
        return WorkerInfo(self.id, VERSION, self.cluster_id or self._seen_cluster())

    def _seen_cluster(self) -> str | None:
        for status in self._worker.statuses().values():
            for partition in status.partitions.values():
                if partition.stored is not None and partition.stored.cluster_id is not None:
                    return partition.stored.cluster_id
        return None

    def connectors(self) -> Sequence[str]:
        return list(self._instances)

    def info(self, name: str) -> ConnectorInfo:
        instance = self._instance(name)
        tasks = sorted(task.task for task in self._worker.tasks(name))
        return ConnectorInfo(name, instance.written, tasks)

    def view(self, name: str) -> ConnectorView:
        instance = self._instance(name)
        statuses = self._worker.statuses()
        tasks = sorted(task for task in statuses if task.connector == name)
        state = "FAILED" if instance.problem else instance.target.value
        version = plugins.version(self._means.catalog, instance.written)
        views = [_task_view(task, statuses[task], instance) for task in tasks]
        return ConnectorView(name, state, instance.hidden(instance.problem), version, views)

    def statuses(self) -> Mapping[TaskId, TaskStatus]:
        return self._worker.statuses()

    def topics(self, name: str) -> Sequence[str]:
        instance = self._instances.get(name)
        remembered = instance.topics if instance is not None else frozenset()
        return sorted(remembered | self._active(name))

    def _active(self, name: str) -> frozenset[str]:
        return frozenset(
            partition.topic
            for (task, partition), delivered in self._delivered(name).items()
            if delivered > self._ignored.get((task, partition), 0)
        )

    def _delivered(self, name: str) -> dict[tuple[TaskId, TopicPartition], int]:
        return {
            (task, partition): each.delivered
            for task, status in self._worker.statuses().items()
            if task.connector == name
            for partition, each in status.partitions.items()
        }

    def forget_topics(self, name: str) -> None:
        with self._changing:
            self._ignored = {**self._ignored, **self._delivered(name)}
            if name in self._instances:
                self._keep(replace(self._instances[name], topics=frozenset()))

    def not_ready(self) -> Sequence[str]:
        instances = self._instances
        reasons = [f"{each.name}: {each.problem}" for each in instances.values() if each.problem]
        for task, status in self._worker.statuses().items():
            if (
                status.state in (TaskState.FAILED, TaskState.UNASSIGNED)
                and task.connector in instances
            ):
                why = instances[task.connector].hidden(status.trace) or status.state.value
                reasons.append(f"{task}: {why}")
        return reasons

    def silent(self, seconds: float) -> Sequence[TaskId]:
        return self._worker.silent(seconds)

    def is_starting(self) -> bool:
        return self._is_starting


def _task_view(task: TaskId, status: TaskStatus, instance: Instance) -> TaskView:
    return TaskView(task.task, status.state.value, instance.hidden(status.trace))
