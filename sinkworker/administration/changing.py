"""What operators change of a worker's connectors: create, change, delete, pause, stop, restart.

Owns the order of each change's steps, and what is refused.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from dataclasses import replace

from sinkworker.administration.instance import Instance, invalid, of_folder, of_rest
from sinkworker.administration.looking import Looking
from sinkworker.api import ConfigError
from sinkworker.rest.port import ConnectorInfo, ConnectorView, RefusedError, Target, TaskView
from sinkworker.runtime.mailbox import Command
from sinkworker.runtime.worker import TaskId

log = logging.getLogger(__name__)


class Changing(Looking):
    """Every change is remembered before it is made."""

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


def _restarting(task: TaskView, numbers: Collection[int]) -> TaskView:
    return task._replace(state="RESTARTING", trace=None) if task.number in numbers else task
