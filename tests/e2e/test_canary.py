"""Secrets of a whole run, looked for in everything that a worker says.

They come from a file, a folder, a variable and a configuration as it is written. The run has what may
make a worker talkative: bad records, a password that is wrong, an address that is, all levels of logs.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sinkworker.rest.openapi import OPERATIONS
from tests.e2e.scene import Scene
from tests.services.process import wait_until
from tests.services.worker import WorkerProcess
from tests.unit.rest.scene import Client

pytestmark = [pytest.mark.kafka, pytest.mark.postgres]

FILE, FOLDER, VARIABLE = "canary-of-a-file", "canary-of-a-folder", "canary-of-a-variable"
WRITTEN, TOKEN, RECORD = "canary-as-written", "canary-of-the-token", "canary-of-a-record"
SECRETS = (FILE, FOLDER, VARIABLE, WRITTEN, TOKEN)
ECHOES = {
    ("POST /connectors", 201),
    ("GET /connectors/plain", 200),
    ("GET /connectors/plain/config", 200),
    ("GET /connectors/plain/tasks", 200),
    ("GET /connectors?expand=info&expand=status", 200),
}
GOOD = [json.dumps({"alert_id": n}).encode() for n in range(20)]
BAD = [b'{"alert_id": "' + RECORD.encode() + b'"}', RECORD.encode(), b'{"alert_id": 7}']


class Run:
    """One worker, and everything that it has said to those who asked."""

    def __init__(self, scene: Scene, home: Path, topic: str) -> None:
        self.scene, self._topic = scene, topic
        self._answers: list[tuple[str, int, str]] = []
        (home / "secrets.properties").write_text(f"password={FILE}\n")
        (home / "password").write_text(FOLDER)
        (home / "token").write_text(TOKEN)
        settings = home / "worker.properties"
        settings.write_text(
            f"bootstrap.servers={scene.kafka.bootstrap}\nlisteners=http://127.0.0.1:0\n"
            f"rest.auth.token.file={home / 'token'}\nsinkworker.state.dir={home / 'state'}\n"
        )
        self.worker: WorkerProcess = scene.worker(THE_VARIABLE=VARIABLE)
        self.worker.start("--worker-config", str(settings), "--log-level", "debug")
        self.client = Client(self.worker.rest_port())

    def ask(self, method: str, path: str, content: Any = None) -> Any:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        reply = self.client.ask(method, path, content, headers)
        text = f"{reply.headers}{reply.content}"
        self._answers.append((f"{method} {path}", reply.status, text))
        return reply

    def config(self, **keys: str) -> dict[str, str]:
        dotted = {key.replace("__", "."): value for key, value in keys.items()}
        file = self.scene.config(
            self._topic, name=None, errors__tolerance="all", errors__log__enable="true",
            errors__deadletterqueue__topic__name=f"{self._topic}-dead",
        )  # fmt: skip
        written = dict(line.split("=", 1) for line in file.read_text().splitlines())
        return written | {"connection.user": "postgres"} | dotted

    def create(self, name: str, **keys: str) -> int:
        content = {"name": name, "config": self.config(**keys) | {"name": name}}
        return int(self.ask("POST", "/connectors", content).status)

    def ask_everything(self, *names: str) -> None:
        paths = [path for method, path in OPERATIONS if method == "GET"]
        for name in names:
            for path in paths:
                known = path.replace("{name}", name).replace("{task}", "0")
                self.ask(
                    "GET", known.replace("{plugin}", "PostgresSink").replace("{logger}", "root")
                )
        self.ask("GET", "/connectors?expand=info&expand=status")

    def said(self) -> Iterator[tuple[str, str]]:
        """(where, text) but echoes of what was written, which hold it as it was written."""
        for asked, status, text in self._answers:
            yield asked, text.replace(WRITTEN, "") if (asked, status) in ECHOES else text
        yield "the log", self.worker.log()
        (letters,) = self.scene.kafka.read(f"{self._topic}-dead").values()
        assert len(letters) >= len(BAD)
        for letter in letters:
            yield "a dead letter", f"{letter.headers()}{letter.key()}{letter.value()}"
        for row in self.scene.database.execute("SELECT l::text FROM sinkworker_ledger AS l"):
            yield "the ledger", row[0]

    def arguments(self) -> str:
        return Path(f"/proc/{self.worker.pid}/cmdline").read_text()


@pytest.fixture
def run(scene: Scene, tmp_path: Path) -> Run:
    scene.database.execute("CREATE TABLE alerts (alert_id int CHECK (alert_id <> 7))")
    topic = scene.kafka.create_topic()
    scene.kafka.produce(topic, [*GOOD, *BAD])
    return Run(scene, tmp_path, topic)


def test_nothing_that_a_worker_says_holds_a_secret(run: Run, tmp_path: Path) -> None:
    place = f"${{file:{tmp_path}/secrets.properties:password}}"
    assert run.create("good", connection__password=place) == 201
    assert run.create("folder", connection__password=f"${{dir:{tmp_path}:password}}") == 201
    assert run.create("variable", connection__url="postgresql://u:${env:THE_VARIABLE}@[::1") == 400
    assert (
        run.create("nowhere", connection__url="postgresql://127.0.0.1:1/${env:THE_VARIABLE}") == 201
    )
    assert run.create("plain", connection__password=WRITTEN, connection__user="nobody") == 201
    assert (
        run.create("typo", connection__password=WRITTEN, batch__size=place, pk__mode=place) == 400
    )
    ends = {0: len(GOOD) + len(BAD)}
    wait_until(lambda: run.scene.stored("good") == ends, 60, "all records to be done with")
    wait_until(
        lambda: "trace" in str(run.ask("GET", "/connectors/plain/status").content), 30, "why"
    )
    validate = "/connector-plugins/PostgresSink/config/validate"
    run.ask("PUT", validate, run.config(name="x", connection__password=WRITTEN, pk__mode=place))
    run.client.ask("GET", f"/connectors?token={TOKEN}")
    run.ask_everything("good", "folder", "nowhere", "plain")
    arguments = run.arguments()
    for path in ("restart?includeTasks=true", "tasks/0/restart"):
        run.ask("POST", f"/connectors/good/{path}")
    run.ask("PUT", "/connectors/good/stop")
    run.ask("DELETE", "/connectors/plain")
    assert run.worker.stop() == 0
    for secret in SECRETS:
        assert secret not in arguments
        assert [where for where, text in run.said() if secret in text] == []
    beside_letters = [(where, text) for where, text in run.said() if where != "a dead letter"]
    assert [where for where, text in beside_letters if RECORD in text] == []
