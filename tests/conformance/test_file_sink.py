"""The file sink passes the conformance kit."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest

from connectors.file import FileStreamSinkConnector
from connectors.file.connector import FileStreamSinkConfig
from connectors.file.ledger import FileLedger
from sinkworker.api import RetriableError
from sinkworker.testing.conformance import SinkConformance
from sinkworker.testing.harness import AnyConnector


def committed_lines(file: Path) -> list[str]:
    """What a reader sees: the file up to the sidecar's length."""
    sidecar = file.with_name(file.name + ".offsets.json")
    length = json.loads(sidecar.read_text())["length"] if sidecar.exists() else 0
    return file.read_bytes()[:length].decode().splitlines() if length else []


class FileFaults:
    """Breaks the rename of the sidecar, which is the commit."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch
        self._replace = FileLedger._replace

    def before_commit(self) -> AbstractContextManager[None]:
        return self._patched(happens=False)

    def after_commit(self) -> AbstractContextManager[None]:
        return self._patched(happens=True)

    @contextmanager
    def _patched(self, *, happens: bool) -> Iterator[None]:
        def replace(ledger: FileLedger, sidecar: Any) -> None:
            if happens:
                self._replace(ledger, sidecar)
            raise RetriableError("the disk went away")

        with self._monkeypatch.context() as patch:
            patch.setattr(FileLedger, "_replace", replace)
            yield


class TestFileSink(SinkConformance):
    @pytest.fixture(autouse=True)
    def _place(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.place, self.monkeypatch = tmp_path, monkeypatch

    def connector(self, name: str) -> FileStreamSinkConnector:
        return FileStreamSinkConnector(name, FileStreamSinkConfig(file=self.place / name))

    def read_back(self, connector: AnyConnector) -> Sequence[Mapping[str, Any]]:
        return [json.loads(line) for line in committed_lines(connector.config.file)]

    def faults(self, connector: AnyConnector) -> FileFaults:
        return FileFaults(self.monkeypatch)
