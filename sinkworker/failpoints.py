"""Failpoints: what a test lets happen to a worker at a named place.

Owns reading a plan, wrapping the functions it names, and the actions. No other module knows of it: a
worker without a plan runs exactly what it always runs, at no cost. A plan is read only if the command
line's hidden `--failpoints` is given *and* SINKWORKER_FAILPOINTS holds its file's name.
"""

from __future__ import annotations

import functools
import importlib
import json
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from sinkworker.api import RetriableError

VARIABLE = "SINKWORKER_FAILPOINTS"


@dataclass(frozen=True)
class Failpoint:
    """at: `package.module:Class.method`, of the worker or of a plugin. when: before or after its body.

    do: kill or stop (this process, by SIGKILL or SIGSTOP), raise (a RetriableError), sleep (for
    `argument` seconds) or abort (end every connection to the port `argument`).
    hit: at which of its calls, from 1; 0: at each.
    """

    at: str
    when: Literal["before", "after"]
    do: Literal["kill", "stop", "raise", "sleep", "abort"]
    hit: int = 1
    argument: float = 0


class Trap:
    """Counts the calls of one place, on whatever thread, and acts at the right ones."""

    def __init__(self, failpoint: Failpoint, journal: Path) -> None:
        self._failpoint, self._journal = failpoint, journal
        self._lock, self._hits = threading.Lock(), 0

    def step(self) -> None:
        with self._lock:
            self._hits += 1
            if self._failpoint.hit not in (0, self._hits):
                return
        self._write_down()
        ACTIONS[self._failpoint.do](self._failpoint)

    def _write_down(self) -> None:
        """Before acting: what was written is there after a SIGKILL."""
        line = {"pid": os.getpid(), "time": time.time(), **vars(self._failpoint)}
        with self._journal.open("a") as journal:
            journal.write(json.dumps(line) + "\n")


def arm(environment: Mapping[str, str] = os.environ) -> int:
    """Set the traps of the plan that the environment names; how many. Before the worker is built.

    The plan is JSON: {"journal": file, "failpoints": [{"at": …, "when": …, "do": …}, …]}. Raises what
    a plan that is not one raises: a test that breaks nothing must not pass.
    """
    plan = json.loads(Path(environment[VARIABLE]).read_text())
    for each in plan["failpoints"]:
        failpoint = Failpoint(**each)
        place(failpoint, Trap(failpoint, Path(plan["journal"])).step)
    return len(plan["failpoints"])


def place(failpoint: Failpoint, step: Callable[[], None]) -> None:
    """Let `step` be called before or after the function. AttributeError when there is none."""
    owner, name = _found(failpoint.at)
    function = getattr(owner, name)

    @functools.wraps(function)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        if failpoint.when == "before":
            step()
        result = function(*args, **kwargs)
        if failpoint.when == "after":
            step()
        return result

    setattr(owner, name, wrapped)


def _found(at: str) -> tuple[Any, str]:
    module, _, path = at.partition(":")
    *owners, name = path.split(".")
    return functools.reduce(getattr, owners, importlib.import_module(module)), name


def _signal(number: signal.Signals) -> Callable[[Failpoint], None]:
    """To this thread: one that is sent to the process waits for the main thread to wake up, and
    meanwhile this one would go on."""
    return lambda _: signal.pthread_kill(threading.get_ident(), number)


def _raise(failpoint: Failpoint) -> None:
    raise RetriableError(f"failpoint {failpoint.at}")


def _abort_connections(failpoint: Failpoint) -> None:
    for link in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            if str(link.readlink()).startswith("socket:"):
                _abort_if_to(int(failpoint.argument), int(link.name))


def _abort_if_to(port: int, descriptor: int) -> None:
    with socket.socket(fileno=os.dup(descriptor)) as connection:
        if connection.getpeername()[1:2] == (port,):  # of a Unix socket it is text
            connection.shutdown(socket.SHUT_RDWR)


ACTIONS: Mapping[str, Callable[[Failpoint], None]] = {
    "kill": _signal(signal.SIGKILL),
    "stop": _signal(signal.SIGSTOP),
    "raise": _raise,
    "sleep": lambda failpoint: time.sleep(failpoint.argument),
    "abort": _abort_connections,
}
