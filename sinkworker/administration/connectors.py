"""The administration of one worker: implements `rest.port.Administration`.

Owns the connectors of a worker and every change of them; changes are made one at a time. Must not know
HTTP, nor how tasks are put together.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from typing import TypeAlias

from sinkworker import __version__
from sinkworker.administration import plugins
from sinkworker.administration.instance import (
    Configure,
    Instance,
    invalid,
    of_command_line,
    of_folder,
    of_rest,
)
from sinkworker.administration.moving import Rules, move
from sinkworker.administration.overrides import OverridePolicy
from sinkworker.administration.state_folder import Remembered, StateFolder
from sinkworker.api import ConfigError, ConnectError, OffsetStore, StoredOffset, TopicPartition
from sinkworker.configuration import ConfiguredConnector
from sinkworker.plugins import Catalog
from sinkworker.rest.port import (
    CheckedKey,
    ClusterRow,
    ConnectorInfo,
    ConnectorView,
    KeyInfo,
    OffsetMove,
    PluginInfo,
    RefusedError,
    Target,
    TaskView,
    WorkerInfo,
)
from sinkworker.runtime.mailbox import Command, Mailbox
from sinkworker.runtime.ports import Consumer
from sinkworker.runtime.status import TaskState, TaskStatus
from sinkworker.runtime.task_runner import TaskRunner
from sinkworker.runtime.worker import TaskId, Worker

log = logging.getLogger(__name__)

API_LEVEL = "4.3.1"
VERSION = f"{API_LEVEL}-sinkworker-{__version__}"
NOT_STOPPED = (
    "Connectors must be in the STOPPED state before their offsets can be modified. This can be done "
    "for the specified connector by issuing a 'PUT' request to the '/connectors/{name}/stop' endpoint"
)

TaskMaker: TypeAlias = Callable[[], tuple[TaskRunner, Mailbox]]


@dataclass(frozen=True)
class Means:
    """What an administration does its work with. tasks: how to make each task of a connector."""

    configure: Configure
    tasks: Callable[[ConfiguredConnector], Sequence[TaskMaker]]
    consumer: Callable[[ConfiguredConnector, Collection[TopicPartition]], Consumer]
    catalog: Catalog
    policy: OverridePolicy = OverridePolicy.ALL
    folder: StateFolder | None = None
    why_no_folder: str = "There is no folder for them"


class WorkerAdministration:
    """All connectors of a worker. Whoever looks needs no lock: instances are replaced, not changed."""

    def __init__(self, worker: Worker, means: Means) -> None:
        self._worker, self._means = worker, means
        self._instances: Mapping[str, Instance] = {}
        self._ignored: Mapping[tuple[TaskId, TopicPartition], int] = {}
        self._changing = threading.RLock()
        self._is_starting = True
        self.id = "127.0.0.1:8083"
        self.cluster_id: str | None = None

    # start

    def start(self, configured: Iterable[ConfiguredConnector]) -> None:
        """The connectors of the command line, and those that were created before."""
        remembered = self._remembered()
        for each in configured:
            known = remembered.pop(each.settings.name, None)
            self._keep(of_command_line(each, known.target if known else Target.RUNNING))
        for name, known in remembered.items():
            if known.config is not None:
                self._keep(of_folder(self._means.configure, name, known.config, known.target))
        for instance in self._instances.values():
            self._tell_of(instance)
            self._begin(instance)
        self._is_starting = False

    def _remembered(self) -> dict[str, Remembered]:
        if self._means.folder is None:
            log.info(
                "What operators tell this worker is not remembered. %s", self._means.why_no_folder
            )
            return {}
        found, problems = self._means.folder.read()
        for problem in problems:
            log.error("%s", problem)
        return found

    def _tell_of(self, instance: Instance) -> None:
        if instance.problem:
            log.error("Connector %s cannot be started. %s", instance.name, instance.problem)
        elif instance.target is not Target.RUNNING:
            log.warning("Connector %s is %s, as it was told before; `sinkworker resume %s` lets it run",
                        instance.name, instance.target.value, instance.name)  # fmt: skip

    def hold(self, configured: Iterable[ConfiguredConnector]) -> None:
        """Connectors whose tasks run elsewhere, or nowhere."""
        for each in configured:
            self._keep(of_command_line(each, Target.STOPPED))

    # look

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

    # change

    def create(
        self, name: str, config: Mapping[str, str], target: Target = Target.RUNNING
    ) -> ConnectorInfo:
        with self._changing:
            if name in self._instances:
                raise RefusedError(409, f"Connector {name} already exists")
            if self._means.folder is None:
                why = self._means.why_no_folder
                raise RefusedError(403, f"Connectors cannot be created in this worker. {why}")
            self._take(name, config, target)
            return self.info(name)

    def change(self, name: str, config: Mapping[str, str]) -> ConnectorInfo:
        with self._changing:
            instance = self._instance(name)
            instance.must_be_ours()
            self._take(name, config, instance.target)
            return self.info(name)

    def _take(self, name: str, config: Mapping[str, str], target: Target) -> None:
        instance = self._configured(name, config, target)
        self._remember(instance)
        self._end(name)
        self._keep(instance)
        self._begin(instance)

    def _configured(self, name: str, config: Mapping[str, str], target: Target) -> Instance:
        try:
            problems = self._means.policy.problems(config)
            if problems:
                raise ConfigError(problems)
            return of_rest(self._means.configure, name, config, target)
        except ConfigError as error:
            raise RefusedError(400, invalid(error)) from error

    def delete(self, name: str) -> None:
        with self._changing:
            self._instance(name).must_be_ours()
            if self._means.folder is not None:
                self._means.folder.forget(name)
            self._end(name)
            self._instances = {k: v for k, v in self._instances.items() if k != name}

    def owns_all_by_files(self) -> bool:
        """Whether nobody would miss this worker once all its tasks have ended."""
        instances = self._instances.values()
        by_files = [i.file is not None and i.target is not Target.STOPPED for i in instances]
        return bool(by_files) and all(by_files)

    def aim(self, name: str, target: Target) -> None:
        with self._changing:
            before = self._instance(name)
            if before.target is target:
                return
            instance = replace(before, target=target, topics=frozenset(self.topics(name)))
            self._remember(instance)
            self._keep(instance)
            log.info("Connector %s: %s", name, target.value)
            if target is Target.STOPPED:
                self._end(name)
            elif before.target is Target.STOPPED:
                self._begin(instance)
            else:
                command = Command.PAUSE if target is Target.PAUSED else Command.RESUME
                self._worker.tell(command, self._worker.tasks(name))

    def restart(self, name: str, *, tasks: bool, only_failed: bool) -> ConnectorView:
        with self._changing:
            instance = self._instance(name)
            if instance.problem is not None:
                self._try_again(instance)
            view = self.view(name)
            chosen = [t for t in view.tasks if tasks and (t.state == "FAILED" or not only_failed)]
            numbers = {task.number for task in chosen}
            self._renew(instance, numbers)
            state = view.state if only_failed else "RESTARTING"
            return view._replace(state=state, tasks=[_restarting(t, numbers) for t in view.tasks])

    def _try_again(self, instance: Instance) -> None:
        again = of_folder(self._means.configure, instance.name, instance.written, instance.target)
        self._keep(again)
        self._begin(again)

    def restart_task(self, name: str, task: int) -> None:
        with self._changing:
            instance = self._instance(name)
            if TaskId(name, task) not in self._worker.tasks(name):
                raise RefusedError(404, f"Task {name}-{task} not found")
            self._renew(instance, {task})

    # tasks

    def _begin(self, instance: Instance) -> None:
        if instance.configured is not None and instance.target is not Target.STOPPED:
            self._renew(instance, range(len(self._means.tasks(instance.configured))))

    def _renew(self, instance: Instance, numbers: Iterable[int]) -> None:
        if instance.configured is None:
            return
        makers = self._means.tasks(instance.configured)
        tasks = [TaskId(instance.name, number) for number in sorted(numbers)]
        for task in tasks:
            runner, mailbox = makers[task.task]()
            if instance.target is Target.PAUSED:
                mailbox.post(Command.PAUSE)
            self._worker.add(task, runner, mailbox)
        self._worker.start(tasks)

    def _end(self, name: str) -> None:
        self._worker.remove(self._worker.tasks(name))

    # offsets

    def offsets(self, name: str) -> Mapping[TopicPartition, StoredOffset]:
        with self._store(name) as store:
            return store.read()

    def move_offsets(
        self, name: str, rules: Rules, *, dry_run: bool = False, only_stopped: bool = False
    ) -> Sequence[OffsetMove]:
        instance = self._instance(name)
        if only_stopped and instance.target is not Target.STOPPED:
            raise RefusedError(400, NOT_STOPPED.format(name=name))
        configured = _usable(instance)
        with self._store(name) as store:
            moves = move(
                name, store, lambda partitions: self._means.consumer(configured, partitions), rules,
                dry_run=dry_run,
            )  # fmt: skip
        if not dry_run:
            for each in moves:
                log.info("Connector %s: the offset of %s was moved from %s to %s",
                         name, each.partition, each.old, each.new)  # fmt: skip
        return moves

    @contextmanager
    def _store(self, name: str) -> Iterator[OffsetStore]:
        instance = self._instance(name)
        store = _usable(instance).connector.offset_store()
        if store is None:
            raise RefusedError(400, f"The sink of connector {name} stores no offsets")
        try:
            with closing(store):
                yield store
        except ConnectError as error:
            raise RefusedError(500, instance.hidden(str(error)) or "") from error

    def cluster(self) -> Sequence[ClusterRow]:
        return [
            ClusterRow(name, partition, stored)
            for name in self.connectors()
            for partition, stored in sorted(self.offsets(name).items())
        ]

    # plugins

    def plugins(self, *, connectors_only: bool) -> Sequence[PluginInfo]:
        return plugins.listed(self._means.catalog, connectors_only=connectors_only)

    def keys(self, plugin: str) -> Sequence[KeyInfo]:
        return plugins.keys_of(self._means.catalog, plugin)

    def check(self, plugin: str, config: Mapping[str, str]) -> Sequence[CheckedKey]:
        return plugins.checked(self._means.catalog, self._means.configure, plugin, config)

    # instances

    def _instance(self, name: str) -> Instance:
        found = self._instances.get(name)
        if found is None:
            raise RefusedError(404, f"Connector {name} not found")
        return found

    def _keep(self, instance: Instance) -> None:
        self._instances = {**self._instances, instance.name: instance}

    def _remember(self, instance: Instance) -> None:
        folder = self._means.folder
        if folder is None:
            return
        if instance.file is not None and instance.target is Target.RUNNING:
            folder.forget(instance.name)
        else:
            config = instance.written if instance.file is None else None
            folder.write(instance.name, Remembered(config, instance.target))


def _usable(instance: Instance) -> ConfiguredConnector:
    if instance.configured is None:
        raise RefusedError(400, f"Connector {instance.name} cannot be used. {instance.problem}")
    return instance.configured


def _restarting(task: TaskView, numbers: Collection[int]) -> TaskView:
    return task._replace(state="RESTARTING", trace=None) if task.number in numbers else task


def _task_view(task: TaskId, status: TaskStatus, instance: Instance) -> TaskView:
    return TaskView(task.task, status.state.value, instance.hidden(status.trace))
