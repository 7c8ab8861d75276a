"""The worker, as anybody would run it: a properties file, and `sinkworker start`.

Owns the file's contents and what the worker's log says. Must not know what the worker does.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from sinkworker.demo.broker import SPEAKS
from sinkworker.demo.child import Child
from sinkworker.demo.patience import DemoError, Patience

SESSION_TIMEOUT_MS = 4_000
PATIENCE_SECONDS = 120
LINES_OF_LOG = 12
QUARANTINED = re.compile(r"(Quarantined .*) \(\S+\)$", re.MULTILINE)


class Worker:
    """One connector file, and the process that runs it."""

    def __init__(self, home: Path, keys: Mapping[str, str]) -> None:
        self.file = home / f"{keys['name']}.properties"
        self.file.touch(mode=0o600)  # it may hold a secret
        self.file.write_text("".join(f"{key}={value}\n" for key, value in keys.items()))
        command = [sys.executable, "-m", "sinkworker", "start", str(self.file)]
        self.child = Child(command, home / "worker.log")

    @property
    def command(self) -> str:
        return f"sinkworker start {self.file}"

    def start(self) -> None:
        self.child.start()

    def until(self, condition: Callable[[], object], what: str, patience: Patience) -> None:
        """Wait for it while the worker runs. DemoError, with the end of its log, when in vain."""
        try:
            patience.until(lambda: self._is_running() and condition(), PATIENCE_SECONDS, what)
        except DemoError as error:
            end = "\n".join(self.child.log().splitlines()[-LINES_OF_LOG:])
            raise DemoError(f"{error}. The worker's log ends:\n{end}") from None

    def _is_running(self) -> bool:
        if not self.child.is_running():
            raise DemoError("The worker ended by itself")
        return True

    def quarantined(self) -> list[str]:
        """What its log says of partitions that wait."""
        return QUARANTINED.findall(self.child.log())


def keys(bootstrap: str, topics: Sequence[str], sink: Mapping[str, str]) -> dict[str, str]:
    """As in configs/, with the demo's addresses. sink: the keys of what it writes to."""
    return {
        "bootstrap.servers": bootstrap,
        "topics": ",".join(topics),
        "tasks.max": "1",
        "key.converter": "StringConverter",
        "value.converter": "JsonConverter",
        "value.converter.schemas.enable": "false",
        # A group that notices a loss soon.
        "consumer.override.session.timeout.ms": str(SESSION_TIMEOUT_MS),
        "consumer.override.heartbeat.interval.ms": "500",
        "consumer.override.api.version": SPEAKS,
        **sink,
    }
