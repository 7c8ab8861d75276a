"""Services from docker/compose.yml, where a docker engine answers.

Owns one compose project a test session, on free ports.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import uuid
from functools import cache
from pathlib import Path

from tests.services.process import free_port

COMPOSE_FILE = Path(__file__).parents[2] / "docker" / "compose.yml"


@cache
def answers() -> bool:
    """Whether there is an engine, not only a client."""
    if shutil.which("docker") is None:
        return False
    probe = ["docker", "compose", "ls"]
    return subprocess.run(probe, capture_output=True, timeout=20).returncode == 0


class _Service:
    """One service of the compose file, in a project of its own."""

    def __init__(self, service: str, port_variable: str) -> None:
        self._service = service
        self.port = free_port()
        self._project = f"sinkworker-test-{service}-{uuid.uuid4().hex[:8]}"
        self._environment = dict(os.environ) | {port_variable: str(self.port)}

    def _compose(self, *arguments: str) -> None:
        command = ["docker", "compose", "-p", self._project, "-f", str(COMPOSE_FILE), *arguments]
        subprocess.run(command, check=True, capture_output=True, env=self._environment)

    def up(self) -> None:
        self._compose("up", "-d", "--wait", self._service)

    def stop(self) -> None:
        self._compose("down", "-v")


class ComposePostgres(_Service):
    def __init__(self) -> None:
        super().__init__("postgres", "POSTGRES_PORT")

    def url(self, database: str = "postgres", user: str = "postgres") -> str:
        return f"postgresql://{user}:sinkworker@127.0.0.1:{self.port}/{database}"

    def start(self) -> ComposePostgres:
        self.up()
        return self


class ComposeKafka(_Service):
    def __init__(self) -> None:
        super().__init__("kafka", "KAFKA_PORT")
        self.bootstrap = f"127.0.0.1:{self.port}"

    def start(self) -> ComposeKafka:
        self.up()
        return self
