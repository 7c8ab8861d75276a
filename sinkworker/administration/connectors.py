"""The administration of one worker: implements `rest.port.Administration`.

Owns asking the sinks' stores and the plugins; looking and changing are in the modules below. Must not
know HTTP, nor how tasks are put together.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager

from sinkworker.administration import letters, plugins
from sinkworker.administration.changing import Changing
from sinkworker.administration.history import steps
from sinkworker.administration.instance import Instance
from sinkworker.administration.moving import Rules, move
from sinkworker.api import (
    ConnectError,
    DeadLetter,
    DeadLetterStore,
    LedgerEntry,
    OffsetStore,
    StoredOffset,
    TopicPartition,
)
from sinkworker.configuration import ConfiguredConnector
from sinkworker.rest.port import (
    CheckedKey,
    ClusterRow,
    KeyInfo,
    LedgerQuestion,
    LetterQuestion,
    OffsetMove,
    PluginInfo,
    RefusedError,
    ReplayedLetters,
    Target,
)

log = logging.getLogger(__name__)

NOT_STOPPED = (
    "Connectors must be in the STOPPED state before their offsets can be modified. This can be done "
    "for the specified connector by issuing a 'PUT' request to the '/connectors/{name}/stop' endpoint"
)

NO_LETTERS = (
    "The sink of connector {name} stores no dead letters itself. "
    "A topic of them is read as any topic."
)


class WorkerAdministration(Changing):
    """All that operators may ask of a worker."""

    # offsets

    def offsets(self, name: str) -> Mapping[TopicPartition, StoredOffset]:
        with self._store(name) as store:
            return store.read()

    def move_offsets(
        self, name: str, rules: Rules, *, dry_run: bool = False, only_stopped: bool = False
    ) -> Sequence[OffsetMove]:
        instance = self._instance(name)
        if only_stopped and instance.target is not Target.STOPPED:
            raise RefusedError(400, NOT_STOPPED.format(name=name))
        configured = _usable(instance)
        with self._store(name) as store:
            moves = move(
                name, store, lambda partitions: self._means.consumer(configured, partitions), rules,
                dry_run=dry_run,
            )  # fmt: skip
        if not dry_run:
            for each in moves:
                log.info("Connector %s: the offset of %s was moved from %s to %s",
                         name, each.partition, each.old, each.new)  # fmt: skip
        return moves

    def ledger(self, name: str, question: LedgerQuestion) -> Sequence[LedgerEntry]:
        with self._store(name) as store:
            return steps(store, question)

    # dead letters

    def letters(self, name: str, question: LetterQuestion) -> Sequence[DeadLetter]:
        with self._letters(name) as (_, store):
            return list(letters.chosen(store, question))

    def replay_letters(self, name: str, question: LetterQuestion) -> ReplayedLetters:
        with self._letters(name) as (configured, store):
            done = letters.replayed(configured, store, question)
        log.info("Connector %s: of its dead letters, %d were written, %d failed again",
                 name, done.written, len(done.stayed))  # fmt: skip
        return done

    @contextmanager
    def _letters(self, name: str) -> Iterator[tuple[ConfiguredConnector, DeadLetterStore]]:
        instance = self._instance(name)
        configured = _usable(instance)
        store = configured.connector.dead_letters()
        if store is None:
            raise RefusedError(400, NO_LETTERS.format(name=name))
        try:
            with closing(store):
                yield configured, store
        except ConnectError as error:
            raise RefusedError(500, instance.hidden(str(error)) or "") from error

    @contextmanager
    def _store(self, name: str) -> Iterator[OffsetStore]:
        instance = self._instance(name)
        store = _usable(instance).connector.offset_store()
        if store is None:
            raise RefusedError(400, f"The sink of connector {name} stores no offsets")
        try:
            with closing(store):
                yield store
        except ConnectError as error:
            raise RefusedError(500, instance.hidden(str(error)) or "") from error

    def cluster(self) -> tuple[Sequence[ClusterRow], Sequence[str]]:
        rows, problems = [], []
        for name in self.connectors():
            try:
                stored = sorted(self.offsets(name).items())
            except RefusedError as error:
                problems.append(f"{name}: {error.message}")
                continue
            rows += [ClusterRow(name, partition, each) for partition, each in stored]
        return rows, problems

    # plugins

    def plugins(self, *, connectors_only: bool) -> Sequence[PluginInfo]:
        return plugins.listed(self._means.catalog, connectors_only=connectors_only)

    def keys(self, plugin: str) -> Sequence[KeyInfo]:
        return plugins.keys_of(self._means.catalog, plugin)

    def check(self, plugin: str, config: Mapping[str, str]) -> Sequence[CheckedKey]:
        return plugins.checked(self._means.catalog, self._means.configure, plugin, config)


def _usable(instance: Instance) -> ConfiguredConnector:
    if instance.configured is None:
        raise RefusedError(400, f"Connector {instance.name} cannot be used. {instance.problem}")
    return instance.configured
