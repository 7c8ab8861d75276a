"""One program, measured from outside: how fast its commits move on, and what it used.

Owns clocks, CPU time and memory. Must not know which program it is.
"""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

LOOK_EVERY = 0.01
BEFORE_THE_LAST_FLUSH = 0.95
"""Of all records. A last flush that is not full waits for `offset.flush.interval.ms`: half a second of
five, or nothing, as the sizes of the first polls happen to be."""


class Result(NamedTuple):
    """One run. cpu_seconds: per million records. rss: peak, in MB. first: seconds from the start of the
    process to the first commit that was seen."""

    records_per_second: float
    cpu_seconds: float
    rss: float
    first: float


class Program:
    """A process whose commits can be counted."""

    def __init__(
        self, command: Sequence[str], progress: Callable[[], int], look_every: float = LOOK_EVERY
    ) -> None:
        """progress: how many records are committed by now."""
        self._progress, self._look_every = progress, look_every
        self._started = time.monotonic()
        self._process = subprocess.Popen(command)

    def measured(self, records: int, until: float = 1.0) -> Result:
        """Its rate, from the first commit that is seen, which does not count, to that share of all."""
        first, at_first = self.seen(1)
        last, at_last = self.seen(int(records * until))
        self.seen(records)
        rate = (at_last - at_first) / (last - first) if at_last > at_first else float("nan")
        cpu_seconds, rss = self.ended()
        return Result(rate, cpu_seconds / records * 1e6, rss, first - self._started)

    def seen(self, wanted: int) -> tuple[float, int]:
        """When at least so many records were first seen committed, and how many they were."""
        while (committed := self._progress()) < wanted:
            if self._process.poll() not in (None, 0):
                raise SystemExit(f"the process ended with {self._process.returncode}")
            time.sleep(self._look_every)
        return time.monotonic(), committed

    def ended(self) -> tuple[float, float]:
        """CPU seconds and peak MB of the process, which is told to end."""
        # Not its ru_maxrss: in that the memory of the process that started it counts, too.
        rss = self.memory("VmHWM")
        self._process.terminate()
        usage = os.wait4(self._process.pid, 0)[2]
        self._process.returncode = 0
        return usage.ru_utime + usage.ru_stime, rss

    def memory(self, name: str) -> float:
        """VmRSS: now, VmHWM: at most; in MB."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        (kilobytes,) = re.findall(rf"{name}:\s+(\d+) kB", status)
        return int(kilobytes) / 1024

    def cpu_seconds(self) -> float:
        """So far."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
