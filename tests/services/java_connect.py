"""Kafka Connect itself, standalone, run by the machine's Java with jars from Maven.

Owns its start and its end. What is asked of it is in tests/rest.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

from tests.services.kafka import HEAP
from tests.services.process import ServerProcess, accepts_connections, free_port

HERE = Path(__file__).parent
LOGGING = HERE / "log4j2.properties"
SETTINGS = {
    "key.converter": "org.apache.kafka.connect.storage.StringConverter",
    "value.converter": "org.apache.kafka.connect.storage.StringConverter",
    "offset.flush.interval.ms": "500",
    "plugin.discovery": "service_load",
    "consumer.session.timeout.ms": "6000",
    "consumer.heartbeat.interval.ms": "500",
}


def why_unavailable() -> str | None:
    """The reason why it cannot be run here, or None."""
    missing = [tool for tool in ("java", "mvn") if shutil.which(tool) is None]
    return f"{' and '.join(missing)} not found on PATH" if missing else None


@cache
def classpath() -> str:
    """Its jars, fetched by Maven once and kept in Maven's own repository."""
    target = HERE / "target"
    target.mkdir(exist_ok=True)
    listing = target / "connect-classpath.txt"
    subprocess.run(
        ["mvn", "-q", "-B", "-f", str(HERE / "connect" / "pom.xml"),
         "dependency:build-classpath", f"-Dmdep.outputFile={listing}"],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    return listing.read_text().strip()


class JavaConnect:
    """One standalone worker without connectors."""

    def __init__(self, home: Path, bootstrap: str) -> None:
        home.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        settings = SETTINGS | {
            "bootstrap.servers": bootstrap,
            "listeners": f"http://127.0.0.1:{self.port}",
            "offset.storage.file.filename": str(home / "offsets"),
        }
        properties = home / "connect.properties"
        properties.write_text("".join(f"{key}={value}\n" for key, value in settings.items()))
        self._process = ServerProcess(
            "Kafka Connect",
            ["java", *HEAP, f"-Dlog4j2.configurationFile={LOGGING}",
             "org.apache.kafka.connect.cli.ConnectStandalone", str(properties)],
            home / "connect.log",
            lambda: accepts_connections(self.port),
            env=dict(os.environ) | {"CLASSPATH": classpath()},
            ready_within=180,
        )  # fmt: skip

    def start(self) -> JavaConnect:
        self._process.start()
        return self

    def stop(self) -> None:
        self._process.stop()
