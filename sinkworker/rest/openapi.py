"""`/openapi.json`: what may be asked, for programs.

Owns what the table of routes does not say: codes, bodies and parameters. Must not know how requests
are answered.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
NUMBER: Schema = {"type": "integer"}
FLAG: Schema = {"type": "boolean"}
CONFIG: Schema = {"type": "object", "additionalProperties": TEXT}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _object(required: Schema, **optional: Schema) -> Schema:
    return {"type": "object", "properties": required | optional, "required": list(required)}


def _or_null(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


PARTITION = _object({"kafka_topic": TEXT, "kafka_partition": {**NUMBER, "minimum": 0}})
OFFSET = _object({"kafka_offset": NUMBER})
STATE = _object({"state": TEXT, "worker_id": TEXT, "version": TEXT}, trace=TEXT)
TASK_STATE = _object({"id": NUMBER, "state": TEXT, "worker_id": TEXT, "version": TEXT}, trace=TEXT)
STORED = _object(
    {
        "partition": PARTITION, "offset": _or_null(OFFSET), "end": _or_null(NUMBER),
        "lag": _or_null(NUMBER), "epoch": NUMBER, "owner": _or_null(TEXT),
        "topic_id": _or_null(TEXT), "cluster_id": _or_null(TEXT),
    }
)  # fmt: skip
RULE: Schema = {
    "anyOf": [
        {"enum": ["earliest", "latest", "reset"]},
        _object({"offset": {**NUMBER, "minimum": 0}}),
        _object({"shift": NUMBER}),
        _object({"datetime": TEXT}),
    ]
}

SCHEMAS = {
    "Error": _object({"error_code": NUMBER, "message": TEXT}),
    "Connector": _object({
        "name": TEXT, "config": CONFIG, "type": TEXT,
        "tasks": _list(_object({"connector": TEXT, "task": NUMBER})),
    }),
    "Status": _object({
        "name": TEXT, "connector": STATE, "tasks": _list(TASK_STATE), "type": TEXT,
    }),
    "TaskStatus": TASK_STATE,
    "Offsets": _object({
        "offsets": _list(_object({"partition": PARTITION, "offset": _or_null(OFFSET)})),
    }),
    "StoredOffsets": _object({"offsets": _list(STORED)}),
    "Creation": _object(
        {"config": CONFIG}, name=TEXT, initial_state={"enum": ["RUNNING", "PAUSED", "STOPPED"]}
    ),
    "Move": _object({"to": RULE}, partitions={**_list(PARTITION), "minItems": 1}),
    "Validation": _object({
        "name": TEXT, "error_count": NUMBER, "groups": _list(TEXT),
        "configs": _list(_object({"definition": {}, "value": {"type": "object"}})),
    }),
    "Level": _object({"level": {"enum": [
        "OFF", "FATAL", "ERROR", "WARN", "INFO", "DEBUG", "TRACE", "ALL",
    ]}}),
}  # fmt: skip


class Operation(NamedTuple):
    """code and schema: of an answer that is no error; error: of one that is. query: parameters."""

    summary: str
    code: int = 200
    schema: Schema | None = None
    body: Schema | None = None
    query: Mapping[str, Schema] = MappingProxyType({})
    error: Schema = _ref("Error")


CONNECTOR, ANYTHING = _ref("Connector"), {"type": "object"}
ONE, PLUGIN, OURS = "/connectors/{name}", "/connector-plugins/{plugin}", "/sinkworker/v1"
PATCH = {**CONFIG, "additionalProperties": _or_null(TEXT)}

OPERATIONS = {
    ("GET", "/"): Operation("Version and cluster", schema=ANYTHING),
    ("GET", "/health"): Operation("Health, as in Kafka Connect", schema=ANYTHING, error=ANYTHING),
    ("GET", "/ping"): Operation("Liveness", schema=ANYTHING),
    ("GET", "/ready"): Operation("Readiness", schema=ANYTHING, error=ANYTHING),
    ("GET", "/metrics"): Operation("Metrics for Prometheus"),
    ("GET", "/openapi.json"): Operation("This document", schema=ANYTHING),
    ("GET", "/ui"): Operation("A page for people"),
    ("GET", "/ui/{name}"): Operation("A file of it"),
    ("GET", "/ui/{folder}/{name}"): Operation("A file of it"),
    ("GET", "/connectors"): Operation(
        "Names of all connectors, or more of each",
        schema={"anyOf": [_list(TEXT), ANYTHING]}, query={"expand": {"enum": ["status", "info"]}},
    ),
    ("POST", "/connectors"): Operation("Create a connector", 201, CONNECTOR, _ref("Creation")),
    ("GET", ONE): Operation("A connector", schema=CONNECTOR),
    ("DELETE", ONE): Operation("Delete a connector; its offsets stay", 204),
    ("GET", f"{ONE}/config"): Operation("Its configuration as written", schema=CONFIG),
    ("PUT", f"{ONE}/config"): Operation("Change or create it", schema=CONNECTOR, body=CONFIG),
    ("PATCH", f"{ONE}/config"): Operation("Change some keys; null removes one", 200, CONNECTOR, PATCH),
    ("GET", f"{ONE}/status"): Operation("Its state and its tasks'", schema=_ref("Status")),
    ("GET", f"{ONE}/tasks"): Operation("Its tasks", schema=_list(ANYTHING)),
    ("GET", f"{ONE}/tasks/{{task}}/status"): Operation("A task's state", schema=_ref("TaskStatus")),
    ("POST", f"{ONE}/tasks/{{task}}/restart"): Operation("Restart a task", 204),
    ("GET", f"{ONE}/topics"): Operation("Topics that records came from", schema=ANYTHING),
    ("PUT", f"{ONE}/topics/reset"): Operation("Forget these topics", 202),
    ("PUT", f"{ONE}/pause"): Operation("Pause", 202),
    ("PUT", f"{ONE}/resume"): Operation("Resume", 202),
    ("PUT", f"{ONE}/stop"): Operation("Stop: its tasks leave the group", 204),
    ("POST", f"{ONE}/restart"): Operation(
        "Restart it, or its tasks", 202, _ref("Status"),
        query={"includeTasks": FLAG, "onlyFailed": FLAG},
    ),
    ("GET", f"{ONE}/offsets"): Operation("Stored offsets", schema=_ref("Offsets")),
    ("PATCH", f"{ONE}/offsets"): Operation("Alter them", 200, ANYTHING, _ref("Offsets")),
    ("DELETE", f"{ONE}/offsets"): Operation("Reset them", schema=ANYTHING),
    ("GET", "/connector-plugins"): Operation(
        "What is installed", schema=_list(ANYTHING), query={"connectorsOnly": FLAG}
    ),
    ("GET", f"{PLUGIN}/config"): Operation("A plugin's keys", schema=_list(ANYTHING)),
    ("PUT", f"{PLUGIN}/config/validate"): Operation(
        "Check a configuration", 200, _ref("Validation"), CONFIG
    ),
    ("GET", "/admin/loggers"): Operation("Levels of loggers", schema=ANYTHING),
    ("GET", "/admin/loggers/{logger}"): Operation("A logger's level", schema=ANYTHING),
    ("PUT", "/admin/loggers/{logger}"): Operation(
        "Set a level", 200, _list(TEXT), _ref("Level"), {"scope": {"enum": ["worker", "cluster"]}}
    ),
    ("GET", f"{OURS}/cluster"): Operation("Every partition's owner", schema=ANYTHING),
    ("GET", f"{OURS}{ONE}/offsets"): Operation(
        "Stored offsets with epochs, owners and lag", schema=_ref("StoredOffsets")
    ),
    ("POST", f"{OURS}{ONE}/offsets"): Operation(
        "Move them, also while tasks run", 200, ANYTHING, _ref("Move"), {"dry_run": FLAG}
    ),
    ("GET", f"{OURS}{ONE}/ledger"): Operation(
        "What became of its offsets, the newest last",
        schema=_object({"steps": _list(ANYTHING)}),
        query={"limit": NUMBER, "partition": TEXT, "since": TEXT},
    ),
    ("GET", f"{OURS}{ONE}/letters"): Operation(
        "Dead letters that its sink stores itself",
        schema=_object({"letters": _list(ANYTHING)}), query={"limit": NUMBER},
    ),
    ("POST", f"{OURS}{ONE}/letters/replay"): Operation(
        "Write one of them, or all, once more", 200, ANYTHING,
        _object({}, partition=PARTITION, offset={**NUMBER, "minimum": 0}),
    ),
}  # fmt: skip
# Where the code depends on what was there, or on what was asked for.
ALSO = {("PUT", f"{ONE}/config"): 201, ("POST", f"{ONE}/restart"): 204,
        ("PUT", "/admin/loggers/{logger}"): 204}  # fmt: skip


def document(routes: Iterable[tuple[str, str]], version: str) -> Schema:
    """routes: the methods and paths that are answered."""
    paths: dict[str, Schema] = {}
    for route in routes:
        paths.setdefault(route[1], {})[route[0].lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {"title": "sinkworker", "version": version},
        "security": [{}, {"token": []}, {"password": []}],
        "paths": paths,
        "components": {"schemas": SCHEMAS, "securitySchemes": {
            "token": {"type": "http", "scheme": "bearer"},
            "password": {"type": "http", "scheme": "basic"},
        }},
    }  # fmt: skip


def _operation(route: tuple[str, str]) -> Schema:
    said = OPERATIONS[route]
    in_path = [
        {"name": name, "in": "path", "required": True, "schema": {**TEXT, "minLength": 1}}
        for name in re.findall(r"\{(\w+)\}", route[1])
    ]
    in_query = [{"name": name, "in": "query", "schema": s} for name, s in said.query.items()]
    made: Schema = {"summary": said.summary, "parameters": in_path + in_query}
    if said.body is not None:
        made["requestBody"] = {"required": True, "content": _json(said.body)}
    return made | {"responses": _responses(route, said)}


def _responses(route: tuple[str, str], said: Operation) -> Schema:
    done: Schema = {"description": "Done"}
    with_body = done | {"content": _json(said.schema)} if said.schema is not None else done
    also = {str(ALSO[route]): with_body if ALSO[route] != 204 else done} if route in ALSO else {}
    error = {"description": "Why it is refused", "content": _json(said.error)}
    return {str(said.code): with_body, **also, "default": error}


def _json(schema: Schema) -> Schema:
    return {"application/json": {"schema": schema}}
