"""A worker as users run it: `sinkworker start FILE` in a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.services.process import wait_until


class WorkerProcess:
    """One worker process and its log. Its log is kept over restarts."""

    def __init__(self, *configs: Path, env: Mapping[str, str] | None = None, log: Path) -> None:
        self._configs, self._log = configs, log
        # What it remembers belongs to the test, as its log does.
        own = {"XDG_STATE_HOME": str(log.absolute().parent / f"{log.stem}.state")}
        self._env = dict(os.environ) | own | dict(env or {})
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, *options: str) -> WorkerProcess:
        command = [sys.executable, "-m", "sinkworker", "start", *options]
        with self._log.open("ab") as output:
            self._process = subprocess.Popen(
                [*command, *map(str, self._configs)],
                stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=self._env,
            )  # fmt: skip
        return self

    @property
    def pid(self) -> int:
        assert self._process is not None, "the worker was not started"
        return self._process.pid

    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def rest_port(self) -> int:
        """Where its REST listens, as soon as its log says so."""
        self.wait_for("REST on ")
        return int(self.log_lines("REST on ")[-1].split("REST on ")[1].split()[0].rsplit(":", 1)[1])

    def log(self) -> str:
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    def log_lines(self, text: str) -> list[str]:
        return [line for line in self.log().splitlines() if text in line]

    def wait_for(self, text: str, seconds: float = 30, times: int = 1) -> None:
        """Until a text stands in the log (at least so often), or the worker has ended."""

        def is_there() -> bool:
            found = self.log().count(text) >= times
            assert found or self.is_running(), f"the worker ended; its log:\n{self.log()[-3000:]}"
            return found

        try:
            wait_until(is_there, seconds, f"{text!r} in the log")
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.log()[-3000:]}") from None

    def send(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def kill(self) -> None:
        """SIGKILL; nothing is flushed, closed or said."""
        if self.is_running():
            self.send(signal.SIGKILL)
        self.wait()

    def freeze(self) -> None:
        self.send(signal.SIGSTOP)

    def thaw(self) -> None:
        self.send(signal.SIGCONT)

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        if self.is_running():
            self.send(signal.SIGTERM)
        return self.wait()

    def wait(self, seconds: float = 60) -> int:
        assert self._process is not None, "the worker was not started"
        return self._process.wait(seconds)
