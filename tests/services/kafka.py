"""A real Apache Kafka broker in KRaft mode, from Maven jars and the machine's Java.

Owns starting, stopping and breaking a broker. Tests reach it through `bootstrap`; producing and
administration are in `kafka_tools.py`.
"""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
import uuid
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from tests.services.process import ServerProcess, accepts_connections, free_port

HERE = Path(__file__).parent

# Short times so that rebalances, expiry and retention happen within a test's patience.
BROKER_SETTINGS = {
    "process.roles": "broker,controller",
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
    "auto.create.topics.enable": "false",
    "group.initial.rebalance.delay.ms": "0",
    "group.min.session.timeout.ms": "1000",
    "offsets.topic.num.partitions": "1",
    "offsets.topic.replication.factor": "1",
    "transaction.state.log.num.partitions": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "log.retention.check.interval.ms": "1000",
    "log.initial.task.delay.ms": "500",
    "controlled.shutdown.enable": "false",
}

HEAP = ["-Xms256m", "-Xmx512m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"]


def why_unavailable() -> str | None:
    """The reason why no broker can be started from jars here, or None."""
    missing = [tool for tool in ("java", "mvn") if shutil.which(tool) is None]
    return f"{' and '.join(missing)} not found on PATH" if missing else None


@cache
def classpath() -> str:
    """The broker's jars, fetched by Maven once and kept in Maven's own repository."""
    target = HERE / "target"
    target.mkdir(exist_ok=True)
    listing = target / "classpath.txt"
    subprocess.run(
        ["mvn", "-q", "-B", "-f", str(HERE / "pom.xml"), "dependency:build-classpath",
         f"-Dmdep.outputFile={listing}"],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    return listing.read_text().strip()


def java_environment() -> dict[str, str]:
    return dict(os.environ) | {"CLASSPATH": classpath()}


def new_cluster_id() -> str:
    """A random id in Kafka's form. One that begins with `-` would be read as an option."""
    encoded = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
    return encoded.replace("-", "_")


class KafkaServer:
    """One broker that is its own controller. Its port and data outlive stop and start."""

    def __init__(
        self,
        home: Path,
        settings: Mapping[str, str] | None = None,
        format_arguments: Sequence[str] = (),
    ) -> None:
        self._home, self._format_arguments = home, format_arguments
        self.port, self._controller_port = free_port(), free_port()
        self.bootstrap = f"127.0.0.1:{self.port}"
        self.data = home / "data"
        self._settings = dict(settings or {})
        self._process = self._server()

    def _server(self) -> ServerProcess:
        return ServerProcess(
            "Kafka",
            [*self._java(), "kafka.Kafka", str(self._home / "server.properties")],
            self._home / "kafka.log",
            lambda: accepts_connections(self.port),
            env=java_environment(),
            ready_within=180,
        )

    def _java(self) -> list[str]:
        logging = f"-Dlog4j2.configurationFile={HERE / 'log4j2.properties'}"
        return ["java", *HEAP, logging]

    def start(self) -> KafkaServer:
        if not self.data.exists():
            self._format()
        self._process.start()
        return self

    def _format(self, cluster_id: str | None = None) -> None:
        self._home.mkdir(parents=True, exist_ok=True)
        properties = self._home / "server.properties"
        properties.write_text("".join(f"{k}={v}\n" for k, v in self._configuration().items()))
        subprocess.run(
            [*self._java(), "kafka.tools.StorageTool", "format",
             "-t", cluster_id or new_cluster_id(), "-c", str(properties), *self._format_arguments],
            check=True, capture_output=True, text=True, env=java_environment(),
        )  # fmt: skip

    def _configuration(self) -> dict[str, str]:
        return (
            BROKER_SETTINGS
            | {
                "node.id": "1",
                "log.dirs": str(self.data),
                "controller.quorum.voters": f"1@127.0.0.1:{self._controller_port}",
                "listeners": f"PLAINTEXT://127.0.0.1:{self.port},"
                f"CONTROLLER://127.0.0.1:{self._controller_port}",
                "advertised.listeners": f"PLAINTEXT://127.0.0.1:{self.port}",
            }
            | self._settings
        )

    def stop(self) -> None:
        self._process.stop()

    def kill(self) -> None:
        self._process.kill()

    def is_running(self) -> bool:
        return self._process.is_running()

    def forget_everything(self) -> None:
        """Stop and remove the data: the next start is another, empty cluster at this address."""
        self.kill()
        shutil.rmtree(self.data)
