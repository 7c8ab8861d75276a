"""Bugs around an operator's orders that the suite must catch.

Owns the bugs and where they are sown, as `mutants` does.
"""

from __future__ import annotations

from tests.faults.mutants import OFFSETS_SQL, Edit, Mutant

ROUNDS = ("orders under load",)

ORDER_MUTANTS = (
    Mutant(
        "an alter does not raise the epoch",
        ROUNDS,
        (
            Edit(
                OFFSETS_SQL,
                "epoch = o.epoch + 1, owner = NULL, backend_pid",
                "epoch = o.epoch, owner = NULL, backend_pid",
            ),
        ),
    ),
    Mutant(
        "a pause drops what is buffered",
        ROUNDS,
        (
            Edit(
                "sinkworker/runtime/sink_task.py",
                "        self._flush(self._held.open_ones())\n"
                "        self._consumer.pause(self._held.open_ones())\n",
                "        self._task.close(self._held.open_ones())\n"
                "        self._consumer.pause(self._held.open_ones())\n",
            ),
        ),
    ),
    Mutant(
        "a worker forgets what was paused or stopped",
        ROUNDS,
        (
            Edit(
                "sinkworker/administration/changing.py",
                "    self._remember(instance)\n            self._keep(instance)\n            log",
                "    self._keep(instance)\n            log",
            ),
        ),
    ),
)
