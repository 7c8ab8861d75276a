"""The connectors of a worker, and the steps that every change of them is made of.

Owns what there is: instances, their tasks, and what is remembered of them. Whoever looks needs no lock:
instances are replaced, not changed. Must not know what operators may ask for.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from sinkworker.administration.instance import Configure, Instance, of_command_line, of_folder
from sinkworker.administration.overrides import OverridePolicy
from sinkworker.administration.state_folder import Remembered, StateFolder
from sinkworker.api import TopicPartition
from sinkworker.configuration import ConfiguredConnector
from sinkworker.plugins import Catalog
from sinkworker.rest.port import RefusedError, Target
from sinkworker.runtime.mailbox import Command, Mailbox
from sinkworker.runtime.ports import Consumer
from sinkworker.runtime.task_runner import TaskRunner
from sinkworker.runtime.worker import TaskId, Worker

log = logging.getLogger(__name__)

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


class Registry:
    """All connectors of a worker. Changes are made one at a time, under the lock."""

    def __init__(self, worker: Worker, means: Means) -> None:
        self._worker, self._means = worker, means
        self._instances: Mapping[str, Instance] = {}
        self._changing = threading.RLock()
        self._is_starting = True

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
