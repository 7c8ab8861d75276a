"""Requests in their order, and the code, keys and types of the answer: of Kafka Connect and of ours.

One table for both sides. A step whose `ours` or `ours_shape` is given is one where Kafka Connect is poor
(it answers 500, or nothing) and this worker is better; `why` says how. Topic `alerts` holds five records
in partition 0 of two.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.rest.matching import ANY, MAP

ERROR = {"error_code": int, "message": str}
TASK_ID = {"connector": str, "task": int}
INFO = {"name": str, "config": MAP, "tasks": [TASK_ID], "type": "sink"}
INFO_AT_FIRST = INFO | {"tasks": (["x"], [], [TASK_ID])}
STATE = {"state": str, "worker_id": str, "version": str}
TASK = {"id": int, **STATE, "trace?": str}
STATUS = {"name": str, "connector": STATE, "tasks": [TASK], "type": "sink"}
STOPPED = {**STATUS, "connector": {**STATE, "state": "STOPPED"}, "tasks": []}
OFFSET = {
    "partition": {"kafka_topic": str, "kafka_partition": int}, "offset": {"kafka_offset": int},
}  # fmt: skip
DEFINITION = {
    "name": str, "type": str, "required": bool, "default_value": (str, None), "importance": str,
    "documentation": str, "group": (str, None), "width": str, "display_name": str,
    "dependents": list, "order?": int, "order_in_group?": int,  # renamed in 4.3; ours is the old one
}  # fmt: skip
VALUE = {
    "name": str, "value": (str, None), "recommended_values": list, "errors": list, "visible": bool,
}  # fmt: skip
INFOS = {
    "name": str, "error_count": int, "groups": [str],
    "configs": [{"definition": (DEFINITION, None), "value": VALUE}],
}  # fmt: skip
PLUGIN = {"class": str, "type": str, "version": str}
LEVEL = {"level": str, "last_modified": (int, None)}
MESSAGE = {"message": str}
NOTHING = None


def message(text: str, code: int = 400) -> dict[str, Any]:
    return {"error_code": code, "message": text}


@dataclass(frozen=True)
class Step:
    """One request. until: it is repeated until the answer fulfils this (and is not counted)."""

    method: str
    path: str
    code: int
    shape: Any = ANY
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    ours: int | None = None
    ours_shape: Any = None
    why: str = ""
    until: Callable[[Any], object] | None = None


def config(**keys: str) -> dict[str, str]:
    made = {"connector.class": "FileStreamSink", "topics": "alerts", "file": "{home}/out.txt"}
    return made | {key.replace("_", "."): value for key, value in keys.items()}


def until_states(name: str, *states: str) -> Step:
    def is_so(content: Any) -> bool:
        return [task["state"] for task in content["tasks"]] == list(states)

    return Step("GET", f"/connectors/{name}/status", 200, until=is_so)


def offsets(offset: Any, topic: Any = "alerts", partition: Any = 0) -> dict[str, Any]:
    return {"offsets": [
        {"partition": {"kafka_topic": topic, "kafka_partition": partition}, "offset": offset}
    ]}  # fmt: skip


def until_state(name: str, state: str) -> Step:
    path = f"/connectors/{name}/status"
    return Step("GET", path, 200, until=lambda content: content["connector"]["state"] == state)


ONE = "/connectors/one"
UNKNOWN = "/connectors/unknown"
JAVA = "org.apache.kafka.connect"
VALIDATE = "/connector-plugins/FileStreamSink/config/validate"
NOT_FOUND = message("Connector unknown not found", 404)
POOR_500 = "Connect answers 500 with the text of a null pointer"
MALFORMED = "Connect answers 500 to what it cannot parse"

WORKER: Sequence[Step] = (
    Step("GET", "/", 200, {"version": str, "commit": str, "kafka_cluster_id": str}),
    Step("GET", "/health", 200, {"status": "healthy", "message": "Worker has completed startup and "
                                 "is ready to handle requests."}),
    Step("GET", "/connectors", 200, []),
    Step("GET", "/connectors/", 200, []),
    Step("GET", "/connectors?expand=status", 200, {}),
    Step("GET", "/nowhere", 404, message("HTTP 404 Not Found", 404)),
    Step("GET", "/connectors/one/nowhere", 404, message("HTTP 404 Not Found", 404)),
    Step("DELETE", "/connectors", 405, message("HTTP 405 Method Not Allowed", 405)),
    Step("PUT", "/connectors", 405, message("HTTP 405 Method Not Allowed", 405), {}),
    Step("POST", "/", 405, message("HTTP 405 Method Not Allowed", 405), {}),
    Step("PATCH", "/health", 405, message("HTTP 405 Method Not Allowed", 405), {}),
    Step("DELETE", "/connector-plugins", 405, message("HTTP 405 Method Not Allowed", 405)),
)  # fmt: skip

PLUGINS: Sequence[Step] = (
    Step("GET", "/connector-plugins", 200, [PLUGIN]),
    Step("GET", "/connector-plugins/", 200, [PLUGIN]),
    Step("GET", "/connector-plugins?connectorsOnly=true", 200, [PLUGIN]),
    Step("GET", "/connector-plugins?connectorsOnly=false", 200, [PLUGIN]),
    Step("GET", "/connector-plugins/FileStreamSink/config", 200, [DEFINITION]),
    Step("GET", "/connector-plugins/StringConverter/config", 200, (list, [DEFINITION])),
    Step("GET", "/connector-plugins/JsonConverter/config", 200, [DEFINITION]),
    Step("GET", f"/connector-plugins/{JAVA}.transforms.InsertField$Value/config", 200, [DEFINITION]),
    Step("GET", "/connector-plugins/HasHeaderKey/config", 200, [DEFINITION]),
    Step("GET", "/connector-plugins/Nope/config", 404, ERROR),
    Step("PUT", VALIDATE, 200, INFOS | {"error_count": 0}, config(name="one")),
    Step("PUT", VALIDATE, 200, INFOS, {"connector.class": "FileStreamSink"}),
    Step("PUT", VALIDATE, 200, INFOS, config(name="one", tasks_max="abc")),
    Step("PUT", VALIDATE, 200, INFOS, config(name="one", tasks_max="0")),
    Step("PUT", VALIDATE, 200, INFOS, config(name="one", topics_regex="a.*")),
    Step("PUT", VALIDATE, 200, INFOS, config(name="one", errors_tolerance="some")),
    Step("PUT", VALIDATE, 200, INFOS, config(name="one", value_converter="NoSuchConverter")),
    Step("PUT", VALIDATE, 200, INFOS, config(name="one", transforms="a")),
    Step("PUT", VALIDATE, 200, INFOS, config(name="one", transforms="a", transforms_a_type="No")),
    Step("PUT", VALIDATE, 500, ERROR, {}, ours=400, why="Connect answers 500 without a class"),
    Step("PUT", VALIDATE, 400, ERROR,
         {"connector.class": "org.apache.kafka.connect.tools.MockSinkConnector"}),
    Step("PUT", VALIDATE, 500, ERROR, b"{", ours=400, why=MALFORMED),
    Step("GET", VALIDATE, 405, ERROR),
    Step("POST", VALIDATE, 405, ERROR, {}),
)  # fmt: skip

CREATION: Sequence[Step] = (
    Step("POST", "/connectors", 201, INFO_AT_FIRST, {"name": "one", "config": config()}),
    Step("POST", "/connectors", 409, message("Connector one already exists", 409),
         {"name": "one", "config": config()}),
    Step("POST", "/connectors", 400, ERROR, {"name": "bad", "config": config(tasks_max="abc")}),
    Step("POST", "/connectors", 400, ERROR, {"name": "bad", "config": config(topics_regex="a.*")}),
    Step("POST", "/connectors", 400, ERROR, {"name": "bad", "config": config(topics="")}),
    Step("POST", "/connectors", 400, ERROR, {"name": "bad", "config": config(transforms="a")}),
    Step("POST", "/connectors", 400, ERROR, {"name": "bad", "config": config(errors_tolerance="x")}),
    Step("POST", "/connectors", 400, ERROR, {"name": "bad", "config": {"topics": "alerts"}}),
    Step("POST", "/connectors", 400,
         message("Connector name configuration (x) doesn't match connector name in the URL (bad)"),
         {"name": "bad", "config": config(name="x")}),
    Step("POST", "/connectors", 400, ERROR, {"name": "bad", "config": config(connector_class="No")}),
    Step("POST", "/connectors", 500, ERROR, {"name": "bad"}, ours=400, why=POOR_500),
    Step("POST", "/connectors", 500, ERROR, {"name": "bad", "config": config(), "more": 1},
         ours=400, why=MALFORMED),
    Step("POST", "/connectors", 500, ERROR, b"{", ours=400, why=MALFORMED),
    Step("POST", "/connectors", 500, ERROR, b"[]", ours=400, why=MALFORMED),
    Step("POST", "/connectors", 500, ERROR, {"name": "bad", "config": []}, ours=400, why=MALFORMED),
    Step("POST", "/connectors", 500, ERROR, {"name": "bad", "config": config(), "initial_state": "X"},
         ours=400, why=MALFORMED),
    Step("POST", "/connectors", 415, ERROR, b"name=x",
         headers={"Content-Type": "application/x-www-form-urlencoded"}),
    Step("POST", "/connectors", 415, ERROR, b"x", headers={"Content-Type": "text/plain"}),
    Step("POST", "/connectors", 201, INFO_AT_FIRST | {"tasks": []},
         {"name": "stopped", "config": config(file="{home}/stopped.txt"), "initial_state": "STOPPED"}),
    Step("POST", "/connectors", 201, INFO_AT_FIRST,
         {"name": "paused", "config": config(file="{home}/paused.txt"), "initial_state": "PAUSED"}),
    Step("GET", "/connectors/stopped/status", 200, STOPPED),
    until_state("paused", "PAUSED"),
    until_states("one", "RUNNING"),
    Step("PUT", "/connectors/two/config", 201, INFO_AT_FIRST,
         config(file="{home}/two.txt", tasks_max="2")),
    Step("PUT", "/connectors/two/config", 200, INFO_AT_FIRST,
         config(file="{home}/two.txt", tasks_max="2", name="two")),
    Step("PUT", "/connectors/two/config", 400, ERROR, config(name="other")),
    Step("PUT", "/connectors/two/config", 400, ERROR, config(tasks_max="none")),
    Step("PUT", "/connectors/two/config", 500, ERROR, b"{", ours=400, why=MALFORMED),
    Step("PUT", "/connectors/two/config", 500, ERROR, b"[1]", ours=400, why=MALFORMED),
    until_states("two", "RUNNING", "RUNNING"),
)  # fmt: skip

LOOKING: Sequence[Step] = (
    Step("GET", "/connectors", 200, [str]),
    Step("GET", "/connectors?expand=status", 200, {"*": {"status": dict}}),
    Step("GET", "/connectors?expand=info", 200, {"*": {"info": dict}}),
    Step("GET", "/connectors?expand=status&expand=info", 200, {"*": {"status": dict, "info": dict}}),
    Step("GET", "/connectors?expand=nothing", 200, {"*": {}}),
    Step("GET", ONE, 200, INFO),
    Step("GET", f"{ONE}/", 200, INFO),
    Step("GET", f"{ONE}/config", 200, {"connector.class": "FileStreamSink", "topics": "alerts",
                                       "file": str, "name": "one"}),
    Step("GET", f"{ONE}/config/", 200, MAP),
    Step("GET", f"{ONE}/status", 200, STATUS),
    Step("GET", f"{ONE}/status/", 200, STATUS),
    Step("GET", "/connectors/two/status", 200, STATUS),
    Step("GET", f"{ONE}/tasks", 200, [{"id": TASK_ID, "config": MAP}]),
    Step("GET", "/connectors/two/tasks", 200, [{"id": TASK_ID, "config": MAP}]),
    Step("GET", f"{ONE}/tasks/0/status", 200, TASK),
    Step("GET", f"{ONE}/tasks/7/status", 404, ERROR),
    Step("GET", f"{ONE}/topics", 200, {"one": {"topics": list}}),
    Step("GET", "/connectors/stopped/topics", 200, {"stopped": {"topics": []}}),
    Step("GET", "/connectors/stopped/tasks", 200, []),
    Step("GET", "/connectors/stopped", 200, INFO | {"tasks": []}),
    Step("GET", f"{UNKNOWN}/topics", 200, {"unknown": {"topics": []}}),
    Step("GET", UNKNOWN, 404, NOT_FOUND),
    Step("GET", f"{UNKNOWN}/config", 404, NOT_FOUND),
    Step("GET", f"{UNKNOWN}/status", 404, ERROR),
    Step("GET", f"{UNKNOWN}/tasks", 404, ERROR),
    Step("GET", f"{UNKNOWN}/tasks/0/status", 404, ERROR),
    Step("GET", f"{UNKNOWN}/offsets", 404, ERROR),
    Step("DELETE", UNKNOWN, 404, NOT_FOUND),
    Step("PUT", f"{UNKNOWN}/pause", 404, ERROR),
    Step("PUT", f"{UNKNOWN}/resume", 404, ERROR),
    Step("PUT", f"{UNKNOWN}/stop", 500, ERROR, ours=404, why=POOR_500),
    Step("POST", f"{UNKNOWN}/restart", 500, ERROR, ours=404, why=POOR_500),
    Step("POST", f"{UNKNOWN}/restart?includeTasks=true", 404, ERROR),
    Step("POST", f"{UNKNOWN}/tasks/0/restart", 500, ERROR, ours=404, why=POOR_500),
    Step("PATCH", f"{UNKNOWN}/config", 404, ERROR, {}),
    Step("PATCH", f"{UNKNOWN}/offsets", 404, ERROR, offsets({"kafka_offset": 1})),
    Step("DELETE", f"{UNKNOWN}/offsets", 404, ERROR),
)  # fmt: skip

CHANGES: Sequence[Step] = (
    Step("PATCH", "/connectors/two/config", 200, INFO_AT_FIRST, {"tasks.max": "1", "topics": "alerts"}),
    Step("PATCH", "/connectors/two/config", 200, INFO_AT_FIRST, {"key.converter": None}),
    Step("PATCH", "/connectors/two/config", 400, ERROR, {"tasks.max": "many"}),
    Step("PATCH", "/connectors/two/config", 500, ERROR, b"{", ours=400, why=MALFORMED),
    Step("GET", "/connectors/two/config", 200, {"connector.class": str, "topics": str, "file": str,
                                                "tasks.max": "1", "name": "two"}),
    until_states("two", "RUNNING"),
    Step("PUT", f"{ONE}/pause", 202, NOTHING),
    until_states("one", "PAUSED"),
    Step("GET", f"{ONE}/status", 200, STATUS | {"connector": STATE | {"state": "PAUSED"}}),
    Step("PUT", f"{ONE}/pause", 202, NOTHING),
    Step("PUT", f"{ONE}/pause/", 202, NOTHING),
    Step("PUT", f"{ONE}/resume", 202, NOTHING),
    until_states("one", "RUNNING"),
    Step("PUT", f"{ONE}/resume", 202, NOTHING),
    Step("POST", f"{ONE}/restart", 204, NOTHING),
    Step("POST", f"{ONE}/restart?includeTasks=false&onlyFailed=false", 204, NOTHING),
    Step("POST", f"{ONE}/restart?includeTasks=true", 202,
         STATUS | {"tasks": [TASK | {"state": "RESTARTING"}]}),
    until_states("one", "RUNNING"),
    Step("POST", f"{ONE}/restart?includeTasks=true&onlyFailed=true", 202,
         STATUS | {"tasks": [TASK | {"state": "RUNNING"}]}),
    Step("POST", f"{ONE}/restart?onlyFailed=true", 202, STATUS),
    Step("POST", f"{ONE}/tasks/0/restart", 204, NOTHING),
    until_states("one", "RUNNING"),
    Step("POST", f"{ONE}/tasks/x/restart", 404, ERROR),
    Step("GET", f"{ONE}/tasks/x/status", 404, ERROR),
    Step("POST", f"{ONE}/pause", 405, ERROR, {}),
    Step("GET", f"{ONE}/restart", 405, ERROR),
    Step("DELETE", f"{ONE}/config", 405, ERROR),
    Step("PUT", f"{ONE}/topics/reset", 202, NOTHING),
    Step("GET", f"{ONE}/topics", 200, {"one": {"topics": []}}),
)  # fmt: skip

OFFSETS: Sequence[Step] = (
    Step("GET", f"{ONE}/offsets", 200, until=lambda content: any(
        entry["offset"]["kafka_offset"] == 5 for entry in content["offsets"])),
    Step("GET", f"{ONE}/offsets", 200, {"offsets": [OFFSET]}),
    Step("PATCH", f"{ONE}/offsets", 400, message(
        "Connectors must be in the STOPPED state before their offsets can be modified. This can be done "
        "for the specified connector by issuing a 'PUT' request to the '/connectors/one/stop' endpoint"
    ), offsets({"kafka_offset": 1})),
    Step("DELETE", f"{ONE}/offsets", 400, ERROR),
    Step("PUT", f"{ONE}/stop", 204, NOTHING),
    Step("PUT", f"{ONE}/stop", 204, NOTHING),
    until_state("one", "STOPPED"),
    until_states("one"),
    Step("GET", f"{ONE}/status", 200, STOPPED),
    Step("GET", f"{ONE}/tasks/0/status", 404, ERROR),
    Step("PATCH", f"{ONE}/offsets", 400,
         message("Partitions / offsets need to be provided for an alter offsets request"), {}),
    Step("PATCH", f"{ONE}/offsets", 400, ERROR, {"offsets": []}),
    Step("PATCH", f"{ONE}/offsets", 500, ERROR, b"{", ours=400, why=MALFORMED),
    Step("PATCH", f"{ONE}/offsets", 400, ERROR, {"offsets": [{"partition": {}, "offset": None}]}),
    Step("PATCH", f"{ONE}/offsets", 400, message(
        "The partition for a sink connector offset must contain the keys 'kafka_topic' and "
        "'kafka_partition'"), {"offsets": [{"partition": {"kafka_topic": "alerts"}, "offset": None}]}),
    Step("PATCH", f"{ONE}/offsets", 400, ERROR, offsets({"other": 1})),
    Step("PATCH", f"{ONE}/offsets", 400, message(
        "Failed to parse the following Kafka offset value in the provided offsets: 'x'. Offset values "
        "for sink connectors need to be integers."), offsets({"kafka_offset": "x"})),
    Step("PATCH", f"{ONE}/offsets", 400, ERROR, offsets({"kafka_offset": 1}, partition="x")),
    Step("PATCH", f"{ONE}/offsets", 200, until=lambda content: "message" in content,
         body=offsets({"kafka_offset": 3})),
    Step("PATCH", f"{ONE}/offsets", 200, MESSAGE, offsets({"kafka_offset": 2})),
    Step("PATCH", f"{ONE}/offsets", 200, MESSAGE, offsets({"kafka_offset": "3"})),
    Step("PATCH", f"{ONE}/offsets", 200, MESSAGE, offsets({"kafka_offset": 0}, partition="0")),
    Step("PATCH", f"{ONE}/offsets", 200, MESSAGE, offsets(None, partition=1)),
    Step("PATCH", f"{ONE}/offsets", 200, MESSAGE, offsets({"kafka_offset": 4})),
    Step("GET", f"{ONE}/offsets", 200, {"offsets": [OFFSET | {"offset": {"kafka_offset": 4}}]}),
    Step("DELETE", f"{ONE}/offsets", 200, MESSAGE),
    Step("GET", f"{ONE}/offsets", 200, {"offsets": []}),
    Step("DELETE", f"{ONE}/offsets", 200, MESSAGE),
    Step("PUT", f"{ONE}/resume", 202, NOTHING),
    until_states("one", "RUNNING"),
    Step("PUT", "/connectors/stopped/resume", 202, NOTHING),
    until_states("stopped", "RUNNING"),
)  # fmt: skip

LOGGERS: Sequence[Step] = (
    Step("GET", "/admin/loggers", 200, {"*": LEVEL}),
    Step("GET", "/admin/loggers/root", 200, LEVEL),
    Step("GET", "/admin/loggers/", 200, {"*": LEVEL}),
    Step("PUT", "/admin/loggers/shapes.one", 200, [str], {"level": "DEBUG"}),
    Step("GET", "/admin/loggers/shapes.one", 200, LEVEL | {"level": "DEBUG", "last_modified": int}),
    Step("PUT", "/admin/loggers/shapes.one", 200, [str], {"level": "warn"}),
    Step("PUT", "/admin/loggers/shapes.one?scope=worker", 200, [str], {"level": "ERROR"}),
    Step("PUT", "/admin/loggers/shapes.one?scope=cluster", 204, NOTHING, {"level": "ERROR"}),
    Step("PUT", "/admin/loggers/shapes.one", 404, ERROR, {"level": "LOUD"}),
    Step("PUT", "/admin/loggers/shapes.one", 400, ERROR, {}),
    Step("PUT", "/admin/loggers/shapes.one", 500, ERROR, b"{", ours=400, why=MALFORMED),
    Step("GET", "/admin/loggers/shapes.unknown", 404, ERROR),
    Step("DELETE", "/admin/loggers/root", 405, ERROR),
    Step("POST", "/admin/loggers", 405, ERROR, {}),
)  # fmt: skip

DELETION: Sequence[Step] = (
    Step("DELETE", ONE, 204, NOTHING),
    Step("GET", f"{ONE}/status", 404, until=lambda content: "error_code" in content),
    Step("GET", ONE, 404, message("Connector one not found", 404)),
    Step("GET", f"{ONE}/status", 404, ERROR),
    Step("DELETE", ONE, 404, ERROR),
    Step("DELETE", "/connectors/two/", 204, NOTHING),
    Step("DELETE", "/connectors/paused", 204, NOTHING),
    Step("DELETE", "/connectors/stopped", 204, NOTHING),
    Step("GET", "/connectors", 200, []),
)

TABLE: Sequence[Step] = (
    *WORKER, *PLUGINS, *CREATION, *LOOKING, *CHANGES, *OFFSETS, *LOGGERS, *DELETION,
)  # fmt: skip
