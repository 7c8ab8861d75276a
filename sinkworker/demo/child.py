"""One process that the demo started.

Owns its start and its end. It has a session of its own: a Ctrl-C reaches the demo only, which then
ends its children in order. Must not know what they do.
"""

from __future__ import annotations

import os
import pwd
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path

ENDS_WITHIN_SECONDS = 20
# What would make Postgres, libpq or the worker behave otherwise than the demo says.
NOT_INHERITED = ("PG", "SINKWORKER_")


class Child:
    """May be started again. All that it prints goes to one log."""

    def __init__(self, command: Sequence[str], log: Path, user: str | None = None) -> None:
        """user: whom to run it as, without any right of ours; None: us."""
        self._command, self._log, self._user = list(command), log, user
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        entry = pwd.getpwnam(self._user) if self._user is not None else None
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603  nothing in it comes from outside
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self._log.parent if entry is not None else None,  # ours may be closed to others
                env={k: v for k, v in os.environ.items() if not k.startswith(NOT_INHERITED)},
                start_new_session=True,
                user=entry and entry.pw_uid,
                group=entry and entry.pw_gid,
                extra_groups=[] if entry is not None else None,
            )

    @property
    def pid(self) -> int:
        assert self._process is not None, "not started"
        return self._process.pid

    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def log(self) -> str:
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    def kill(self) -> None:
        """SIGKILL: nothing is flushed, closed or said."""
        self.stop(signal.SIGKILL)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to end; its exit code."""
        if self._process is not None:
            self._process.send_signal(number)
        return self.wait()

    def wait(self) -> int:
        """Until it has ended; its exit code. What takes too long is killed."""
        if self._process is None:
            return 0
        try:
            return self._process.wait(ENDS_WITHIN_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()
