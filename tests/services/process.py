"""A server process that a test owns: started, waited for, stopped, killed, frozen.

Owns the life of one operating-system process. Knows nothing of what the process serves.
"""

from __future__ import annotations

import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

_handed_out: set[int] = set()


def free_port() -> int:
    """A TCP port on loopback that nobody listens on at this moment, and that was not asked for before:
    Linux may give the same one again until somebody listens there."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port: int = probe.getsockname()[1]
        if port not in _handed_out:
            _handed_out.add(port)
            return port


def accepts_connections(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_until(condition: Callable[[], object], seconds: float, what: str) -> None:
    """Poll `condition` until it is true; AssertionError naming `what` after `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds:g} s in vain for: {what}")
        time.sleep(0.02)


class ServerProcess:
    """One process with its log file. `start` returns when `is_ready` first answers true."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        log: Path,
        is_ready: Callable[[], bool],
        env: Mapping[str, str] | None = None,
        user: str | None = None,
        ready_within: float = 60,
    ) -> None:
        self._name, self._command, self.log, self._is_ready = name, list(command), log, is_ready
        self._env, self._user, self._ready_within = env, user, ready_within
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None, f"{self._name} was never started"
        return self._process.pid

    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=dict(self._env) if self._env is not None else None,
                user=self._user,
            )
        self._wait_until_ready()

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + self._ready_within
        while not self._is_ready():
            if not self.is_running() or time.monotonic() > deadline:
                tail = self.log.read_text(errors="replace")[-3000:]
                self.kill()
                raise RuntimeError(f"{self._name} did not become ready; its log ends:\n{tail}")
            time.sleep(0.05)

    def send(self, number: signal.Signals) -> None:
        if self.is_running():
            assert self._process is not None
            self._process.send_signal(number)

    def kill(self) -> None:
        """SIGKILL, and wait until the process is gone."""
        self.send(signal.SIGKILL)
        self._reap()

    def stop(self, number: signal.Signals = signal.SIGTERM, within: float = 20) -> None:
        """Ask to end, then kill what has not ended `within` seconds."""
        self.send(number)
        self._reap(within)

    def _reap(self, within: float = 20) -> None:
        if self._process is None:
            return
        try:
            self._process.wait(within)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
