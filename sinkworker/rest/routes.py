"""Which request is answered by what. Pure: a request and an administration → an answer.

Owns the table of paths, and that every error has Kafka Connect's body. Must not know any web framework.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import unquote

from sinkworker.rest import (
    connectors,
    health,
    ledger,
    letters,
    loggers,
    metrics_page,
    offsets,
    openapi,
    page,
    plugins,
)
from sinkworker.rest.message import Answer, Request, refused
from sinkworker.rest.port import Administration, RefusedError

log = logging.getLogger(__name__)

Handler = Callable[..., Answer]


class Route(NamedTuple):
    """One method of one path. waits: it may take longer than looking at memory."""

    method: str
    path: str
    pattern: re.Pattern[str]
    handler: Handler
    waits: bool


def _route(method: str, path: str, handler: Handler, *, waits: bool = False) -> Route:
    pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path).rstrip("/")
    return Route(method, path, re.compile(pattern + "/?"), handler, waits)


def _document(worker: Administration, request: Request) -> Answer:
    paths = [(route.method, route.path) for route in ROUTES]
    return Answer(200, openapi.document(paths, worker.worker().version))


ONE = "/connectors/{name}"
PLUGIN = "/connector-plugins/{plugin}"
OURS = "/sinkworker/v1"

ROUTES = (
    _route("GET", "/", health.root),
    _route("GET", "/health", health.health),
    _route("GET", "/ping", health.ping),
    _route("GET", "/ready", health.ready),
    _route("GET", "/metrics", metrics_page.page),
    _route("GET", "/openapi.json", _document),
    _route("GET", "/ui", page.index),
    _route("GET", "/ui/{name}", page.file),
    _route("GET", "/ui/{folder}/{name}", page.file),
    _route("GET", "/connectors", connectors.names),
    _route("POST", "/connectors", connectors.create, waits=True),
    _route("GET", ONE, connectors.get),
    _route("DELETE", ONE, connectors.delete, waits=True),
    _route("GET", f"{ONE}/config", connectors.config),
    _route("PUT", f"{ONE}/config", connectors.put_config, waits=True),
    _route("PATCH", f"{ONE}/config", connectors.patch_config, waits=True),
    _route("GET", f"{ONE}/status", connectors.status),
    _route("GET", f"{ONE}/tasks", connectors.tasks),
    _route("GET", f"{ONE}/tasks/{{task}}/status", connectors.task_status),
    _route("POST", f"{ONE}/tasks/{{task}}/restart", connectors.restart_task, waits=True),
    _route("GET", f"{ONE}/topics", connectors.topics),
    _route("PUT", f"{ONE}/topics/reset", connectors.forget_topics),
    _route("PUT", f"{ONE}/pause", connectors.pause, waits=True),
    _route("PUT", f"{ONE}/resume", connectors.resume, waits=True),
    _route("PUT", f"{ONE}/stop", connectors.stop, waits=True),
    _route("POST", f"{ONE}/restart", connectors.restart, waits=True),
    _route("GET", f"{ONE}/offsets", offsets.get, waits=True),
    _route("PATCH", f"{ONE}/offsets", offsets.patch, waits=True),
    _route("DELETE", f"{ONE}/offsets", offsets.delete, waits=True),
    _route("GET", "/connector-plugins", plugins.plugins, waits=True),
    _route("GET", f"{PLUGIN}/config", plugins.keys, waits=True),
    _route("PUT", f"{PLUGIN}/config/validate", plugins.validate, waits=True),
    _route("GET", "/admin/loggers", loggers.loggers),
    _route("GET", "/admin/loggers/{logger}", loggers.level),
    _route("PUT", "/admin/loggers/{logger}", loggers.set_level),
    _route("GET", f"{OURS}/cluster", offsets.cluster, waits=True),
    _route("GET", f"{OURS}{ONE}/offsets", offsets.get_stored, waits=True),
    _route("POST", f"{OURS}{ONE}/offsets", offsets.move, waits=True),
    _route("GET", f"{OURS}{ONE}/ledger", ledger.get, waits=True),
    _route("GET", f"{OURS}{ONE}/letters", letters.get, waits=True),
    _route("POST", f"{OURS}{ONE}/letters/replay", letters.replay, waits=True),
)


def find(request: Request) -> tuple[Route, dict[str, str]] | Answer:
    """The route of a request with its path's parts, or why there is none."""
    allowed = []
    for route in ROUTES:
        found = route.pattern.fullmatch(request.path)
        if found is None:
            continue
        if route.method == request.method or (route.method, request.method) == ("GET", "HEAD"):
            return route, {name: unquote(part) for name, part in found.groupdict().items()}
        allowed.append(route.method)
    if allowed:
        answer = refused(405, "HTTP 405 Method Not Allowed")
        return Answer(405, answer.content, {"Allow": ", ".join(sorted(allowed))})
    return refused(404, "HTTP 404 Not Found")


def answer(worker: Administration, request: Request) -> Answer:
    """Never raises. What nobody foresaw is logged with its trace, and told without."""
    found = find(request)
    if isinstance(found, Answer):
        return found
    route, parts = found
    try:
        return route.handler(worker, request, **parts)
    except RefusedError as error:
        return refused(error.status, error.message)
    except Exception:
        log.exception("%s %s failed", request.method, route.path)
        return refused(500, "The worker failed to answer; its log says why")
