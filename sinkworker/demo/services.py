"""What a worker needs: a broker and Postgres, in one folder that goes when the demo ends.

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
from sinkworker.demo.postgres import ROLE, PostgresServer
from sinkworker.demo.topics import Topics
from sinkworker.demo.worker import Worker, keys


@dataclass(frozen=True)
class Services:
    """Running ones."""

    home: Path
    broker: Broker
    postgres: PostgresServer
    topics: Topics
    landing: Landing

    def worker(self, topics: Sequence[str], batch_size: int, changes: Mapping[str, str]) -> Worker:
        """Not started yet."""
        address = (self.broker.bootstrap, self.postgres.url())
        return Worker(self.home, keys(*address, topics, batch_size, changes))

    def how_to_use_them(self, worker: Worker) -> list[tuple[str, str]]:
        """For those that are kept: words, and commands."""
        pids = f"{self.broker.child.pid} {self.postgres.child.pid}"
        return [
            ("look", f"{self.postgres.psql} '{self.postgres.url()}&user={ROLE}'"),
            ("go on", worker.command),
            ("end it", f"kill -INT {pids}; sleep 1; rm -r {self.home}"),
        ]


@contextmanager
def running(patience: Patience, *, keep: bool) -> Iterator[Services]:
    """keep: leave them, and their folder, unless somebody told the demo to stop."""
    with ExitStack() as stack:
        home = Path(tempfile.mkdtemp(prefix="sinkworker-demo-"))
        stack.callback(shutil.rmtree, home)
        if os.geteuid() == 0:
            home.chmod(0o711)  # Postgres will be somebody else, and must pass
        try:
            yield _started(home, patience, stack)
        except DemoError:
            if keep:
                stack.pop_all()
            raise
        if keep:
            stack.pop_all()


def _started(home: Path, patience: Patience, stack: ExitStack) -> Services:
    broker = Broker(home)
    stack.callback(broker.child.stop)
    broker.start(patience)
    postgres = PostgresServer(home)
    stack.callback(postgres.stop)
    postgres.start(patience)
    connection = postgres.connect()
    stack.callback(connection.close)
    landing = Landing(connection)
    landing.create()
    return Services(home, broker, postgres, Topics(broker.bootstrap, patience), landing)
