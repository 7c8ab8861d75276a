"""A file of lines and its sidecar: data and offsets made durable in one step.

Owns the protocol: the sidecar `<file>.offsets.json` says how long the file is and which offsets that
covers. It is replaced by a rename, and that is the commit. Whatever stands in the file beyond the
sidecar's length never happened, and the next writer cuts it off. Readers stop at that length.
Must not know what lines look like.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sinkworker.api import (
    Advances,
    Claims,
    ConnectError,
    RetriableError,
    Starts,
    StoredOffset,
    StoredOffsets,
    TopicPartition,
    TransactionalOffsetStore,
)

LOCK_WITHIN_SECONDS = 2.0
VERSION = 1


@dataclass
class Sidecar:
    """What is committed: the file's length in bytes, and every partition's offset."""

    connector: str
    length: int
    offsets: StoredOffsets = field(default_factory=StoredOffsets)


class FileLedger(TransactionalOffsetStore):
    """One file that belongs to one connector. Safe between processes, by a lock on `<file>.lock`."""

    def __init__(self, connector: str, file: Path) -> None:
        self._connector, self._file = connector, file
        self._sidecar = file.with_name(file.name + ".offsets.json")
        self._lock = file.with_name(file.name + ".lock")

    def claim(self, starts: Starts, owner: str) -> Claims:
        with self.transaction() as offsets:
            return offsets.claim(starts, owner)

    def append(self, lines: bytes, advances: Advances) -> None:
        with self.transaction(lines) as offsets:
            offsets.advance(advances)

    def read(self) -> StoredOffsets:
        """Without the lock: readers never wait."""
        return self._read().offsets

    @contextmanager
    def transaction(self, lines: bytes = b"") -> Iterator[StoredOffsets]:
        """Appends the lines, too."""
        with self._locked():
            sidecar = self._read()
            yield sidecar.offsets
            if lines:
                self._write_after(sidecar.length, lines)
                sidecar.length += len(lines)
            self._replace(sidecar)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """One writer at a time. A lock that a frozen process holds is waited for, shortly."""
        with self._lock.open("a+") as lock:
            self._acquire(lock.fileno())
            lock.seek(0)
            lock.truncate()
            lock.write(str(os.getpid()))
            lock.flush()
            yield

    def _acquire(self, descriptor: int) -> None:
        deadline = time.monotonic() + LOCK_WITHIN_SECONDS
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                if time.monotonic() > deadline:
                    holder = self._lock.read_text() or "unknown"
                    raise RetriableError(
                        f"{self._file}: process {holder} holds the lock on {self._lock}"
                    ) from None
                time.sleep(0.02)

    def _read(self) -> Sidecar:
        try:
            return self._checked(json.loads(self._sidecar.read_text()))
        except FileNotFoundError:
            return Sidecar(self._connector, self._length())
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            flaw = error if isinstance(error, ValueError) else "it is not what this sink writes"
            raise ConnectError(f"{self._sidecar} is damaged: {flaw}") from error

    def _checked(self, content: Mapping[str, object]) -> Sidecar:
        if content["version"] != VERSION:
            raise ConnectError(f"{self._sidecar} was written by another version of this sink")
        if content["connector"] != self._connector:
            raise ConnectError(
                f"{self._file} belongs to connector {content['connector']}, not to "
                f"{self._connector}: give each connector a file of its own"
            )
        return _sidecar(content)

    def _length(self) -> int:
        return self._file.stat().st_size if self._file.exists() else 0

    def _write_after(self, length: int, lines: bytes) -> None:
        if self._length() < length:
            raise ConnectError(
                f"{self._file} holds {self._length()} bytes and its sidecar says {length}: somebody "
                f"shortened or replaced it. Restore it, or remove it together with {self._sidecar}."
            )
        with self._file.open("r+b" if self._file.exists() else "w+b") as file:
            file.truncate(length)
            file.seek(length)
            file.write(lines)
            file.flush()
            os.fsync(file.fileno())

    def _replace(self, sidecar: Sidecar) -> None:
        new = self._sidecar.with_name(self._sidecar.name + ".new")
        with new.open("w") as file:
            json.dump(_content(sidecar), file)
            file.flush()
            os.fsync(file.fileno())
        new.replace(self._sidecar)
        folder = os.open(self._sidecar.absolute().parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _content(sidecar: Sidecar) -> dict[str, object]:
    partitions = [{"topic": p.topic, "partition": p.partition, **stored._asdict()}
                  for p, stored in sorted(sidecar.offsets.items())]  # fmt: skip
    return {"version": VERSION, "connector": sidecar.connector, "length": sidecar.length,
            "partitions": partitions}  # fmt: skip


def _sidecar(content: Mapping[str, object]) -> Sidecar:
    offsets = StoredOffsets(
        (TopicPartition(row.pop("topic"), row.pop("partition")), StoredOffset(**row))
        for row in content["partitions"]  # type: ignore[attr-defined]
    )
    return Sidecar(str(content["connector"]), int(content["length"]), offsets)  # type: ignore[call-overload]
