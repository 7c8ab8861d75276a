"""A second real S3 server: versitygw, built by Go from its module, over a folder, on a free port.

Owns building, starting and killing it. The program is built once and stays where Go keeps programs.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from tests.services.process import ServerProcess, accepts_connections, free_port
from tests.services.seaweed import ACCESS_KEY, SECRET_KEY

VERSION = "v1.8.0"  # before, several of a race of conditional writers could win
MODULE = f"github.com/versity/versitygw/cmd/versitygw@{VERSION}"
BUILT_WITHIN_SECONDS = 900


def why_unavailable() -> str | None:
    """The reason why it cannot be started here, or None. It may have to be built first."""
    return None if shutil.which("go") or _program().exists() else "Go is not installed"


def build() -> None:
    """Two minutes of CPU, once."""
    if not _program().exists():
        command = ["go", "install", "-ldflags=-s -w", MODULE]
        environment = os.environ | {"GOBIN": str(_program().parent)}
        subprocess.run(command, env=environment, check=True, timeout=BUILT_WITHIN_SECONDS)


def _program() -> Path:
    """The version is part of the folder, so that another one is not taken for it."""
    home = os.environ.get("GOPATH", "").split(os.pathsep)[0] or str(Path.home() / "go")
    return Path(home) / "bin" / f"versitygw-{VERSION}" / "versitygw"


class VersityServer:
    """One gateway with its folder."""

    def __init__(self, home: Path) -> None:
        data, sidecar = home / "data", home / "sidecar"  # what a file system may have no room for
        data.mkdir(parents=True, exist_ok=True)
        sidecar.mkdir(exist_ok=True)
        self.port = free_port()
        address = f"127.0.0.1:{self.port}"
        keys = {"ROOT_ACCESS_KEY_ID": ACCESS_KEY, "ROOT_SECRET_ACCESS_KEY": SECRET_KEY}
        self._process = ServerProcess(
            "versitygw",
            [str(_program()), "--port", address, "--quiet", "--keep-alive",
             "posix", "--sidecar", str(sidecar), str(data)],
            home / "versitygw.log",
            lambda: accepts_connections(self.port),
            env=os.environ | keys,
        )  # fmt: skip

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> VersityServer:
        self._process.start()
        return self

    def kill(self) -> None:
        self._process.kill()

    stop = kill
