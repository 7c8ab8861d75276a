"""What a worker needs: a broker and a store, in one folder that goes when the demo ends.

Owns the order in which they begin and end. Must not know what is shown with them.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sinkworker.demo.broker import Broker
from sinkworker.demo.landing import Landing
from sinkworker.demo.patience import DemoError, Patience
from sinkworker.demo.target import Target, target
from sinkworker.demo.topics import Topics
from sinkworker.demo.worker import Worker, keys


@dataclass(frozen=True)
class Services:
    """Running ones."""

    home: Path
    broker: Broker
    target: Target
    topics: Topics

    @property
    def landing(self) -> Landing:
        return self.target.landing

    def worker(self, topics: Sequence[str], batch_size: int, changes: Mapping[str, str]) -> Worker:
        """Not started yet."""
        sink = self.target.keys(batch_size)
        return Worker(self.home, keys(self.broker.bootstrap, topics, sink) | dict(changes))

    def how_to_use_them(self, worker: Worker) -> list[tuple[str, str]]:
        """For those that are kept: words, and commands."""
        broker, store = self.broker.child.pid, self.target.child.pid
        kills = f"kill -INT {broker}; kill -{self.target.ended_by} {store}"
        return [
            ("look", self.target.look(worker.file)),
            ("go on", worker.command),
            ("end it", f"{kills}; sleep 1; rm -r {self.home}"),
        ]


@contextmanager
def running(sink: str, patience: Patience, *, keep: bool) -> Iterator[Services]:
    """keep: leave them, and their folder, unless somebody told the demo to stop."""
    with ExitStack() as stack:
        home = Path(tempfile.mkdtemp(prefix="sinkworker-demo-"))
        stack.callback(shutil.rmtree, home)
        if os.geteuid() == 0:
            home.chmod(0o711)  # Postgres will be somebody else, and must pass
        try:
            yield _started(sink, home, patience, stack)
        except DemoError:
            if keep:
                stack.pop_all()
            raise
        if keep:
            stack.pop_all()


def _started(sink: str, home: Path, patience: Patience, stack: ExitStack) -> Services:
    broker = Broker(home)
    stack.callback(broker.child.stop)
    broker.start(patience)
    store = target(sink, home)
    stack.callback(store.stop)
    store.start(patience)
    return Services(home, broker, store, Topics(broker.bootstrap, patience))
