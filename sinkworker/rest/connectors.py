"""`/connectors`: Kafka Connect's paths, codes and shapes.

Owns what a request asks of the administration, and the bodies of the answers.
"""

from __future__ import annotations

from typing import Any

from sinkworker.rest.message import Answer, Request, string_map
from sinkworker.rest.port import (
    Administration,
    ConnectorInfo,
    ConnectorView,
    RefusedError,
    Target,
    TaskView,
)

REQUEST_KEYS = {"name", "config", "initial_state"}


def names(worker: Administration, request: Request) -> Answer:
    wanted = request.query.get("expand")
    if not wanted:
        return Answer(200, list(worker.connectors()))
    return Answer(200, {name: _expanded(worker, name, wanted) for name in worker.connectors()})


def _expanded(worker: Administration, name: str, wanted: Any) -> dict[str, Any]:
    parts: dict[str, Any] = {}
    if "status" in wanted:
        parts["status"] = _status(worker, name)
    if "info" in wanted:
        parts["info"] = _info(worker.info(name))
    return parts


def create(worker: Administration, request: Request) -> Answer:
    content = request.json_object()
    unknown = sorted(content.keys() - REQUEST_KEYS)
    if unknown:
        raise RefusedError(
            400, f"Unknown field {unknown[0]}; there are name, config, initial_state"
        )
    if not isinstance(content.get("config"), dict):
        raise RefusedError(400, "The request has no config: expected an object of keys and values")
    config = string_map(content["config"], "config")
    name = content.get("name") or config.get("name")
    if not isinstance(name, str) or not name:
        raise RefusedError(400, "The request has no name")
    info = worker.create(name, _named(name, config), _target(content.get("initial_state")))
    return Answer(201, _info(info), _location(request, name))


def _target(text: Any) -> Target:
    if text is None:
        return Target.RUNNING
    try:
        return Target(str(text).upper())
    except ValueError:
        message = f"initial_state {text} is none of RUNNING, PAUSED, STOPPED"
        raise RefusedError(400, message) from None


def _named(name: str, config: dict[str, str]) -> dict[str, str]:
    other = config.get("name", name)
    if other != name:
        raise RefusedError(
            400,
            f"Connector name configuration ({other}) doesn't match connector name in the URL "
            f"({name})",
        )
    return {**config, "name": name}


def _location(request: Request, name: str) -> dict[str, str]:
    return {"Location": f"{request.base}/connectors/{name}"}


def get(worker: Administration, request: Request, name: str) -> Answer:
    return Answer(200, _info(worker.info(name)))


def config(worker: Administration, request: Request, name: str) -> Answer:
    return Answer(200, dict(worker.info(name).config))


def put_config(worker: Administration, request: Request, name: str) -> Answer:
    keys = _named(name, string_map(request.json_object(), "The body"))
    if name in worker.connectors():
        return Answer(200, _info(worker.change(name, keys)))
    return Answer(201, _info(worker.create(name, keys)), _location(request, name))


def patch_config(worker: Administration, request: Request, name: str) -> Answer:
    """Keys with null are removed."""
    before, patch = worker.info(name).config, request.json_object()
    removed = [key for key, value in patch.items() if value is None]
    keys = {**before, **string_map(patch, "The body")}
    kept = {key: value for key, value in keys.items() if key not in removed}
    return Answer(200, _info(worker.change(name, _named(name, kept))))


def delete(worker: Administration, request: Request, name: str) -> Answer:
    worker.delete(name)
    return Answer(204)


def status(worker: Administration, request: Request, name: str) -> Answer:
    return Answer(200, _status(worker, name))


def _status(worker: Administration, name: str) -> dict[str, Any]:
    return status_content(worker.view(name), worker.worker().id)


def status_content(view: ConnectorView, worker_id: str) -> dict[str, Any]:
    where = {"worker_id": worker_id, "version": view.version}
    return {
        "name": view.name,
        "connector": {"state": view.state, **where, **_trace(view.trace)},
        "tasks": [_task_content(task, where) for task in view.tasks],
        "type": "sink",
    }


def _task_content(task: TaskView, where: dict[str, str]) -> dict[str, Any]:
    return {"id": task.number, "state": task.state, **where, **_trace(task.trace)}


def _trace(trace: str | None) -> dict[str, str]:
    return {"trace": trace} if trace else {}


def _info(info: ConnectorInfo) -> dict[str, Any]:
    return {
        "name": info.name,
        "config": dict(info.config),
        "tasks": [{"connector": info.name, "task": task} for task in info.tasks],
        "type": "sink",
    }


def tasks(worker: Administration, request: Request, name: str) -> Answer:
    """Connect gives the tasks' own configurations; here all tasks of a connector have the same."""
    info = worker.info(name)
    config = {**info.config, "task.class": info.config.get("connector.class", "")}
    return Answer(
        200, [{"id": {"connector": name, "task": task}, "config": config} for task in info.tasks]
    )


def task_status(worker: Administration, request: Request, name: str, task: str) -> Answer:
    view, number = worker.view(name), _number(name, task)
    where = {"worker_id": worker.worker().id, "version": view.version}
    for each in view.tasks:
        if each.number == number:
            return Answer(200, _task_content(each, where))
    raise RefusedError(404, f"No status found for task {name}-{number}")


def _number(name: str, task: str) -> int:
    if not task.isascii() or not task.isdecimal():
        raise RefusedError(404, f"Task {name}-{task} not found")
    return int(task)


def topics(worker: Administration, request: Request, name: str) -> Answer:
    return Answer(200, {name: {"topics": list(worker.topics(name))}})


def forget_topics(worker: Administration, request: Request, name: str) -> Answer:
    worker.forget_topics(name)
    return Answer(202)


def pause(worker: Administration, request: Request, name: str) -> Answer:
    worker.aim(name, Target.PAUSED)
    return Answer(202)


def resume(worker: Administration, request: Request, name: str) -> Answer:
    worker.aim(name, Target.RUNNING)
    return Answer(202)


def stop(worker: Administration, request: Request, name: str) -> Answer:
    worker.aim(name, Target.STOPPED)
    return Answer(204)


def restart(worker: Administration, request: Request, name: str) -> Answer:
    tasks, only_failed = request.flag("includeTasks"), request.flag("onlyFailed")
    view = worker.restart(name, tasks=tasks, only_failed=only_failed)
    if not tasks and not only_failed:
        return Answer(204)
    return Answer(202, status_content(view, worker.worker().id))


def restart_task(worker: Administration, request: Request, name: str, task: str) -> Answer:
    worker.restart_task(name, _number(name, task))
    return Answer(204)
