"""A real schema registry: Apicurio, from Maven's jars, in memory, on a free port.

It speaks Confluent's interface below /apis/ccompat/v7. Confluent's own registry is not on Maven Central,
and Karapace, which is another, is not on PyPI. Knows nothing of what is registered.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

from confluent_kafka.schema_registry import Schema, SchemaReference, SchemaRegistryClient

from tests.services.process import ServerProcess, free_port

VERSION = "2.6.13.Final"
ARTIFACT = f"io.apicurio:apicurio-registry-app:{VERSION}:tar.gz:all"
TARGET = Path(__file__).parent / "target"
HOME = TARGET / f"apicurio-{VERSION}"
HEAP = ["-Xmx256m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"]


def why_unavailable() -> str | None:
    """The reason why it cannot be started here, or None."""
    missing = [tool for tool in ("java", "mvn") if shutil.which(tool) is None]
    return f"{' and '.join(missing)} not found on PATH" if missing else None


def install() -> None:
    """140 MB, fetched by Maven once and unpacked beside the other servers' files."""
    if HOME.exists():
        return
    command = ["mvn", "-q", "-B", "dependency:copy", f"-Dartifact={ARTIFACT}",
               f"-DoutputDirectory={TARGET}"]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True, text=True)
    unpacked = HOME.with_suffix(f".{os.getpid()}")
    archive = TARGET / f"apicurio-registry-app-{VERSION}-all.tar.gz"
    with tarfile.open(archive) as files:
        files.extractall(unpacked, filter="data")
    unpacked.rename(HOME)
    archive.unlink()


class ApicurioServer:
    """One registry. What it holds is gone when it stops."""

    def __init__(self, home: Path) -> None:
        home.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        jar = HOME / f"apicurio-registry-app-{VERSION}-runner.jar"
        settings = ["-Dquarkus.http.host=127.0.0.1", f"-Dquarkus.http.port={self.port}"]
        self._process = ServerProcess(
            "Apicurio", ["java", *HEAP, *settings, "-jar", str(jar)], home / "apicurio.log",
            self._answers, ready_within=120,
        )  # fmt: skip

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/apis/ccompat/v7"

    def _answers(self) -> bool:
        try:
            with urlopen(f"{self.url}/subjects", timeout=5) as response:
                return bool(response.status == 200)
        except (URLError, OSError):
            return False

    def start(self) -> ApicurioServer:
        install()
        self._process.start()
        return self

    def stop(self) -> None:
        self._process.stop()

    def register(
        self, subject: str, text: str, kind: str = "AVRO", references: list[Any] | None = None
    ) -> int:
        """references: (name, subject, version) each."""
        named = [SchemaReference(*each) for each in references or []]
        with SchemaRegistryClient({"url": self.url}) as client:
            return int(client.register_schema(subject, Schema(text, kind, named)))
