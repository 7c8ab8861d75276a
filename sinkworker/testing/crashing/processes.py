"""A crash test as a whole: process after process, until one comes to the end of the records.

Owns starting them. What they do is in `run`, whether that was right in `verdict`.
"""

from __future__ import annotations

import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from sinkworker.testing.crashing.journal import Journal
from sinkworker.testing.crashing.verdict import Verdict


class ProcessFailedError(Exception):
    """A process ended by itself, and not well. It has said why."""


def run_processes(command: Sequence[str], verdict: Verdict, at_most: int) -> Iterator[str]:
    """A line for each process, when it has ended. Stops at the first problem.

    command: what starts one; `--journal=…` is added.
    """
    with tempfile.TemporaryDirectory(prefix="sinkworker-") as home:
        journal, seen = Journal(Path(home) / "journal"), 0
        for _ in range(at_most):
            code = _exit_code([*command, f"--journal={journal.file}"])
            events = journal.read()
            yield verdict.read(events[seen:])
            seen = len(events)
            if code not in (0, -signal.SIGKILL):
                raise ProcessFailedError(f"the process ended with code {code}")
            if code == 0 or verdict.problems:
                return
    verdict.problems.append(f"after {at_most} runs, there are still records that are not through")


def _exit_code(command: Sequence[str]) -> int:
    ended = subprocess.run(command, stdin=subprocess.DEVNULL, check=False)  # noqa: S603  our own
    return ended.returncode
